//! The filters of a list: a search and a row of pills, each a small form.
//!
//! Invariant: every form is a GET, so the address is the view: a link or form that sets one filter carries the others. Only
//! values that were validated are carried.

use crate::{console::http::form::FieldError, i18n::Text, urls};

/// The filters of a list that are set, by the names of their parameters.
#[derive(Debug, Clone)]
pub(crate) struct Filters {
    path: String,
    mode: &'static str,
    set: Vec<(&'static str, String)>,
}

impl Filters {
    /// Returns the filters of the list at `path`, none of which is set.
    pub(crate) const fn new(path: String, mode: &'static str) -> Self {
        Self { path, mode, set: Vec::new() }
    }

    /// Sets a filter, unless the value is empty.
    pub(crate) fn set(&mut self, name: &'static str, value: impl Into<String>) {
        let value = value.into();
        if !value.is_empty() {
            self.set.push((name, value));
        }
    }

    /// True if a filter is set.
    pub(crate) const fn is_any(&self) -> bool {
        !self.set.is_empty()
    }

    /// Returns all parameters of the address.
    pub(crate) fn pairs(&self) -> Vec<(&str, &str)> {
        self.others(&[])
    }

    /// Returns the parameters without those of one pill, for its form.
    fn others(&self, names: &[&str]) -> Vec<(&str, &str)> {
        let set = self.set.iter().filter(|(name, _)| !names.contains(name)).map(|(name, value)| (*name, value.as_str()));
        [("mode", self.mode)].into_iter().chain(set).collect()
    }

    /// Returns the list without any filter.
    pub(crate) fn cleared(&self) -> String {
        urls::query(&self.path, &[("mode", self.mode)])
    }

    /// Returns the list without these filters.
    pub(crate) fn without(&self, names: &[&str]) -> String {
        urls::query(&self.path, &self.others(names))
    }

    /// Returns the list with `more` instead of these filters.
    pub(crate) fn replaced(&self, names: &[&str], more: &[(&str, &str)]) -> String {
        urls::query(&self.path, &[&self.others(names)[..], more].concat())
    }

    fn hidden(&self, names: &[&str]) -> Vec<(String, String)> {
        self.others(names).into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    }
}

/// The search field of a list. A search is by itself: it carries no filter, and a filter carries no search.
pub(crate) struct Search {
    pub(crate) path: String,
    pub(crate) mode: &'static str,
    pub(crate) placeholder: Text,
    /// As typed.
    pub(crate) value: String,
    pub(crate) error: Option<FieldError>,
    /// The list without the search, if there is one.
    pub(crate) clear: Option<String>,
}

impl Search {
    pub(crate) fn new(filters: &Filters, placeholder: Text, value: &str, error: Option<&FieldError>) -> Self {
        Self {
            path: filters.path.clone(),
            mode: filters.mode,
            placeholder,
            value: value.to_owned(),
            error: error.cloned(),
            clear: (!value.trim().is_empty()).then(|| filters.cleared()),
        }
    }
}

/// A filter of a list: a `details` with its form.
pub(crate) struct Pill {
    /// Identifies it in tests.
    pub(crate) name: &'static str,
    pub(crate) label: Text,
    pub(crate) path: String,
    /// The parameters that its form carries.
    pub(crate) hidden: Vec<(String, String)>,
    /// The value that is set.
    pub(crate) chosen: Option<Text>,
    /// The list without it, if it is set.
    pub(crate) clear: Option<String>,
    /// True if its value is wrong.
    pub(crate) is_wrong: bool,
    pub(crate) body: PillBody,
}

/// The controls of a pill.
pub(crate) enum PillBody {
    /// One of several values.
    Choice {
        options: Vec<Choice>,
        error: Option<FieldError>,
    },
    Dates(DateFields),
    /// A text, with suggestions.
    Words {
        value: String,
        placeholder: Text,
        suggestions: Vec<&'static str>,
        error: Option<FieldError>,
    },
}

/// A value of a filter.
pub(crate) struct Choice {
    pub(crate) value: &'static str,
    pub(crate) label: Text,
    pub(crate) is_chosen: bool,
}

/// Named ranges as links, and two date fields.
pub(crate) struct DateFields {
    pub(crate) presets: Vec<PresetLink>,
    /// The error of the name of a range.
    pub(crate) range_error: Option<FieldError>,
    pub(crate) from: DateField,
    pub(crate) to: DateField,
}

/// A link to a named range of days.
pub(crate) struct PresetLink {
    pub(crate) url: String,
    pub(crate) label: Text,
    pub(crate) is_chosen: bool,
}

/// A date field.
pub(crate) struct DateField {
    /// As typed, else the day that is shown.
    pub(crate) value: String,
    pub(crate) error: Option<FieldError>,
}

impl Pill {
    /// Returns a pill of one of several values, each with its label. The first of the values that is set is the chosen one.
    pub(crate) fn choice(
        filters: &Filters,
        (name, label): (&'static str, Text),
        values: impl IntoIterator<Item = (&'static str, Text)>,
        error: Option<&FieldError>,
    ) -> Self {
        let set = filters.set.iter().find(|(set, _)| *set == name).map(|(_, value)| value.as_str());
        let option = |(value, label)| Choice { value, label, is_chosen: set == Some(value) };
        let options: Vec<Choice> = values.into_iter().map(option).collect();
        let chosen = options.iter().find(|option| option.is_chosen).map(|option| option.label.clone());
        let body = PillBody::Choice { options, error: error.cloned() };
        Self { is_wrong: error.is_some(), ..Self::new(filters, (name, label), &[name], chosen, body) }
    }

    /// Returns a pill with a text field.
    pub(crate) fn words(
        filters: &Filters,
        (name, label): (&'static str, Text),
        (value, placeholder): (&str, Text),
        suggestions: Vec<&'static str>,
        error: Option<&FieldError>,
    ) -> Self {
        let set = filters.set.iter().find(|(set, _)| *set == name);
        let chosen = set.map(|(_, value)| Text::verbatim(crate::i18n::isolate(value)));
        let body = PillBody::Words { value: value.to_owned(), placeholder, suggestions, error: error.cloned() };
        Self { is_wrong: error.is_some(), ..Self::new(filters, (name, label), &[name], chosen, body) }
    }

    pub(super) fn new(
        filters: &Filters,
        (name, label): (&'static str, Text),
        names: &[&str],
        chosen: Option<Text>,
        body: PillBody,
    ) -> Self {
        Self {
            name,
            label,
            path: filters.path.clone(),
            hidden: filters.hidden(names),
            clear: filters.set.iter().any(|(set, _)| names.contains(set)).then(|| filters.without(names)),
            chosen,
            is_wrong: false,
            body,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_carries_what_the_others_set_and_a_link_replaces_its_own() {
        let mut filters = Filters::new("/list".to_owned(), "live");
        for (name, value) in [("range", "today"), ("status", ""), ("method", "upi")] {
            filters.set(name, value);
        }
        assert_eq!(filters.pairs(), [("mode", "live"), ("range", "today"), ("method", "upi")]);
        assert_eq!(filters.without(&["range", "from", "to"]), "/list?mode=live&method=upi");
        assert_eq!(filters.replaced(&["range"], &[("range", "yesterday")]), "/list?mode=live&method=upi&range=yesterday");
        assert_eq!(filters.cleared(), "/list?mode=live");
        let values = [("upi", Text::verbatim("UPI")), ("card", Text::verbatim("Card"))];
        let pill = Pill::choice(&filters, ("method", Text::verbatim("Payment Mode")), values, None);
        assert_eq!(pill.hidden, [("mode", "live"), ("range", "today")].map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!((pill.chosen.unwrap().in_english(), pill.clear.unwrap()), ("UPI".to_owned(), filters.without(&["method"])));
        let unset = Pill::choice(&filters, ("status", Text::verbatim("Status")), [("paid", Text::verbatim("Paid"))], None);
        assert!(unset.chosen.is_none() && unset.clear.is_none() && !unset.is_wrong);
    }
}

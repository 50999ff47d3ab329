//! Texts in the languages of the console.
//!
//! A [`Text`] is a message of the catalogue with its arguments. Its language and time zone are decided where it is written: a
//! page by the [`Reader`] that it is rendered with, a download by the locale that it names. So rules and views pass texts on
//! without knowing who reads them. `build/catalogue/` makes a function of each message in `src/messages/LANGUAGE/*.ftl` and
//! `src/gateways/GATEWAY/LANGUAGE.ftl`.
//!
//! Invariant: the catalogue has text, never HTML. Arguments are escaped; only the elements of [`inline`] write markup.

mod inline;
mod text;

pub(crate) use inline::{DisplayTime, InZone, PageLanguage, Part, PressedIf, ToPart, code, isolate, link, path, strong};
pub(crate) use text::{Arg, Message, Piece, Text, ToArg, ToNumber};

use crate::primitives::{
    text_enum::{text_column, text_enum},
    zone::Zone,
};

text_enum! {
    /// A language of the console. `build/catalogue/model.rs` has the same order.
    pub(crate) enum Locale, "a language" {
        /// English as it is written in India.
        English = "en",
        /// Hindi.
        Hindi = "hi",
    }
}

text_column!(Locale, Locale::as_str);

impl Locale {
    /// Returns the language tag of a page, for `lang` (BCP 47).
    pub(crate) const fn tag(self) -> &'static str {
        match self {
            Self::English => "en-IN",
            Self::Hindi => "hi-IN",
        }
    }

    /// True if a number takes the form *one*. For integers, by CLDR's plural rules (cardinal): 1 in English, 0 and 1 in Hindi.
    const fn is_one(self, number: i64) -> bool {
        match self {
            Self::English => number == 1,
            Self::Hindi => matches!(number, 0 | 1),
        }
    }
}

/// For whom a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reader {
    pub(crate) locale: Locale,
    /// The zone of times of day.
    pub(crate) zone: Zone,
}

/// A reader of whom only the language is known, as before sign-in.
impl From<Locale> for Reader {
    fn from(locale: Locale) -> Self {
        Self { locale, zone: Zone::default() }
    }
}

/// The reader of a page, for the texts in its template.
impl askama::Values for Reader {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn std::any::Any> {
        (key == text::READER).then_some(self as &dyn std::any::Any)
    }
}

/// The name of [`PageValues::has_errors`] among the values of a template.
pub(crate) const HAS_ERRORS: &str = "has_errors";

/// The values of a page.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PageValues {
    reader: Reader,
    /// True if the page is a form that was returned with errors.
    has_errors: bool,
}

impl PageValues {
    /// Returns the values of a form that was returned with errors.
    pub(crate) fn with_errors(reader: impl Into<Reader>) -> Self {
        Self { reader: reader.into(), has_errors: true }
    }
}

impl From<Reader> for PageValues {
    fn from(reader: Reader) -> Self {
        Self { reader, has_errors: false }
    }
}

impl From<Locale> for PageValues {
    fn from(locale: Locale) -> Self {
        Reader::from(locale).into()
    }
}

impl askama::Values for PageValues {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn std::any::Any> {
        if key == HAS_ERRORS { Some(&self.has_errors) } else { self.reader.get_value(key) }
    }
}

#[cfg(test)]
mod tests;

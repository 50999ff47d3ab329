//! Texts in the languages of the console.
//!
//! A [`Text`] is a message of the catalogue with its arguments; which language it is in is decided where it is written: a page
//! by the [`Locale`] that it is rendered with, a download by the locale that it names. So rules and views pass texts on without
//! knowing who reads them. `build/catalogue/` makes a function of each message in `src/messages/LANGUAGE/*.ftl` and
//! `src/gateways/GATEWAY/LANGUAGE.ftl`.
//!
//! Invariant: the catalogue has text, never HTML. Arguments are escaped; only the elements of [`inline`] write markup.

mod inline;
mod text;

pub(crate) use inline::{DisplayTime, Isolated, PageLanguage, Part, ToPart, code, external_link, isolate, link, path, strong};
pub(crate) use text::{Arg, Message, Piece, Text, ToArg, ToNumber};

use crate::primitives::text_enum::text_enum;

text_enum! {
    /// A language of the console. `build/catalogue/model.rs` has the same order.
    pub(crate) enum Locale, "a language" {
        /// English as it is written in India.
        English = "en",
        /// Hindi.
        Hindi = "hi",
    }
}

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

/// The locale of a page, for the texts in its template.
impl askama::Values for Locale {
    fn get_value<'a>(&'a self, key: &str) -> Option<&'a dyn std::any::Any> {
        (key == text::LOCALE).then_some(self as &dyn std::any::Any)
    }
}

#[cfg(test)]
mod tests;

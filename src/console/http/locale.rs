//! The language of a page.

use actix_web::{
    HttpRequest,
    http::header::{AcceptLanguage, Header as _},
};

use crate::i18n::Locale;

/// Returns the language that the browser prefers, else English.
pub(crate) fn of(request: &HttpRequest) -> Locale {
    let Ok(accepted) = AcceptLanguage::parse(request) else { return Locale::English };
    let known = |tag: &str| Locale::ALL.iter().copied().find(|locale| tag.split('-').next() == Some(locale.as_str()));
    accepted.ranked().iter().find_map(|preferred| known(&preferred.to_string().to_ascii_lowercase())).unwrap_or(Locale::English)
}

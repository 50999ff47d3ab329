//! The language of a page: of the user's profile, else of the cookie that the language switch sets, else one that the browser
//! accepts, else English.

use std::time::Duration;

use actix_web::{
    HttpMessage as _, HttpRequest,
    cookie::{Cookie, time},
    http::header::{AcceptLanguage, Header as _},
    web::Data,
};

use super::cookies;
use crate::{console::http::state::State, i18n::Locale};

const NAME: &str = "ks_pay_language";
const LIFETIME: Duration = Duration::from_hours(365 * 24);

/// The language of the signed-in user's profile, once the session was read.
#[derive(Clone, Copy)]
struct OfProfile(Locale);

/// Makes the language of the user's profile that of the request's pages.
pub(super) fn set_of_profile(request: &HttpRequest, language: Option<Locale>) {
    if let Some(language) = language {
        request.extensions_mut().insert(OfProfile(language));
    }
}

/// Returns the language of the request's page.
pub(crate) fn of(request: &HttpRequest) -> Locale {
    let of_profile = request.extensions().get::<OfProfile>().map(|of| of.0);
    of_profile.or_else(|| of_cookie(request)).or_else(|| accepted(request)).unwrap_or(Locale::English)
}

/// Returns the cookie of the language switch. It affects only the pages of its own browser, so it is unsigned.
pub(crate) fn cookie(state: &State, language: Locale) -> Cookie<'static> {
    let mut cookie = cookies::cookie(state, NAME, language.as_str().to_owned());
    cookie.set_max_age(time::Duration::try_from(LIFETIME).ok());
    cookie
}

fn of_cookie(request: &HttpRequest) -> Option<Locale> {
    cookies::value(request, request.app_data::<Data<State>>()?, NAME)?.parse().ok()
}

/// Returns the first language that the browser prefers and the console has.
fn accepted(request: &HttpRequest) -> Option<Locale> {
    let accepted = AcceptLanguage::parse(request).ok()?;
    let known = |tag: &str| Locale::ALL.iter().copied().find(|locale| tag.split('-').next() == Some(locale.as_str()));
    accepted.ranked().iter().find_map(|preferred| known(&preferred.to_string().to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_browser_gets_the_first_language_that_it_accepts() {
        for (accepted, language) in [
            ("hi-IN,hi;q=0.9,en;q=0.8", Locale::Hindi),
            ("en-IN,hi;q=0.9", Locale::English),
            ("mr,hi;q=0.7,en;q=0.3", Locale::Hindi),
            ("HI", Locale::Hindi),
            ("fr", Locale::English),
            ("*", Locale::English),
            ("hilarious", Locale::English),
            (";;;q=", Locale::English),
        ] {
            let request = TestRequest::default().insert_header(("accept-language", accepted)).to_http_request();
            assert_eq!(of(&request), language, "{accepted}");
        }
        assert_eq!(of(&TestRequest::default().to_http_request()), Locale::English);
    }
}

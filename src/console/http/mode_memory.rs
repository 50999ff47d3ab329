//! Remembers the mode last chosen for each app in a cookie, since a GET stores nothing on the server.
//!
//! The cookie affects only what its own browser shows first, so it is unsigned; unreadable parts are ignored.

use std::time::Duration;

use actix_web::{HttpRequest, cookie::Cookie, cookie::time};

use super::cookies;
use crate::{console::http::state::State, gateways::Mode, primitives::id::AppId};

const NAME: &str = "ks_pay_modes";
const LIFETIME: Duration = Duration::from_hours(180 * 24);
/// Maximum number of apps remembered, because the request head is limited in size; the least recently chosen are dropped
/// first.
const MAX_APPS: usize = 32;

/// The mode last chosen for each app in this browser, the most recent choice first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ModeMemory(Vec<(AppId, Mode)>);

impl ModeMemory {
    pub(super) fn of(request: &HttpRequest, state: &State) -> Self {
        cookies::value(request, state, NAME).map(|text| Self::parse(&text)).unwrap_or_default()
    }

    pub(super) fn get(&self, app: AppId) -> Option<Mode> {
        self.0.iter().find(|(known, _)| *known == app).map(|(_, mode)| *mode)
    }

    /// Returns the apps, the one visited last first.
    pub(super) fn apps(&self) -> impl Iterator<Item = AppId> {
        self.0.iter().map(|(app, _)| *app)
    }

    /// Returns the cookie with this choice added; `None` if it is already the latest.
    pub(super) fn remember(&self, state: &State, app: AppId, mode: Mode) -> Option<Cookie<'static>> {
        if self.0.first() == Some(&(app, mode)) {
            return None;
        }
        let mut cookie = cookies::cookie(state, NAME, self.with(app, mode).text());
        cookie.set_max_age(time::Duration::try_from(LIFETIME).ok());
        Some(cookie)
    }

    fn with(&self, app: AppId, mode: Mode) -> Self {
        let others = self.0.iter().copied().filter(|(known, _)| *known != app);
        Self(std::iter::once((app, mode)).chain(others).take(MAX_APPS).collect())
    }

    fn parse(text: &str) -> Self {
        let entry = |part: &str| {
            let (app, mode) = part.split_once(':')?;
            Some((app.parse().ok()?, mode.parse().ok()?))
        };
        Self(text.split('.').take(MAX_APPS).filter_map(entry).collect())
    }

    fn text(&self) -> String {
        self.0.iter().map(|(app, mode)| format!("{app}:{mode}")).collect::<Vec<_>>().join(".")
    }
}

/// True if the visitor navigated to this page: a link on another site or an automatic refresh does not change the mode.
pub(super) fn is_own_choice(request: &HttpRequest) -> bool {
    let site = request.headers().get("sec-fetch-site").map(actix_http::header::HeaderValue::as_bytes);
    let is_from_here = matches!(site, None | Some(b"same-origin" | b"none"));
    is_from_here && !request.headers().contains_key("x-requested-with")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::primitives::id::Id as _;

    fn app(number: i64) -> AppId {
        AppId::from_number(number)
    }

    #[test]
    fn the_choice_for_each_app_survives_the_cookie() {
        let (shop, stall) = (app(1), app(2));
        let memory = ModeMemory::default().with(shop, Mode::Live).with(stall, Mode::Test).with(shop, Mode::Test);
        assert_eq!(memory.0, [(shop, Mode::Test), (stall, Mode::Test)]);
        assert_eq!(ModeMemory::parse(&memory.text()), memory);
        assert_eq!((memory.get(shop), memory.get(app(3))), (Some(Mode::Test), None));
    }

    #[test]
    fn a_cookie_that_was_edited_is_read_as_far_as_it_is_valid() {
        let shop = app(1);
        for text in ["", ".", "ap_:live", "x:live", "live", "ap_1:test.ap_2:live", "\u{0}:test"] {
            assert_eq!(ModeMemory::parse(text), ModeMemory::default(), "{text:?}");
        }
        assert_eq!(ModeMemory::parse(&format!("rubbish.{shop}:live.{shop}:LIVE")).0, [(shop, Mode::Live)]);
    }

    #[test]
    fn the_cookie_stays_small() {
        let memory = (0..100).fold(ModeMemory::default(), |memory, number| memory.with(app(number), Mode::Live));
        assert_eq!(memory.0.len(), MAX_APPS);
        assert!(memory.text().len() < 1_500);
        assert_eq!(ModeMemory::parse(&format!("{}.", memory.text()).repeat(50)).0.len(), MAX_APPS);
    }
}

//! Messages on the check of the API keys.

use super::text::credentials as t;
use crate::{
    companies::check_limiter::CheckDenied,
    gateways::{Gateway, api::Unavailable},
    i18n::Text,
};

/// Shown if the check was rate limited.
pub(crate) const fn busy(busy: CheckDenied) -> Text {
    match busy {
        CheckDenied::Running => t::check_running(),
        CheckDenied::TooMany => t::too_many_checks(),
    }
}

/// The gateway rejected submitted keys.
pub(crate) fn rejected(gateway: Gateway) -> Text {
    t::keys_rejected(gateway.label(), menu(gateway))
}

/// The gateway rejected stored keys.
pub(crate) fn stored_rejected(gateway: Gateway) -> Text {
    t::stored_keys_rejected(gateway.label(), menu(gateway))
}

/// Returns the menu path to the keys in the gateway's dashboard.
pub(crate) fn menu(gateway: Gateway) -> String {
    gateway.profile().api_keys.as_ref().map_or_else(String::new, |keys| keys.menu.join(" › "))
}

/// Returns why the check gave no result.
pub(crate) fn reason(gateway: Gateway, why: &Unavailable) -> Text {
    let gateway = gateway.label();
    match why {
        Unavailable::NoClient(sentence) => Text::verbatim(sentence),
        Unavailable::Unreachable => t::gateway_unreachable(gateway),
        Unavailable::Timeout => t::gateway_timeout(gateway),
        Unavailable::Busy => t::gateway_busy(gateway),
        Unavailable::ServerError(status) => t::gateway_server_error(gateway, *status),
        Unavailable::UnexpectedStatus(status) => t::gateway_unexpected_status(gateway, *status),
    }
}

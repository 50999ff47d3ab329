//! Refunds that this installation requests at a gateway, by a user or a rule.
//!
//! Invariants:
//! - A refund request is stored before the gateway is called, and a payment has at most one whose outcome is not known. So a double
//!   click, two users and two servers refund once.
//! - Status and amounts come from the gateway's response, read while the request is stored ([`rule`]). Events change the payment; a
//!   request never does.
//! - Each call of a request has the same idempotency key and the same body. A request is repeated until its outcome is known, so neither
//!   a lost response nor the end of a process loses or duplicates a refund.

pub(crate) mod automatic;
pub(crate) mod job;
mod resume;
pub(crate) mod rule;
mod send;
pub(crate) mod store;

use crate::{
    accounts::authz::{Actor, Denied},
    apps::App,
    db::DbError,
    gateways::{
        Gateway,
        api::Unavailable,
        refunds::{ApiError, ApiPayment},
    },
    ledger::payments::Transaction,
    primitives::{
        id::{AppId, AutomaticRefundId, CompanyId, ConnectionId, RefundRequestId, TransactionId, UserId},
        invisible_chars::{self, Piece},
        money::Money,
        text_enum::{text_column, text_enum},
        time::Timestamp,
    },
};
use rule::Refusal;
pub(crate) use send::Refunder;

/// The number of random characters of an idempotency key: another installation with the same account may have the same ids.
const KEY_CHARS: usize = 22;
/// The most characters of a gateway's words that are stored.
const MAX_ANSWER_CHARS: usize = 200;

text_enum! {
    /// The state of a refund request.
    pub(crate) enum State, "the state of a refund request" {
        /// The gateway was not asked to refund yet.
        Reserved = "reserved",
        /// The gateway is being asked, or was when the process ended.
        Sent = "sent",
        /// The gateway was asked, and its response is not known.
        Unknown = "unknown",
        /// The gateway has made the refund.
        Confirmed = "confirmed",
        /// No refund was made, and none will be.
        Rejected = "rejected",
    }
}
text_column!(State, State::as_str);

impl State {
    /// True if a refund may still be made.
    pub(crate) const fn is_open(self) -> bool {
        matches!(self, Self::Reserved | Self::Sent | Self::Unknown)
    }
}

text_enum! {
    /// Why no refund was made, or why the outcome is not known.
    pub(crate) enum Reason, "the reason of a refund request's state" {
        /// The gateway rejected it; `answer` has its words.
        GatewayRejected = "gateway_rejected",
        /// The gateway rejected the API keys.
        KeysRejected = "keys_rejected",
        /// No keys are stored any more, or they cannot be decrypted.
        NoKeys = "no_keys",
        NotCaptured = "not_captured",
        FullyRefunded = "fully_refunded",
        MoreThanLeft = "more_than_left",
        /// Any other amount that the gateway does not refund.
        AmountInvalid = "amount_invalid",
        /// The gateway could not be reached for a day.
        Expired = "expired",
        Unreachable = "unreachable",
        Timeout = "timeout",
        Busy = "busy",
        GatewayError = "gateway_error",
    }
}
text_column!(Reason, Reason::as_str);

impl Reason {
    const fn of_refusal(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NotCaptured(_) => Self::NotCaptured,
            Refusal::FullyRefunded => Self::FullyRefunded,
            Refusal::MoreThanLeft(_) | Refusal::AllPending | Refusal::RestTooSmall(_) => Self::MoreThanLeft,
            Refusal::OtherCurrency(_) | Refusal::BelowMin(_) | Refusal::NoMultiple(_) => Self::AmountInvalid,
        }
    }

    const fn of_error(error: &ApiError) -> Self {
        match error {
            ApiError::KeysRejected => Self::KeysRejected,
            ApiError::Rejected(_) => Self::GatewayRejected,
            ApiError::Unknown(Unavailable::NoClient(_) | Unavailable::Unreachable) => Self::Unreachable,
            ApiError::Unknown(Unavailable::Timeout) => Self::Timeout,
            ApiError::Unknown(Unavailable::Busy) => Self::Busy,
            ApiError::Unknown(Unavailable::ServerError(_) | Unavailable::UnexpectedStatus(_)) => Self::GatewayError,
        }
    }
}

/// A refund that was requested here.
#[derive(Debug, Clone)]
pub(crate) struct RefundRequest {
    pub(crate) id: RefundRequestId,
    pub(crate) company: CompanyId,
    pub(crate) app: AppId,
    pub(crate) connection: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) transaction: TransactionId,
    /// The gateway's id of the payment.
    pub(crate) payment_id: String,
    pub(crate) amount: Money,
    pub(crate) note: Option<String>,
    /// Identifies what requested it, the form that was shown or an automatic refund; each requests at most one refund.
    pub(crate) origin: String,
    idempotency_key: String,
    pub(crate) user: Option<UserId>,
    /// The name of who requested it.
    pub(crate) requested_by: String,
    pub(crate) state: State,
    pub(crate) reason: Option<Reason>,
    /// The gateway's words.
    pub(crate) answer: Option<String>,
    /// The gateway's id of the refund.
    pub(crate) refund_id: Option<String>,
    /// How often the gateway was asked to refund.
    attempts: i64,
    pub(crate) created_at: Timestamp,
    /// When the gateway was asked last.
    sent_at: Option<Timestamp>,
}

impl RefundRequest {
    /// Returns what the refund is found by in the gateway's list. The id alone may be that of another installation with the same account.
    fn reference(&self) -> &str {
        &self.idempotency_key
    }

    /// Returns the automatic refund that it came from, if it was not a user's form.
    fn automatic(&self) -> Option<AutomaticRefundId> {
        self.origin.parse().ok()
    }
}

/// A refund to be requested.
pub(crate) struct NewRequest<'a> {
    pub(crate) app: &'a App,
    pub(crate) payment: &'a Transaction,
    pub(crate) amount: Money,
    pub(crate) note: Option<&'a str>,
    /// See [`RefundRequest::origin`].
    pub(crate) origin: &'a str,
    pub(crate) by: &'a Actor<'a>,
}

/// A payment as the gateway has it now, and what is left of it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) payment: ApiPayment,
    pub(crate) left: Result<Money, Refusal>,
}

/// Why no refund was requested. Nothing was stored, and the gateway was not asked to refund.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RefundError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error(transparent)]
    Denied(#[from] Denied),
    #[error("payments of this gateway cannot be refunded by its API")]
    Unsupported,
    #[error("no API keys are stored")]
    NoKeys,
    #[error("a stored API key cannot be decrypted")]
    KeysUnreadable,
    #[error("the gateway's API gave no result")]
    Api(ApiError),
    #[error("the rule does not allow it")]
    Refused(Refusal),
    /// The outcome of another request is not known yet.
    #[error("another refund of the payment is in progress")]
    InProgress(Box<RefundRequest>),
}

/// Returns a gateway's words as they are stored and shown: cut, and with the code points of what cannot be seen. `None` if there are none.
pub(crate) fn shown_words(words: &str) -> Option<String> {
    let words: String = words.trim().chars().take(MAX_ANSWER_CHARS).collect();
    let shown = invisible_chars::pieces(&words).into_iter().map(|piece| match piece {
        Piece::Seen(text) => text.to_owned(),
        Piece::Unseen(code_points) => code_points,
    });
    Some(shown.collect::<String>()).filter(|shown| !shown.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_a_gateway_are_cut_and_hide_nothing() {
        assert_eq!(shown_words("  Too old "), Some("Too old".to_owned()));
        assert_eq!(shown_words("a\u{202e}b").as_deref(), Some("a⟨U+202E⟩b"));
        assert_eq!(shown_words(&"x".repeat(5_000)).map(|shown| shown.len()), Some(MAX_ANSWER_CHARS));
        assert_eq!((shown_words(""), shown_words(" \n")), (None, None));
    }
}

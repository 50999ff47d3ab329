//! Refunds by a gateway's API, in terms that all gateways share.
//!
//! Invariant: what is read here is what the gateway says now, in response to a question of this server. No event takes part, so a
//! forged one can neither raise an amount nor change a status on which a refund depends.

use futures_util::future::BoxFuture;

use super::{api::Unavailable, credentials::CredentialValues, payment::Status};
use crate::primitives::{
    money::{Currency, Money},
    time::Timestamp,
};

/// A call of a gateway's API.
pub(crate) type Call<'a, T> = BoxFuture<'a, Result<T, ApiError>>;

/// How a gateway refunds payments by its API. All calls may be repeated: those that read change nothing, and [`RefundApi::create`]
/// refunds once for each [`RefundOrder::key`].
pub(crate) struct RefundApi {
    /// The amounts that the gateway accepts in a currency.
    pub(crate) limits: fn(Currency) -> AmountLimits,
    /// The most characters of a note.
    pub(crate) max_note_chars: usize,
    /// Reads a payment, by the gateway's id.
    pub(crate) find_payment: for<'a> fn(Access<'a>, &'a str) -> Call<'a, ApiPayment>,
    /// Reads an order, by the gateway's id.
    pub(crate) find_order: for<'a> fn(Access<'a>, &'a str) -> Call<'a, ApiOrder>,
    /// Lists all payments of an order, by the gateway's id of the order.
    pub(crate) list_order_payments: for<'a> fn(Access<'a>, &'a str) -> Call<'a, Vec<ApiPayment>>,
    /// Lists the refunds of a payment, by the gateway's id of the payment.
    pub(crate) list_refunds: for<'a> fn(Access<'a>, &'a str) -> Call<'a, Vec<ApiRefund>>,
    /// Refunds a part of a payment, or all of it.
    pub(crate) create: for<'a> fn(Access<'a>, &'a RefundOrder<'a>) -> Call<'a, ApiRefund>,
}

/// Where the API is, and the keys of the account.
#[derive(Clone, Copy)]
pub(crate) struct Access<'a> {
    /// Scheme, host and port, without a slash at the end.
    pub(crate) base: &'a str,
    pub(crate) keys: &'a CredentialValues,
}

/// The amounts of a refund in one currency, in subunits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AmountLimits {
    /// The smallest amount.
    pub(crate) min: i64,
    /// An amount is a multiple of this.
    pub(crate) step: i64,
}

/// A payment as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiPayment {
    /// The gateway's id.
    pub(crate) id: String,
    pub(crate) status: Status,
    pub(crate) amount: Money,
    /// The refunded total in subunits.
    pub(crate) refunded: i64,
    pub(crate) order_id: Option<String>,
    /// The gateway's time of the payment.
    pub(crate) created_at: Timestamp,
}

/// An order as the gateway has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ApiOrder {
    /// What the merchant asked for; `None` if the gateway does not say.
    pub(crate) amount: Option<Money>,
    /// True if it may be paid in parts.
    pub(crate) is_in_parts: bool,
}

/// A refund as the gateway has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiRefund {
    pub(crate) id: String,
    pub(crate) amount: Money,
    /// [`RefundOrder::reference`], if it was ordered with one.
    pub(crate) reference: Option<String>,
}

/// A refund to be made. Its request is the same, byte for byte, whenever it is sent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RefundOrder<'a> {
    /// The gateway's id of the payment.
    pub(crate) payment_id: &'a str,
    pub(crate) amount: Money,
    /// Identifies the refund: the gateway makes one for each key.
    pub(crate) key: &'a str,
    /// What the refund is found by in [`RefundApi::list_refunds`].
    pub(crate) reference: &'a str,
    pub(crate) note: Option<&'a str>,
}

/// Why a call has no result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ApiError {
    /// The gateway rejected the API keys. It did nothing.
    KeysRejected,
    /// The gateway rejected the request, in these words. It did nothing.
    Rejected(String),
    /// The outcome is unknown.
    Unknown(Unavailable),
}

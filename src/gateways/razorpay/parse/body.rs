//! The parts of a body that are parsed: key fields strictly, display fields leniently.

use std::borrow::Cow;

use serde::Deserialize;

use super::{
    key_fields::{Field, KeyFields, KeyValue, Kind, field},
    shown::{Lenient, Shown},
};
use crate::gateways::strict_object::Object;

/// The event type of any body.
#[derive(Deserialize)]
pub(super) struct EventName<'a> {
    #[serde(borrow)]
    pub(super) event: Cow<'a, str>,
}

/// A body without faults, as nearly all are: parsed in one pass.
#[derive(Deserialize)]
pub(super) struct FullEnvelope<'a> {
    #[serde(borrow)]
    pub(super) event: Cow<'a, str>,
    pub(super) created_at: Option<i64>,
    #[serde(borrow)]
    pub(super) payload: Option<Object<PlainPayload<'a>>>,
}

/// The object that wraps every entity of a payload.
#[derive(Deserialize)]
pub(super) struct Wrapper<T> {
    pub(super) entity: Object<T>,
}

impl<T: KeyFields> KeyValue for Object<T> {
    const KIND: Kind = Kind::Object(T::FIELDS);
}

impl<T: KeyFields> KeyFields for Wrapper<T> {
    const FIELDS: &'static [Field] = &[field::<Object<T>>("entity")];
}

/// The same around an entity with display fields only.
#[derive(Deserialize, Default)]
#[serde(default)]
#[serde(bound(deserialize = "T: Deserialize<'de> + Default"))]
pub(super) struct Side<T> {
    pub(super) entity: Lenient<T>,
}

/// Defines an entity in three forms: all fields, key fields, and display fields.
macro_rules! entity {
    ($all:ident = $keys:ident { $($key:ident: $type:ty),* } + $shown:ident { $($value:ident: $of:ty),* }) => {
        #[derive(Deserialize)]
        pub(super) struct $all<'a> {
            $($key: $type,)*
            $(#[serde(borrow, default)] $value: $of,)*
        }
        #[derive(Deserialize)]
        pub(super) struct $keys {
            $(pub(super) $key: $type,)*
        }
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(super) struct $shown<'a> {
            $(#[serde(borrow)] pub(super) $value: $of,)*
        }
        impl KeyFields for $keys {
            const FIELDS: &'static [Field] = &[$(field::<$type>(stringify!($key))),*];
        }
        impl<'a> $all<'a> {
            fn split(self) -> ($keys, $shown<'a>) {
                ($keys { $($key: self.$key),* }, $shown { $($value: self.$value),* })
            }
        }
    };
}

entity!(Payment = PaymentKeys {
    id: String, amount: i64, currency: String, status: String, created_at: Option<i64>, order_id: Option<String>,
    amount_refunded: Option<i64>
} + PaymentShown {
    method: Shown<'a>, captured: Shown<'a>, error_reason: Shown<'a>, base_amount: Shown<'a>, base_currency: Shown<'a>, acquirer_data: Lenient<BankReferences<'a>>
});
entity!(Refund = RefundKeys {
    id: String, payment_id: String, amount: i64, currency: String, status: String, created_at: Option<i64>
} + RefundShown { receipt: Shown<'a>, acquirer_data: Lenient<BankReferences<'a>> });
entity!(Dispute = DisputeKeys {
    id: String, payment_id: String, status: String, amount: i64, currency: String, created_at: Option<i64>,
    amount_deducted: Option<i64>
} + DisputeShown { respond_by: Shown<'a> });

macro_rules! shown {
    ($(#[$doc:meta])* $name:ident { $($value:ident),* }) => {
        $(#[$doc])*
        #[derive(Deserialize, Default)]
        #[serde(default)]
        pub(super) struct $name<'a> {
            $(#[serde(borrow)] pub(super) $value: Shown<'a>,)*
        }
    };
}
shown!(
    /// Bank references of a payment or a refund; the field depends on the method.
    BankReferences { rrn, utr, arn, bank_transaction_id, upi_transaction_id, transaction_id }
);
shown!(Order { id, amount, amount_paid, currency, receipt, status });
shown!(Invoice { receipt, invoice_number });
shown!(PaymentLink { reference_id });
shown!(
    /// A bank or UPI transfer to a virtual account.
    Transfer { bank_reference, npci_reference_id, rrn, utr }
);
shown!(Settlement { amount, currency, utr });

/// All parsed fields of a payload.
#[derive(Deserialize)]
pub(super) struct PlainPayload<'a> {
    #[serde(borrow)]
    payment: Option<Object<Wrapper<Payment<'a>>>>,
    #[serde(borrow)]
    refund: Option<Object<Wrapper<Refund<'a>>>>,
    #[serde(borrow)]
    dispute: Option<Object<Wrapper<Dispute<'a>>>>,
    #[serde(borrow, default)]
    order: Lenient<Side<Order<'a>>>,
    #[serde(borrow, default)]
    invoice: Lenient<Side<Invoice<'a>>>,
    #[serde(borrow, default)]
    payment_link: Lenient<Side<PaymentLink<'a>>>,
    #[serde(borrow, default)]
    bank_transfer: Lenient<Side<Transfer<'a>>>,
    #[serde(borrow, default)]
    upi_transfer: Lenient<Side<Transfer<'a>>>,
    #[serde(borrow, default)]
    settlement: Lenient<Side<Settlement<'a>>>,
    #[serde(borrow, default)]
    created_at: Shown<'a>,
}

/// The key fields.
#[derive(Default)]
pub(super) struct Keys {
    pub(super) payment: Option<PaymentKeys>,
    pub(super) refund: Option<RefundKeys>,
    pub(super) dispute: Option<DisputeKeys>,
}

/// The display fields.
#[derive(Deserialize, Default)]
#[serde(default)]
pub(super) struct ShownPayload<'a> {
    #[serde(borrow)]
    pub(super) payment: Lenient<Side<PaymentShown<'a>>>,
    #[serde(borrow)]
    pub(super) refund: Lenient<Side<RefundShown<'a>>>,
    #[serde(borrow)]
    pub(super) dispute: Lenient<Side<DisputeShown<'a>>>,
    #[serde(borrow)]
    pub(super) order: Lenient<Side<Order<'a>>>,
    #[serde(borrow)]
    pub(super) invoice: Lenient<Side<Invoice<'a>>>,
    #[serde(borrow)]
    pub(super) payment_link: Lenient<Side<PaymentLink<'a>>>,
    #[serde(borrow)]
    pub(super) bank_transfer: Lenient<Side<Transfer<'a>>>,
    #[serde(borrow)]
    pub(super) upi_transfer: Lenient<Side<Transfer<'a>>>,
    #[serde(borrow)]
    pub(super) settlement: Lenient<Side<Settlement<'a>>>,
    /// Some samples have the envelope's time here.
    #[serde(borrow)]
    pub(super) created_at: Shown<'a>,
}

impl<'a> PlainPayload<'a> {
    pub(super) fn split(self) -> (Keys, ShownPayload<'a>) {
        let (payment, shown_payment) = self.payment.map(|held| held.0.entity.0.split()).unzip();
        let (refund, shown_refund) = self.refund.map(|held| held.0.entity.0.split()).unzip();
        let (dispute, shown_dispute) = self.dispute.map(|held| held.0.entity.0.split()).unzip();
        let shown = ShownPayload {
            payment: side(shown_payment),
            refund: side(shown_refund),
            dispute: side(shown_dispute),
            order: self.order,
            invoice: self.invoice,
            payment_link: self.payment_link,
            bank_transfer: self.bank_transfer,
            upi_transfer: self.upi_transfer,
            settlement: self.settlement,
            created_at: self.created_at,
        };
        (Keys { payment, refund, dispute }, shown)
    }
}

fn side<T: Default>(entity: Option<T>) -> Lenient<Side<T>> {
    Lenient(Side { entity: Lenient(entity.unwrap_or_default()) })
}

/// An envelope with selected parts of its payload.
#[derive(Deserialize)]
pub(super) struct Envelope<P> {
    pub(super) created_at: Option<i64>,
    pub(super) payload: Object<P>,
}

impl<P: KeyFields> KeyFields for Envelope<P> {
    const FIELDS: &'static [Field] = &[field::<Option<i64>>("created_at"), field::<Object<P>>("payload")];
}

macro_rules! keyed_payload {
    ($(#[$doc:meta])* $name:ident { $($part:ident: $keys:ident),* }) => {
        $(#[$doc])*
        #[derive(Deserialize)]
        pub(super) struct $name {
            $($part: Option<Object<Wrapper<$keys>>>,)*
        }
        impl KeyFields for $name {
            const FIELDS: &'static [Field] = &[$(field::<Option<Object<Wrapper<$keys>>>>(stringify!($part))),*];
        }
        impl From<$name> for Keys {
            fn from(payload: $name) -> Self {
                Self { $($part: payload.$part.map(|held| held.0.entity.0),)* ..Self::default() }
            }
        }
    };
}
keyed_payload!(
    /// The key parts of an event about a payment. Other parts of it are ignored.
    OfPayment { payment: PaymentKeys }
);
keyed_payload!(
    /// The key parts of an event about a refund.
    OfRefund { payment: PaymentKeys, refund: RefundKeys }
);
keyed_payload!(
    /// The key parts of an event about a dispute.
    OfDispute { payment: PaymentKeys, dispute: DisputeKeys }
);

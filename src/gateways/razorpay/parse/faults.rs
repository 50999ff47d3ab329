//! Finds the first faulty key field of a body that could not be parsed.
//!
//! Invariant: fields are checked in the order of the body and by their names, never by the text of an error, which can quote
//! the sender's input.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::{
    Subject,
    body::{Envelope, OfDispute, OfPayment, OfRefund},
    key_fields::{Field, KeyFields, Kind, optional, required},
};

/// A faulty field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) field: &'static str,
    /// Whether the field occurs twice, which two parsers could read differently.
    pub(super) is_duplicate: bool,
}

/// The fields that decide how complete the payment in an event is; see `carried`.
const CARRIED: &[Field] = &[optional("payload", Kind::Object(CARRIED_PAYLOAD))];
const CARRIED_PAYLOAD: &[Field] = &[optional("payment", Kind::Object(CARRIED_PAYMENT))];
const CARRIED_PAYMENT: &[Field] = &[optional("entity", Kind::Object(CARRIED_ENTITY))];
const CARRIED_ENTITY: &[Field] =
    &[optional("id", Kind::Any), optional("amount", Kind::Any), optional("currency", Kind::Any), optional("status", Kind::Any)];

/// Returns the first faulty key field of an event.
pub(super) fn of_event(body: &[u8], subject: Subject) -> Option<Fault> {
    first(
        body,
        match subject {
            Subject::Payment | Subject::Paid | Subject::Other => Envelope::<OfPayment>::FIELDS,
            Subject::Refund => Envelope::<OfRefund>::FIELDS,
            Subject::Dispute => Envelope::<OfDispute>::FIELDS,
        },
    )
}

/// Returns the first fault in the fields that decide how complete the payment in an event is.
pub(super) fn of_carried(body: &[u8]) -> Option<Fault> {
    first(body, CARRIED)
}

fn first(body: &[u8], fields: &'static [Field]) -> Option<Fault> {
    let mut fault = None;
    let mut json = serde_json::Deserializer::from_slice(body);
    // An error ends the search: the fault that is found, or the text that cannot be decoded.
    let _ = Check { field: &required("payload", Kind::Object(fields)), fault: &mut fault }.deserialize(&mut json);
    fault
}

/// Checks the value of one field. Ends with an error at the first fault, which it notes.
struct Check<'a> {
    field: &'a Field,
    fault: &'a mut Option<Fault>,
}

impl Check<'_> {
    fn fail<T, E: serde::de::Error>(self, field: &'static str, is_duplicate: bool) -> Result<T, E> {
        *self.fault = Some(Fault { field, is_duplicate });
        Err(E::custom("a faulty field"))
    }

    fn expect<E: serde::de::Error>(self, is_valid: bool) -> Result<(), E> {
        if is_valid {
            Ok(())
        } else {
            let name = self.field.name;
            self.fail(name, false)
        }
    }
}

impl<'de> DeserializeSeed<'de> for Check<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.field.kind {
            Kind::Any => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            Kind::Text | Kind::Integer | Kind::Object(_) => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Check<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.field.name)
    }

    fn visit_bool<E: serde::de::Error>(self, _: bool) -> Result<(), E> {
        self.expect(false)
    }

    fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<(), E> {
        let is_valid = matches!(self.field.kind, Kind::Integer);
        self.expect(is_valid)
    }

    fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<(), E> {
        let is_valid = matches!(self.field.kind, Kind::Integer) && i64::try_from(number).is_ok();
        self.expect(is_valid)
    }

    fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<(), E> {
        self.expect(false)
    }

    fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<(), E> {
        let is_valid = matches!(self.field.kind, Kind::Text);
        self.expect(is_valid)
    }

    fn visit_unit<E: serde::de::Error>(self) -> Result<(), E> {
        let is_valid = !self.field.is_required;
        self.expect(is_valid)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, _: A) -> Result<(), A::Error> {
        self.expect(false)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let Kind::Object(fields) = self.field.kind else { return self.expect(false) };
        let mut found = vec![false; fields.len()];
        while let Some(key) = map.next_key::<String>()? {
            let Some(at) = fields.iter().position(|field| field.name == key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            if std::mem::replace(&mut found[at], true) {
                return self.fail(fields[at].name, true);
            }
            map.next_value_seed(Check { field: &fields[at], fault: &mut *self.fault })?;
        }
        let missing = fields.iter().zip(found).find(|(field, is_found)| field.is_required && !is_found);
        missing.map_or(Ok(()), |(field, _)| self.fail(field.name, false))
    }
}

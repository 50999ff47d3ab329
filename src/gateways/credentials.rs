//! The credentials of a gateway's API as its profile declares them: the form, its errors and the check follow from them.
//!
//! Invariant: a field is declared once, in the gateway's folder; no other code names a field.

use std::ops::RangeInclusive;

use futures_util::future::LocalBoxFuture;
use zeroize::Zeroizing;

use super::{Mode, api::KeyCheck};
use crate::i18n::Text;

/// Requests something harmless with the values: the API's address, and the values of all fields.
type CheckKeys = for<'a> fn(&'a str, &'a CredentialValues) -> LocalBoxFuture<'a, KeyCheck>;

/// The keys of a gateway's API.
pub(crate) struct ApiKeys {
    /// The fields in the order of the form; at least one, and none twice.
    pub(crate) fields: &'static [CredentialField],
    /// The menu path to the keys in the gateway's dashboard.
    pub(crate) menu: &'static [&'static str],
    /// Where to find the keys of that mode, and what to do there.
    pub(crate) instructions: fn(Mode) -> Text,
    pub(crate) check: CheckKeys,
}

/// A value that the merchant copies from the gateway.
pub(crate) struct CredentialField {
    /// The name of the input and of the stored row; it never changes.
    pub(crate) name: &'static str,
    /// As the gateway names it, in every language.
    pub(crate) label: &'static str,
    /// The hint below the input in that mode, while none is stored if the field is secret.
    pub(crate) hint: fn(Mode) -> Text,
    /// True if it is stored sealed and never shown again; false if pages show it and others may know it.
    pub(crate) is_secret: bool,
    /// The accepted number of characters.
    pub(crate) length: RangeInclusive<usize>,
    /// Returns what is wrong with a value of that mode, and what is expected.
    pub(crate) fault: fn(&str, Mode) -> Option<Text>,
    /// What code snippets contain until a value is stored.
    pub(crate) example: fn(Mode) -> String,
}

impl ApiKeys {
    /// Returns the field of that name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static CredentialField> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Returns the field at which a fault of all values together is shown: the last secret one, else the last.
    pub(crate) fn main_field(&self) -> &'static str {
        let secret = self.fields.iter().rfind(|field| field.is_secret);
        secret.or(self.fields.last()).map_or("", |field| field.name)
    }
}

/// Values of fields, wiped after use.
#[derive(Default)]
pub(crate) struct CredentialValues(Vec<(&'static CredentialField, Zeroizing<String>)>);

impl CredentialValues {
    pub(crate) fn add(&mut self, field: &'static CredentialField, value: Zeroizing<String>) {
        self.0.push((field, value));
    }

    /// Returns the value of a field; empty if there is none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.iter().find(|(field, _)| field.name == name).map_or("", |(_, value)| value)
    }

    pub(crate) fn has(&self, field: &CredentialField) -> bool {
        self.0.iter().any(|(known, _)| known.name == field.name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static CredentialField, &str)> {
        self.0.iter().map(|(field, value)| (*field, value.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use crate::gateways::Gateway;

    /// Names of other inputs in the same form, and of those that a password prompt adds.
    const TAKEN: &[&str] =
        &["csrf_token", "current_password", "interrupted", "upi", "debit_card", "credit_card", "net_banking", "wallet"];

    #[test]
    fn the_fields_of_a_gateway_have_names_of_their_own() {
        for keys in Gateway::all().filter_map(|gateway| gateway.profile().api_keys.as_ref()) {
            let names: BTreeSet<_> = keys.fields.iter().map(|field| field.name).collect();
            assert_eq!(names.len(), keys.fields.len());
            assert!(!names.is_empty());
            for name in names {
                assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
                assert!(!TAKEN.contains(&name), "{name}");
            }
        }
    }
}

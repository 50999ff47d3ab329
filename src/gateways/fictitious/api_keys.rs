//! The credentials of the fictitious gateway's API: a merchant number, which is shown, and a passphrase.

use super::text as t;
use crate::{
    gateways::{
        api::{KeyCheck, Unavailable},
        credentials::{ApiKeys, CredentialField, CredentialValues},
    },
    i18n::{path, strong},
};

const MERCHANT_NUMBER: &str = "merchant_number";
const PASSPHRASE: &str = "passphrase";

pub(super) const API_KEYS: ApiKeys = ApiKeys {
    fields: FIELDS,
    menu: &["My business", "Access"],
    instructions: |_| t::keys_instructions(path(), strong()),
    check: |_, values| Box::pin(std::future::ready(check(values))),
};

/// The secret is first: no code may depend on the order of another gateway's fields.
static FIELDS: &[CredentialField] = &[
    CredentialField {
        name: PASSPHRASE,
        label: "Passphrase",
        hint: |_| t::passphrase_hint(),
        is_secret: true,
        length: 12..=40,
        fault: |_, _| None,
        example: |_| String::new(),
    },
    CredentialField {
        name: MERCHANT_NUMBER,
        label: "Merchant number",
        hint: |mode| t::merchant_number_hint(mode.label()),
        is_secret: false,
        length: 8..=8,
        fault: |text, _| (!text.bytes().all(|byte| byte.is_ascii_digit())).then(t::merchant_number_malformed),
        example: |_| "00000000".to_owned(),
    },
];

/// Stands in for the API, which has no address: a passphrase begins with its merchant number, and one that ends with a
/// question mark is never answered.
fn check(values: &CredentialValues) -> KeyCheck {
    let (number, passphrase) = (values.get(MERCHANT_NUMBER), values.get(PASSPHRASE));
    if passphrase.ends_with('?') {
        KeyCheck::Unknown(Unavailable::Timeout)
    } else if !number.is_empty() && passphrase.starts_with(number) {
        KeyCheck::Accepted
    } else {
        KeyCheck::Rejected
    }
}

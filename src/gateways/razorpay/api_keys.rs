//! Razorpay's API keys: a Key ID, which begins with the mode and is public, and a Key Secret.

use super::api;
use crate::gateways::{
    Mode,
    credentials::{ApiKeys, CredentialField},
    guide::Piece::{Label, Text},
};

/// The field of the Key ID.
pub(super) const KEY_ID: &str = "key_id";
const KEY_SECRET: &str = "key_secret";

pub(super) const API_KEYS: ApiKeys = ApiKeys {
    fields: FIELDS,
    menu: &["Accounts & Settings", "API Keys"],
    instructions: &[Text("press "), Label("Generate Key"), Text(". Razorpay shows the Key Secret once.")],
    check: |base, values| Box::pin(api::check(base, values.get(KEY_ID), values.get(KEY_SECRET))),
};

static FIELDS: &[CredentialField] = &[
    CredentialField {
        name: KEY_ID,
        label: "Key ID",
        hint: |mode| format!("Begins with {}", prefix(mode)),
        is_secret: false,
        length: 1..=64,
        fault: key_id_fault,
        example: |mode| format!("{}…", prefix(mode)),
    },
    CredentialField {
        name: KEY_SECRET,
        label: "Key Secret",
        hint: |_| "Sealed, and never shown again. It is not the webhook SECRET.".to_owned(),
        is_secret: true,
        length: 8..=128,
        fault: |_, _| None,
        example: |_| String::new(),
    },
];

/// Returns the beginning of a Key ID in that mode.
const fn prefix(mode: Mode) -> &'static str {
    match mode {
        Mode::Test => "rzp_test_",
        Mode::Live => "rzp_live_",
    }
}

/// Returns what is wrong with a Key ID of this mode.
fn key_id_fault(key_id: &str, mode: Mode) -> Option<String> {
    let (wanted, other) = match mode {
        Mode::Test => (prefix(mode), prefix(Mode::Live)),
        Mode::Live => (prefix(mode), prefix(Mode::Test)),
    };
    if key_id.starts_with(other) {
        let (is, here) = if mode == Mode::Test { ("Live", "Test") } else { ("Test", "Live") };
        return Some(format!("This is a {is} key. {here} mode needs one that begins with {wanted}."));
    }
    let rest = key_id.strip_prefix(wanted).unwrap_or_default();
    let is_whole = rest.len() >= 8 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!is_whole).then(|| {
        format!("A Key ID of {} mode is {wanted} and letters or digits, for example {wanted}Demo0000000001.", mode.label())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_must_agree_with_the_mode() {
        assert_eq!(key_id_fault("rzp_test_Demo0000000001", Mode::Test), None);
        let fault = |key_id, mode| key_id_fault(key_id, mode).unwrap();
        assert!(fault("rzp_live_Demo0000000001", Mode::Test).contains("This is a Live key"));
        assert!(fault("rzp_test_Demo0000000001", Mode::Live).contains("This is a Test key"));
        for half in ["Demo0000000001", "rzp_test_"] {
            assert!(fault(half, Mode::Test).contains("letters or digits"), "{half}");
        }
    }
}

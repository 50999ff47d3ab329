//! Razorpay's API keys: a Key ID, which begins with the mode and is public, and a Key Secret.

use super::{api, text as t};
use crate::{
    gateways::{
        Mode,
        credentials::{ApiKeys, CredentialField},
        refunds::Access,
    },
    i18n::{Text, path, strong},
};

/// The field of the Key ID.
pub(super) const KEY_ID: &str = "key_id";
pub(super) const KEY_SECRET: &str = "key_secret";

pub(super) const API_KEYS: ApiKeys = ApiKeys {
    fields: FIELDS,
    menu: &["Accounts & Settings", "API Keys"],
    instructions: |mode| t::keys_instructions(mode.label(), path(), strong()),
    check: |base, keys| Box::pin(api::check(Access { base, keys })),
};

static FIELDS: &[CredentialField] = &[
    CredentialField {
        name: KEY_ID,
        label: "Key ID",
        hint: |mode| match mode {
            Mode::Test => t::key_id_hint_test(prefix(mode)),
            Mode::Live => t::key_id_hint_live(prefix(mode)),
        },
        is_secret: false,
        length: 1..=64,
        fault: key_id_fault,
        example: |mode| format!("{}…", prefix(mode)),
    },
    CredentialField {
        name: KEY_SECRET,
        label: "Key Secret",
        hint: |_| t::key_secret_hint(),
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
fn key_id_fault(key_id: &str, mode: Mode) -> Option<Text> {
    let wanted = prefix(mode);
    match mode {
        Mode::Test if key_id.starts_with(prefix(Mode::Live)) => return Some(t::key_of_live(wanted)),
        Mode::Live if key_id.starts_with(prefix(Mode::Test)) => return Some(t::key_of_test(wanted)),
        Mode::Test | Mode::Live => {}
    }
    let rest = key_id.strip_prefix(wanted).unwrap_or_default();
    let is_whole = rest.len() >= 8 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric());
    (!is_whole).then(|| t::key_id_malformed(mode.label(), wanted, format!("{wanted}Demo0000000001")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_id_must_agree_with_the_mode() {
        assert_eq!(key_id_fault("rzp_test_Demo0000000001", Mode::Test), None);
        let fault = |key_id, mode| key_id_fault(key_id, mode).unwrap().key();
        assert_eq!(fault("rzp_live_Demo0000000001", Mode::Test), "razorpay.key-of-live");
        assert_eq!(fault("rzp_test_Demo0000000001", Mode::Live), "razorpay.key-of-test");
        for half in ["Demo0000000001", "rzp_test_"] {
            assert_eq!(fault(half, Mode::Test), "razorpay.key-id-malformed", "{half}");
        }
    }
}

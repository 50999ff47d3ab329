//! What can still be made of rejected requests, and whether the gateway's further attempts will verify.

use super::{SWITCH_ON_FIRST, fixes::sender, number_text};
use crate::{
    gateways::Gateway,
    rejections::{Cause, advice::Attempts, recovery::Count},
};

/// What can be made of the stored requests; `can_adopt` says whether their secret can be accepted from this page.
pub(crate) fn standing(found: &Count, kept: i64, is_off: bool, (cause, gateway): (Cause, Gateway), can_adopt: bool) -> String {
    let whole = number_text(i64::try_from(found.kept).unwrap_or(i64::MAX));
    match (found.kept, found.verify()) {
        (0, _) if kept == 0 => {
            format!("None of these requests is stored any more, so none can be recovered. {}", look_up(gateway))
        }
        (0, _) => "Nothing is left to recover: what was stored whole has been recovered.".to_owned(),
        (_, 0) => none_verifies(cause, gateway, can_adopt),
        _ if is_off => SWITCH_ON_FIRST.to_owned(),
        (kept, verify) => {
            let verify = number_text(i64::try_from(verify).unwrap_or(i64::MAX));
            let of = if kept == 1 {
                "The kept request verifies".to_owned()
            } else {
                format!("{verify} of {whole} kept requests verify")
            };
            format!(
                "{of} now. What is recovered becomes an event, marked as recovered, and counts once, even if the gateway sends it again."
            )
        }
    }
}

/// Where payments of requests are found that are lost here.
const fn look_up(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Razorpay => "Look their payments up in Razorpay’s Dashboard.",
        Gateway::StandardWebhooks => "Look them up at the sender, or ask for them again.",
    }
}

/// How a gateway signs further attempts at an event.
const fn repeats(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Razorpay => "Razorpay signs every further attempt like the first one",
        Gateway::StandardWebhooks => "If the sender signs every further attempt like the first one",
    }
}

/// None of the stored requests verifies: whether that can change, and whether further attempts will verify.
fn none_verifies(cause: Cause, gateway: Gateway, can_adopt: bool) -> String {
    let (sender, look_up, repeats) = (sender(gateway), look_up(gateway), repeats(gateway));
    let attempts = if cause.is_of_unknown_key() { Attempts::Unknown } else { cause.attempts(gateway) };
    match attempts {
        Attempts::OnceUnchanged => format!(
            "These cannot be recovered as they are: what arrived is not what was signed. The right secret signed it, so further attempts verify once nothing changes them on the way. After the last attempt: {}",
            lower(look_up)
        ),
        Attempts::OnceUnchangedIfGenuine => format!(
            "These cannot be recovered: they did not arrive whole. If {sender} sent them, further attempts verify once nothing changes them on the way. After the last attempt: {}",
            lower(look_up)
        ),
        Attempts::OnceAdopted if can_adopt => format!(
            "These requests were not signed with a SECRET that KS Pay accepts. {repeats}, so attempts at these events go on failing after the fix, unless you accept that secret too. New events verify."
        ),
        Attempts::OnceAdopted => format!(
            "These cannot be recovered: the secret they were signed with cannot be accepted from here. {repeats}, so attempts at these events go on failing after the fix. New events verify. {look_up}"
        ),
        Attempts::Never => format!(
            "These cannot be recovered: what they were signed with can never be the secret of this webhook. {repeats}, so attempts at these events go on failing after the fix. New events verify. {look_up}"
        ),
        Attempts::NeverIfGenuine => format!(
            "These cannot be recovered: anyone could have sent them. {repeats}, so if {sender} sent these, attempts at these events go on failing after the fix. New events verify. {look_up}"
        ),
        Attempts::Elsewhere if can_adopt => format!(
            "These requests were not signed with a SECRET that KS Pay accepts here. If the URL is wrong at the gateway, nothing is to be recovered here. If the secret is wrong, attempts at these events go on failing after the fix, unless you accept that secret too. {look_up}"
        ),
        Attempts::Elsewhere => format!(
            "These cannot be recovered here: they are signed with the secret of another webhook. After the fix, attempts at these events that still arrive here go on failing. New events verify. {look_up}"
        ),
        Attempts::OnceSignedAgain if can_adopt => {
            "These requests were not signed with a SECRET that KS Pay accepts. Further attempts verify after the fix if they are signed again, and otherwise if you accept that secret too."
        .to_owned()
        }
        Attempts::OnceSignedAgain => format!(
            "These cannot be recovered. Further attempts verify after the fix only if the program signs each of them again; if it repeats the first signature, they go on failing. {look_up}"
        ),
        Attempts::Unknown => {
            "These requests were not signed with a SECRET that KS Pay accepts. If they are yours, enter the SECRET they were signed with; then they can be recovered.".to_owned()
        }
        Attempts::NoEvents => "Nothing can be recovered: these are no events of this webhook.".to_owned(),
        Attempts::Verify => format!("These do not verify any more. {look_up}"),
    }
}

fn lower(text: &str) -> String {
    let mut characters = text.chars();
    characters.next().map_or_else(String::new, |first| first.to_lowercase().collect::<String>() + characters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(cause: Cause, gateway: Gateway, can_adopt: bool) -> String {
        standing(&Count { kept: 2, verified: Vec::new() }, 2, false, (cause, gateway), can_adopt)
    }

    #[test]
    fn attempts_are_said_to_verify_only_where_the_right_secret_signed_them() {
        for cause in Cause::ALL {
            for (gateway, can_adopt) in
                [(Gateway::Razorpay, false), (Gateway::Razorpay, true), (Gateway::StandardWebhooks, false)]
            {
                let said = said(*cause, gateway, can_adopt && cause.is_acceptable());
                assert!(!said.contains("come in by themselves"), "{said}");
                if said.contains("further attempts verify once") {
                    assert!(!cause.is_of_key() && !said.contains("go on failing"), "{cause:?}: {said}");
                }
                if gateway == Gateway::Razorpay && cause.is_of_key() {
                    assert!(said.contains("go on failing"), "{cause:?}: {said}");
                    assert!(said.contains("Look their payments up") || said.contains("unless you accept"), "{cause:?}: {said}");
                }
            }
        }
    }

    #[test]
    fn what_proves_nothing_is_said_as_a_condition() {
        for cause in
            [Cause::NoSignature, Cause::SecretIsUrl, Cause::SecretEmpty, Cause::BodyCut, Cause::BodyEmpty, Cause::Encoded]
        {
            assert!(said(cause, Gateway::Razorpay, false).to_lowercase().contains("if razorpay sent"), "{cause:?}");
        }
    }
}

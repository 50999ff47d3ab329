//! A sentence for each cause, and one for its fix.
//!
//! The rule: say what happened, then what to click. The gateway's own words for its buttons.

use crate::{gateways::Gateway, rejections::Cause};

/// What to press at the gateway to give it the right SECRET.
const fn paste(gateway: Gateway) -> &'static str {
    match gateway {
        Gateway::Razorpay => {
            "Copy the SECRET of this webhook. In Razorpay open the webhook, press Edit, paste it into the field Secret and press Save Webhook."
        }
        Gateway::StandardWebhooks => "Copy the SECRET of this webhook, with whsec_ in front, and give it to the sender.",
    }
}

const PROXY: &str = "Something between the gateway and KS Pay changed the body. Let your proxy or firewall pass /webhooks/ untouched, to the byte.";
const NO_DOING: &str = "There is nothing to do: it was not believed, and it counts for nothing.";

/// Why, without a capital and a full stop, and what to do; nothing where nothing is known.
pub(super) fn of(cause: Cause, gateway: Gateway, detail: &str, other: &str) -> Said {
    signature(cause, gateway, detail)
        .or_else(|| secret(cause, gateway, other))
        .or_else(|| body(cause))
        .or_else(|| time(cause, detail))
        .or_else(|| rest(cause, gateway))
}

type Said = Option<(String, String)>;

fn say(why: impl Into<String>, fix: impl Into<String>) -> (String, String) {
    (why.into(), fix.into())
}

/// The signature is not there, stands elsewhere, or is written in another way.
fn signature(cause: Cause, gateway: Gateway, detail: &str) -> Said {
    let header = match gateway {
        Gateway::Razorpay => "X-Razorpay-Signature",
        Gateway::StandardWebhooks => "webhook-signature",
    };
    let whoever = "Whatever sends or forwards these requests";
    Some(match cause {
        Cause::NoSignature if gateway == Gateway::Razorpay => say(
            "no signature came",
            "In Razorpay the field Secret is empty: open the webhook there, press Edit, paste the SECRET and press Save Webhook. If it is filled, a proxy takes the header X-Razorpay-Signature away.",
        ),
        Cause::NoSignature => say(
            "no signature came",
            "The sender must send webhook-id, webhook-timestamp and webhook-signature. Give it the SECRET of this webhook; if it has it, a proxy takes the headers away.",
        ),
        Cause::IdMissing => say(
            "the header webhook-id is missing",
            "The sender signs it, so it must send it. Look at the sender's settings, and at a proxy that may take headers away.",
        ),
        Cause::TimeMissing => say(
            "the header webhook-timestamp is missing",
            "The sender signs it, so it must send it. Look at the sender's settings, and at a proxy that may take headers away.",
        ),
        Cause::RenamedHeader => say(
            format!("the right signature came in another header, {detail}"),
            format!("{whoever} must leave the name {header} as it is."),
        ),
        Cause::OtherGateway => say(
            format!("it carries a signature of {detail}"),
            format!(
                "This webhook is for {}. Give {detail} a webhook of its own, or take this URL out of its settings.",
                gateway.label()
            ),
        ),
        Cause::Scanner => say("it looks like a program that knocks at every door", NO_DOING),
        Cause::RepeatedHeader => {
            say("the signature came in more than one header", format!("{whoever} adds a second {header}. It must come once."))
        }
        Cause::Quoted => say(
            "the signature is right, but has quotes or spaces around it",
            format!("{whoever} must pass {header} as it is, without quotes and spaces."),
        ),
        Cause::UpperCase => {
            say("the signature is right, but in capitals", format!("{whoever} must pass {header} as it is, in small letters."))
        }
        Cause::Prefixed => say(
            "the signature is right, but has a name such as sha256= in front",
            format!("{whoever} must pass {header} as the gateway writes it, without anything in front."),
        ),
        Cause::VersionMissing => say(
            "the signature is right, but v1, is missing before it",
            "The sender must write webhook-signature as v1, and the base64 of the signature.",
        ),
        Cause::Base64 if gateway == Gateway::Razorpay => say(
            "the signature is right, but written in base64 instead of hex",
            format!("{whoever} must write {header} in hex, as Razorpay does."),
        ),
        Cause::Base64 => say(
            "the signature is right, but in another form of base64",
            "The sender must write it in standard base64 with padding.",
        ),
        Cause::Hex => say("the signature is right, but written in hex", "The sender must write it in base64, with v1, in front."),
        Cause::Truncated => say(
            "the signature is right as far as it goes, but was cut short",
            format!("{whoever} must pass {header} whole. A field or a log that is too short may cut it."),
        ),
        Cause::Lengthened => {
            say("the signature is right, but something was added to it", format!("{whoever} must pass {header} as it is."))
        }
        Cause::OtherHash => say(
            format!("the signature was made with {detail}, not with SHA-256"),
            "Whatever signs these requests must use HMAC-SHA256.",
        ),
        Cause::NotKeyed => say(
            "the signature is a plain SHA-256, which anybody can make",
            "Whatever signs these requests must use HMAC-SHA256 with the SECRET as its key.",
        ),
        Cause::AsymmetricOnly => say(
            "it is signed with a key pair only (v1a)",
            "KS Pay checks signatures made with the SECRET. Let the sender add one that begins with v1.",
        ),
        Cause::SignedBodyOnly => say(
            "only the body was signed",
            "The sender must sign id, time and body with full stops between: webhook-id.webhook-timestamp.body.",
        ),
        Cause::SignedOtherParts => say(
            "the SECRET is right, but other parts were signed than should be",
            match gateway {
                Gateway::Razorpay => "Whatever signs these requests must sign the body and nothing else.",
                Gateway::StandardWebhooks => "The sender must sign id, time and body, in this order, with full stops between.",
            },
        ),
        Cause::Checkout => say(
            "it is the signature of a checkout, not of a webhook",
            "Your shop checks the checkout's signature itself. Take this URL out of the checkout, and let Razorpay send the webhook.",
        ),
        _ => return None,
    })
}

/// It was signed with another secret.
fn secret(cause: Cause, gateway: Gateway, other: &str) -> Said {
    let paste = paste(gateway);
    let right = |how: &str| say(format!("signed with the SECRET of this webhook, but {how}"), paste);
    Some(match cause {
        Cause::OldSecret => say(
            "signed with a previous SECRET of this webhook, whose time is over",
            format!(
                "{paste} The gateway goes on signing what it tries again with the previous one: accept that again for as long, and nothing is lost."
            ),
        ),
        Cause::RetiredSecret => say(
            "signed with a SECRET of this webhook that was retired",
            format!(
                "{paste} If it was retired because somebody may have seen it, these requests may be forged: then there is nothing else to do."
            ),
        ),
        Cause::OtherMode => say(
            format!("signed with the SECRET of the other mode ({other})"),
            format!("Test and Live have a webhook each, with a URL and a SECRET of its own. {paste}"),
        ),
        Cause::OtherConnection => say(format!("signed with the SECRET of another webhook of this app ({other})"), paste),
        Cause::OtherApp => say(format!("signed with the SECRET of another app ({other})"), paste),
        Cause::KeySecret => say(
            "signed with an API Key Secret",
            format!("The Key Secret is for step Credentials; the webhook has a SECRET of its own. {paste}"),
        ),
        Cause::SecretWithSpace => right("it was pasted with a space"),
        Cause::SecretWithLineEnd => right("it was pasted with a line end"),
        Cause::SecretWithUnseen => right("it was pasted with a character that cannot be seen"),
        Cause::SecretQuoted => right("it was pasted with quotes or a mark around it"),
        Cause::SecretLabelled => right("it was pasted with a word in front of it"),
        Cause::SecretCut => right("only a piece of it was pasted"),
        Cause::SecretDoubled => right("it was pasted twice"),
        Cause::SecretCase => right("capitals and small letters were changed"),
        Cause::SecretEncoded => right("it was encoded before it was used"),
        Cause::SecretWithPrefix => say(
            "signed with the SECRET as it stands, with whsec_",
            "The sender must take away whsec_ and decode the rest from base64 before it signs. The libraries of Standard Webhooks do both.",
        ),
        Cause::SecretNotDecoded => say(
            "signed with the SECRET as text, not decoded",
            "The sender must decode the SECRET from base64 before it signs. The libraries of Standard Webhooks do.",
        ),
        Cause::SecretMistyped => right("one character is wrong"),
        Cause::SecretGuessable => say(
            "signed with a secret that may have been guessed",
            format!(
                "KS Pay does not accept it: too little of it is random, so a stranger could have made these requests. Generate a new secret. {paste}"
            ),
        ),
        Cause::SecretIsUrl => say("signed with the URL in place of the SECRET", paste),
        Cause::SecretIsId => say("signed with an id in place of the SECRET", paste),
        Cause::SecretIsKeyId => say("signed with the API Key ID in place of the SECRET", paste),
        Cause::SecretIsDots => say(
            "signed with the dots that hide the SECRET",
            format!("Press Copy beside the SECRET rather than marking it. {paste}"),
        ),
        Cause::SecretEmpty => say("signed with an empty SECRET", paste),
        _ => return None,
    })
}

/// The SECRET is right, and the body is not what was signed.
fn body(cause: Cause) -> Said {
    let changed = |how: &str| say(format!("the SECRET is right, but the body was changed on the way: {how}"), PROXY);
    Some(match cause {
        Cause::BodyRespaced => changed("its spaces and line breaks are others"),
        Cause::BodyReordered => changed("its fields stand in another order"),
        Cause::BodyEscaped => changed("its characters are written in another way"),
        Cause::BodyRewritten => changed("a program read it and wrote it anew"),
        Cause::BodyLineEnd => changed("something at its end was added or taken away"),
        Cause::BodyLineEnds => changed("its line ends are others"),
        Cause::BodyMark => changed("a byte order mark was added or taken away"),
        Cause::BodyForm => changed("it was sent on as a form"),
        Cause::BodyWrapped => changed("it was put into another message"),
        Cause::BodyCharset => changed("its characters were read in another character set"),
        Cause::BodyEmpty => say("it is signed, but its body did not come with it", PROXY),
        Cause::BodyCut => say(
            "the body breaks off in the middle",
            "Something between the gateway and KS Pay lets only a part through. Look for a limit of size in your proxy or firewall.",
        ),
        _ => return None,
    })
}

/// The signed time is not now.
fn time(cause: Cause, detail: &str) -> Said {
    let away = detail.parse().map_or_else(|_| "more than 5 minutes".to_owned(), span);
    Some(match cause {
        Cause::SignedEarlier => say(
            format!("it was signed {away} before it came"),
            "Set the sender's clock, if it is slow. If it is right, the sender repeats an old signature: each try must be signed anew. KS Pay takes at most 5 minutes.",
        ),
        Cause::SignedAhead => say(
            format!("it was signed {away} ahead of the time here"),
            "One of two clocks is wrong: the sender's is fast, or that of the machine KS Pay runs on is slow. Let both set their time from the network.",
        ),
        Cause::TimeInMillis => {
            say("webhook-timestamp is in milliseconds", "The sender must write it in whole seconds since 1970.")
        }
        Cause::TimeUnreadable => {
            say("webhook-timestamp is not a number", "The sender must write it in whole seconds since 1970, in digits only.")
        }
        _ => return None,
    })
}

fn span(seconds: u64) -> String {
    match seconds {
        0..7200 => format!("{} minutes", seconds / 60),
        7200..172_800 => format!("{} hours", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn rest(cause: Cause, gateway: Gateway) -> Said {
    Some(match cause {
        Cause::OtherAccount => say(
            "it is of another Razorpay account than the events before",
            "Give each account a webhook of its own. If this one is not yours, there is nothing to do.",
        ),
        Cause::VerifiesNow => {
            say("it verifies by now", "It came before its SECRET was accepted here. Recover it below; what comes now is taken.")
        }
        Cause::SwitchedOff => say(
            "this webhook is switched off",
            "Switch the app and its gateway on again to receive events. What was refused meanwhile can be recovered then.",
        ),
        Cause::TooLarge => say(
            "the body is larger than 1 MiB",
            format!("Real events of {} are a thousandth of that. Look at what sends them.", gateway.label()),
        ),
        Cause::Encoded => say(
            "the body came compressed or encoded",
            "The signature is over the body as it was signed. Switch compression off where it was added, usually at a proxy.",
        ),
        Cause::TooSlow => say(
            "the body did not arrive within 3 s",
            "The way between the gateway and KS Pay is too slow. Look at your proxy and at the line.",
        ),
        Cause::Unexamined => say(
            "it could not be looked at in full: too much came at once, or its body is very large",
            "Wait for the next one: a single request is looked at.",
        ),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_its_sentence_and_only_the_unknown_one_has_none() {
        for gateway in Gateway::ALL {
            for cause in Cause::ALL {
                let said = of(*cause, gateway, "420", "Neem Tree Store");
                assert_eq!(said.is_none(), *cause == Cause::Unknown, "{cause:?}");
                if let Some((why, fix)) = said {
                    assert!(!why.ends_with('.') && !why.contains('!') && fix.ends_with('.'), "{why} {fix}");
                    assert!(why.chars().next().is_some_and(char::is_lowercase), "{why}");
                }
            }
        }
    }
}

//! Tests combined mistakes: every class of paste errors with every other, paste errors of secrets that are not valid here,
//! and the work that all of them take.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data_encoding::HEXLOWER;

use super::{
    classes::{KEY_SECRET, NOW, SECRET, both, event, key, signed},
    *,
};

/// Makes one error in a text.
type Error = fn(&str) -> String;

/// One mistake of each class.
const CLASSES: [(Cause, Error); 9] = [
    (Cause::SecretWithSpace, |text| format!("{text} ")),
    (Cause::SecretWithLineEnd, |text| format!("{text}\r\n")),
    (Cause::SecretWithInvisible, |text| format!("\u{feff}{text}")),
    (Cause::SecretQuoted, |text| format!("'{text}'")),
    (Cause::SecretLabelled, |text| format!("RAZORPAY_WEBHOOK_SECRET={text}")),
    (Cause::SecretCase, str::to_lowercase),
    (Cause::SecretDoubled, |text| format!("{text}{text}")),
    (Cause::SecretEncoded, |text| STANDARD.encode(text)),
    (Cause::SecretHashed, |text| HEXLOWER.encode(&<[u8; 32]>::from(<Sha256 as sha2::Digest>::digest(text)))),
];

fn find(known: &CompanyKeys, body: &str, signature: &str) -> Diagnosis {
    let headers = [("x-razorpay-signature".to_owned(), signature.as_bytes().to_vec())];
    let (gateway, reason, at) = (Gateway::RAZORPAY, SignatureError::SignatureMismatch, Timestamp::from_seconds(NOW));
    let case = RejectedCase { gateway, reason, headers: &headers, body: body.as_bytes(), is_truncated: false, at };
    diagnose(&case, known, &mut { MAX_WORK_BYTES })
}

fn known(others: &[(KeyOwner, &str)]) -> CompanyKeys {
    let keys = [(KeyOwner::Valid, SECRET)].iter().chain(others).map(|(whose, text)| key(*whose, text)).collect();
    CompanyKeys { keys, url: "https://pay.example.com/webhooks/wh_1".to_owned(), ..CompanyKeys::default() }
}

#[test]
fn every_class_of_paste_error_is_found_after_every_other() {
    let (known, body) = (known(&[]), event(1024));
    for (first, one) in CLASSES {
        for (second, two) in CLASSES {
            let text = two(&one(SECRET));
            let (cause, also) = both(find(&known, &body, &signed(&text, &body)));
            let wanted = [first, second, Cause::SecretDoubled, Cause::SecretEncodedLineEnd];
            let is_one = |cause| text == SECRET || wanted.contains(&cause);
            assert!(is_one(cause) && (also.is_empty() || is_one(Cause::from(also))), "{first:?}, {second:?}: {cause:?}");
        }
    }
}

#[test]
fn two_mistakes_are_named_in_the_order_in_which_they_were_made() {
    let (known, body) = (known(&[]), event(2048));
    let typed = format!("{}l{}", &SECRET[..3], &SECRET[4..]);
    for (first, second, text) in [
        (Cause::SecretQuoted, "secret_labelled", format!("RAZORPAY_WEBHOOK_SECRET=\"{SECRET}\"")),
        (Cause::SecretLabelled, "secret_with_space", format!("secret: {SECRET} ")),
        (Cause::SecretWithLineEnd, "secret_with_invisible", format!("\u{feff}{SECRET}\r\n")),
        (Cause::SecretWithLineEnd, "secret_with_space", format!(" {SECRET}\n")),
        (Cause::SecretCase, "secret_quoted", format!("\"{}\"", SECRET.to_lowercase())),
        (Cause::SecretCut, "", SECRET[3..40].to_owned()),
        (Cause::SecretCut, "secret_with_line_end", format!("{}\n", &SECRET[..37])),
        (Cause::SecretEncoded, "secret_cut", STANDARD.encode(SECRET)[..50].to_owned()),
        (Cause::SecretEncoded, "", STANDARD.encode(STANDARD.encode(SECRET))),
        (Cause::SecretMistyped, "secret_with_space", format!("{typed} ")),
        (Cause::SecretMistyped, "secret_with_line_end", format!("{typed}\n")),
        (Cause::SecretMistyped, "secret_quoted", format!("\"{typed}\"")),
        (Cause::SecretMistyped, "secret_case", typed.to_lowercase()),
        (Cause::SecretMistyped, "secret_encoded", STANDARD.encode(&typed)),
    ] {
        assert_eq!(both(find(&known, &body, &signed(&text, &body))), (first, second.to_owned()), "{text:?}");
    }
}

#[test]
fn a_secret_that_is_not_valid_here_is_found_pasted_wrong() {
    const OTHER: &str = "9876543210ZYXWVUTSRQPONMLKJIHGFEDCBAzyxwvuts";
    let body = event(2048);
    for (whose, cause) in [
        (KeyOwner::Expired, Cause::OldSecret),
        (KeyOwner::Retired, Cause::RetiredSecret),
        (KeyOwner::OtherMode, Cause::OtherMode),
        (KeyOwner::OtherConnection, Cause::OtherConnection),
        (KeyOwner::OtherApp, Cause::OtherApp),
        (KeyOwner::KeySecret, Cause::KeySecret),
    ] {
        let known = known(&[(whose, OTHER)]);
        for (second, text) in [
            ("secret_with_space", format!("{OTHER} ")),
            ("secret_with_line_end", format!("{OTHER}\n")),
            ("secret_with_line_end", format!("{OTHER}\r\n")),
            ("secret_with_invisible", format!("\u{feff}{OTHER}")),
            ("secret_quoted", format!("\"{OTHER}\"")),
            ("secret_case", OTHER.to_lowercase()),
        ] {
            let found = find(&known, &body, &signed(&text, &body));
            assert_eq!(found.secret, known.keys[1].secret, "{text:?}");
            let signer = found.signer.clone().unwrap();
            let is_never = matches!(whose, KeyOwner::OtherMode | KeyOwner::KeySecret);
            assert_eq!(is_ruled_out(Gateway::RAZORPAY, &signer, &known), is_never, "{whose:?}, {text:?}");
            assert_eq!(both(found), (cause, second.to_owned()), "{text:?}");
        }
    }
    // A request that nothing explains is still reported as matching no secret.
    assert_eq!(find(&known(&[(KeyOwner::KeySecret, KEY_SECRET)]), &body, &"00".repeat(32)).cause, Cause::Unknown);
}

#[test]
fn all_paste_and_typing_errors_of_a_secret_are_within_the_bound() {
    let standard = STANDARD.encode([0xA7; 32]);
    for (gateway, text) in [(Gateway::RAZORPAY, SECRET), (Gateway::STANDARD_WEBHOOKS, &standard)] {
        let key = Key { gateway, ..key(KeyOwner::Valid, text) };
        let singles = candidate_keys::pasted(gateway, &key).len() + typos::likely(gateway, &key).count();
        let replaced = typos::replaced(gateway, &key).count();
        let pairs = candidate_keys::pasted_twice(gateway, &key).count();
        let typed = typos::pasted(gateway, &key).count();
        let all = singles + replaced + pairs + typed;
        assert!(all < MAX_HYPOTHESES, "{gateway:?}: {singles} + {replaced} + {pairs} + {typed} = {all}");
        assert!(singles < 1200 && pairs > 3000, "{gateway:?}: {singles}, {pairs}");
    }
}

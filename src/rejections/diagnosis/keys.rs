//! The secrets to try: each as its gateway uses it, and those that count here in every way they are pasted wrong.
//!
//! Every text that is made here is wiped when it is dropped.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{Key, Known, Whose};
use crate::{
    gateways::Gateway,
    kernel::{
        hex,
        id::{ConnectionId, SecretId},
        secret::Secret,
    },
    rejections::Cause,
};

const PREFIX: &str = "whsec_";
/// The shortest piece of a cut secret that is tried.
const SHORTEST: usize = 6;
/// What a person types for a letter that looks like it.
const TYPED: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

type Text = Zeroizing<String>;
type Bytes = Zeroizing<Vec<u8>>;

/// The bytes of a key to try, and what it would mean if they fit.
pub(super) struct Attempt {
    pub(super) key: Bytes,
    pub(super) cause: Cause,
    pub(super) secret: Option<SecretId>,
    pub(super) connection: Option<ConnectionId>,
}

impl Attempt {
    pub(super) fn of(key: &Key, cause: Cause, bytes: &[u8]) -> Self {
        Self { key: Zeroizing::new(bytes.to_vec()), cause, secret: key.secret, connection: key.connection }
    }

    /// With something that is no stored secret.
    fn with(cause: Cause, bytes: &[u8]) -> Self {
        Self { key: Zeroizing::new(bytes.to_vec()), cause, secret: None, connection: None }
    }
}

const fn cause(whose: Whose) -> Cause {
    match whose {
        Whose::Own => Cause::VerifiesNow,
        Whose::Old => Cause::OldSecret,
        Whose::Retired => Cause::RetiredSecret,
        Whose::OtherMode => Cause::OtherMode,
        Whose::OtherConnection => Cause::OtherConnection,
        Whose::OtherApp => Cause::OtherApp,
        Whose::KeySecret => Cause::KeySecret,
    }
}

/// The secret as this gateway would use it; the usual way first. One of another gateway may be pasted in several ways.
pub(super) fn proper(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let text = &*key.text;
    let mut ways: Vec<Bytes> = Vec::new();
    let decoded = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new);
    match gateway {
        Gateway::Razorpay => ways.push(Zeroizing::new(text.as_bytes().to_vec())),
        Gateway::StandardWebhooks => ways.extend(decoded.clone()),
    }
    if key.whose != Whose::Own && (key.gateway != gateway || key.whose == Whose::KeySecret) {
        ways.push(Zeroizing::new(text.as_bytes().to_vec()));
        ways.push(Zeroizing::new(shown(key).as_bytes().to_vec()));
        ways.extend(decoded);
    }
    ways.iter().map(|bytes| Attempt::of(key, cause(key.whose), bytes)).collect()
}

/// What was tried as the SECRET that it is: its gateway's adapter makes the same key of it.
pub(super) fn secret(gateway: Gateway, key: &[u8]) -> Option<Secret> {
    match gateway {
        Gateway::Razorpay => Secret::parse(std::str::from_utf8(key).ok()?),
        Gateway::StandardWebhooks => Secret::parse(&Zeroizing::new(STANDARD.encode(key))),
    }
}

/// As it stands on the page.
fn shown(key: &Key) -> Text {
    let prefix = if key.gateway == Gateway::StandardWebhooks && key.whose != Whose::KeySecret { PREFIX } else { "" };
    Zeroizing::new(format!("{prefix}{}", *key.text))
}

/// Every way in which the right SECRET is pasted wrong.
pub(super) fn pasted(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let shown = shown(key);
    let mut attempts = Vec::new();
    if gateway == Gateway::StandardWebhooks {
        attempts.push(Attempt::with(Cause::SecretWithPrefix, shown.as_bytes()));
        attempts.push(Attempt::with(Cause::SecretNotDecoded, key.text.as_bytes()));
    }
    for (cause, text) in slips(&shown) {
        attempts.push(Attempt::with(cause, text.as_bytes()));
        if gateway == Gateway::StandardWebhooks {
            let bare = text.strip_prefix(PREFIX).unwrap_or(&text);
            attempts.push(Attempt::with(cause, bare.as_bytes()));
            attempts.extend(decoded(bare).map(|bytes| Attempt::with(cause, &bytes)));
        }
    }
    let sha256: [u8; 32] = Sha256::digest(key.text.as_bytes()).into();
    let encoded = [STANDARD.encode(key.text.as_bytes()), hex::encode(key.text.as_bytes()), hex::encode(&sha256)];
    attempts.extend(encoded.map(Zeroizing::new).iter().map(|text| Attempt::with(Cause::SecretEncoded, text.as_bytes())));
    attempts.push(Attempt::with(Cause::SecretEncoded, &sha256));
    if gateway == Gateway::Razorpay {
        attempts.extend(decoded(&key.text).map(|bytes| Attempt::with(Cause::SecretEncoded, &bytes)));
    }
    attempts
}

/// What lenient decoders make of a text.
fn decoded(text: &str) -> Option<Bytes> {
    let letters: Text =
        Zeroizing::new(text.chars().filter(|letter| letter.is_ascii_alphanumeric() || "+/".contains(*letter)).collect());
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    LENIENT.decode(letters.get(..whole)?).ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new)
}

/// The same text with what hands and programs do to it.
fn slips(text: &str) -> Vec<(Cause, Text)> {
    use Cause::{
        SecretCase, SecretCut, SecretDoubled, SecretLabelled, SecretQuoted, SecretWithLineEnd, SecretWithSpace, SecretWithUnseen,
    };
    let around: &[(Cause, &str, &str)] = &[
        (SecretWithSpace, "", " "),
        (SecretWithSpace, " ", ""),
        (SecretWithSpace, " ", " "),
        (SecretWithSpace, "", "  "),
        (SecretWithSpace, "", "\t"),
        (SecretWithSpace, "\t", ""),
        (SecretWithLineEnd, "", "\n"),
        (SecretWithLineEnd, "", "\r\n"),
        (SecretWithLineEnd, "", "\r"),
        (SecretWithLineEnd, "\n", ""),
        (SecretWithLineEnd, "", " \n"),
        (SecretWithUnseen, "", "\u{a0}"),
        (SecretWithUnseen, "\u{a0}", ""),
        (SecretWithUnseen, "\u{feff}", ""),
        (SecretWithUnseen, "", "\u{200b}"),
        (SecretWithUnseen, "\u{200b}", ""),
        (SecretQuoted, "\"", "\""),
        (SecretQuoted, "'", "'"),
        (SecretQuoted, "`", "`"),
        (SecretQuoted, "“", "”"),
        (SecretQuoted, "‘", "’"),
        (SecretQuoted, "<", ">"),
        (SecretQuoted, "", "\""),
        (SecretQuoted, "\"", ""),
        (SecretQuoted, "", "'"),
        (SecretQuoted, "'", ""),
        (SecretQuoted, "", "."),
        (SecretQuoted, "", ","),
        (SecretQuoted, "", ";"),
        (SecretLabelled, "SECRET: ", ""),
        (SecretLabelled, "SECRET ", ""),
        (SecretLabelled, "Secret: ", ""),
        (SecretLabelled, "SECRET=", ""),
        (SecretLabelled, "secret=", ""),
        (SecretLabelled, "SECRET:", ""),
        (SecretLabelled, "whsec_", ""),
    ];
    let made = |cause, text: String| (cause, Zeroizing::new(text));
    let mut slips: Vec<_> = around.iter().map(|(cause, before, after)| made(*cause, format!("{before}{text}{after}"))).collect();
    slips.push(made(SecretDoubled, format!("{text}{text}")));
    slips.push(made(SecretDoubled, format!("{text} {text}")));
    slips.push(made(SecretDoubled, format!("{text}\n{text}")));
    slips.push(made(SecretCase, text.to_lowercase()));
    slips.push(made(SecretCase, text.to_uppercase()));
    for length in (SHORTEST..text.len()).rev() {
        slips.extend(text.get(..length).map(|piece| made(SecretCut, piece.to_owned())));
        slips.extend(text.get(text.len() - length..).map(|piece| made(SecretCut, piece.to_owned())));
    }
    slips
}

/// What stands near the SECRET and is pasted in its place.
pub(super) fn instead(known: &Known) -> Vec<Attempt> {
    let path = known.url.split_once("://").map_or("", |(_, rest)| rest);
    let mut attempts = Vec::new();
    for url in [known.url.as_str(), path] {
        attempts.extend([url.to_owned(), format!("{url}/"), format!("{url}\n")].map(|url| (Cause::SecretIsUrl, url)));
    }
    attempts.extend(known.ids.iter().map(|id| (Cause::SecretIsId, id.clone())));
    attempts.extend(known.ids.iter().filter_map(|id| Some((Cause::SecretIsId, id.split_once('_')?.1.to_owned()))));
    attempts.extend(known.key_ids.iter().map(|id| (Cause::SecretIsKeyId, id.clone())));
    for length in 1..=64 {
        attempts.extend(["•", "●", "*", "·"].map(|dot| (Cause::SecretIsDots, dot.repeat(length))));
    }
    attempts
        .extend(["", "null", "undefined", "None", "nil", "SECRET", "secret"].map(|text| (Cause::SecretEmpty, text.to_owned())));
    attempts.iter().map(|(cause, text)| Attempt::with(*cause, text.as_bytes())).collect()
}

/// One character wrong, missing, or swapped with its neighbour.
pub(super) fn mistyped(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    let text: Bytes = Zeroizing::new(key.text.as_bytes().to_vec());
    (0..text.len()).flat_map(move |at| {
        let mut ways: Vec<Bytes> = Vec::new();
        let mut without = text.clone();
        without.remove(at);
        ways.push(without);
        if at + 1 < text.len() {
            let mut swapped = text.clone();
            swapped.swap(at, at + 1);
            ways.push(swapped);
        }
        for typed in TYPED.iter().filter(|typed| **typed != text[at]) {
            let mut other = text.clone();
            other[at] = *typed;
            ways.push(other);
        }
        let attempt = |bytes: Bytes| match gateway {
            Gateway::Razorpay => Some(Attempt::with(Cause::SecretMistyped, &bytes)),
            Gateway::StandardWebhooks => {
                decoded(std::str::from_utf8(&bytes).ok()?).map(|bytes| Attempt::with(Cause::SecretMistyped, &bytes))
            }
        };
        ways.into_iter().filter_map(attempt).collect::<Vec<_>>()
    })
}

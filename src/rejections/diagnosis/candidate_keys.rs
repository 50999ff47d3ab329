//! Candidate keys: each secret as its gateway uses it, and valid ones with every paste error.
//!
//! Every text made here is wiped when dropped.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::{
    CompanyKeys, Key, KeyOwner,
    paste_errors::{self, Seen},
    signature_parser,
};
use crate::{
    gateways::{Gateway, profile::KeyForm},
    primitives::{
        id::{ConnectionId, SecretId},
        secret::Secret,
    },
    rejections::Cause,
};

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true).with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(super) type Bytes = Zeroizing<Vec<u8>>;

/// The bytes of a key to try, and the cause that a match proves.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) key: Bytes,
    pub(super) cause: Cause,
    /// A second paste error.
    pub(super) also: Option<Cause>,
    pub(super) secret: Option<SecretId>,
    pub(super) connection: Option<ConnectionId>,
}

impl Attempt {
    pub(super) fn of(key: &Key, cause: Cause, bytes: &[u8]) -> Self {
        Self { key: Zeroizing::new(bytes.to_vec()), cause, also: None, secret: key.secret, connection: key.connection }
    }

    /// Returns an attempt with a text that is no stored secret.
    pub(super) fn with(cause: Cause, bytes: &[u8]) -> Self {
        Self { key: Zeroizing::new(bytes.to_vec()), cause, also: None, secret: None, connection: None }
    }
}

const fn cause(whose: KeyOwner) -> Cause {
    match whose {
        KeyOwner::Valid => Cause::NowVerifies,
        KeyOwner::Expired => Cause::OldSecret,
        KeyOwner::Retired => Cause::RetiredSecret,
        KeyOwner::OtherMode => Cause::OtherMode,
        KeyOwner::OtherConnection => Cause::OtherConnection,
        KeyOwner::OtherApp => Cause::OtherApp,
        KeyOwner::KeySecret => Cause::KeySecret,
    }
}

/// Returns the keys that this gateway derives from the secret, the usual one first. A secret of another gateway may be pasted
/// in several ways.
pub(super) fn proper(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let text = &*key.text;
    let mut ways: Vec<Bytes> = Vec::new();
    let decoded = STANDARD.decode(text).ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new);
    match gateway.profile().signature.key {
        KeyForm::Text => ways.push(Zeroizing::new(text.as_bytes().to_vec())),
        KeyForm::Base64 => ways.extend(decoded.clone()),
    }
    if key.whose != KeyOwner::Valid && (key.gateway != gateway || key.whose == KeyOwner::KeySecret) {
        ways.push(Zeroizing::new(text.as_bytes().to_vec()));
        ways.push(Zeroizing::new(shown(key).as_bytes().to_vec()));
        ways.extend(decoded);
    }
    ways.iter().map(|bytes| Attempt::of(key, cause(key.whose), bytes)).collect()
}

/// Returns the texts that a program may hash together with the body: the key, the stored text, and the text that the page
/// displays.
pub(super) fn hashed(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let mut attempts = proper(gateway, key);
    let mut seen = Seen::default();
    let shown = shown(key);
    attempts.extend([key.text.as_bytes(), shown.as_bytes()].map(|text| Attempt::of(key, cause(key.whose), text)));
    attempts.retain(|attempt| seen.is_new(&*attempt.key));
    attempts
}

/// Returns the secret from which the gateway's adapter derives this key.
pub(super) fn secret(gateway: Gateway, key: &[u8]) -> Option<Secret> {
    match gateway.profile().signature.key {
        KeyForm::Text => Secret::parse(std::str::from_utf8(key).ok()?),
        KeyForm::Base64 => Secret::parse(&Zeroizing::new(STANDARD.encode(key))),
    }
}

/// Whether the gateway decodes the secret.
fn is_decoded(gateway: Gateway) -> bool {
    gateway.profile().signature.key == KeyForm::Base64
}

/// Returns the secret as the page displays it.
fn shown(key: &Key) -> Zeroizing<String> {
    let prefix = if key.whose == KeyOwner::KeySecret { "" } else { key.gateway.profile().signature.secret_prefix };
    Zeroizing::new(format!("{prefix}{}", *key.text))
}

/// Returns the valid secret with every paste error, the likeliest first.
pub(super) fn pasted(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let mut attempts = likely_pasted(gateway, key);
    attempts.extend(otherwise_pasted(gateway, key));
    attempts
}

/// Returns the most common paste errors.
pub(super) fn likely_pasted(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    if is_decoded(gateway) {
        if !key.gateway.profile().signature.secret_prefix.is_empty() {
            attempts.push(Attempt::with(Cause::SecretWithPrefix, shown(key).as_bytes()));
        }
        attempts.push(Attempt::with(Cause::SecretNotDecoded, key.text.as_bytes()));
    }
    attempts.extend(written(gateway, key, paste_errors::likely));
    attempts
}

/// Returns the other paste errors.
pub(super) fn otherwise_pasted(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let mut attempts = written(gateway, key, paste_errors::unlikely);
    let sha256: [u8; 32] = Sha256::digest(key.text.as_bytes()).into();
    attempts.push(Attempt::with(Cause::SecretHashed, &sha256));
    attempts.push(Attempt::with(Cause::SecretEncoded, &wide(&key.text)));
    if !is_decoded(gateway) {
        attempts.extend(decoded(&key.text).map(|bytes| Attempt::with(Cause::SecretDecoded, &bytes)));
        attempts.extend(in_hex(&key.text).map(|bytes| Attempt::with(Cause::SecretDecoded, &bytes)));
    }
    let mut is_new = is_new(gateway, key);
    attempts.retain(|attempt| is_new(attempt));
    attempts
}

/// Applies errors to the secret, with and without the prefix that the page displays.
fn written(gateway: Gateway, key: &Key, errors: fn(&str) -> Vec<(Cause, paste_errors::Text)>) -> Vec<Attempt> {
    let mut made = errors(&shown(key));
    if is_decoded(gateway) {
        made.extend(errors(&key.text));
    }
    made.iter().flat_map(|(cause, text)| used(gateway, *cause, None, text)).collect()
}

/// Returns a filter for keys that were not made before and are not the right one.
fn is_new(gateway: Gateway, key: &Key) -> impl FnMut(&Attempt) -> bool + use<> {
    let mut seen = Seen::default();
    for attempt in proper(gateway, key) {
        seen.is_new(&*attempt.key);
    }
    move |attempt| seen.is_new(&*attempt.key)
}

/// Returns a secret that is not valid here with the most common paste errors.
pub(super) fn pasted_elsewhere(gateway: Gateway, key: &Key) -> Vec<Attempt> {
    let texts = paste_errors::common(&shown(key)).into_iter();
    let attempts = texts.flat_map(|(second, text)| used(gateway, cause(key.whose), Some(second), &text));
    attempts
        .map(|attempt| Attempt { secret: key.secret, connection: key.connection, ..attempt })
        .filter(is_new(gateway, key))
        .collect()
}

/// Returns combinations of two paste errors.
pub(super) fn pasted_twice(gateway: Gateway, key: &Key) -> impl Iterator<Item = Attempt> {
    let attempts = paste_errors::pairs(&shown(key)).flat_map(move |(first, second, text)| {
        let second = Some(second).filter(|second| *second != first);
        used(gateway, first, second, &text)
    });
    attempts.filter(is_new(gateway, key))
}

/// Returns the keys that the gateway derives from a wrong text.
pub(super) fn used(gateway: Gateway, cause: Cause, also: Option<Cause>, text: &str) -> Vec<Attempt> {
    let mut attempts = vec![Attempt { also, ..Attempt::with(cause, text.as_bytes()) }];
    if is_decoded(gateway) {
        let bare = text.strip_prefix(gateway.profile().signature.secret_prefix);
        if let Some(bare) = bare {
            attempts.push(Attempt { also, ..Attempt::with(cause, bare.as_bytes()) });
        }
        let bare = bare.unwrap_or(text);
        attempts.extend(decoded(bare).map(|bytes| Attempt { also, ..Attempt::with(cause, &bytes) }));
    }
    attempts
}

/// Encodes the text in UTF-16, as some programs store it.
fn wide(text: &str) -> Bytes {
    Zeroizing::new(text.encode_utf16().flat_map(u16::to_le_bytes).collect())
}

/// Decodes hex digits.
fn in_hex(text: &str) -> Option<Bytes> {
    text.as_bytes().chunks(2).map(signature_parser::byte).collect::<Option<_>>().map(Zeroizing::new)
}

/// Decodes base64 as lenient decoders do.
pub(super) fn decoded(text: &str) -> Option<Bytes> {
    let letters: Zeroizing<String> =
        Zeroizing::new(text.chars().filter(|letter| letter.is_ascii_alphanumeric() || "+/".contains(*letter)).collect());
    let whole = letters.len() - usize::from(letters.len() % 4 == 1);
    LENIENT.decode(letters.get(..whole)?).ok().filter(|bytes| !bytes.is_empty()).map(Zeroizing::new)
}

/// Returns values displayed near the secret that are pasted in its place.
pub(super) fn lookalike_values(known: &CompanyKeys) -> Vec<Attempt> {
    let path = known.url.split_once("://").map_or("", |(_, rest)| rest);
    let mut attempts = Vec::new();
    for url in [known.url.as_str(), path] {
        attempts.extend([url.to_owned(), format!("{url}/"), format!("{url}\n")].map(|url| (Cause::SecretIsUrl, url)));
    }
    attempts.extend(known.ids.iter().map(|id| (Cause::SecretIsId, id.clone())));
    attempts.extend(known.ids.iter().filter_map(|id| Some((Cause::SecretIsId, id.split_once('_')?.1.to_owned()))));
    attempts.extend(known.key_ids.iter().map(|id| (Cause::SecretIsKeyId, id.clone())));
    let secrets = known.keys.iter().filter(|key| key.connection.is_none()).filter_map(|key| key.secret);
    attempts.extend(secrets.map(|id| (Cause::SecretIsId, id.to_string())));
    attempts.extend(known.emails().map(|email| (Cause::SecretIsCopied, email.to_owned())));
    let shown = Gateway::all().flat_map(|gateway| gateway.profile().lookalike_values);
    attempts.extend(shown.map(|value| (Cause::SecretIsCopied, (*value).to_owned())));
    // As many as the page displays.
    attempts.push((Cause::SecretIsDots, "•".repeat(16)));
    attempts
        .extend(["", "null", "undefined", "None", "nil", "SECRET", "secret"].map(|text| (Cause::SecretEmpty, text.to_owned())));
    attempts.iter().map(|(cause, text)| Attempt::with(*cause, text.as_bytes())).collect()
}

/// Returns the dots that hide a secret, in any number.
pub(super) fn dots() -> impl Iterator<Item = Attempt> {
    let numbers = (1..=64).flat_map(|number| ["•", "●", "*", "·"].map(|dot| dot.repeat(number)));
    numbers.map(|dots| Attempt::with(Cause::SecretIsDots, dots.as_bytes()))
}

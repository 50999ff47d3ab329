//! The key that diagnosis found: whether it can be guessed, whether it may be adopted, and its identity.
//!
//! Invariant: a stranger who signs with a guess gains nothing. A key that would be rejected as an imported secret is never
//! offered; this is checked when it is found, on the page, and when it is adopted. A piece of an encoded secret is judged by the
//! part of the secret that it covers. Only a keyed digest of a key is stored.

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::{
    Cause,
    diagnosis::{self, CompanyKeys, Diagnosis, KeyOwner},
    proof::{KeyKind, Signer},
};
use crate::{
    connections::secret_strength,
    gateways::Gateway,
    primitives::{id::ConnectionId, secret::Secret, vault::Vault},
};

/// The shortest key that is not a text, in bytes: as much as sixteen characters of base64.
const MIN_KEY_BYTES: usize = 12;

/// Marks a key that can be guessed, for every cause. If the cause names a secret that may be adopted, the guess becomes the
/// cause.
pub(super) fn judge(diagnosis: &mut Diagnosis, gateway: Gateway, known: &CompanyKeys) {
    let is_encoded = is_encoded(diagnosis);
    let is_named = diagnosis.cause.can_adopt_secret();
    // A stored secret can be weak, too, if it was stored before secrets were checked.
    let is_judged = is_named || matches!(diagnosis.cause, Cause::RetiredSecret | Cause::OtherMode);
    let Some(signer) = diagnosis.signer.as_mut().filter(|signer| is_judged || signer.kind == KeyKind::Altered) else { return };
    if !is_guessable(signer, is_encoded, gateway, known) {
        return;
    }
    signer.is_guessable = true;
    if is_named {
        (diagnosis.cause, diagnosis.secret, diagnosis.other, diagnosis.detail) = (Cause::SecretGuessable, None, None, None);
    }
}

/// Whether the key was encoded or hashed, alone or as the second of two faults.
fn is_encoded(diagnosis: &Diagnosis) -> bool {
    let second = diagnosis.detail.clone().map(Cause::from);
    diagnosis.cause.is_encoding() || second.is_some_and(Cause::is_encoding)
}

fn is_guessable(signer: &Signer, is_encoded: bool, gateway: Gateway, known: &CompanyKeys) -> bool {
    let names = secret_strength::ConnectionContext { gateway, endpoint: &known.url, credentials: &[], names: &known.names };
    let is_weak = |secret: Secret| secret_strength::is_guessable(&secret, &names);
    // A digest looks random even if its input is not.
    let mut own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
    if is_encoded && own.any(|key| Secret::parse(&key.text).is_none_or(is_weak)) {
        return true;
    }
    let is_piece = |secret: &Secret| {
        let mut own = known.keys.iter().filter(|key| key.whose == KeyOwner::Valid);
        own.any(|key| secret_strength::is_guessable_piece(secret, &key.text, &names))
    };
    match diagnosis::secret(gateway, signer) {
        Some(secret) => is_piece(&secret) || is_weak(secret),
        None => {
            signer.key.len() < MIN_KEY_BYTES || std::str::from_utf8(&signer.key).is_ok_and(|text| text.len() < MIN_TEXT_KEY_BYTES)
        }
    }
}

/// The shortest key that is a text, in bytes.
const MIN_TEXT_KEY_BYTES: usize = crate::primitives::secret::MIN_SECRET_CHARS;

/// Returns the secret whose adoption makes the request verify: known to the company and to no outsider, of this mode, and
/// retired nowhere.
pub(super) fn adoptable(diagnosis: &Diagnosis, gateway: Gateway, known: &CompanyKeys) -> Option<Secret> {
    let signer = diagnosis.signer.as_ref().filter(|_| diagnosis.cause.can_adopt_secret())?;
    let is_of_a_webhook = matches!(signer.kind, KeyKind::WebhookSecret | KeyKind::Altered);
    let may_be = is_of_a_webhook && !signer.is_guessable && !diagnosis::is_ruled_out(gateway, signer, known);
    diagnosis::secret(gateway, signer).filter(|_| may_be && !is_guessable(signer, is_encoded(diagnosis), gateway, known))
}

/// Returns a digest that identifies the key at that connection; `None` if outsiders may know it.
pub(super) fn digest(vault: &Vault, connection: ConnectionId, diagnosis: &Diagnosis) -> Option<[u8; 32]> {
    let tells = |signer: &&Signer| signer.kind != KeyKind::Public && !signer.is_guessable;
    let signer = diagnosis.signer.as_ref().filter(tells).filter(|_| diagnosis.cause != Cause::Disabled)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&vault.derive("keys of rejections")).expect("HMAC takes a key of any length");
    mac.update(&connection.to_bytes());
    mac.update(&signer.key);
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    use data_encoding::{HEXLOWER, HEXUPPER};
    use zeroize::Zeroizing;

    use super::*;
    use crate::{
        gateways::adapter::SignatureError,
        primitives::{
            base62,
            in_parallel::{in_parallel, sampled},
            time::Timestamp,
        },
        rejections::diagnosis::{Key, RejectedCase},
    };

    /// Shares no factor with the numbers of shapes and encodings.
    const SECRET_STEP: usize = 7;

    /// The text before and after the random part.
    type Ends = fn(&str) -> (String, String);

    const BODY: &[u8] = br#"{"entity":"event","event":"payment.captured","payload":{"payment":{"entity":{"id":"pay_1"}}}}"#;
    const NAMES: &[&str] = &["Neem Tree Store", "Kalpavriksha Handicrafts Pvt Ltd", "shop.neemtree.example", "KSB Traders"];

    fn known(own: &str, others: &[(KeyOwner, &str)]) -> CompanyKeys {
        let key = |whose, text: &str| Key {
            whose,
            gateway: Gateway::RAZORPAY,
            text: Zeroizing::new(text.to_owned()),
            is_retired: whose == KeyOwner::Retired,
            secret: None,
            connection: None,
        };
        let keys = [(KeyOwner::Valid, own)].iter().chain(others).map(|(whose, text)| key(*whose, text)).collect();
        CompanyKeys { keys, names: NAMES.iter().map(|name| (*name).to_owned()).collect(), ..CompanyKeys::default() }
    }

    /// Returns the diagnosis of a request signed with that key, and the secret that could be adopted.
    fn found(known: &CompanyKeys, key: &[u8]) -> (Diagnosis, Option<String>) {
        let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
        mac.update(BODY);
        let signature = HEXLOWER.encode(&<[u8; 32]>::from(mac.finalize().into_bytes()));
        let headers = [("x-razorpay-signature".to_owned(), signature.into_bytes())];
        let (gateway, reason, at) = (Gateway::RAZORPAY, SignatureError::SignatureMismatch, Timestamp::from_seconds(0));
        let case = RejectedCase { gateway, reason, headers: &headers, body: BODY, is_truncated: false, at };
        let found = diagnosis::diagnose(&case, known, &mut { diagnosis::MAX_WORK_BYTES });
        judged(found, known)
    }

    /// Returns a diagnosis after the key was judged, and the secret that could be adopted.
    fn judged(mut found: Diagnosis, known: &CompanyKeys) -> (Diagnosis, Option<String>) {
        let gateway = Gateway::RAZORPAY;
        judge(&mut found, gateway, known);
        let secret = adoptable(&found, gateway, known).map(|secret| secret.expose().to_owned());
        (found, secret)
    }

    /// Returns the key of a request signed with that piece of a secret.
    fn cut_key(piece: &str) -> Signer {
        let (key, tag) = (Zeroizing::new(piece.as_bytes().to_vec()), Zeroizing::new([0; 32]));
        Signer { kind: KeyKind::Altered, key, tag, is_event: true, is_unchanged: true, is_guessable: false, events: Vec::new() }
    }

    #[test]
    fn of_two_hundred_secrets_only_pieces_with_enough_that_is_random_are_offered() {
        let shapes: [Ends; 8] = [
            |random| (format!("NeemTreeStore-2026-{random}"), String::new()),
            |random| (format!("neem_tree_store_2026_{random}"), String::new()),
            |random| (format!("KalpavrikshaHandicrafts-15082026-{random}"), String::new()),
            |random| (format!("N33mTr33St0re@2026:{random}"), String::new()),
            |random| (format!("KSB-Traders-webhook-secret-live-{random}"), String::new()),
            |random| (format!("whsec_NeemTree_{random}"), String::new()),
            |random| (random.to_owned(), "-NeemTreeStore-2026".to_owned()),
            |random| (format!("shop.neemtree.example/{random}"), String::new()),
        ];
        let counts = in_parallel(sampled(0..200, SECRET_STEP), |number| {
            let (mut offered, mut guessable) = (0, 0);
            let random = base62::random(12);
            let (head, tail) = shapes[number % shapes.len()](&random);
            let whole = format!("{head}{tail}");
            let known = known(&whole, &[]);
            for length in 16..whole.len() {
                for piece in [&whole[..length], &whole[whole.len() - length..]] {
                    // Finding a piece takes far longer than judging it, and adoption does not depend on how it was found, so
                    // only the pieces of every tenth secret are also found.
                    let cut = || Diagnosis { signer: Some(cut_key(piece)), ..Cause::SecretCut.into() };
                    let is_found = number % 10 == number / 10 % 10;
                    let (diagnosis, secret) = if is_found { found(&known, piece.as_bytes()) } else { judged(cut(), &known) };
                    let random_left =
                        (1..=12).rev().find(|left| (0..=12 - left).any(|from| piece.contains(&random[from..from + left])));
                    let is_random = random_left == Some(12);
                    assert!(secret.is_none() || is_random, "{piece} of {whole} was offered");
                    assert_eq!(diagnosis.cause == Cause::SecretGuessable, secret.is_none(), "{piece} of {whole}: {diagnosis:?}");
                    offered += usize::from(secret.is_some());
                    guessable += usize::from(secret.is_none());
                }
            }
            (offered, guessable)
        });
        let (offered, guessable) = sum(&counts);
        assert!(offered.min(guessable) > counts.len() * 5 / 2, "{offered} {guessable}");
    }

    fn sum(counts: &[(usize, usize)]) -> (usize, usize) {
        counts.iter().fold((0, 0), |sum, count| (sum.0 + count.0, sum.1 + count.1))
    }

    /// A secret as a program writes it: how many bits a character stands for, and the text.
    type Code = fn(&str) -> (usize, String);

    const CODES: [Code; 5] = [
        |text| (6, STANDARD.encode(text)),
        |text| (4, HEXLOWER.encode(text.as_bytes())),
        |text| (4, HEXUPPER.encode(text.as_bytes())),
        |text| (6, STANDARD.encode(text).to_lowercase()),
        |text| (6, STANDARD.encode(text).to_uppercase()),
    ];

    #[test]
    fn of_two_hundred_encoded_secrets_only_pieces_that_cover_enough_that_is_random_are_offered() {
        let counts = in_parallel(sampled(0..200, SECRET_STEP), |number| {
            let (mut offered, mut guessable) = (0, 0);
            let random = base62::random(12);
            let name = ["NeemTreeStore-2026-", "neem_tree_store_2026_", "KSB-Traders-live-"][number % 3];
            let is_at_the_end = number / 3 % 2 == 1;
            let plain = if is_at_the_end { format!("{random}-NeemTreeStore-2026") } else { format!("{name}{random}") };
            let (bits, code) = CODES[number % CODES.len()](&plain);
            let code = code.trim_end_matches('=');
            // Imported as it is, or in encoded form.
            let imported = if number / 7 % 2 == 0 { plain.clone() } else { CODES[number % 2](&plain).1 };
            let known = known(&imported, &[]);
            // Each secret at every ninth length: all of them at every one.
            for length in (16..code.len()).filter(|length| length % 9 == number % 9) {
                let from = code.len() - length;
                for (range, piece) in [(0..length, &code[..length]), (from..code.len(), &code[from..])] {
                    let cut = Diagnosis { signer: Some(cut_key(piece)), ..Cause::SecretCut.into() };
                    let (diagnosis, secret) = judged(cut, &known);
                    let covered = &plain[(range.start * bits).div_ceil(8)..range.end * bits / 8];
                    assert!(secret.is_none() || covered.contains(&random), "{piece} of {imported} was offered: {covered}");
                    assert_eq!(diagnosis.signer.is_some_and(|signer| signer.is_proof()), secret.is_some(), "{piece}");
                    offered += usize::from(secret.is_some());
                    guessable += usize::from(secret.is_none());
                }
            }
            (offered, guessable)
        });
        let (offered, guessable) = sum(&counts);
        assert!(offered.min(guessable) > counts.len() * 5 / 2, "{offered} {guessable}");
    }

    #[test]
    fn a_piece_of_an_encoded_secret_that_is_found_is_judged_too() {
        let own = "NeemTreeStore-2026-8sK2pQ9xLm4T";
        let base64 = STANDARD.encode(own);
        for (imported, key) in [
            (own, base64[..21].to_owned()),
            (own, base64[..22].to_owned()),
            (own, HEXLOWER.encode(own.as_bytes())[..33].to_owned()),
            (own, HEXLOWER.encode(own.as_bytes())[..31].to_owned()),
            (own, HEXLOWER.encode(own.as_bytes())[..34].to_uppercase()),
            (&base64, base64[..21].to_owned()),
            (&base64, base64[..25].to_lowercase()),
            (&base64, format!("{} ", &base64[..25])),
        ] {
            let (found, secret) = found(&known(imported, &[]), key.as_bytes());
            assert!(secret.is_none() && !found.signer.is_some_and(|signer| signer.is_proof()), "{key}: {:?}", found.cause);
        }
        let (found, secret) = found(&known(own, &[]), base64.as_bytes());
        assert_eq!((found.cause, secret), (Cause::SecretEncoded, Some(base64)), "all of it is random enough");
    }

    #[test]
    fn a_piece_in_another_code_than_the_secret_is_judged_by_the_same_text() {
        let plain = "A49HA4jivKjL-NeemTreeStore-2026";
        let known = known(&HEXLOWER.encode(plain.as_bytes()), &[]);
        let base64 = STANDARD.encode(plain).to_uppercase();
        let tail = base64.trim_end_matches('=');
        for piece in [&tail[tail.len() - 21..], &tail[tail.len() - 18..]] {
            let cut = Diagnosis { signer: Some(cut_key(piece)), ..Cause::SecretCut.into() };
            assert_eq!(judged(cut, &known).1, None, "{piece}");
        }
    }

    #[test]
    fn the_head_of_a_public_format_is_a_guess() {
        for (head, tail) in [
            ("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", ".x8sK2pQ9xLm4TkWz7"),
            ("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ", "C8sK2pQ9xLm4TkWz7"),
            ("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "-8sK2pQ9xLm4TkWz7"),
        ] {
            let known = known(&format!("{head}{tail}"), &[]);
            for length in [16, 20, head.len()] {
                let cut = Diagnosis { signer: Some(cut_key(&head[..length])), ..Cause::SecretCut.into() };
                assert_eq!(judged(cut, &known).1, None, "{}", &head[..length]);
            }
        }
    }

    #[test]
    fn a_variant_is_judged_as_what_would_be_adopted() {
        let own = "NeemTreeStore-2026-8sK2pQ9xLm4T";
        let known = known(own, &[]);
        for weak in [own[..18].to_owned(), own[..26].to_owned(), own[..20].to_owned()] {
            let (found, secret) = found(&known, weak.as_bytes());
            assert_eq!((found.cause, secret), (Cause::SecretGuessable, None), "{weak}");
            assert!(found.signer.is_some_and(|signer| !signer.is_proof()));
        }
        for strong in [
            format!("{own} "),
            format!("{own}\n"),
            format!("\"{own}\""),
            own.to_lowercase(),
            format!("{own}{own}"),
            own[3..].to_owned(),
        ] {
            let (found, secret) = found(&known, strong.as_bytes());
            assert_eq!(secret.as_deref(), Some(strong.as_str()), "{found:?}");
            assert!(found.signer.is_some_and(|signer| signer.is_proof()));
        }
    }

    #[test]
    fn a_weak_stored_secret_is_no_proof_either() {
        let [own, strong] = std::array::from_fn(|_| base62::random(44));
        let vault = Vault::new(crate::primitives::vault::MasterKey::generate());
        for (whose, cause) in [(KeyOwner::Retired, Cause::RetiredSecret), (KeyOwner::OtherMode, Cause::OtherMode)] {
            for (secret, is_proof) in [("NeemTreeStore-2026", false), (strong.as_str(), true)] {
                let (found, _) = found(&known(&own, &[(whose, secret)]), secret.as_bytes());
                assert_eq!(found.cause, cause, "{secret}");
                assert_eq!(found.signer.as_ref().is_some_and(Signer::is_proof), is_proof, "{cause:?}, {secret}");
                assert_eq!(digest(&vault, ConnectionId::unique(), &found).is_some(), is_proof);
            }
        }
    }

    #[test]
    fn a_guess_is_no_proof_whatever_the_cause_is_called() {
        let known = known("NeemTreeStore-2026-8sK2pQ9xLm4T", &[]);
        let (guessed, _) = found(&known, b"NeemTreeStore-2026");
        for cause in [Cause::Unknown, Cause::BodyCut, Cause::OtherAccount, Cause::RenamedHeader] {
            let signer = guessed.signer.clone().map(|signer| Signer { is_guessable: false, ..signer });
            let mut diagnosis = Diagnosis { signer, ..cause.into() };
            judge(&mut diagnosis, Gateway::RAZORPAY, &known);
            assert_eq!(diagnosis.cause, cause);
            assert!(diagnosis.signer.is_some_and(|signer| !signer.is_proof()), "{cause:?}");
        }
    }

    #[test]
    fn a_key_of_the_other_mode_of_the_api_or_retired_is_never_offered() {
        let [own, other] = std::array::from_fn(|_| base62::random(44));
        for (whose, may_be) in [
            (KeyOwner::Expired, true),
            (KeyOwner::OtherApp, true),
            (KeyOwner::OtherConnection, true),
            (KeyOwner::Retired, false),
            (KeyOwner::OtherMode, false),
            (KeyOwner::KeySecret, false),
        ] {
            assert_eq!(found(&known(&own, &[(whose, &other)]), other.as_bytes()).1.is_some(), may_be, "{whose:?}");
            // The same text elsewhere does not help.
            let twice = known(&own, &[(KeyOwner::Expired, &other), (whose, &other)]);
            assert_eq!(found(&twice, other.as_bytes()).1.is_some(), may_be, "{whose:?}");
        }
    }
}

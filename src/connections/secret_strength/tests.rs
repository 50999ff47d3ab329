//! Which secrets are guessable, and which are not.

use std::sync::LazyLock;

use super::{notations::tests::rare_codes, *};
use crate::primitives::base62;

static CREDENTIALS: LazyLock<Vec<String>> = LazyLock::new(|| vec!["rzp_test_Demo0000000001".to_owned()]);
static NAMES: LazyLock<Vec<String>> = LazyLock::new(|| {
    ["Neem Tree Shop", "Neem Tree Crafts", "shop.neemtree.example", "abc", "Zyntrixo Brelavo"].map(str::to_owned).to_vec()
});

fn known(gateway: Gateway) -> ConnectionContext<'static> {
    ConnectionContext { gateway, endpoint: "wh_Q7mB2xVt9LkR4nPzA1cE6d", credentials: &CREDENTIALS, names: &NAMES }
}

fn weak(typed: &str) -> Option<WeakSecret> {
    read(typed, false, &known(Gateway::RAZORPAY)).err()
}

#[test]
fn each_weakness_has_its_name() {
    for (typed, wanted) in [
        ("", WeakSecret::Empty),
        (" \n ", WeakSecret::Empty),
        ("\"\"", WeakSecret::Empty),
        ("fifteen-letters", WeakSecret::Short(15)),
        ("  fifteen-letters  ", WeakSecret::Short(15)),
        ("सोलहअक्षरनहीं", WeakSecret::Short(13)),
        ("••••••••••••••••", WeakSecret::Dots),
        ("https://pay.example/webhooks/wh_x", WeakSecret::Url),
        ("wh_Q7mB2xVt9LkR4nPzA1cE6d", WeakSecret::Url),
        ("Q7mB2xVt9LkR4nPzA1cE6d", WeakSecret::Url),
        ("ap_000XQK8FRfY", WeakSecret::Url),
        ("rzp_live_Abcdefgh123456", WeakSecret::KeyId),
        ("rzp_test_Demo0000000001", WeakSecret::KeyId),
        ("kq8Zt2m\u{7}Vx0Lw9Rb4", WeakSecret::Unseen),
        ("aaaaaaaaaaaaaaaaaaaa", WeakSecret::Repeated),
        ("abababababababababab", WeakSecret::Repeated),
        ("k9Zq4wXtk9Zq4wXtk9Zq4wXt", WeakSecret::Repeated),
        ("aabbaabbccaabbccaa", WeakSecret::Repeated),
        ("abcdefghijklmnopqr", WeakSecret::Common),
        ("1234567890123456", WeakSecret::Common),
        ("Password12345678", WeakSecret::Common),
        ("my-razorpay-webhook-secret", WeakSecret::Common),
        ("RazorpaySecret@2024", WeakSecret::Common),
        ("qwertyuiopasdfghjkl", WeakSecret::Common),
        ("8301947265019384", WeakSecret::Digits),
        ("NeemTreeShop2019!", WeakSecret::Common),
        ("neem tree crafts-8x", WeakSecret::Common),
        ("NeemTreeShop-2026-8sK2pQ9xLm4", WeakSecret::Common),
        ("It's a Secret to Everybody", WeakSecret::Common),
        ("correct horse battery staple", WeakSecret::Common),
        ("Zyntrixo9Brelavo2019!", WeakSecret::Named),
        ("गुलाबी हाथी चाँद पर नाचता है", WeakSecret::Common),
        ("TmVlbVRyZWVTaG9wMjAxOSE=", WeakSecret::Common),
        ("4e65656d5472656553686f70323031392121", WeakSecret::Common),
    ] {
        assert_eq!(weak(typed), Some(wanted), "{typed:?}");
    }
    assert_eq!(weak(&"k9Z4".repeat(70)), Some(WeakSecret::Long));
}

#[test]
fn what_encodes_a_name_or_is_public_is_weak_wherever_it_is_cut() {
    for typed in [
        // Of `Zyntrixo-Brelavo-2026`: base64 cut where it does not decode, hexadecimal, base32, compressed.
        "WnludHJpeG8tQnJlbGF2by0yM",
        "WnludHJpeG8tQnJlbGF2by0yMDI2",
        "nludHJpeG8tQnJlbGF2by0yM",
        "5A796E747269786F2D4272656C61766F2D3230323",
        "0x5a796e747269786f2d4272656c61766f2d32303236",
        "LJ4W45DSNF4G6LKCOJSWYYLWN4WTEMBSGY======",
        "eJyLqswrKcqsyNd1KkrNSSzL1zUyMDIDAFotB2c=",
        // SHA-512 of `NeemTreeShop-2026`, and a piece of it.
        "3fc5123df7d97af46f9be16b0e1ebeb9de577706a3bef33b4c636d9317fe0195e42d29cbffb3ca239185be981099c35d823b115be788c8ba4761aa27b311d7f9",
        "3fc5123df7d97af46f9be16b0e1ebeb9de577706a3bef33b4c6",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
        "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXV",
        "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQ",
        "550e8400-e29b-41d4-a716-446655440000",
        "6BA7B810-9DAD-11D1-80B4-00C04FD430C8",
        "6ba7b8109dad11d180b400c04fd4",
    ] {
        assert!(weak(typed).is_some(), "{typed:?}");
    }
}

#[test]
fn a_name_is_no_stronger_in_a_rare_notation() {
    for (name, code) in rare_codes("Zyntrixo-Brelavo-2026").into_iter().chain(rare_codes("NeemTreeShop-2026")) {
        assert!(weak(&code).is_some(), "{name}: {code}");
        assert!(weak(&code[..code.len() - 1]).is_some(), "{name}, cut: {code}");
    }
}

#[test]
fn a_piece_of_a_name_in_a_rare_notation_is_guessable() {
    let known = known(Gateway::RAZORPAY);
    for (name, code) in rare_codes("NeemTreeShop-2026-8sK2pQ9xLm4TvB7cWq3ZrN5d") {
        let (first, last) = code.split_at(20);
        let of_name = if name.contains("reversed") { &code[code.len() - 20..] } else { first };
        let of_random = if name.contains("reversed") { &code[..code.len() - 20] } else { last };
        let is_guessable = |piece: &str| is_guessable_piece(&Secret::parse(piece).unwrap(), &code, &known);
        assert!(is_guessable(of_name), "{name}: {of_name}");
        assert!(!is_guessable(of_random), "{name}: {of_random}");
    }
}

#[test]
fn what_cannot_be_guessed_is_taken() {
    for typed in ["8f3a9c2e17b04d65", "neemtreeshop-Zt81kQwX0vLp", "83019472650193847265", "Abc!9dKe7_fQ2#zz"] {
        assert_eq!(weak(typed), None, "{typed}");
    }
    for _ in 0..500 {
        assert!(read(&format!("whsec_{}", base62::random(44)), false, &known(Gateway::STANDARD_WEBHOOKS)).is_ok());
    }
}

/// Random base62 can be the code of words, which would be called guessable when a request is signed with it.
#[test]
fn a_generated_secret_is_never_one_that_is_called_guessable() {
    let unlucky = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, "correct horse battery staple word");
    assert!(unlucky.len() == 44 && unlucky.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{unlucky}");
    for gateway in [Gateway::RAZORPAY, Gateway::STANDARD_WEBHOOKS] {
        assert!(is_guessable(&Secret::parse(&unlucky).unwrap(), &known(gateway)));
        let mut generated = [unlucky.clone(), base62::random(44), unlucky.clone()].into_iter();
        let secret = first_strong(gateway, || Secret::parse(&generated.next().unwrap()).unwrap());
        assert_ne!(secret.expose(), unlucky, "{gateway}");
        assert_eq!(generated.len(), 1, "the second one");
    }
}

#[test]
fn a_generated_secret_is_not_searched_for_digests_whose_tables_take_long_to_build() {
    let digest = data_encoding::HEXLOWER.encode(&<sha2::Sha256 as sha2::Digest>::digest("password"));
    assert!(is_guessable(&Secret::parse(&digest).unwrap(), &known(Gateway::RAZORPAY)));
    let mut generated = [digest.clone(), base62::random(44)].into_iter();
    let secret = first_strong(Gateway::RAZORPAY, || Secret::parse(&generated.next().unwrap()).unwrap());
    assert_eq!(secret.expose(), digest);
}

#[test]
fn random_secrets_of_any_form_are_taken() {
    let makers: [fn() -> String; 5] = [
        || base62::random(44),
        || base62::random(20),
        || data_encoding::HEXLOWER.encode(&rand::random::<[u8; 16]>()),
        || base64::Engine::encode(&base64::engine::general_purpose::STANDARD, rand::random::<[u8; 24]>()),
        || {
            format!(
                "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                rand::random::<u32>(),
                rand::random::<u16>(),
                rand::random::<u16>(),
                rand::random::<u16>(),
                rand::random::<u64>() >> 16
            )
        },
    ];
    let refused = (0..2000).filter(|number| weak(&makers[number % makers.len()]()).is_some()).count();
    let short = (0..500).filter(|_| weak(&base62::random(16)).is_some()).count();
    // About one in a hundred of the shortest contains what looks like a name; the limits are far above.
    assert!(refused <= 40 && short <= 30, "{refused} of 2,000 are refused, and {short} of 500 with 16 characters");
}

#[test]
fn the_generic_gateway_takes_base64_alone() {
    let known = known(Gateway::STANDARD_WEBHOOKS);
    let read = |typed| read(typed, false, &known).map(|(secret, _)| secret.expose().to_owned());
    assert_eq!(read("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").as_deref(), Ok("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"));
    assert_eq!(read("kq8Zt2m!Vx0Lw9Rb4"), Err(WeakSecret::Form));
    assert_eq!(read("whsec_short").err(), Some(WeakSecret::Short(11)));
}

#[test]
fn spaces_and_quotes_at_the_ends_are_cut_off_and_told() {
    const BARE: &str = "kq8Zt2mVx0Lw9Rb4";
    let read = |typed: &str, is_exact| {
        read(typed, is_exact, &known(Gateway::RAZORPAY)).map(|(secret, cut)| (secret.expose().to_owned(), cut.spaces, cut.quotes))
    };
    for (typed, spaces, quotes) in [
        (BARE.to_owned(), false, false),
        (format!(" {BARE}\r\n"), true, false),
        (format!("\u{a0}{BARE}\u{200b}"), true, false),
        (format!("\"{BARE}\""), false, true),
        (format!("“ {BARE}” "), true, true),
    ] {
        assert_eq!(read(&typed, false), Ok((BARE.to_owned(), spaces, quotes)), "{typed:?}");
    }
    assert_eq!(read(&format!("\"{BARE}'"), false).unwrap().0, format!("\"{BARE}'"), "no pair");
    assert_eq!(read(&format!(" \"{BARE}\""), true).unwrap().0, format!(" \"{BARE}\""), "as it was typed");
    assert_eq!(read(&format!("{BARE}\n"), true), Err(WeakSecret::Unseen));
}

//! What remains of guessable and of random texts.

use super::*;
use crate::primitives::base62;

const NAMES: &[&str] = &["Neem Tree Store", "Kalpavriksha Handicrafts", "shop.neemtree.example", "KSB"];

fn left(text: &str) -> usize {
    super::left(text, Guesses::of(NAMES))
}

#[test]
fn what_can_be_guessed_is_taken_out() {
    for text in [
        "NeemTreeStore-2026",
        "neem_tree_store_2026_01_15",
        "N33mTr33St0re@2026",
        "NEEM-TREE-STORE-15082026",
        "erotSeerTmeeN-2026",
        "KalpavrikshaHandi",
        "avrikshaHandicra-26",
        "KSB-webhook-secret-live-2026",
        "tram violet bridges nine",
        "It's a Secret to Everybody",
        "correct-horse-battery-staple",
        "whsec_NeemTreeStore2026",
        "rzp_live_NeemTreeStore",
        "qwertyuiop1234567890",
        "abcdefghijklmnopqrstuvwxyz",
        "Zyntrixo-Brelavo-2026-0001",
        "P@ssw0rdP@ssw0rd2026",
        "k9Zq4wXtk9Zq4wXtk9Zq4wXt",
        "Monday15August2026!!",
        "N33mTr33St0re@2026:1RDsWe0wkDB",
    ] {
        assert!(left(text) < 12, "{text}: {}", left(text));
    }
}

#[test]
fn what_attackers_guess_is_taken_out() {
    for text in [
        "1qaz2wsx3edc4rfv",
        "!QAZ2wsx#EDC4rfv%TGB",
        "1qaz@WSX3edc$RFV",
        "zaq1xsw2cde3vfr4",
        "qazwsxedcrfvtgbyhn",
        "5f4dcc3b5aa765d61d8327deb882cf99",
        "5d41402abc4b2a76b9719d911017c592",
        "D41D8CD98F00B204E9800998ECF8427E",
        "21232f297a57a5a743894a0e4a801fc3",
        "e10adc3949ba59abbe56e057f20f883e",
        "7c4a8d09ca3762af61e59520943dc26494f8941b",
        "8c6976e5b5410415bde908bd4dee15dfb167a9c873fc4bb8a81f6f2ab448a918",
        "5f4dcc3b5aa765d61d83",
        "aa765d61d8327deb882cf99",
        "29ABCDE1234F2Z5/U74999KA2015PTC",
        "27AAPFU0939F1ZV-27AAPFU0939F",
        "U74999KA2015PTC081234",
        "42MGRoadBengaluru560001",
        "DevTeam#Diwali2025!Rzp",
        "नीमट्रीस्टोर-2026-",
        "Nmtrstr2026Rzrpywbhk",
        "Krishna9Murthy8Subra7",
    ] {
        assert!(left(text) < 12, "{text}: {}", left(text));
    }
}

#[test]
fn what_is_random_is_left() {
    for (text, least) in [
        ("NeemTreeStore-2026-8sK2pQ9xLm4T", 12),
        ("neemtreeshop-Zt81kQwX0vLp", 12),
        ("8f3a9c2e17b04d65", 12),
        ("83019472650193847265", 12),
        ("Abc!9dKe7_fQ2#zz", 12),
        ("kq8Zt2mVx0Lw9Rb4", 16),
    ] {
        assert!(left(text) >= least, "{text}: {}", left(text));
    }
    let (mut short, mut exact) = (0, 0);
    for _ in 0..2000 {
        short += usize::from(left(&base62::random(16)) < 12);
        exact += usize::from(left(&format!("NeemTreeStore-2026-{}", base62::random(12))) < 12);
        assert!(left(&base62::random(44)) >= 30);
    }
    // Fewer than one in a hundred; the limits are far above, so that chance alone never reaches them.
    assert!(short <= 20 && exact <= 60, "hardly any is taken for a word by chance: {short}, {exact}");
}

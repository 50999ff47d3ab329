//! Measures how much of a secret remains once everything guessable is removed. Pure.
//!
//! Removed are known names and parts of them, words, years and dates, sequences of letters and digits, and repetitions, in
//! any case, with digits in place of letters, and with separators in between. The rest is assumed to be random. The words
//! are those that zxcvbn (MIT) ranks as the most common ones, and some of Indian shops.

use std::sync::LazyLock;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use zeroize::Zeroizing;

/// The dictionary: words of four letters or more, in lower case, sorted.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("words.txt").lines().collect());
/// The same as [`folded`] folds them, limited to words too long to occur in random text by chance.
static FOLDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words: Vec<String> =
        WORDS.iter().filter(|word| word.len() >= LEAST_FOLDED).map(|word| word.chars().map(folded).collect()).collect();
    words.sort_unstable();
    words
});
const LEAST_FOLDED: usize = 7;
const LONGEST_WORD: usize = 16;
/// The shortest word that is recognised anywhere. A shorter one must be delimited.
const LEAST_ANYWHERE: usize = 5;
const LEAST_WORD: usize = 4;
/// The shortest piece of a name, and of a row or a repetition.
const LEAST_PIECE: usize = 5;
const LEAST_ROW: usize = 4;

/// Names that any secret may contain: of gateways, and prefixes of keys.
const COMMON_NAMES: &[&str] = &[
    "razorpay",
    "standard webhooks",
    "ks pay",
    "webhook secret",
    "whsec_",
    "rzp_live_",
    "rzp_test_",
    "sk_live_",
    "sk_test_",
    "pk_live_",
    "pk_test_",
    "api key",
    "key secret",
    "bearer",
];
/// Short words that stand between separators.
const SHORT: &[&str] = &[
    "api", "app", "and", "com", "dev", "for", "inc", "key", "llc", "llp", "ltd", "my", "net", "new", "of", "one", "org", "our",
    "pay", "pvt", "the", "two", "uat", "v1", "v2", "www",
];
const ROWS: &[&str] =
    &["qwertyuiop", "asdfghjkl", "zxcvbnm", "01234567890", "abcdefghijklmnopqrstuvwxyz", "1q2w3e4r5t6y7u8i9o0p"];

/// The number of characters that remain. `names` are those that outsiders know.
pub(super) fn left(text: &str, names: &[&str]) -> usize {
    let mut taken = Taken::new(text);
    for name in names.iter().copied().chain(COMMON_NAMES.iter().copied()) {
        taken.name(name);
    }
    taken.words();
    taken.numbers();
    taken.rows();
    taken.repetitions();
    taken.tokens();
    taken.short_words();
    taken.left()
}

/// A text and every text that it encodes, in base64, hexadecimal, or escaped for URLs and HTML, also one within the other.
pub(super) fn decoded(text: &str) -> Vec<Zeroizing<String>> {
    const MOST: usize = 16;
    const LEAST: usize = 6;
    let mut found = vec![Zeroizing::new(text.to_owned())];
    let mut at = 0;
    while let Some(text) = found.get(at).filter(|_| found.len() < MOST).cloned() {
        let of_bytes = [STANDARD.decode(&*text), STANDARD_NO_PAD.decode(&*text), URL_SAFE_NO_PAD.decode(&*text)];
        let of_bytes = of_bytes.into_iter().filter_map(Result::ok).chain(in_hex(&text)).chain(unescaped(&text));
        let texts = of_bytes.filter_map(|bytes| String::from_utf8(bytes).ok()).chain([without_entities(&text)]);
        for plain in texts.map(Zeroizing::new).filter(|plain| plain.chars().count() >= LEAST) {
            if !found.contains(&plain) {
                found.push(plain);
            }
        }
        at += 1;
    }
    found
}

fn digit(letter: u8) -> Option<u8> {
    char::from(letter).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

fn in_hex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}

/// Without the percent signs of URLs.
fn unescaped(text: &str) -> Option<Vec<u8>> {
    let mut parts = text.split('%');
    let first = parts.next()?.as_bytes().to_vec();
    parts.try_fold(first, |mut bytes, part| {
        let pair = part.as_bytes().get(..2)?;
        bytes.push(digit(pair[0])? << 4 | digit(pair[1])?);
        bytes.extend_from_slice(&part.as_bytes()[2..]);
        Some(bytes)
    })
}

fn without_entities(text: &str) -> String {
    const ENTITIES: &[&str] = &["&quot;", "&apos;", "&amp;", "&lt;", "&gt;", "&nbsp;", "&#39;", "&#34;", "&#x27;", "&#x22;"];
    ENTITIES.iter().fold(text.to_owned(), |text, entity| text.replace(entity, " "))
}

/// A letter in any case, or the digit or mark written in its place.
fn folded(letter: char) -> char {
    match letter {
        '0' => 'o',
        '1' | '!' | '|' | 'l' | 'L' => 'i',
        '3' | '€' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        '9' => 'g',
        other => other.to_lowercase().next().unwrap_or(other),
    }
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "-_./:,;|=~\\\u{200b}\u{200c}\u{200d}\u{feff}".contains(letter)
}

/// A text, and which of its characters are taken out.
struct Taken {
    letters: Vec<char>,
    folded: Vec<char>,
    is_out: Vec<bool>,
}

impl Taken {
    fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let folded = letters.iter().map(|letter| folded(*letter)).collect();
        Self { is_out: letters.iter().map(|letter| is_separator(*letter)).collect(), letters, folded }
    }

    /// A mark is counted only between two counted letters: people add marks at ends and between words.
    fn left(&self) -> usize {
        let is_left = |place: usize| self.is_out.get(place).is_some_and(|is_out| !is_out);
        let is_letter = |place: usize| is_left(place) && !self.letters[place].is_ascii_punctuation();
        let is_between = |place: usize| place > 0 && is_letter(place - 1) && is_letter(place + 1);
        (0..self.letters.len()).filter(|place| is_letter(*place) || (is_left(*place) && is_between(*place))).count()
    }

    fn take(&mut self, places: impl IntoIterator<Item = usize>) {
        for place in places {
            self.is_out[place] = true;
        }
    }

    /// Whether nothing that is left stands directly before or behind these.
    fn stands_alone(&self, from: usize, to: usize) -> bool {
        self.is_free(from, to, |text, place| text.is_out[place])
    }

    fn is_free(&self, from: usize, to: usize, is_edge: impl Fn(&Self, usize) -> bool) -> bool {
        (from == 0 || is_edge(self, from - 1)) && (to == self.letters.len() || is_edge(self, to))
    }

    /// A name, forwards and backwards, and every long piece of it: a cut secret holds a cut name.
    fn name(&mut self, name: &str) {
        let name: Vec<char> = name.chars().filter(|letter| letter.is_alphanumeric()).map(folded).collect();
        let reversed: Vec<char> = name.iter().rev().copied().collect();
        let places: Vec<usize> = (0..self.letters.len()).filter(|place| !is_separator(self.letters[*place])).collect();
        for name in [name, reversed] {
            for start in 0..places.len() {
                let common = |at: usize| {
                    places[start..].iter().zip(&name[at..]).take_while(|(place, letter)| self.folded[**place] == **letter).count()
                };
                let longest = (0..name.len()).map(common).max().unwrap_or_default();
                let Some(last) = longest.checked_sub(1) else { continue };
                let is_alone = || longest >= 3 && self.stands_alone(places[start], places[start + last] + 1);
                if longest >= LEAST_PIECE || (longest == name.len() && longest >= LEAST_WORD) || is_alone() {
                    self.take(places[start..=start + last].to_vec());
                }
            }
        }
    }

    /// Words of the dictionary as people write them: in one case or with a capital in front. Long ones however they are written.
    fn words(&mut self) {
        for start in 0..self.letters.len() {
            let most = LONGEST_WORD.min(self.letters.len() - start);
            let longest = (LEAST_ANYWHERE..=most).rev().find(|length| self.is_word(start, start + length));
            if let Some(length) = longest {
                self.take(start..start + length);
            }
        }
    }

    fn is_word(&self, from: usize, to: usize) -> bool {
        if to - from >= LEAST_FOLDED {
            let word: String = self.folded[from..to].iter().collect();
            return FOLDED.binary_search(&word).is_ok();
        }
        let letters = &self.letters[from..to];
        let is_written = letters.iter().all(char::is_ascii_uppercase) || letters[1..].iter().all(char::is_ascii_lowercase);
        let word: String = letters.iter().map(char::to_ascii_lowercase).collect();
        is_written && WORDS.binary_search(&word.as_str()).is_ok()
    }

    /// Years, dates, and short numbers that stand alone.
    fn numbers(&mut self) {
        let mut from = 0;
        while from < self.letters.len() {
            let digits = self.letters[from..].iter().take_while(|letter| letter.is_ascii_digit()).count();
            let to = from + digits;
            let text: String = self.letters[from..to].iter().collect();
            if is_year_or_date(&text) || ((1..=LEAST_ROW).contains(&digits) && self.stands_alone(from, to)) {
                self.take(from..to);
            }
            from = to + 1;
        }
    }

    /// Rows of the keyboard, the alphabet and numbers, up or down.
    fn rows(&mut self) {
        let lower: Vec<char> = self.letters.iter().map(char::to_ascii_lowercase).collect();
        for row in ROWS {
            let up: Vec<char> = row.chars().collect();
            let down: Vec<char> = row.chars().rev().collect();
            for row in [up, down] {
                for start in 0..lower.len() {
                    let common =
                        |at: usize| lower[start..].iter().zip(&row[at..]).take_while(|(one, other)| one == other).count();
                    let longest = (0..row.len()).map(common).max().unwrap_or_default();
                    if longest >= LEAST_ROW {
                        self.take(start..start + longest);
                    }
                }
            }
        }
    }

    /// The same character four times or more, and what stood before.
    fn repetitions(&mut self) {
        let length = self.folded.len();
        for start in 1..length {
            let same = |at: usize| {
                let longest = self.folded[start..].iter().zip(&self.folded[at..]).take_while(|(one, other)| one == other).count();
                if at + 1 == start { longest } else { longest.min(start - at) }
            };
            let longest = (0..start).map(same).max().unwrap_or_default();
            let is_run = self.folded[start - 1] == self.folded[start];
            if longest >= if is_run { LEAST_ROW - 1 } else { LEAST_ROW } {
                self.take(start..start + longest);
            }
        }
    }

    /// What reads like a word or a name between separators, though no list knows it.
    fn tokens(&mut self) {
        let mut from = 0;
        while from < self.letters.len() {
            let to = from + self.letters[from..].iter().take_while(|letter| letter.is_alphanumeric()).count();
            let (from_here, token) = (from, &self.letters[from..to]);
            from = to + 1;
            if reads_like_words(token) && self.is_free(from_here, to, |text, place| is_separator(text.letters[place])) {
                self.take(from_here..to);
            }
        }
    }

    /// Short words, now that it is known what stands alone.
    fn short_words(&mut self) {
        for (length, is_known) in [
            (LEAST_WORD, (|word| WORDS.binary_search(&word).is_ok()) as fn(&str) -> bool),
            (3, |word| SHORT.contains(&word)),
            (2, |word| SHORT.contains(&word)),
        ] {
            for from in 0..(self.letters.len() + 1).saturating_sub(length) {
                let word: String = self.letters[from..from + length].iter().map(char::to_ascii_lowercase).collect();
                let is_left = self.is_out[from..from + length].iter().all(|is_out| !is_out);
                if is_left && is_known(&word) && self.stands_alone(from, from + length) {
                    self.take(from..from + length);
                }
            }
        }
    }
}

/// Years of people and programs, and dates of them with six or eight digits.
fn is_year_or_date(digits: &str) -> bool {
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|part| part.parse::<u32>().ok()).unwrap_or_default();
    let is_year = |year: u32| (1940..=2049).contains(&year);
    let (is_month, is_day) = (|month: u32| (1..=12).contains(&month), |day: u32| (1..=31).contains(&day));
    match digits.len() {
        4 => is_year(number(0..4)),
        6 => {
            let (first, middle, last) = (number(0..2), number(2..4), number(4..6));
            (is_month(middle) && (is_day(first) || is_day(last)))
                || (is_month(first) && is_day(middle))
                || (is_year(number(0..4)) && is_month(last))
                || (is_year(number(2..6)) && is_month(first))
        }
        8 => {
            let ends = is_year(number(4..8)) && ((is_day(number(0..2)) && is_month(number(2..4))) || is_month(number(0..2)));
            ends || (is_year(number(0..4)) && is_month(number(4..6)) && is_day(number(6..8)))
        }
        _ => false,
    }
}

/// Letters alone, of words in one case or with a capital each, and as many vowels as people need to speak them.
fn reads_like_words(token: &[char]) -> bool {
    let is_vowel = |letter: &char| "aeiouyAEIOUY".contains(*letter);
    if token.len() < LEAST_PIECE || !token.iter().all(char::is_ascii_alphabetic) {
        return false;
    }
    let is_upper = token.iter().all(char::is_ascii_uppercase);
    let humps = token.iter().skip(1).filter(|letter| letter.is_ascii_uppercase()).count() + 1;
    let is_written = is_upper || (token.last().is_some_and(char::is_ascii_lowercase) && token.len() >= 4 * humps);
    let hardest = token.split(is_vowel).map(<[char]>::len).max().unwrap_or_default();
    let vowels = token.iter().filter(|letter| is_vowel(letter)).count();
    is_written && hardest <= 4 && (token.len() / 5..=token.len() * 2 / 3).contains(&vowels)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::base62;

    const NAMES: &[&str] = &["Neem Tree Store", "Kalpavriksha Handicrafts", "shop.neemtree.example", "KSB"];

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
            assert!(left(text, NAMES) < 12, "{text}: {}", left(text, NAMES));
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
            assert!(left(text, NAMES) >= least, "{text}: {}", left(text, NAMES));
        }
        let (mut short, mut exact) = (0, 0);
        for _ in 0..2000 {
            short += usize::from(left(&base62::random(16), NAMES) < 12);
            exact += usize::from(left(&format!("NeemTreeStore-2026-{}", base62::random(12)), NAMES) < 12);
            assert!(left(&base62::random(44), NAMES) >= 30);
        }
        assert!(short <= 8 && exact <= 12, "hardly any is taken for a word by chance: {short}, {exact}");
    }
}

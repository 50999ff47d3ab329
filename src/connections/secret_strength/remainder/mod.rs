//! Measures how much of a secret remains once everything guessable is removed. Pure.
//!
//! Removes known names and parts of them, words, years and dates, sequences, and repetitions, in any case, with digits
//! substituted for letters, and across separators. The remainder is assumed to be random. The words are those that zxcvbn
//! (MIT) ranks as the most common, and some of Indian shops.

use std::sync::LazyLock;

use super::{Guesses, digests, keyboard, lists, registers, structures};

/// The dictionary: words of four letters or more, in lower case, sorted.
static WORDS: LazyLock<Vec<&'static str>> = LazyLock::new(|| include_str!("../words.txt").lines().collect());
/// The long words of the dictionary, folded by [`folded`]: shorter ones could occur in random text.
static FOLDED: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut words: Vec<String> =
        WORDS.iter().filter(|word| word.len() >= MIN_FOLDED_WORD).map(|word| word.chars().map(folded).collect()).collect();
    words.sort_unstable();
    words
});
/// The spellings of the common names.
static COMMON_SPELLINGS: LazyLock<Vec<Vec<char>>> =
    LazyLock::new(|| lists::COMMON_NAMES.iter().flat_map(|name| spellings(name)).collect());
const MIN_FOLDED_WORD: usize = 7;
const MAX_WORD_CHARS: usize = 16;
/// Minimum length of a word that is removed anywhere. A shorter one must stand alone.
const MIN_WORD_ANYWHERE: usize = 5;
const MIN_WORD: usize = 4;
/// Minimum length of a part of a name.
const MIN_NAME_PART: usize = 5;
const MIN_RUN: usize = 4;

/// Returns the words of the dictionary.
pub(super) fn words() -> impl Iterator<Item = &'static str> {
    WORDS.iter().copied()
}

/// Returns the number of characters that remain of the text.
pub(super) fn left(text: &str, guesses: Guesses<'_>) -> usize {
    let mut taken = Taken::new(text);
    for spelling in guesses.names.iter().flat_map(|name| spellings(name)) {
        taken.name(&spelling);
    }
    for spelling in &*COMMON_SPELLINGS {
        taken.name(spelling);
    }
    taken.structures();
    taken.digests(guesses);
    taken.words();
    taken.numbers();
    taken.rows();
    taken.repetitions();
    taken.tokens();
    taken.short_words();
    taken.joined_words();
    taken.numbers();
    taken.left()
}

/// Returns a name and its consonant skeletons, each forwards and backwards, folded and without separators.
fn spellings(name: &str) -> Vec<Vec<char>> {
    let fold = |name: &str| name.chars().filter(|letter| letter.is_alphanumeric()).map(folded).collect::<Vec<char>>();
    let texts = std::iter::once(fold(name)).chain(lists::skeletons(name).into_iter().map(|bones| fold(&bones)));
    texts.flat_map(|text| [text.clone(), text.into_iter().rev().collect()]).collect()
}

/// Folds case, and digits and symbols that substitute letters.
pub(super) fn folded(letter: char) -> char {
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

/// True for characters that are never random: separators, and letters of other scripts, which form words.
fn is_out(letter: char) -> bool {
    is_separator(letter) || !letter.is_ascii()
}

fn is_separator(letter: char) -> bool {
    letter.is_whitespace() || letter.is_control() || "-_./:,;|=~\\\u{200b}\u{200c}\u{200d}\u{feff}".contains(letter)
}

/// A text, and which of its characters are removed.
struct Taken {
    letters: Vec<char>,
    folded: Vec<char>,
    is_out: Vec<bool>,
    /// Positions of the characters that are not separators.
    places: Vec<usize>,
    joined: Vec<char>,
}

impl Taken {
    fn new(text: &str) -> Self {
        let letters: Vec<char> = text.chars().collect();
        let folded: Vec<char> = letters.iter().map(|letter| folded(*letter)).collect();
        let is_out = letters.iter().map(|letter| is_out(*letter)).collect();
        let places: Vec<usize> = (0..letters.len()).filter(|place| !is_separator(letters[*place])).collect();
        let joined = places.iter().map(|place| folded[*place]).collect();
        Self { letters, folded, is_out, places, joined }
    }

    /// Returns the number of remaining characters. A punctuation mark is included only between two remaining letters: at an
    /// end or between words it is predictable.
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

    /// True if no remaining character is adjacent to the range.
    fn stands_alone(&self, from: usize, to: usize) -> bool {
        self.is_free(from, to, |text, place| text.is_out[place])
    }

    fn is_free(&self, from: usize, to: usize, is_edge: impl Fn(&Self, usize) -> bool) -> bool {
        (from == 0 || is_edge(self, from - 1)) && (to == self.letters.len() || is_edge(self, to))
    }

    /// Removes a spelling of a name, and every long part of it: a truncated secret contains a truncated name.
    fn name(&mut self, spelling: &[char]) {
        for start in 0..self.places.len() {
            let longest = longest_piece(&self.joined[start..], spelling);
            let Some(last) = longest.checked_sub(1) else { continue };
            let is_alone = || longest >= 3 && self.stands_alone(self.places[start], self.places[start + last] + 1);
            if longest >= MIN_NAME_PART || (longest == spelling.len() && longest >= MIN_WORD) || is_alone() {
                self.take(self.places[start..=start + last].to_vec());
            }
        }
    }

    /// Long pieces of public formats.
    fn structures(&mut self) {
        let found: Vec<_> = structures::found(&self.joined).collect();
        for range in found {
            self.take(self.places[range].to_vec());
        }
    }

    /// Removes words of the dictionary in a single case or capitalized; long ones in any spelling.
    fn words(&mut self) {
        for start in 0..self.letters.len() {
            let most = MAX_WORD_CHARS.min(self.letters.len() - start);
            let longest = (MIN_WORD..=most).rev().find(|length| self.is_word(start, start + length));
            if let Some(length) = longest {
                self.take(start..start + length);
            }
        }
    }

    fn is_word(&self, from: usize, to: usize) -> bool {
        if to - from >= MIN_FOLDED_WORD {
            let word: String = self.folded[from..to].iter().collect();
            if FOLDED.binary_search(&word).is_ok() {
                return true;
            }
        }
        let letters = &self.letters[from..to];
        let is_written = letters.iter().all(char::is_ascii_uppercase) || letters[1..].iter().all(char::is_ascii_lowercase);
        let word: String = letters.iter().map(char::to_ascii_lowercase).collect();
        let is_known = || to - from >= MIN_WORD_ANYWHERE && WORDS.binary_search(&word.as_str()).is_ok();
        is_written && (lists::holds(&word) || is_known())
    }

    /// Removes years, dates, and short numbers and postal codes that stand alone.
    fn numbers(&mut self) {
        let mut from = 0;
        while from < self.letters.len() {
            let digits = self.letters[from..].iter().take_while(|letter| letter.is_ascii_digit()).count();
            let to = from + digits;
            let text: String = self.letters[from..to].iter().collect();
            let is_postal = digits == 6 && self.stands_alone(from, to);
            if is_postal || is_year_or_date(&text) || ((1..=MIN_RUN).contains(&digits) && self.stands_alone(from, to)) {
                self.take(from..to);
            }
            from = to + 1;
        }
    }

    /// Removes keyboard rows and columns, the alphabet and number sequences in both directions, and registration numbers.
    fn rows(&mut self) {
        for range in keyboard::runs(&self.letters).into_iter().chain(registers::found(&self.letters)) {
            self.take(range);
        }
    }

    /// Removes digests of words and of public names.
    fn digests(&mut self, guesses: Guesses<'_>) {
        let letters: Vec<char> = self.places.iter().map(|place| self.letters[*place]).collect();
        for range in digests::found(&letters, guesses) {
            self.take(self.places[range].to_vec());
        }
    }

    /// Removes runs of four or more equal characters, and repetitions of earlier text.
    fn repetitions(&mut self) {
        let length = self.folded.len();
        for start in 1..length {
            let same = |at: usize| {
                let longest = self.folded[start..].iter().zip(&self.folded[at..]).take_while(|(one, other)| one == other).count();
                if at + 1 == start { longest } else { longest.min(start - at) }
            };
            let longest = (0..start).map(same).max().unwrap_or_default();
            let is_run = self.folded[start - 1] == self.folded[start];
            if longest >= if is_run { MIN_RUN - 1 } else { MIN_RUN } {
                self.take(start..start + longest);
            }
        }
    }

    /// Removes what reads like a word or a name between separators, even if no list contains it.
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

    /// Removes short words that stand alone. Runs after the steps that determine what stands alone.
    fn short_words(&mut self) {
        for (length, is_known) in [
            (MIN_WORD, (|word| WORDS.binary_search(&word).is_ok()) as fn(&str) -> bool),
            (3, |word| lists::SHORT_WORDS.contains(&word)),
            (2, |word| lists::SHORT_WORDS.contains(&word)),
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

    /// Removes runs that consist entirely of joined short words and numbers.
    fn joined_words(&mut self) {
        let mut from = 0;
        while from < self.letters.len() {
            let is_free = |place: &usize| !self.is_out[*place] && self.letters[*place].is_ascii_alphanumeric();
            let to = from + (from..self.letters.len()).take_while(is_free).count();
            let joined: String = self.letters[from..to].iter().map(char::to_ascii_lowercase).collect();
            if is_joined(&joined) {
                self.take(from..to);
            }
            from = to + 1;
        }
    }
}

/// Returns the length of the longest part of the name that the text begins with. Plain loops for speed: every name and row is
/// tried at every position.
pub(super) fn longest_piece(text: &[char], name: &[char]) -> usize {
    let (mut longest, mut start) = (0, 0);
    while start + longest < name.len() {
        let mut length = 0;
        while length < text.len() && start + length < name.len() && text[length] == name[start + length] {
            length += 1;
        }
        longest = longest.max(length);
        start += 1;
    }
    longest
}

/// True if the text consists of short words and numbers only.
fn is_joined(text: &str) -> bool {
    let mut ends = vec![false; text.len() + 1];
    ends[0] = true;
    for to in 1..=text.len() {
        ends[to] = (to.saturating_sub(MAX_WORD_CHARS)..to)
            .any(|from| ends[from] && (is_short_word(&text[from..to]) || is_number(text, from, to)));
    }
    ends[text.len()]
}

fn is_short_word(text: &str) -> bool {
    lists::SHORT_WORDS.contains(&text) || lists::holds(text) || WORDS.binary_search(&text).is_ok()
}

/// True if the range is a whole number of few digits.
fn is_number(text: &str, from: usize, to: usize) -> bool {
    let is_digit = |place: usize| text.as_bytes().get(place).is_some_and(u8::is_ascii_digit);
    let is_whole = !is_digit(to) && (from == 0 || !is_digit(from - 1));
    (1..=MIN_RUN).contains(&(to - from)) && is_whole && (from..to).all(is_digit)
}

/// True for plausible years, and for dates of six or eight digits.
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

/// True for letters only, in one case or with capitalized words, with the share of vowels that pronounceable words have.
fn reads_like_words(token: &[char]) -> bool {
    let is_vowel = |letter: &char| "aeiouyAEIOUY".contains(*letter);
    if token.len() < MIN_NAME_PART || !token.iter().all(char::is_ascii_alphabetic) {
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
mod tests;

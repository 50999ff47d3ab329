//! Finds digests of known words in a secret: they look random and are publicly known. Pure.

use std::{
    collections::{BTreeSet, HashSet, VecDeque},
    ops::Range,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::{Guesses, lists};

/// Number of hexadecimal digits that identify a digest.
const IDENTIFYING_DIGITS: usize = 16;
/// Of MD5, SHA-1, SHA-256 and SHA-512, in hexadecimal digits.
const LENGTHS: [usize; 4] = [32, 40, 64, 128];
/// The names that are hashed with years as well.
const MAX_DATED: usize = 16;
/// The sets of names whose digests are remembered. Each takes up to a megabyte.
const MAX_REMEMBERED: usize = 8;
/// The years that people add to a name.
const YEARS: std::ops::RangeInclusive<u16> = 2018..=2030;

/// The first and the last digits of digests, for each length.
#[derive(Default)]
struct Ends {
    heads: [Vec<u64>; 4],
    tails: [Vec<u64>; 4],
    /// All of them.
    all: HashSet<u64>,
}

impl Ends {
    fn of<'a>(texts: impl Iterator<Item = &'a str>) -> Self {
        let mut ends = Self::default();
        for text in texts {
            ends.add(0, &Md5::digest(text));
            ends.add(1, &Sha1::digest(text));
            ends.add(2, &Sha256::digest(text));
            ends.add(3, &Sha512::digest(text));
        }
        for list in ends.heads.iter_mut().chain(&mut ends.tails) {
            list.sort_unstable();
            ends.all.extend(list.iter());
        }
        ends
    }

    fn add(&mut self, kind: usize, digest: &[u8]) {
        let number = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes));
        self.heads[kind].push(number(digest.first_chunk()));
        self.tails[kind].push(number(digest.last_chunk()));
    }

    /// Returns the range of each digest in a run of hexadecimal digits.
    fn found(&self, digits: &[u8], at: usize) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        for (from, window) in digits.windows(IDENTIFYING_DIGITS).enumerate() {
            let number = window.iter().fold(0, |number, digit| number << 4 | u64::from(*digit));
            if !self.all.contains(&number) {
                continue;
            }
            for (kind, length) in LENGTHS.iter().enumerate() {
                if self.heads[kind].binary_search(&number).is_ok() {
                    found.push(at + from..at + digits.len().min(from + length));
                }
                if self.tails[kind].binary_search(&number).is_ok() {
                    let to = from + IDENTIFYING_DIGITS;
                    found.push(at + to.saturating_sub(*length)..at + to);
                }
            }
        }
        found
    }
}

/// Digests of the dictionary, names, common passwords, years and other four-digit numbers. Built on first use.
static KNOWN: LazyLock<Ends> = LazyLock::new(|| {
    let numbers = (0..10_000).map(|number| format!("{number:04}"));
    let words = super::remainder::words().chain(lists::all()).flat_map(variants);
    let passwords = lists::PASSWORDS.iter().copied().flat_map(variants);
    let texts: Vec<String> = words.chain(passwords).chain(numbers).collect();
    Ends::of(texts.iter().map(String::as_str))
});

/// Returns the word unchanged and capitalized.
fn variants(word: &str) -> Vec<String> {
    let capital = word.get(..1).map(|first| first.to_ascii_uppercase() + &word[1..]);
    [word.to_owned()].into_iter().chain(capital.filter(|capital| capital != word)).collect()
}

/// Returns the range of each digest of a known word or of one of the public names.
pub(super) fn found(letters: &[char], guesses: Guesses<'_>) -> Vec<Range<usize>> {
    if !guesses.has_digests {
        return Vec::new();
    }
    let digits: Vec<Option<u8>> =
        letters.iter().map(|letter| letter.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
    let (mut found, mut from) = (Vec::new(), 0);
    let mut of_names = None;
    while from < digits.len() {
        let row: Vec<u8> = digits[from..].iter().map_while(|digit| *digit).collect();
        if row.len() >= IDENTIFYING_DIGITS {
            let of_names = of_names.get_or_insert_with(|| ends_of_names(guesses.names));
            found.extend(KNOWN.found(&row, from).into_iter().chain(of_names.found(&row, from)));
        }
        from += row.len() + 1;
    }
    found
}

/// The digests of names that were asked for last, newest first.
#[derive(Default)]
struct Remembered(VecDeque<(Vec<String>, Arc<Ends>)>);

impl Remembered {
    fn find(&mut self, names: &[&str]) -> Option<Arc<Ends>> {
        let at = self.0.iter().position(|(of, _)| of == names)?;
        let entry = self.0.remove(at)?;
        let ends = Arc::clone(&entry.1);
        self.0.push_front(entry);
        Some(ends)
    }

    /// Adds them unless another thread was faster.
    fn add(&mut self, names: &[&str], ends: Ends) -> Arc<Ends> {
        self.find(names).unwrap_or_else(|| {
            let ends = Arc::new(ends);
            self.0.truncate(MAX_REMEMBERED - 1);
            self.0.push_front((names.iter().map(|name| (*name).to_owned()).collect(), Arc::clone(&ends)));
            ends
        })
    }
}

/// The digests of these names, of each with a year, and of each word of them. Each diagnosis of a company's requests asks for the
/// same ones several times, so those of a few companies are remembered.
fn ends_of_names(names: &[&str]) -> Arc<Ends> {
    static REMEMBERED: LazyLock<Mutex<Remembered>> = LazyLock::new(Mutex::default);
    let remembered = || REMEMBERED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ends) = remembered().find(names) {
        return ends;
    }
    let plain = names.iter().flat_map(|name| spellings(name));
    let dated = names.iter().take(MAX_DATED).flat_map(|name| spellings(name)).flat_map(|name| {
        let years = move |between: &'static str| YEARS.map(move |year| (between, year));
        let dates = ["", "-", "_", "@", " "].into_iter().flat_map(years);
        dates.map(move |(between, year)| format!("{name}{between}{year}"))
    });
    let texts: BTreeSet<String> = plain.chain(dated).collect();
    let ends = Ends::of(texts.iter().map(String::as_str));
    remembered().add(names, ends)
}

/// Returns the usual spellings of a name and of each of its words, each once.
fn spellings(name: &str) -> BTreeSet<String> {
    let joined = |with: &str| name.split_whitespace().collect::<Vec<_>>().join(with);
    let whole = [" ", "", "-", "_"].map(joined).into_iter();
    let all: Vec<String> = whole.chain(name.split_whitespace().map(str::to_owned)).collect();
    all.iter().flat_map(|text| [text.clone(), text.to_lowercase(), text.to_uppercase()]).collect()
}

//! Finds keyboard rows and columns, the alphabet and number sequences in a secret. Pure.

use std::{ops::Range, sync::LazyLock};

use super::remainder::longest_piece;

const MIN_RUN: usize = 4;
/// The same for the rows after the plain ones, which are keyboard patterns.
const MIN_PATTERN_RUN: usize = 6;
/// Number of plain rows at the start of the list.
const PLAIN_ROWS: usize = 6;
/// Minimum length of a walk across neighbouring keys; shorter ones occur in random text.
const MIN_WALK: usize = 7;
const ROWS: &[&str] = &[
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p",
    "zaq1xsw2cde3vfr4bgt5nhy6mju7ki8lo9p0",
    "qazwsxedcrfvtgbyhnujmikolp",
    "zaqxswcdevfrbgtnhymjukilop",
    "1qa2ws3ed4rf5tg6yh7uj8ik9ol",
    "zse4xdr5cft6vgy7bhu8nji9mko0",
    "4esz5rdx6tfc7ygv8uhb9ijn0okm",
    "qawsedrftgyhujikolp",
    "azsxdcfvgbhnjmkl",
    "qweasdzxcrtyfghvbnuiojkl",
    "123qwe456asd789zxc",
    "qwe123asd456zxc789",
    "147258369",
    "789456123",
];
const KEYS: [&str; 4] = ["1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// Each row forwards and backwards, with the minimum length of a match that is not coincidence.
static ROWS_BOTH_WAYS: LazyLock<Vec<(usize, Vec<char>)>> = LazyLock::new(|| {
    let both_ways = |(number, row): (usize, &&str)| {
        let least = if number < PLAIN_ROWS { MIN_RUN } else { MIN_PATTERN_RUN };
        [(least, row.chars().collect()), (least, row.chars().rev().collect())]
    };
    ROWS.iter().enumerate().flat_map(both_ways).collect()
});

/// Returns the range of each piece of a row or column.
pub(super) fn runs(letters: &[char]) -> Vec<Range<usize>> {
    let keys: Vec<char> = letters.iter().map(|letter| key(*letter)).collect();
    let mut found = Vec::new();
    for (least, row) in &*ROWS_BOTH_WAYS {
        for start in 0..keys.len() {
            let longest = longest_piece(&keys[start..], row);
            if longest >= *least {
                found.push(start..start + longest);
            }
        }
    }
    found.extend(walks(&keys));
    found
}

fn walks(keys: &[char]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut from = 0;
    while from < keys.len() {
        let to = from + 1 + keys[from..].windows(2).take_while(|pair| are_neighbours(pair[0], pair[1])).count();
        if to - from >= MIN_WALK {
            found.push(from..to);
        }
        from = to;
    }
    found
}

/// True for adjacent keys. Each row of keys is offset by half a key to the right.
fn are_neighbours(one: char, other: char) -> bool {
    let place = |key: char| KEYS.iter().enumerate().find_map(|(row, keys)| Some((row, keys.find(key)?)));
    let (Some((row, column)), Some((other_row, other_column))) = (place(one), place(other)) else { return false };
    match (row, other_row) {
        _ if row == other_row => column.abs_diff(other_column) == 1,
        _ if other_row == row + 1 => other_column == column || other_column + 1 == column,
        _ if row == other_row + 1 => column == other_column || column + 1 == other_column,
        _ => false,
    }
}

/// Returns the key that types a character, with or without shift.
fn key(letter: char) -> char {
    match letter {
        '!' => '1',
        '@' => '2',
        '#' => '3',
        '$' => '4',
        '%' => '5',
        '^' => '6',
        '&' => '7',
        '*' => '8',
        '(' => '9',
        ')' => '0',
        other => other.to_ascii_lowercase(),
    }
}

//! The message templates of an automation: their variables, and the substitution of values.
//!
//! Invariants: pure. Values from gateways and customers are sanitized: one line, truncated, without anything that looks like a link.
//! Values are substituted after the markup is parsed, so they never become markup, and in one pass, so they never become variables.

use std::collections::BTreeMap;

use super::Wording;
use crate::{
    ledger::payments::changes::ChangeKind,
    notifications::{
        clean_answer,
        markup::{self, Block},
    },
    primitives::text_enum::text_enum,
};

/// The most characters of a subject, and of a message.
pub(crate) const MAX_SUBJECT_CHARS: usize = 150;
pub(crate) const MAX_MESSAGE_CHARS: usize = 5_000;
/// The most characters of a value.
const MAX_VALUE_CHARS: usize = 60;
/// The placeholder for an unknown value.
pub(crate) const NO_VALUE: &str = "–";
/// The prefix of a note variable; the note's name follows.
pub(crate) const NOTE: &str = "note.";

text_enum! {
    /// A value of a payment that a text may contain.
    pub(crate) enum Variable, "a variable" {
        AppName = "app_name",
        /// The amount of the payment, the refund or the dispute.
        Amount = "amount",
        PaymentAmount = "payment_amount",
        /// The code of the currency of [`Self::Amount`].
        Currency = "currency",
        Method = "method",
        PaymentId = "payment_id",
        OrderId = "order_id",
        /// When the payment changed.
        Date = "date",
        /// Why the payment failed.
        Reason = "reason",
        RefundId = "refund_id",
        DisputeId = "dispute_id",
        /// The deadline for a response to a dispute.
        RespondBy = "respond_by",
        /// The shop's own reference of the order.
        OrderReceipt = "order_receipt",
        OrderAmount = "order_amount",
        /// The sum of the order's captured payments.
        OrderPaid = "order_paid",
        /// How many payments of the order were captured.
        OrderPayments = "order_payments",
    }
}

impl Variable {
    /// True if changes of that kind have it.
    pub(crate) const fn is_of(self, kind: ChangeKind) -> bool {
        match self {
            Self::AppName
            | Self::Amount
            | Self::Currency
            | Self::Method
            | Self::PaymentId
            | Self::OrderId
            | Self::Date
            | Self::OrderReceipt
            | Self::OrderAmount => true,
            Self::PaymentAmount => matches!(kind, ChangeKind::Refunded) || kind.is_of_dispute(),
            Self::Reason => matches!(kind, ChangeKind::Failed),
            Self::RefundId => matches!(kind, ChangeKind::Refunded),
            Self::DisputeId | Self::RespondBy => kind.is_of_dispute(),
            Self::OrderPaid | Self::OrderPayments => matches!(kind, ChangeKind::OrderPaidTwice),
        }
    }
}

/// The sanitized values of variables, by name.
#[derive(Debug, Default)]
pub(crate) struct Values(BTreeMap<String, String>);

impl Values {
    /// Sets a value that gateways or customers may have chosen.
    pub(crate) fn set(&mut self, variable: Variable, value: &str) {
        self.0.insert(variable.as_str().to_owned(), clean(value));
    }

    /// Sets a trusted value, such as a date.
    pub(crate) fn set_own(&mut self, variable: Variable, value: String) {
        self.0.insert(variable.as_str().to_owned(), value);
    }

    /// Sets the value of a note.
    pub(crate) fn set_note(&mut self, name: &str, value: &str) {
        self.0.insert(format!("{NOTE}{name}"), clean(value));
    }

    /// Returns the value of a variable; [`NO_VALUE`] for one that has none.
    pub(crate) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or(NO_VALUE, String::as_str)
    }
}

/// Why a text is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fault {
    Empty,
    TooLong(usize),
    /// Changes of that kind have no such variable.
    UnknownVariable(String),
    /// A variable is not closed.
    Unclosed,
    /// The URL of a link is not a valid https URL.
    Link(String),
}

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Variable(&'a str),
}

/// Splits a text at its variables. `None` if one is not closed.
pub(super) fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let (mut pieces, mut rest) = (Vec::new(), text);
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}")?;
        pieces.push(Piece::Text(before));
        pieces.push(Piece::Variable(name.trim()));
        rest = after;
    }
    pieces.push(Piece::Text(rest));
    Some(pieces)
}

/// True for a note, and for a variable that changes of that kind have.
pub(super) fn is_known(name: &str, kind: ChangeKind) -> bool {
    let is_note = name.strip_prefix(NOTE).is_some_and(|name| !name.is_empty());
    is_note || name.parse::<Variable>().is_ok_and(|variable| variable.is_of(kind))
}

/// Validates a text for changes of a kind.
fn check(text: &str, max: usize, kind: ChangeKind) -> Result<(), Fault> {
    if text.trim().is_empty() {
        return Err(Fault::Empty);
    }
    if text.chars().count() > max {
        return Err(Fault::TooLong(max));
    }
    for piece in pieces(text).ok_or(Fault::Unclosed)? {
        let Piece::Variable(name) = piece else { continue };
        if !is_known(name, kind) {
            return Err(Fault::UnknownVariable(name.chars().take(MAX_VALUE_CHARS).collect()));
        }
    }
    Ok(())
}

/// Validates a subject for changes of a kind.
pub(crate) fn check_subject(text: &str, kind: ChangeKind) -> Result<(), Fault> {
    check(text, MAX_SUBJECT_CHARS, kind)
}

/// Validates a message for changes of a kind.
pub(crate) fn check_message(text: &str, kind: ChangeKind) -> Result<(), Fault> {
    check(text, MAX_MESSAGE_CHARS, kind)?;
    let blocks = markup::parse(text);
    match markup::links(&blocks).find(|url| !is_https(url)) {
        Some(url) => Err(Fault::Link(url.chars().take(MAX_VALUE_CHARS).collect())),
        None => Ok(()),
    }
}

/// True for an https URL without variables, credentials or whitespace.
fn is_https(url: &str) -> bool {
    let is_plain =
        !url.contains(['{', '}', '"', '\\']) && !url.chars().any(|character| character.is_whitespace() || character.is_control());
    is_plain
        && url::Url::parse(url)
            .is_ok_and(|url| url.scheme() == "https" && url.has_host() && url.username().is_empty() && url.password().is_none())
}

/// Substitutes the variables of a text. Two values that follow each other, also across the spans of a line, have a blank between them:
/// together they might form a host name. `is_after_value`: whether the text follows a value; returned for what follows it.
fn fill(text: &str, values: &Values, is_after_value: &mut bool) -> String {
    let Some(pieces) = pieces(text) else { return text.to_owned() };
    let mut filled = String::new();
    for piece in pieces {
        match piece {
            Piece::Text("") => {}
            Piece::Text(text) => {
                filled.push_str(text);
                *is_after_value = false;
            }
            Piece::Variable(name) => {
                if *is_after_value {
                    filled.push(' ');
                }
                filled.push_str(values.get(name));
                *is_after_value = true;
            }
        }
    }
    filled
}

/// Renders subject and message.
pub(crate) fn render(wording: &Wording, values: &Values) -> (String, Vec<Block>) {
    let block = |block: &Block| {
        let mut is_after_value = false;
        block.map(|text| fill(text, values, &mut is_after_value))
    };
    let message = markup::parse(&wording.message).iter().map(block).collect();
    (fill(&wording.subject, values, &mut false), message)
}

/// Sanitizes a value from a gateway or a customer. It is cut before links are removed, so that the cut completes no link.
fn clean(value: &str) -> String {
    let line: String = clean_answer(value).chars().take(MAX_VALUE_CHARS).collect();
    let words: Vec<&str> = line.split(' ').filter(|word| !looks_like_link(word)).collect();
    let text = words.join(" ");
    let text = text.trim();
    if text.is_empty() { NO_VALUE.to_owned() } else { text.to_owned() }
}

/// True for what email clients turn into a link: a URL, a host name, or an email address.
fn looks_like_link(word: &str) -> bool {
    let has_scheme = word.split_once(':').is_some_and(|(scheme, after)| {
        !after.is_empty()
            && scheme.len() > 1
            && scheme.chars().all(|character| character.is_ascii_alphanumeric() || "+-.".contains(character))
            && scheme.chars().any(|character| character.is_ascii_alphabetic())
    });
    has_scheme || word.contains('@') || word.contains("//") || has_host(word)
}

/// True if the word contains what looks like a host name – a label, a dot and at least two letters – or an IPv4 address.
fn has_host(word: &str) -> bool {
    let is_dot = |character: char| ['.', '。', '．', '｡'].contains(&character);
    let is_name = word.char_indices().filter(|(_, character)| is_dot(*character)).any(|(at, dot)| {
        let before =
            word[..at].chars().next_back().is_some_and(|character| !is_dot(character) && !character.is_ascii_punctuation());
        let letters = word[at + dot.len_utf8()..].chars().take_while(|character| character.is_alphabetic()).count();
        before && letters >= 2
    });
    let numbers = |part: &str| part.split(is_dot).filter(|number| !number.is_empty()).count();
    is_name || word.split(|character: char| !character.is_numeric() && !is_dot(character)).any(|part| numbers(part) >= 4)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values() -> Values {
        let mut values = Values::default();
        values.set_own(Variable::Amount, "₹649.00".to_owned());
        values.set(Variable::OrderId, "order_N7");
        values.set_note("name", "Kavya **bold** [x](https://evil.example) {{amount}}");
        values
    }

    #[test]
    fn values_are_put_in_once_and_never_become_markup() {
        let wording = Wording {
            subject: "{{amount}} received".to_owned(),
            message: "Hello {{note.name}},\n\n**{{ amount }}** for {{order_id}} by {{method}}".to_owned(),
        };
        let (subject, blocks) = render(&wording, &values());
        assert_eq!(subject, "₹649.00 received");
        let plain: Vec<_> = blocks.iter().map(Block::plain).collect();
        assert_eq!(plain, ["Hello Kavya **bold** {{amount}},", "₹649.00 for order_N7 by –"]);
        assert_eq!(markup::links(&blocks).count(), 0);
    }

    #[test]
    fn values_that_follow_each_other_form_no_host_name() {
        let mut values = Values::default();
        values.set_note("a", "pay-ev.c");
        values.set_note("b", "om/now");
        let wording = Wording { subject: "{{note.a}}{{note.b}}".to_owned(), message: "**{{note.a}}**{{note.b}}".to_owned() };
        let (subject, blocks) = render(&wording, &values);
        assert_eq!((subject.as_str(), blocks[0].plain().as_str()), ("pay-ev.c om/now", "pay-ev.c om/now"));
    }

    #[test]
    fn a_text_has_only_variables_of_its_change() {
        let check = |text: &str, kind| check_message(text, kind);
        assert_eq!(check("{{amount}} {{note.size}}", ChangeKind::Captured), Ok(()));
        assert_eq!(check("{{refund_id}}", ChangeKind::Refunded), Ok(()));
        for (text, fault) in [
            ("  ", Fault::Empty),
            ("{{amount", Fault::Unclosed),
            ("{{refund_id}}", Fault::UnknownVariable("refund_id".to_owned())),
            ("{{note.}}", Fault::UnknownVariable("note.".to_owned())),
            ("{{}}", Fault::UnknownVariable(String::new())),
            ("[a](http://shop.example)", Fault::Link("http://shop.example".to_owned())),
            ("[a](javascript:alert)", Fault::Link("javascript:alert".to_owned())),
            ("[a](https://shop.example/{{order_id}})", Fault::Link("https://shop.example/{{order_id}}".to_owned())),
            ("[a](https://bank.example@evil.example)", Fault::Link("https://bank.example@evil.example".to_owned())),
        ] {
            assert_eq!(check(text, ChangeKind::Captured), Err(fault), "{text}");
        }
        assert_eq!(check(&"x".repeat(MAX_MESSAGE_CHARS + 1), ChangeKind::Captured), Err(Fault::TooLong(MAX_MESSAGE_CHARS)));
        assert_eq!(check_subject(&"x".repeat(MAX_SUBJECT_CHARS), ChangeKind::Captured), Ok(()));
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_checked_and_filled(text in "(\\PC|[{}*\\[\\]()\n-]){0,80}", value in "\\PC{0,80}") {
            let mut values = Values::default();
            values.set(Variable::OrderId, &value);
            let _ = check_message(&text, ChangeKind::Captured);
            let (subject, blocks) = render(&Wording { subject: text.clone(), message: text.clone() }, &values);
            let links = markup::links(&markup::parse(&text)).count();
            proptest::prop_assert_eq!(markup::links(&blocks).count(), links, "a value adds no link");
            proptest::prop_assert!(subject.chars().count() <= text.chars().count() + text.len() * (MAX_VALUE_CHARS + 1));
        }
    }

    #[test]
    fn what_a_customer_chose_is_cut_and_has_no_link() {
        for (value, cleaned) in [
            ("Kavya R", "Kavya R"),
            ("नीम का पेड़", "नीम का पेड़"),
            ("T. Nagar, 12.5 kg", "T. Nagar, 12.5 kg"),
            ("win at https://evil.example/x now", "win at now"),
            ("evil.example", NO_VALUE),
            ("see (evil.example)", "see"),
            ("evil。example", NO_VALUE),
            ("a javascript:x mailto:y tel:1 b", "a b"),
            ("me@evil.example", NO_VALUE),
            ("ent held. Please confirm your card today at kspay-verify.com1", "ent held. Please confirm your card today at"),
            ("evil.com² evil.com① क्.com xx\u{301}.com evil.co1m a", "a"),
            ("see 1.2.3.4/login", "see"),
            ("J.R. Sharma, A.P.J.", "J.R. Sharma, A.P.J."),
            ("a\nBcc: x\u{202e}y", "a Bcc: x y"),
            ("", NO_VALUE),
        ] {
            assert_eq!(clean(value), cleaned, "{value:?}");
        }
        assert_eq!(clean(&"n".repeat(500)).chars().count(), MAX_VALUE_CHARS);
    }
}

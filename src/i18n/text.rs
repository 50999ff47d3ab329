//! A message with its arguments, and how it is written.

use std::{
    borrow::Cow,
    fmt::{self, Write},
};

use askama::{
    FastWritable, Values,
    filters::{Escaper as _, Html, HtmlSafe},
};

use super::{
    Locale, Reader,
    inline::{DisplayTime, InZone, Isolated, Part},
};
use crate::primitives::money::{Money, grouped};

/// The name of the reader among the values of a template.
pub(super) const READER: &str = "reader";

/// A text that is its argument.
static VERBATIM: Message = Message { key: "verbatim", patterns: [&[Piece::Arg(0)], &[Piece::Arg(0)]] };

/// No text.
static EMPTY: Message = Message { key: "empty", patterns: [&[], &[]] };

/// A message of the catalogue in all languages.
#[derive(Debug)]
pub(crate) struct Message {
    /// File and key, for tests.
    pub(crate) key: &'static str,
    /// In the order of [`Locale::ALL`].
    pub(crate) patterns: [&'static [Piece]; Locale::ALL.len()],
}

/// A piece of a message. Numbers are positions of arguments.
#[derive(Debug)]
pub(crate) enum Piece {
    Text(&'static str),
    Arg(usize),
    /// The text of a part, for which the argument is the markup.
    Part(usize, &'static [Piece]),
    /// Text by the exact number, else by its plural category.
    Plural {
        arg: usize,
        exact: &'static [(i64, &'static [Piece])],
        one: Option<&'static [Piece]>,
        other: &'static [Piece],
    },
}

/// An argument of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Arg {
    /// Grouped as in India.
    Number(i64),
    /// Text that is the same in every language: an amount, a gateway's name.
    Value(Cow<'static, str>),
    /// Text that a user or a gateway wrote.
    Isolated(String),
    /// An id or a name of code.
    Code(String),
    /// Another message.
    Text(Text),
    /// A time.
    Time(Box<DisplayTime>),
    /// A text in the zone of the reader.
    InZone(InZone),
    /// Markup around a part of the message.
    Part(Part),
}

/// Where a text is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// The content of an element.
    Html,
    /// An attribute, or an element that has text only, such as a title.
    Attribute,
    /// Outside HTML.
    Plain,
}

/// A text in any language of the console.
#[derive(Clone)]
pub(crate) struct Text {
    message: &'static Message,
    args: Vec<Arg>,
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.message.key == other.message.key && self.args == other.args
    }
}

impl Eq for Text {}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.message.key, self.in_english())
    }
}

impl Default for Text {
    /// No text.
    fn default() -> Self {
        Self::new(&EMPTY)
    }
}

impl Text {
    /// Creates a text without arguments.
    pub(crate) const fn new(message: &'static Message) -> Self {
        Self { message, args: Vec::new() }
    }

    /// Creates a text with its arguments.
    pub(crate) const fn with(message: &'static Message, args: Vec<Arg>) -> Self {
        Self { message, args }
    }

    /// Creates a text that is the same in every language: an amount, a gateway's name, what a user typed.
    pub(crate) fn verbatim(text: impl ToArg) -> Self {
        Self { message: &VERBATIM, args: vec![text.to_arg()] }
    }

    /// True for [`Text::default`].
    pub(crate) fn is_empty(&self) -> bool {
        self.message.key == EMPTY.key
    }

    /// Returns file and key of the message.
    #[cfg(test)]
    pub(crate) const fn key(&self) -> &'static str {
        self.message.key
    }

    /// Returns the text without markup, for downloads and for the command line.
    pub(crate) fn to_plain(&self, reader: impl Into<Reader>) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut text, reader.into(), Form::Plain);
        text
    }

    /// Returns the text in English, without markup, for logs and for the command line.
    pub(crate) fn in_english(&self) -> String {
        self.to_plain(Locale::English)
    }

    /// Returns the text for an attribute or a title, where elements would be shown as tags.
    pub(crate) const fn attr(&self) -> Attribute<'_> {
        Attribute(self)
    }

    pub(super) fn write(&self, out: &mut dyn Write, reader: Reader, form: Form) -> fmt::Result {
        let pattern = match reader.locale {
            Locale::English => self.message.patterns[0],
            Locale::Hindi => self.message.patterns[1],
        };
        self.write_pieces(pattern, out, reader, form)
    }

    fn write_pieces(&self, pieces: &[Piece], out: &mut dyn Write, reader: Reader, form: Form) -> fmt::Result {
        for piece in pieces {
            match piece {
                Piece::Text(text) => write_text(text, out, form)?,
                Piece::Arg(index) => match self.args.get(*index) {
                    Some(arg) => arg.write(out, reader, form)?,
                    None => debug_assert!(false, "{} has no argument {index}", self.message.key),
                },
                Piece::Part(index, pieces) => match self.args.get(*index) {
                    Some(Arg::Part(part)) if form == Form::Html => {
                        out.write_str(part.open())?;
                        self.write_pieces(pieces, out, reader, form)?;
                        out.write_str(part.close())?;
                    }
                    _ => self.write_pieces(pieces, out, reader, form)?,
                },
                Piece::Plural { arg, exact, one, other } => {
                    let Some(Arg::Number(number)) = self.args.get(*arg) else { continue };
                    let exact = exact.iter().find(|(known, _)| known == number).map(|(_, pieces)| *pieces);
                    let pieces = exact.or_else(|| one.filter(|_| reader.locale.is_one(*number))).unwrap_or(other);
                    self.write_pieces(pieces, out, reader, form)?;
                }
            }
        }
        Ok(())
    }
}

impl Arg {
    fn write(&self, out: &mut dyn Write, reader: Reader, form: Form) -> fmt::Result {
        match self {
            Self::Number(number) => {
                out.write_str(if *number < 0 { "\u{2212}" } else { "" })?;
                out.write_str(&grouped(number.unsigned_abs(), 2))
            }
            Self::Value(text) => write_text(text, out, form),
            Self::Isolated(text) if form == Form::Html => write_element("bdi", text, out),
            Self::Code(text) if form == Form::Html => write_element("code", text, out),
            Self::Isolated(text) | Self::Code(text) => write_text(text, out, form),
            Self::Text(text) => text.write(out, reader, form),
            Self::Time(time) => time.write(out, reader, form),
            Self::InZone(text) => text.text(reader.zone).write(out, reader, form),
            // Only a part writes its markup.
            Self::Part(_) => Ok(()),
        }
    }
}

fn write_element(name: &str, text: &str, out: &mut dyn Write) -> fmt::Result {
    write!(out, "<{name}>")?;
    write_text(text, out, Form::Html)?;
    write!(out, "</{name}>")
}

pub(super) fn write_text(text: &str, out: &mut dyn Write, form: Form) -> fmt::Result {
    match form {
        Form::Plain => out.write_str(text),
        Form::Html | Form::Attribute => Html.write_escaped_str(out, text),
    }
}

/// Returns the reader that the page is rendered for.
pub(super) fn reader_of(values: &dyn Values) -> askama::Result<Reader> {
    askama::get_value::<Reader>(values, READER).copied()
}

/// Writes the text in the language of the page.
impl FastWritable for Text {
    fn write_into(&self, out: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        Ok(self.write(out, reader_of(values)?, Form::Html)?)
    }
}

impl HtmlSafe for Text {}

/// A text for an attribute.
#[derive(Debug)]
pub(crate) struct Attribute<'a>(&'a Text);

impl FastWritable for Attribute<'_> {
    fn write_into(&self, out: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        Ok(self.0.write(out, reader_of(values)?, Form::Attribute)?)
    }
}

impl HtmlSafe for Attribute<'_> {}

/// Templates write a text with [`FastWritable`], and askama asks for `Display` all the same. Code that formats a text names its
/// locale instead: in a build with debug assertions, anything else is an error, except in a unit test.
macro_rules! display_in_templates_alone {
    ($($name:ty: $text:expr),+) => { $(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let text: fn(&Self) -> &Text = $text;
                debug_assert!(cfg!(test), "{:?} is formatted without a locale", text(self));
                f.write_str(&text(self).in_english())
            }
        }
    )+ };
}

display_in_templates_alone!(Text: |text| text, Attribute<'_>: |attribute| attribute.0, DisplayTime: |time| &time.text);

impl From<&Text> for Text {
    fn from(text: &Text) -> Self {
        text.clone()
    }
}

#[cfg(test)]
impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        self.in_english() == *other
    }
}

/// What can be an argument. Implemented for references, because templates pass arguments by reference.
pub(crate) trait ToArg {
    fn to_arg(&self) -> Arg;
}

/// What can be an argument with plural forms.
pub(crate) trait ToNumber {
    fn to_number(&self) -> i64;
}

impl<T: ToArg + ?Sized> ToArg for &T {
    fn to_arg(&self) -> Arg {
        T::to_arg(self)
    }
}

impl<T: ToNumber + ?Sized> ToNumber for &T {
    fn to_number(&self) -> i64 {
        T::to_number(self)
    }
}

impl ToArg for str {
    fn to_arg(&self) -> Arg {
        Arg::Value(Cow::Owned(self.to_owned()))
    }
}

impl ToArg for String {
    fn to_arg(&self) -> Arg {
        self.as_str().to_arg()
    }
}

impl ToArg for Isolated<'_> {
    fn to_arg(&self) -> Arg {
        Arg::Isolated(self.0.to_owned())
    }
}

impl ToArg for Money {
    fn to_arg(&self) -> Arg {
        Arg::Value(Cow::Owned(self.to_string()))
    }
}

impl ToArg for Text {
    fn to_arg(&self) -> Arg {
        Arg::Text(self.clone())
    }
}

impl ToArg for DisplayTime {
    fn to_arg(&self) -> Arg {
        Arg::Time(Box::new(self.clone()))
    }
}

impl ToArg for InZone {
    fn to_arg(&self) -> Arg {
        Arg::InZone(*self)
    }
}

impl ToArg for Arg {
    fn to_arg(&self) -> Arg {
        self.clone()
    }
}

macro_rules! numbers {
    ($($name:ty),+) => { $(
        impl ToNumber for $name {
            fn to_number(&self) -> i64 {
                i64::try_from(*self).unwrap_or(i64::MAX)
            }
        }

        impl ToArg for $name {
            fn to_arg(&self) -> Arg {
                Arg::Number(self.to_number())
            }
        }
    )+ };
}
numbers!(i32, i64, u16, u32, u64, usize);

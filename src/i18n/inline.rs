//! Elements within a text: links, emphasis, code, times, and isolated user data.
//!
//! Invariant: whatever becomes an attribute or content here is escaped here.

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
    text::{Arg, Form, Text, reader_of},
};
use crate::primitives::{time::Timestamp, zone::Zone};

/// Markup around a part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    open: Cow<'static, str>,
    close: &'static str,
}

impl Part {
    pub(super) fn open(&self) -> &str {
        &self.open
    }

    pub(super) const fn close(&self) -> &'static str {
        self.close
    }
}

/// What can be around a part. Implemented for references, because templates pass arguments by reference.
pub(crate) trait ToPart {
    fn to_part(&self) -> Part;
}

impl ToPart for Part {
    fn to_part(&self) -> Part {
        self.clone()
    }
}

impl<T: ToPart + ?Sized> ToPart for &T {
    fn to_part(&self) -> Part {
        T::to_part(self)
    }
}

/// Makes the part a link within the console.
pub(crate) fn link(href: impl AsRef<str>) -> Part {
    Part { open: Cow::Owned(anchor(href.as_ref())), close: "</a>" }
}

fn anchor(href: &str) -> String {
    let mut open = String::from("<a href=\"");
    // Writing to a string cannot fail.
    let _ = Html.write_escaped_str(&mut open, href);
    open + "\">"
}

/// Emphasizes the part.
pub(crate) const fn strong() -> Part {
    Part { open: Cow::Borrowed("<b>"), close: "</b>" }
}

/// Makes the part a menu path of a gateway's dashboard.
pub(crate) const fn path() -> Part {
    Part { open: Cow::Borrowed("<span class=\"path\">"), close: "</span>" }
}

/// Text that a user or a gateway wrote. In HTML its direction does not affect the sentence around it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Isolated<'a>(pub(super) &'a str);

/// Marks text as written by a user or a gateway.
pub(crate) fn isolate(text: &(impl AsRef<str> + ?Sized)) -> Isolated<'_> {
    Isolated(text.as_ref())
}

/// Makes an argument of an id, a command or another name of code.
pub(crate) fn code(text: impl AsRef<str>) -> Arg {
    Arg::Code(text.as_ref().to_owned())
}

/// A text about a time, which depends on the zone of the reader.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InZone {
    pub(crate) at: Timestamp,
    pub(crate) now: Timestamp,
    /// Returns the text about the first time as of the second.
    pub(crate) text: fn(Timestamp, Timestamp, Zone) -> Text,
}

impl InZone {
    pub(super) fn text(self, zone: Zone) -> Text {
        (self.text)(self.at, self.now, zone)
    }
}

/// Equal if the texts are equal in the default zone.
impl PartialEq for InZone {
    fn eq(&self, other: &Self) -> bool {
        self.text(Zone::default()) == other.text(Zone::default())
    }
}

impl Eq for InZone {}

/// A time for a `<time>` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DisplayTime {
    /// RFC 3339, for `datetime`. Empty if the time is unknown.
    pub(crate) iso: String,
    /// To the second with the time zone, for the title.
    pub(crate) exact: Text,
    /// The displayed text.
    pub(crate) text: Text,
    /// True if the text is relative and is updated by script.
    pub(crate) is_recent: bool,
}

impl DisplayTime {
    pub(super) fn write(&self, out: &mut dyn Write, reader: Reader, form: Form) -> fmt::Result {
        if form != Form::Html {
            return self.text.write(out, reader, form);
        }
        let element = if self.iso.is_empty() { "span" } else { "time" };
        write!(out, "<{element}")?;
        if !self.iso.is_empty() {
            write!(out, " datetime=\"{}\"", self.iso)?;
        }
        out.write_str(" title=\"")?;
        self.exact.write(out, reader, Form::Attribute)?;
        out.write_str(if self.is_recent { "\" data-ago>" } else { "\">" })?;
        self.text.write(out, reader, form)?;
        write!(out, "</{element}>")
    }
}

/// Writes the element in the language of the page.
impl FastWritable for DisplayTime {
    fn write_into(&self, out: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        Ok(self.write(out, reader_of(values)?, Form::Html)?)
    }
}

impl HtmlSafe for DisplayTime {}

/// The language tag of a page, for `lang`.
#[derive(Debug)]
pub(crate) struct PageLanguage;

impl FastWritable for PageLanguage {
    fn write_into(&self, out: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        Ok(out.write_str(reader_of(values)?.locale.tag())?)
    }
}

impl HtmlSafe for PageLanguage {}

/// askama asks for it although it writes with [`FastWritable`].
impl fmt::Display for PageLanguage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Locale::English.tag())
    }
}

/// Marks the button of the language that the page is in.
#[derive(Debug)]
pub(crate) struct PressedIf(pub(crate) Locale);

impl FastWritable for PressedIf {
    fn write_into(&self, out: &mut dyn Write, values: &dyn Values) -> askama::Result<()> {
        let is_pressed = reader_of(values)?.locale == self.0;
        Ok(write!(out, "aria-pressed=\"{is_pressed}\"")?)
    }
}

impl HtmlSafe for PressedIf {}

/// askama asks for it although it writes with [`FastWritable`].
impl fmt::Display for PressedIf {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

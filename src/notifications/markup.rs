//! The small markup of texts that users write: paragraphs, lists, bold and links.
//!
//! Invariant: a text is parsed before any value is put into it, so no value becomes markup. It never contains HTML; the templates
//! of emails escape every string.

use serde::{Deserialize, Serialize};

/// A paragraph or a list, of lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Block {
    Paragraph(Vec<Line>),
    List(Vec<Line>),
}

/// The spans of a line, in order.
pub(crate) type Line = Vec<Span>;

/// A piece of a line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Span {
    Text(String),
    Bold(String),
    Link { label: String, url: String },
}

impl Span {
    /// Returns it with its visible text replaced. A link's address stays.
    pub(crate) fn map(&self, replace: impl FnOnce(&str) -> String) -> Self {
        match self {
            Self::Text(text) => Self::Text(replace(text)),
            Self::Bold(text) => Self::Bold(replace(text)),
            Self::Link { label, url } => Self::Link { label: replace(label), url: url.clone() },
        }
    }

    fn plain(&self) -> String {
        match self {
            Self::Text(text) | Self::Bold(text) => text.clone(),
            Self::Link { label, url } => format!("{label} ({url})"),
        }
    }
}

impl Block {
    pub(crate) const fn lines(&self) -> &Vec<Line> {
        match self {
            Self::Paragraph(lines) | Self::List(lines) => lines,
        }
    }

    /// Returns it with the visible text of every span replaced.
    pub(crate) fn map(&self, mut replace: impl FnMut(&str) -> String) -> Self {
        let lines = self.lines().iter().map(|line| line.iter().map(|span| span.map(&mut replace)).collect()).collect();
        match self {
            Self::Paragraph(_) => Self::Paragraph(lines),
            Self::List(_) => Self::List(lines),
        }
    }

    /// Returns it as text.
    pub(crate) fn plain(&self) -> String {
        let mark = if matches!(self, Self::List(_)) { "- " } else { "" };
        let lines = self.lines().iter().map(|line| format!("{mark}{}", line.iter().map(Span::plain).collect::<String>()));
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// Parses a text. What is not closed is text.
pub(crate) fn parse(text: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut is_new = true;
    for line in text.lines().map(str::trim) {
        if line.is_empty() {
            is_new = true;
            continue;
        }
        match (line.strip_prefix("- "), blocks.last_mut()) {
            (Some(item), Some(Block::List(items))) if !is_new => items.push(spans(item)),
            (Some(item), _) => blocks.push(Block::List(vec![spans(item)])),
            (None, Some(Block::Paragraph(lines))) if !is_new => lines.push(spans(line)),
            (None, _) => blocks.push(Block::Paragraph(vec![spans(line)])),
        }
        is_new = false;
    }
    blocks
}

fn spans(line: &str) -> Line {
    let (mut spans, mut rest, mut from) = (Vec::new(), line, 0);
    while let Some(at) = rest[from..].find(['*', '[']).map(|at| from + at) {
        let Some((span, after)) = special(&rest[at..]) else {
            from = at + 1;
            continue;
        };
        if at > 0 {
            spans.push(Span::Text(rest[..at].to_owned()));
        }
        spans.push(span);
        (rest, from) = (after, 0);
    }
    if !rest.is_empty() {
        spans.push(Span::Text(rest.to_owned()));
    }
    spans
}

/// Returns the bold text or the link at the beginning, and what follows it.
fn special(text: &str) -> Option<(Span, &str)> {
    if let Some(bold) = text.strip_prefix("**") {
        let (bold, after) = bold.split_once("**").filter(|(bold, _)| !bold.trim().is_empty())?;
        return Some((Span::Bold(bold.to_owned()), after));
    }
    let (label, target) = text.strip_prefix('[')?.split_once("](").filter(|(label, _)| !label.trim().is_empty())?;
    let (url, after) = target.split_once(')')?;
    Some((Span::Link { label: label.to_owned(), url: url.trim().to_owned() }, after))
}

/// Returns the addresses of the links.
pub(crate) fn links(blocks: &[Block]) -> impl Iterator<Item = &str> {
    blocks.iter().flat_map(Block::lines).flatten().filter_map(|span| match span {
        Span::Link { url, .. } => Some(url.as_str()),
        Span::Text(_) | Span::Bold(_) => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Span {
        Span::Text(text.to_owned())
    }

    #[test]
    fn a_text_has_paragraphs_lists_bold_and_links() {
        let blocks = parse("Hello,\nyour **order** is on its way:\n\n- one\n- [two](https://shop.example/a)!\n\nBye");
        let link = Span::Link { label: "two".to_owned(), url: "https://shop.example/a".to_owned() };
        let expected = [
            Block::Paragraph(vec![
                vec![text("Hello,")],
                vec![text("your "), Span::Bold("order".to_owned()), text(" is on its way:")],
            ]),
            Block::List(vec![vec![text("one")], vec![link, text("!")]]),
            Block::Paragraph(vec![vec![text("Bye")]]),
        ];
        assert_eq!(blocks, expected);
        assert_eq!(links(&blocks).collect::<Vec<_>>(), ["https://shop.example/a"]);
        let plain: Vec<_> = blocks.iter().map(Block::plain).collect();
        assert_eq!(plain, ["Hello,\nyour order is on its way:", "- one\n- two (https://shop.example/a)!", "Bye"]);
    }

    #[test]
    fn a_list_may_follow_its_paragraph_without_an_empty_line() {
        let plain: Vec<_> = parse("Items:\n- a\n- b\nThanks").iter().map(Block::plain).collect();
        assert_eq!(plain, ["Items:", "- a\n- b", "Thanks"]);
    }

    #[test]
    fn what_is_not_closed_is_text() {
        for line in ["2 * 3 ** 4", "** **", "[a]", "[](https://x.example)", "[a](b", "a [b", "****", "नीम *"] {
            assert_eq!(spans(line), [text(line)], "{line}");
        }
    }

    #[test]
    fn a_value_never_becomes_markup() {
        let put = |_: &str| "**x** [y](https://evil.example)\n- z".to_owned();
        let filled: Vec<_> = parse("a").iter().map(|block| block.map(put)).collect();
        assert_eq!(filled, [Block::Paragraph(vec![vec![text("**x** [y](https://evil.example)\n- z")]])]);
    }
}

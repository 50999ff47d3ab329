//! The catalogue's functions, by messages that only the tests have.

use askama::Template;

use super::*;
use crate::primitives::time::Timestamp;

static PLAIN: Message = Message { key: "t.plain", patterns: [&[Piece::Text("Fish & chips")], &[Piece::Text("मछली")]] };
static COUNT: Message = Message {
    key: "t.count",
    patterns: [
        &[Piece::Plural {
            arg: 0,
            exact: &[(0, &[Piece::Text("nothing")])],
            one: Some(&[Piece::Arg(0), Piece::Text(" event")]),
            other: &[Piece::Arg(0), Piece::Text(" events")],
        }],
        &[Piece::Plural {
            arg: 0, exact: &[], one: Some(&[Piece::Text("एक")]), other: &[Piece::Arg(0), Piece::Text(" इवेंट")]
        }],
    ],
};
static SENTENCE: Message = Message {
    key: "t.sentence",
    patterns: [
        &[Piece::Part(1, &[Piece::Text("Open "), Piece::Arg(0)]), Piece::Text(".")],
        &[Piece::Arg(0), Piece::Text(" "), Piece::Part(1, &[Piece::Text("खोलें")])],
    ],
};

#[derive(Template)]
#[template(source = "<p title=\"{{ text.attr() }}\">{{ text }}</p>", ext = "html")]
struct Page {
    text: Text,
}

fn page(text: Text, locale: Locale) -> String {
    Page { text }.render_with_values(&Reader::from(locale)).unwrap()
}

#[test]
fn a_text_is_written_in_the_language_of_the_page_and_escaped() {
    assert_eq!(page(Text::new(&PLAIN), Locale::English), "<p title=\"Fish &#38; chips\">Fish &#38; chips</p>");
    assert_eq!(page(Text::new(&PLAIN), Locale::Hindi), "<p title=\"मछली\">मछली</p>");
    assert_eq!(Text::new(&PLAIN).in_english(), "Fish & chips");
}

#[test]
fn a_page_without_a_language_is_an_error() {
    assert!(matches!(Page { text: Text::new(&PLAIN) }.render(), Err(askama::Error::ValueMissing)));
}

#[test]
fn a_number_takes_the_plural_form_of_the_language() {
    let said = |count: i64, locale| Text::with(&COUNT, vec![count.to_arg()]).to_plain(locale);
    assert_eq!(
        [0, 1, 2, 123_456].map(|count| said(count, Locale::English)),
        ["nothing", "1 event", "2 events", "1,23,456 events"]
    );
    assert_eq!([0, 1, 2].map(|count| said(count, Locale::Hindi)), ["एक", "एक", "2 इवेंट"]);
}

#[test]
fn user_data_and_links_are_escaped_and_have_no_markup_in_attributes() {
    let text = Text::with(&SENTENCE, vec![isolate("<b>शॉप</b>").to_arg(), Arg::Part(link("/a?b=\"&c"))]);
    assert_eq!(
        page(text.clone(), Locale::English),
        "<p title=\"Open &#60;b&#62;शॉप&#60;/b&#62;.\"><a href=\"/a?b=&#34;&#38;c\">Open \
         <bdi>&#60;b&#62;शॉप&#60;/b&#62;</bdi></a>.</p>"
    );
    assert_eq!(text.to_plain(Locale::Hindi), "<b>शॉप</b> खोलें");
}

#[test]
fn a_time_is_an_element_in_html_alone() {
    let time = DisplayTime {
        iso: "2026-11-22T19:41:57+05:30".to_owned(),
        exact: Text::verbatim("22 Nov 2026"),
        text: Text::new(&PLAIN),
        is_recent: true,
    };
    let text = Text::with(&SENTENCE, vec![time.to_arg(), Arg::Part(strong())]);
    let html = page(text.clone(), Locale::English);
    assert!(
        html.contains(
            "<b>Open <time datetime=\"2026-11-22T19:41:57+05:30\" title=\"22 Nov 2026\" data-ago>Fish &#38; chips</time></b>."
        ),
        "{html}"
    );
    assert_eq!(text.in_english(), "Open Fish & chips.");
}

#[test]
fn a_text_about_a_time_is_in_the_zone_of_the_reader() {
    let text = |at, _, zone: Zone| Text::verbatim(zone.zoned(at).strftime("%-d %b, %H:%M").to_string());
    let at = Timestamp::from_seconds(1_795_343_403);
    let said = Text::verbatim(InZone { at, now: at, text });
    let within = Text::with(&SENTENCE, vec![said.to_arg(), Arg::Part(strong())]);
    for (zone, wanted) in [
        ("Asia/Kolkata", "22 Nov, 16:00"),
        ("Asia/Kathmandu", "22 Nov, 16:15"),
        ("Pacific/Auckland", "22 Nov, 23:30"),
        ("Pacific/Kiritimati", "23 Nov, 00:30"),
    ] {
        let reader = Reader { locale: Locale::English, zone: zone.parse().unwrap() };
        assert_eq!((said.to_plain(reader), within.to_plain(reader)), (wanted.to_owned(), format!("Open {wanted}.")));
        assert!(Page { text: said.clone() }.render_with_values(&reader).unwrap().contains(wanted));
    }
    assert_eq!(said.in_english(), "22 Nov, 16:00");
}

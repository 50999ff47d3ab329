//! Where requests end, compared with the codec that parses them.

use actix_http::{
    ServiceConfig,
    h1::{Codec, Message},
};
use actix_web::web::BytesMut;
use proptest::{collection::vec, prelude::*, sample::select};
use tokio_util::codec::Decoder as _;

use super::*;

/// The result of parsing by actix: each request, the bytes of bodies, the ends of bodies, and the first error.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parsed {
    requests: Vec<String>,
    bodies: Vec<u8>,
    ended: usize,
    is_rejected: bool,
}

struct Actix {
    codec: Codec,
    buffer: BytesMut,
    parsed: Parsed,
    /// The framing of the body of the last request.
    body: Option<Body>,
}

#[derive(Debug, Clone, Copy)]
enum Body {
    Length(usize),
    Chunked(ChunkedEnd),
}

impl Actix {
    fn new() -> Self {
        let (codec, buffer) = (Codec::new(ServiceConfig::default()), BytesMut::new());
        Self { codec, buffer, parsed: Parsed::default(), body: None }
    }

    /// Returns how many requests these bytes complete.
    fn feed(&mut self, bytes: &[u8]) -> usize {
        self.buffer.extend_from_slice(bytes);
        let before = self.parsed.requests.len();
        while !self.parsed.is_rejected {
            match self.codec.decode(&mut self.buffer) {
                Ok(Some(Message::Item(request))) => {
                    let head = request.head();
                    self.parsed.requests.push(format!("{} {}", head.method, head.uri));
                    let length = head.headers.get("content-length").map(|length| length.to_str().unwrap().parse().unwrap());
                    let is_chunked = head.headers.contains_key("transfer-encoding");
                    self.body = Some(if is_chunked {
                        Body::Chunked(ChunkedEnd::new())
                    } else {
                        Body::Length(length.unwrap_or_default())
                    });
                }
                Ok(Some(Message::Chunk(Some(chunk)))) => self.parsed.bodies.extend_from_slice(&chunk),
                Ok(Some(Message::Chunk(None))) => self.parsed.ended += 1,
                Ok(None) => break,
                Err(_) => self.parsed.is_rejected = true,
            }
        }
        self.parsed.requests.len() - before
    }
}

/// Feeds actix as the socket does: a head, then its body, then the next head. Returns the maximum number of requests that one
/// piece completed.
fn feed_framed(pieces: &[&[u8]]) -> (Parsed, usize) {
    let (mut actix, mut head, mut most) = (Actix::new(), HeadEnd::default(), 0);
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() && !actix.parsed.is_rejected {
            let (taken, is_complete) = match actix.body.as_mut() {
                None => head.take(rest),
                Some(Body::Length(length)) => {
                    let taken = rest.len().min(*length);
                    *length -= taken;
                    (taken, *length == 0)
                }
                Some(Body::Chunked(end)) => end.take(rest),
            };
            let (part, left) = rest.split_at(taken);
            let is_head = actix.body.is_none();
            most = most.max(actix.feed(part));
            rest = left;
            if is_head && is_complete {
                head = HeadEnd::default();
                assert!(actix.body.is_some() || actix.parsed.is_rejected, "a head ends where httparse finds its end");
            } else if is_head {
                assert!(actix.body.is_none(), "httparse finds no end before");
            } else if is_complete {
                actix.body = None;
            }
            if matches!(actix.body, Some(Body::Length(0))) {
                actix.body = None;
            }
        }
    }
    (actix.parsed, most)
}

fn line_end() -> impl Strategy<Value = &'static str> {
    select(vec!["\r\n", "\r\n", "\n"])
}

fn header() -> impl Strategy<Value = String> {
    let value = select(vec!["", "a", "GET / HTTP/1.1", "\tb ", "close", "x\u{e9}", "0"]);
    (select(vec!["A", "Accept", "X-Content-Length", "Expect"]), select(vec![":", ": "]), value, line_end())
        .prop_map(|(name, colon, value, end)| format!("{name}{colon}{value}{end}"))
}

/// Data that looks like heads and chunks.
fn data() -> impl Strategy<Value = Vec<u8>> {
    vec(select(vec!["\r\n", "\n", "0\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "5\r\nhello\r\n", "\0\r", "a"]), 0..6)
        .prop_map(|parts| parts.concat().into_bytes())
}

fn chunk() -> impl Strategy<Value = Vec<u8>> {
    (data(), select(vec!["", ";a=b", " ", "\t;x=\"\u{e9}\""]), 0..3_usize).prop_map(|(mut data, extension, zeros)| {
        data.push(b'z');
        let size = format!("{}{:X}{extension}\r\n", "0".repeat(zeros), data.len());
        [size.as_bytes(), &data, b"\r\n"].concat()
    })
}

fn chunked() -> impl Strategy<Value = Vec<u8>> {
    let trailers = vec(select(vec!["A: b\r\n", "Content-Length: 3\r\n", "\n\r\n", "GET / HTTP/1.1\r\n"]), 0..3);
    (vec(chunk(), 0..4), select(vec!["0\r\n", "00;x\r\n"]), trailers)
        .prop_map(|(chunks, last, trailers)| [&chunks.concat(), last.as_bytes(), trailers.concat().as_bytes(), b"\r\n"].concat())
}

fn request() -> impl Strategy<Value = Vec<u8>> {
    let head = (vec(line_end(), 0..2), line_end(), vec(header(), 0..4), line_end(), line_end());
    let body = prop_oneof![
        3 => Just((String::new(), Vec::new())),
        2 => data().prop_map(|data| (format!("Content-Length: {}", data.len()), data)),
        2 => chunked().prop_map(|data| ("Transfer-Encoding: chunked".to_owned(), data)),
    ];
    (head, body).prop_map(|((before, first, headers, length_end, end), (length, body))| {
        let line = if length.is_empty() { String::new() } else { length + length_end };
        let head = format!("{}POST /a HTTP/1.1{first}Host: b{first}{}{line}{end}", before.concat(), headers.concat());
        [head.as_bytes(), &body].concat()
    })
}

/// Splits bytes at these positions.
fn cut(bytes: &[u8], places: &[prop::sample::Index]) -> Vec<Vec<u8>> {
    let mut places: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    places.extend([0, bytes.len()]);
    places.sort_unstable();
    places.windows(2).map(|pair| bytes[pair[0]..pair[1]].to_vec()).collect()
}

/// Runs on an actix runtime, which the clock of actix's parser needs.
fn check(bytes: &[u8], places: &[prop::sample::Index]) -> Result<Parsed, TestCaseError> {
    actix_web::rt::System::new().block_on(async { compare(bytes, places) })
}

fn compare(bytes: &[u8], places: &[prop::sample::Index]) -> Result<Parsed, TestCaseError> {
    let mut whole = Actix::new();
    whole.feed(bytes);
    let pieces = cut(bytes, places);
    let (framed, most) = feed_framed(&pieces.iter().map(Vec::as_slice).collect::<Vec<_>>());
    prop_assert!(most <= 1, "{most} requests were parsed from one piece");
    prop_assert_eq!(&framed, &whole.parsed);
    Ok(framed)
}

proptest! {
    #[test]
    fn each_request_ends_where_actix_finds_its_end(
        requests in vec(request(), 1..6),
        places in vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let parsed = check(&requests.concat(), &places)?;
        prop_assert_eq!((parsed.requests.len(), parsed.is_rejected), (requests.len(), false));
    }

    /// Replaces one byte, so that heads and chunks are invalid at any position.
    #[test]
    fn what_actix_rejects_is_parsed_as_without_framing(
        requests in vec(request(), 1..4),
        places in vec(any::<prop::sample::Index>(), 0..12),
        broken in any::<prop::sample::Index>(),
        byte in select(b"\r\n :;0a\0\x7f".to_vec()),
    ) {
        let mut bytes = requests.concat();
        let place = broken.index(bytes.len());
        bytes[place] = byte;
        check(&bytes, &places)?;
    }
}

#[test]
fn trailers_and_chunk_extensions_have_the_limit_of_a_head() {
    let extra = "a".repeat(MAX_HEAD_BYTES);
    let too_long = |body: &str| {
        let mut end = ChunkedEnd::new();
        end.take(body.as_bytes());
        end.is_too_long()
    };
    assert!(too_long(&format!("5;{extra}")) && too_long(&format!("0\r\n{extra}")));
    assert!(too_long(&"0".repeat(MAX_HEAD_BYTES + 2)) && too_long(&"1;a=b\r\na\r\n".repeat(MAX_HEAD_BYTES / 4)));
    assert!(!too_long(&"1\r\na\r\n".repeat(MAX_HEAD_BYTES)) && !too_long(&format!("FFFF\r\n{extra}")));
}

#[test]
fn empty_lines_before_a_request_belong_to_its_head() {
    let mut end = HeadEnd::default();
    assert_eq!(end.take(b"\r\n\n\r\nGET / HTTP/1.1\r\nHost: a\n"), (29, false));
    assert_eq!(end.take(b"\r"), (1, false));
    assert_eq!(end.take(b"\nGET"), (1, true));
    assert_eq!(end.remaining(), MAX_HEAD_BYTES - 31);
}

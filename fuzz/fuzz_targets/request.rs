//! Request parts other than the signature, and values that people type into forms.
//!
//! An input is a first line (a path, URL, domain or secret: it is tried as each), header lines, an empty line, and a body,
//! which is also tried as a form.
#![no_main]

use ks_pay::{
    fuzzing::{self, Header},
    primitives::{
        email,
        id::{AppId, ConnectionId, EventId, TransactionId},
        money::Currency,
    },
};
use libfuzzer_sys::fuzz_target;
use ring::digest;
use url::Url;

const NOW: i64 = 1_795_000_000;

fuzz_target!(init: ks_pay_fuzz::sow(ks_pay_fuzz::requests), |input: &[u8]| {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let mut lines = head.split(|&byte| byte == b'\n');
    let first = lines.next().unwrap_or_default();
    let headers: Vec<Header> = lines.filter_map(header).collect();
    typed(&String::from_utf8_lossy(first));
    kept_headers(&headers);
    identities(&headers, body);
    dedupe_prefix(body);
    form(body);
});

/// Parses a header with a name that HTTP accepts. Values may be worse here than HTTP allows.
fn header(line: &[u8]) -> Option<Header> {
    let colon = line.windows(2).position(|pair| pair == b": ")?;
    let name = String::from_utf8(line[..colon].to_ascii_lowercase()).ok()?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte));
    is_name.then(|| (name, line[colon + 2..].to_vec()))
}

fn typed(text: &str) {
    if let Some(endpoint) = fuzzing::endpoint_of(text) {
        assert_eq!(format!("/webhooks/{endpoint}"), text);
        assert!(!endpoint.is_empty() && !endpoint.contains('/'));
    }
    if fuzzing::is_local(text) {
        let here = Url::parse("https://console.example/login").expect("a URL");
        assert_eq!(here.join(text).map(|there| there.origin()), Ok(here.origin()), "{text:?} leads elsewhere");
        assert!(text.bytes().all(|byte| byte.is_ascii_graphic()), "it would stand in a header");
    }
    if fuzzing::url_objections(text).is_empty() {
        let url = Url::parse(text).expect("what is taken is a URL");
        assert!(url.has_host() && text.chars().count() <= 255);
    }
    if let Some(domain) = fuzzing::domain(text) {
        assert_eq!(fuzzing::domain(&domain).as_deref(), Some(domain.as_str()), "what is taken is taken again as it is");
        assert!(domain.is_ascii() && domain.len() <= 253, "{domain:?}");
    }
    for gateway in fuzzing::gateways() {
        if let Some(shown) = fuzzing::pasted(gateway, text) {
            assert_eq!(fuzzing::pasted(gateway, &shown).as_ref(), Some(&shown), "a SECRET that is shown can be pasted");
        }
    }
    if let Ok(currency) = text.parse::<Currency>() {
        assert_eq!(currency.as_str(), text);
    }
    if let Ok(address) = email::parse(text) {
        assert_eq!(email::parse(&address).as_ref(), Ok(&address), "one address has one form");
    }
    ids(text);
}

/// Asserts that an id has one textual form.
fn ids(text: &str) {
    let again = [
        text.parse::<AppId>().map(|id| id.to_string()),
        text.parse::<ConnectionId>().map(|id| id.to_string()),
        text.parse::<EventId>().map(|id| id.to_string()),
        text.parse::<TransactionId>().map(|id| id.to_string()),
    ];
    assert!(again.into_iter().flatten().all(|id| id == text), "{text:?}");
}

/// Asserts that headers become JSON that both databases accept, without the credentials.
fn kept_headers(headers: &[Header]) {
    let text = fuzzing::headers_json(headers);
    let kept: Vec<(String, String)> = serde_json::from_str(&text).expect("JSON");
    assert!(!kept.iter().any(|(_, value)| value.contains('\0')), "PostgreSQL takes no NUL in JSON");
    let is_secret = |name: &str| ["authorization", "proxy-authorization", "cookie"].contains(&name);
    let names: Vec<&str> = headers.iter().map(|(name, _)| name.as_str()).filter(|name| !is_secret(name)).collect();
    assert_eq!(kept.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), names);
}

fn identities(headers: &[Header], body: &[u8]) {
    let mut sha256 = [0; 32];
    sha256.copy_from_slice(digest::digest(&digest::SHA256, body).as_ref());
    for (gateway, name) in [("razorpay", "x-razorpay-event-id"), ("standard-webhooks", "webhook-id")] {
        let id = fuzzing::event_id(gateway, headers);
        let lines: Vec<&[u8]> = headers.iter().filter(|(known, _)| known == name).map(|(_, value)| value.as_slice()).collect();
        let clean = |id: &&[u8]| (1..=128).contains(&id.len()) && id.iter().all(|byte| (0x21..=0x7e).contains(byte));
        let expected = match lines.as_slice() {
            [only] => Some(*only).filter(clean),
            _ => None,
        };
        assert_eq!(id.as_deref().map(str::as_bytes), expected, "{gateway}");
        let dedupe_key = fuzzing::dedupe_key(gateway, sha256, id.as_deref()).expect("a gateway of ours");
        assert_eq!(dedupe_key == sha256, gateway == "razorpay" || id.is_none(), "only an id that is signed counts");
    }
}

fn dedupe_prefix(body: &[u8]) {
    let dedupe_prefix = fuzzing::dedupe_prefix(body);
    assert!(dedupe_prefix.len() <= 64 && dedupe_prefix.bytes().all(|byte| byte.is_ascii_graphic()));
    let mark = format!("\"id\":\"{dedupe_prefix}\"");
    assert!(dedupe_prefix.is_empty() || body.windows(mark.len()).any(|window| window == mark.as_bytes()));
}

/// Asserts that a form accepts no invisible characters and no unbounded value.
fn form(body: &[u8]) {
    for line in fuzzing::accepted_lines(body, NOW) {
        assert!(!line.chars().any(char::is_control) && line.trim() == line, "{line:?}");
        assert!((1..=256).contains(&line.chars().count()), "{line:?}");
    }
}

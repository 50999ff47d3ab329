//! A request is verified exactly when its signature equals the one computed in this file, in exactly the documented form.
//!
//! An input is a head of lines, an empty line, and a body: `secret TEXT`, `over TEXT` for an expired secret, and `name: value`.
//! In a value `{hex0}` and `{base0}` represent the valid signature under the first secret, and so on, since no fuzzer finds a
//! signature by itself.
#![no_main]

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ks_pay::fuzzing::{self, Header};
use libfuzzer_sys::fuzz_target;
use ring::hmac;

const NOW: i64 = 1_795_000_000;

struct Request<'a> {
    secrets: Vec<(&'a str, Option<i64>)>,
    headers: Vec<(String, &'a [u8])>,
    body: &'a [u8],
}

fuzz_target!(init: ks_pay_fuzz::sow(ks_pay_fuzz::signed), |input: &[u8]| {
    let request = request(input);
    for gateway in fuzzing::gateways() {
        let headers = request.signed(gateway);
        let expected = request.secrets.iter().position(|(secret, until)| {
            (16..=256).contains(&secret.len())
                && until.is_none_or(|until| until > NOW)
                && is_right(gateway, &headers, request.body, secret)
        });
        let verifying = fuzzing::verifying_secret(gateway, &headers, request.body, &request.secrets, NOW);
        assert_eq!(verifying, expected, "{gateway}: {headers:?}");
        assert!(verifying.is_none() || request.says_so(gateway), "verified without a signature");
    }
});

fn request(input: &[u8]) -> Request<'_> {
    let end = input.windows(2).position(|pair| pair == b"\n\n");
    let (head, body) = end.map_or((input, &[][..]), |end| (&input[..end], &input[end + 2..]));
    let mut request = Request { secrets: Vec::new(), headers: Vec::new(), body };
    for line in head.split(|&byte| byte == b'\n') {
        if let Some(secret) = line.strip_prefix(b"secret ").and_then(|text| std::str::from_utf8(text).ok()) {
            request.secrets.push((secret, None));
        } else if let Some(secret) = line.strip_prefix(b"over ").and_then(|text| std::str::from_utf8(text).ok()) {
            request.secrets.push((secret, Some(NOW)));
        } else if let Some(colon) = line.windows(2).position(|pair| pair == b": ") {
            request.headers.push((String::from_utf8_lossy(&line[..colon]).to_lowercase(), &line[colon + 2..]));
        }
    }
    request
}

impl Request<'_> {
    /// Returns the headers with every placeholder replaced by its signature.
    fn signed(&self, gateway: &str) -> Vec<Header> {
        let fill = |value: &[u8]| {
            let mut value = value.to_vec();
            for (number, (secret, _)) in self.secrets.iter().enumerate().take(4) {
                let mac = mac(gateway, &self.plain(), self.body, secret).unwrap_or_default();
                value = replace(value, &format!("{{hex{number}}}"), &hex(&mac));
                value = replace(value, &format!("{{base{number}}}"), &STANDARD.encode(&mac));
            }
            value
        };
        self.headers.iter().map(|(name, value)| (name.clone(), fill(value))).collect()
    }

    fn plain(&self) -> Vec<Header> {
        self.headers.iter().map(|(name, value)| (name.clone(), value.to_vec())).collect()
    }

    /// Returns whether the input contains a placeholder for a signature: nothing else can verify.
    fn says_so(&self, gateway: &str) -> bool {
        let mark: &[u8] = if gateway == "razorpay" { b"{hex" } else { b"{base" };
        self.headers.iter().any(|(_, value)| value.windows(mark.len()).any(|window| window == mark))
    }
}

fn is_right(gateway: &str, headers: &[Header], body: &[u8], secret: &str) -> bool {
    let Some(mac) = mac(gateway, headers, body, secret) else { return false };
    if gateway == "razorpay" {
        return only(headers, "x-razorpay-signature") == Some(hex(&mac).as_bytes());
    }
    let wanted = format!("v1,{}", STANDARD.encode(&mac));
    let time = only(headers, "webhook-timestamp").and_then(|text| std::str::from_utf8(text).ok());
    let is_digits = time.is_some_and(|text| (1..=12).contains(&text.len()) && text.chars().all(|digit| digit.is_ascii_digit()));
    let is_near = time.and_then(|text| text.parse::<i64>().ok()).is_some_and(|time| (NOW - 300..=NOW + 300).contains(&time));
    let list = only(headers, "webhook-signature").unwrap_or_default();
    let is_named = only(headers, "webhook-id").is_some_and(|id| !id.is_empty());
    is_digits && is_near && is_named && list.split(|&byte| byte == b' ').any(|item| item == wanted.as_bytes())
}

fn mac(gateway: &str, headers: &[Header], body: &[u8], secret: &str) -> Option<Vec<u8>> {
    if gateway == "razorpay" {
        return Some(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), body).as_ref().to_vec());
    }
    let key = STANDARD.decode(secret).ok().filter(|key| !key.is_empty())?;
    let (id, time) = (only(headers, "webhook-id")?, only(headers, "webhook-timestamp")?);
    let signed = [id, time, body].join(&b'.');
    Some(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, &key), &signed).as_ref().to_vec())
}

/// Returns the header's value if the header occurs exactly once.
fn only<'a>(headers: &'a [Header], name: &str) -> Option<&'a [u8]> {
    let mut found = headers.iter().filter(|(known, _)| known == name);
    let first = found.next()?;
    found.next().is_none().then_some(first.1.as_slice())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn replace(text: Vec<u8>, mark: &str, by: &str) -> Vec<u8> {
    match text.windows(mark.len()).position(|window| window == mark.as_bytes()) {
        Some(at) => [&text[..at], by.as_bytes(), &text[at + mark.len()..]].concat(),
        None => text,
    }
}

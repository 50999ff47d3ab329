//! Shapes of rejected requests, and a fair order by shape. Pure.
//!
//! Invariant: anyone can copy any shape, so it decides only which request is diagnosed and stored first. A flood has few
//! shapes, or few senders, so its requests are last; a request unlike the others is first.

use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hasher as _},
    net::IpAddr,
};

use super::Reason;
use crate::{
    gateways::Gateway,
    primitives::network::{network, site},
};

/// Leading bytes of a body that are considered: the names of its first fields.
const PREFIX_BYTES: usize = 24;

/// The properties that requests share, as digests: of the sender first, then of the request, the coarsest first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Shape {
    network: u64,
    sender: u64,
    /// The notation of the signature.
    form: u64,
    /// The length and the beginning of the body.
    body: u64,
    /// The values of other headers.
    rest: u64,
}

impl Shape {
    pub(crate) fn of((gateway, reason): (Gateway, Reason), headers: &[(String, Vec<u8>)], body: &[u8], address: IpAddr) -> Self {
        let address = address.to_canonical();
        let header = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_slice());
        let short = |name: &str| header(name).map(|value| without_digits(&value[..value.len().min(PREFIX_BYTES)]));
        let signatures: Vec<_> =
            headers.iter().filter(|(name, _)| is_of_a_signature(name)).map(|(name, value)| (name, writing(value))).collect();
        let layout = [&b"\n"[..], b"\": ", b"\\\"", b"%"].map(|mark| memchr::memmem::find(body, mark).is_some());
        let signature = &gateway.profile().signature;
        let event_id = [signature.id_header, signature.time_header].map(|name| header(name).map(<[u8]>::len));
        Self {
            network: digest(site(address)),
            sender: digest(network(address)),
            form: digest((gateway, reason, signatures)),
            body: digest((body.len().checked_ilog2(), layout, without_digits(&body[..body.len().min(PREFIX_BYTES)]))),
            rest: digest((short("user-agent"), short("content-type"), event_id)),
        }
    }

    /// Returns the shape of a request, independent of its sender and of the headers that are easiest to vary.
    pub(crate) fn likeness(&self) -> u64 {
        digest((self.form, self.body))
    }

    const fn by_sender(&self) -> [u64; 5] {
        [self.network, self.sender, self.form, self.body, self.rest]
    }

    const fn by_look(&self) -> [u64; 5] {
        [self.form, self.body, self.rest, self.network, self.sender]
    }
}

fn digest(of: impl std::hash::Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

fn is_of_a_signature(name: &str) -> bool {
    ["sign", "hmac", "hub-", "-sig", "verif", "hash"].iter().any(|part| name.contains(part))
}

fn without_digits(text: &[u8]) -> Vec<u8> {
    text.iter().filter(|byte| !byte.is_ascii_digit()).copied().collect()
}

/// Returns the length, alphabet and prefix of a signature.
fn writing(value: &[u8]) -> (usize, bool, bool, bool, Vec<u8>) {
    let any = |is_so: fn(&u8) -> bool| value.iter().any(is_so);
    let mark = value.iter().take(PREFIX_BYTES).position(|byte| matches!(byte, b'=' | b':' | b',')).unwrap_or_default();
    let is_beyond_hex = any(|byte| byte.is_ascii_alphabetic() && !byte.is_ascii_hexdigit());
    (
        value.len(),
        any(u8::is_ascii_uppercase),
        is_beyond_hex,
        any(|byte| !byte.is_ascii_alphanumeric()),
        without_digits(&value[..mark]),
    )
}

/// Returns the requests in a fair order: those first that are unlike the others by sender or by look.
pub(crate) fn order(shapes: &[Shape]) -> Vec<usize> {
    let mut best = vec![usize::MAX; shapes.len()];
    for path in [Shape::by_sender as fn(&Shape) -> [u64; 5], Shape::by_look] {
        let paths: Vec<[u64; 5]> = shapes.iter().map(path).collect();
        for (scope, request) in fairly(&paths, (0..shapes.len()).collect(), 0).into_iter().enumerate() {
            best[request] = best[request].min(scope);
        }
    }
    let mut order: Vec<usize> = (0..shapes.len()).collect();
    order.sort_by_key(|request| (best[*request], *request));
    order
}

/// Takes a request of each group in turn, level by level, the smallest group first.
fn fairly(paths: &[[u64; 5]], requests: Vec<usize>, level: usize) -> Vec<usize> {
    if level == 5 || requests.len() < 2 {
        return requests;
    }
    let mut groups: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for request in requests {
        groups.entry(paths[request][level]).or_default().push(request);
    }
    let mut groups: Vec<Vec<usize>> = groups.into_values().map(|group| fairly(paths, group, level + 1)).collect();
    groups.sort_by_key(Vec::len);
    let longest = groups.last().map_or(0, Vec::len);
    (0..longest).flat_map(|turn| groups.iter().filter_map(move |group| group.get(turn)).copied()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(from: [u8; 4], signature: &str, agent: &str, body: &[u8]) -> Shape {
        let headers = [("x-razorpay-signature", signature), ("user-agent", agent)];
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
        Shape::of((Gateway::RAZORPAY, Reason::SignatureMismatch), &headers, body, from.into())
    }

    fn forged(number: u32, from: [u8; 4], agent: &str) -> Shape {
        let body = format!(r#"{{"event":"payment.captured","number":{number},"pad":"{}"}}"#, "a".repeat(30_000));
        shape(from, &format!("{number:064x}"), agent, body.as_bytes())
    }

    #[test]
    fn what_is_unlike_a_flood_comes_first() {
        let mut shapes: Vec<Shape> = (0..100).map(|number| forged(number, [198, 51, 100, 7], "curl/8")).collect();
        let unlike = [
            shape([198, 51, 100, 7], &"0".repeat(64), "curl/8", br#"{"entity":"event"}"#),
            shape([198, 51, 100, 7], &"A".repeat(64), "curl/8", br#"{"entity":"event"}"#),
            shape([198, 51, 100, 7], "sha256=00", "curl/8", &vec![b'a'; 30_000]),
            forged(7, [192, 0, 2, 1], "curl/8"),
            forged(7, [198, 51, 100, 7], "Razorpay-Webhook/v1"),
        ];
        shapes.extend(unlike);
        let order = order(&shapes);
        let worst = (100..105).map(|request| order.iter().position(|one| *one == request)).max().flatten();
        assert!(worst.is_some_and(|scope| scope < 15), "{order:?}");
    }

    #[test]
    fn varying_what_is_cheap_does_not_hide_what_differs_otherwise() {
        let mut shapes: Vec<Shape> = (0..200)
            .map(|number| forged(number, number.to_be_bytes(), &format!("agent {}", "x".repeat(number as usize % 20))))
            .collect();
        shapes.push(shape([192, 0, 2, 1], &"0".repeat(64), "Razorpay-Webhook/v1", br#"{"entity":"event"}"#));
        assert!(order(&shapes).iter().position(|one| *one == 200).is_some_and(|scope| scope < 4));
    }

    #[test]
    fn every_request_has_a_place() {
        let shapes: Vec<Shape> = (0..50).map(|number| forged(number % 7, [1, 2, 3, 4], "x")).collect();
        let mut places = order(&shapes);
        places.sort_unstable();
        assert_eq!(places, (0..50).collect::<Vec<_>>());
    }
}

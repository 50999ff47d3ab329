//! Signatures made with a hash function other than SHA-256: proven under a known key, or recognised by their length.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{EagerHash, Hmac, KeyInit as _, Mac as _};
use md5::Md5;
use sha1::Sha1;
use sha2::{Sha224, Sha384, Sha512};
use zeroize::Zeroizing;

use super::signature_parser;
use crate::gateways::Gateway;

/// Signs a message in pieces with a key.
type Make = fn(&[u8], &[&[u8]]) -> Option<Zeroizing<Vec<u8>>>;

/// The functions, with the length of their output in bytes.
const FUNCTIONS: &[(&str, usize, Make)] = &[
    ("SHA-512", 64, made::<Sha512>),
    ("SHA-1", 20, made::<Sha1>),
    ("MD5", 16, made::<Md5>),
    ("SHA-384", 48, made::<Sha384>),
    ("SHA-224", 28, made::<Sha224>),
];

/// A signature with the length of another function's output.
pub(super) struct OtherDigest {
    pub(super) function: &'static str,
    bytes: Vec<u8>,
    make: Make,
}

impl OtherDigest {
    /// Whether this key produces it over this message.
    pub(super) fn is_made_by(&self, key: &[u8], message: &[&[u8]]) -> bool {
        (self.make)(key, message).is_some_and(|made| *made == self.bytes)
    }
}

fn made<D: EagerHash>(key: &[u8], message: &[&[u8]]) -> Option<Zeroizing<Vec<u8>>> {
    let mut mac = Hmac::<D>::new_from_slice(key).ok()?;
    for part in message {
        mac.update(part);
    }
    Some(Zeroizing::new(mac.finalize().into_bytes().to_vec()))
}

/// Returns the candidates for signatures of other functions: in hex or base64, with or without a name in front.
pub(super) fn others(gateway: Gateway, headers: &[(String, Vec<u8>)]) -> Vec<OtherDigest> {
    let lines = signature_parser::lines(gateway, headers);
    let texts = lines.iter().filter_map(|line| std::str::from_utf8(line).ok()).filter(|text| text.len() <= 256);
    let pieces = texts.flat_map(|text| {
        let bare = signature_parser::unquoted(text);
        let behind = bare.split_once(['=', ',', ':']).map(|(_, rest)| rest);
        [Some(bare), behind].into_iter().flatten()
    });
    pieces.filter_map(digest).take(4).collect()
}

fn digest(text: &str) -> Option<OtherDigest> {
    let is_hex = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let bytes = if is_hex {
        text.as_bytes().chunks_exact(2).filter_map(signature_parser::byte).collect()
    } else {
        STANDARD.decode(text).ok()?
    };
    let (function, _, make) = FUNCTIONS.iter().find(|(_, length, _)| *length == bytes.len())?;
    Some(OtherDigest { function, bytes, make: *make })
}

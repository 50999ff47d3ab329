//! The stored form of a request: its headers and its signed body in one zstd frame (RFC 8878).
//!
//! Invariant: unpacking returns exactly what was packed, or an error. A frame is read only if it announces at most
//! [`MAX_UNPACKED_BYTES`], and what it contains is compared with the SHA-256 of the body.

pub(crate) mod dictionaries;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod training;

use std::cell::RefCell;

use sha2::{Digest as _, Sha256};
use zstd::{
    bulk::{Compressor, Decompressor},
    zstd_safe::{CParameter, get_dict_id_from_frame, get_frame_content_size},
};

use crate::gateways::adapter::MAX_BODY_BYTES;

/// The size limit of headers and body together, in bytes. The head of a request has at most 32 KiB, which JSON escapes can make
/// six times as long.
const MAX_UNPACKED_BYTES: usize = MAX_BODY_BYTES + 256 * 1024;
/// The bytes of the length of the headers, with which the contents of a frame begin.
const LENGTH_BYTES: usize = size_of::<u32>();

/// Headers and body of a request, as received.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Payload {
    /// As JSON, without cookies and credentials.
    pub(crate) headers: String,
    /// The signed bytes.
    pub(crate) body: Vec<u8>,
}

/// What is stored of an event's request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum StoredPayload {
    Present(Payload),
    /// Deleted after the retention period.
    Deleted,
    /// Stored, but not as it was written.
    Damaged(Damage),
}

impl StoredPayload {
    /// Returns the body, if it is there and intact.
    pub(crate) fn body(&self) -> Option<&[u8]> {
        match self {
            Self::Present(payload) => Some(&payload.body),
            Self::Deleted | Self::Damaged(_) => None,
        }
    }
}

/// Why a frame cannot be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Damage {
    #[error("incomplete frame")]
    NotAFrame,
    #[error("larger than a request can be")]
    TooLarge,
    #[error("dictionary {0} is missing in this version of ks-pay")]
    UnknownDictionary(u32),
    #[error("wrong checksum or contents")]
    Contents,
    #[error("wrong SHA-256 of the body")]
    Sha256,
}

thread_local! {
    /// A context takes memory, which its thread reuses.
    static COMPRESSOR: RefCell<Compressor<'static>> = RefCell::new(compressor());
}

/// Returns the frame of a request.
pub(crate) fn pack(headers: &str, body: &[u8]) -> Vec<u8> {
    let contents = contents_of(headers, body);
    let mut frame =
        COMPRESSOR.with_borrow_mut(|compressor| compressor.compress(&contents)).expect("the buffer has zstd's own bound");
    // The buffer has room for contents that do not compress, and waits in the queue for the database.
    frame.shrink_to_fit();
    frame
}

/// Returns what a frame compresses: the length of the headers, the headers, and the body.
fn contents_of(headers: &str, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(headers.len()).expect("headers are limited to kilobytes");
    [&length.to_le_bytes(), headers.as_bytes(), body].concat()
}

fn compressor() -> Compressor<'static> {
    let mut compressor = Compressor::with_prepared_dictionary(dictionaries::newest()).expect("a prepared dictionary is valid");
    // The headers have no other protection.
    compressor.set_parameter(CParameter::ChecksumFlag(true)).expect("every zstd has checksums");
    compressor
}

/// Returns the headers and the body in a frame; `sha256` is that of the body.
///
/// # Errors
/// If the frame is damaged, or needs a dictionary that this program does not have.
pub(crate) fn unpack(frame: &[u8], sha256: &[u8]) -> Result<Payload, Damage> {
    let contents = contents(frame)?;
    let (length, rest) = contents.split_first_chunk::<LENGTH_BYTES>().ok_or(Damage::Contents)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| Damage::Contents)?;
    let (headers, body) = rest.split_at_checked(length).ok_or(Damage::Contents)?;
    if Sha256::digest(body)[..] != *sha256 {
        return Err(Damage::Sha256);
    }
    let headers = std::str::from_utf8(headers).map_err(|_| Damage::Contents)?.to_owned();
    Ok(Payload { headers, body: body.to_owned() })
}

/// Decompresses a frame. Allocates what the frame announces, within the limit.
fn contents(frame: &[u8]) -> Result<Vec<u8>, Damage> {
    let announced = get_frame_content_size(frame).ok().flatten().ok_or(Damage::NotAFrame)?;
    let size = usize::try_from(announced).ok().filter(|size| *size <= MAX_UNPACKED_BYTES).ok_or(Damage::TooLarge)?;
    let id = get_dict_id_from_frame(frame).map_or(0, u32::from);
    let dictionary = dictionaries::find(id).ok_or(Damage::UnknownDictionary(id))?;
    let mut decompressor = Decompressor::with_prepared_dictionary(dictionary).map_err(|_| Damage::Contents)?;
    let contents = decompressor.decompress(frame, size).map_err(|_| Damage::Contents)?;
    if contents.len() == size { Ok(contents) } else { Err(Damage::Contents) }
}

//! Unpacking a stored request never panics, never takes more memory than a request can have, and returns only a body with the
//! SHA-256 of its event.
//!
//! An input is the 32 bytes of a SHA-256, and a frame.
#![no_main]

use ks_pay::fuzzing;
use libfuzzer_sys::fuzz_target;

fuzz_target!(init: ks_pay_fuzz::sow(ks_pay_fuzz::frames), |input: &[u8]| {
    let Some((sha256, frame)) = input.split_first_chunk::<32>() else { return };
    let Some((headers, body)) = fuzzing::unpack(frame, sha256) else { return };
    assert_eq!(ring::digest::digest(&ring::digest::SHA256, &body).as_ref(), sha256);
    assert_eq!(fuzzing::unpack(&fuzzing::pack(&headers, &body), sha256), Some((headers, body)));
});

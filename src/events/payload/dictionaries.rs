//! The zstd dictionaries of stored payloads, which are part of the program.
//!
//! Invariant: a dictionary that was released is never changed or removed, since stored frames need it; a better one is added
//! behind it. Dictionaries are trained on invented requests (`training.rs`), never on stored ones: a dictionary contains
//! pieces of its samples, and would preserve personal data beyond its deletion.

use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use zstd::dict::{DecoderDictionary, EncoderDictionary};

/// A higher level costs more CPU time than it saves disk space.
const LEVEL: i32 = 3;

/// A dictionary.
pub(crate) struct Dictionary {
    /// The id in each frame (RFC 8878, 3.1.1.1.3).
    pub(crate) id: u32,
    bytes: &'static [u8],
}

/// All dictionaries, oldest first. The last compresses.
pub(crate) static DICTIONARIES: &[Dictionary] = &[Dictionary { id: 1_000_001, bytes: include_bytes!("dictionary_1.zdict") }];

static NEWEST: LazyLock<EncoderDictionary<'static>> = LazyLock::new(|| {
    let newest = DICTIONARIES.last().expect("there is a dictionary");
    EncoderDictionary::copy(newest.bytes, LEVEL)
});

static PREPARED: LazyLock<Vec<(u32, DecoderDictionary<'static>)>> =
    LazyLock::new(|| DICTIONARIES.iter().map(|dictionary| (dictionary.id, DecoderDictionary::copy(dictionary.bytes))).collect());

impl Dictionary {
    /// Returns the hash by which a database recognises it.
    pub(crate) fn sha256(&self) -> [u8; 32] {
        Sha256::digest(self.bytes).into()
    }

    /// True if its bytes are a dictionary of that id.
    #[cfg(test)]
    pub(super) fn is_valid(&self) -> bool {
        zstd::zstd_safe::get_dict_id_from_dict(self.bytes).is_some_and(|id| u32::from(id) == self.id)
    }
}

/// Returns the dictionary that compresses.
pub(super) fn newest() -> &'static EncoderDictionary<'static> {
    &NEWEST
}

/// Returns the dictionary with that id.
pub(super) fn find(id: u32) -> Option<&'static DecoderDictionary<'static>> {
    PREPARED.iter().find(|(known, _)| *known == id).map(|(_, dictionary)| dictionary)
}

/// Returns the id of the first listed dictionary that this program does not have, or has with other contents. `listed` has ids and
/// SHA-256 hashes.
pub(crate) fn first_missing(listed: &[(i64, Vec<u8>)]) -> Option<i64> {
    let is_ours =
        |(id, sha256): &&(i64, Vec<u8>)| DICTIONARIES.iter().any(|our| i64::from(our.id) == *id && our.sha256()[..] == **sha256);
    listed.iter().find(|listed| !is_ours(listed)).map(|(id, _)| *id)
}

/// Returns what an operator should do about a missing dictionary.
pub(crate) fn missing_message(id: i64) -> String {
    format!(
        "The database has requests that were compressed with dictionary {id}, which this version of ks-pay does not have. It was \
         written by a newer version: start that version, or a later one."
    )
}

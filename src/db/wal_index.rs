//! The header of SQLite's wal-index (`-shm`): the required content of the write-ahead log, and the progress of checkpoints.
//!
//! Invariant: SQLite writes a frame to the log before the wal-index mentions it, and announces a checkpoint in the wal-index
//! before it writes to the database file. Format: sqlite.org/walformat.html.

use std::{fs::File, io, os::unix::fs::FileExt as _};

/// Two copies of a header of 48 bytes, then the progress of checkpoints.
const HEADER_BYTES: usize = 48;
const READ_BYTES: usize = 2 * HEADER_BYTES + 36;
const VERSION: u32 = 3_007_000;
/// The position of the first frame in the log.
const LOG_HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;
/// The last bit is the byte order in which the checksums were computed.
const LOG_MAGIC: u32 = 0x377f_0682;

/// A snapshot of the header.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct WalIndex {
    /// The number of committed frames of the log.
    frames: u32,
    page_bytes: u64,
    /// The size of the database with those frames, in pages.
    pages: u32,
    /// The checksum in the last of those frames.
    checksum: [u32; 2],
    /// Changes whenever the log is restarted.
    salts: [u8; 8],
    /// The number of frames copied to the database file.
    backfilled: u32,
    /// The number of frames that a checkpoint has copied or is copying.
    backfill_attempted: u32,
}

impl WalIndex {
    /// Reads the header; `None` while it is being written, or if its format is unknown.
    ///
    /// # Errors
    /// `UnexpectedEof` if the file was truncated.
    pub(super) fn read(index: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; READ_BYTES];
        index.read_exact_at(&mut bytes, 0)?;
        Ok(Self::parse(&bytes))
    }

    fn parse(bytes: &[u8; READ_BYTES]) -> Option<Self> {
        let (first, rest) = bytes.split_at(HEADER_BYTES);
        let native = |at: usize| bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_ne_bytes);
        let is_initialized = bytes.get(12) == Some(&1);
        if !rest.starts_with(first) || !is_initialized || native(0)? != VERSION {
            return None;
        }
        let page_bytes = match u16::from_ne_bytes([*bytes.get(14)?, *bytes.get(15)?]) {
            1 => 65_536,
            size => u64::from(size),
        };
        Some(Self {
            page_bytes,
            frames: native(16)?,
            pages: native(20)?,
            checksum: [native(24)?, native(28)?],
            salts: bytes.get(32..40)?.try_into().ok()?,
            backfilled: native(96)?,
            backfill_attempted: native(128)?,
        })
    }

    /// True if a checkpoint may be writing to the database file, or was interrupted.
    pub(super) const fn is_checkpointing(&self) -> bool {
        self.backfilled != self.backfill_attempted
    }

    /// True if no checkpoint has completed between the two snapshots, so that the database file must be unchanged.
    pub(super) fn has_same_checkpoint(&self, other: &Self) -> bool {
        (self.salts, self.backfilled) == (other.salts, other.backfilled)
    }

    /// Returns the minimum size of the database file in bytes; 0 if it is not known.
    pub(super) fn min_database_bytes(&self) -> u64 {
        // SQLite sets the file's size only when a checkpoint has copied the whole log.
        if self.frames > 0 && self.backfilled == self.frames { u64::from(self.pages) * self.page_bytes } else { 0 }
    }

    /// Returns whether the log begins with the expected header and contains the last committed frame.
    ///
    /// # Errors
    /// If the log cannot be read. A log that is too short does not match.
    pub(super) fn matches_log(&self, log: &File) -> io::Result<bool> {
        let Some(before) = self.frames.checked_sub(1) else { return Ok(true) };
        let (mut header, mut frame) = ([0; LOG_HEADER_BYTES], [0; FRAME_HEADER_BYTES]);
        let frame_at = LOG_HEADER_BYTES as u64 + u64::from(before) * (FRAME_HEADER_BYTES as u64 + self.page_bytes);
        let end = frame_at + FRAME_HEADER_BYTES as u64 + self.page_bytes;
        let read = log.read_exact_at(&mut header, 0).and_then(|()| log.read_exact_at(&mut frame, frame_at));
        match read {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        if log.metadata()?.len() < end {
            return Ok(false);
        }
        let magic = big_endian(&header, 0);
        Ok(magic.is_some_and(|magic| magic & !1 == LOG_MAGIC)
            && header.get(16..24) == Some(&self.salts)
            && frame.get(8..16) == Some(&self.salts)
            && [16, 20].map(|at| big_endian(&frame, at)) == self.checksum.map(Some))
    }
}

/// Reads a big-endian integer of four bytes, as in SQLite's files.
pub(super) fn big_endian(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map(u32::from_be_bytes)
}

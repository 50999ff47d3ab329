//! Finds where a request ends in the bytes of a connection, so that the HTTP parser gets one request at a time.
//!
//! Invariant: framing decides only how many bytes actix gets, never their meaning. actix parses every byte itself, in the
//! order of arrival, so a wrong boundary delays bytes or hands over too many, but turns no body into a head. The rules are
//! those of httparse for heads and of actix-http for chunked bodies; tests compare both on random requests in random pieces.

/// The maximum size of a request's head in bytes, and that of the trailers and chunk extensions of a body.
pub(crate) const MAX_HEAD_BYTES: usize = 32 * 1024;

/// Finds the end of a head: the first empty line after the request line. Lines end in LF or CRLF.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct HeadEnd {
    /// The number of bytes of the head so far.
    len: usize,
    /// True if the current line has a character other than CR.
    has_text: bool,
    /// True if a line with text has ended: empty lines before the request line are skipped.
    has_request_line: bool,
}

impl HeadEnd {
    /// Returns how many of these bytes belong to the head, and whether it ends with them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut taken = 0;
        let mut is_complete = false;
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            taken += line.len();
            self.has_text |= line.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
            if line.ends_with(b"\n") {
                is_complete = self.has_request_line && !self.has_text;
                if is_complete {
                    break;
                }
                self.has_request_line |= std::mem::take(&mut self.has_text);
            }
        }
        self.len += taken;
        (taken, is_complete)
    }

    /// Returns how many more bytes the head may have.
    pub(crate) const fn remaining(&self) -> usize {
        MAX_HEAD_BYTES.saturating_sub(self.len)
    }
}

/// The parser state within a chunked body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    SizeFirst,
    SizeRest,
    SizeSpace,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    EndCr,
    EndLf,
    Trailer,
    TrailerLf,
    /// The body has ended, or actix rejects it: nothing more is handed over.
    End,
}

/// Finds the end of a chunked body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChunkedEnd {
    state: State,
    /// The number of remaining bytes of the current chunk.
    size: u64,
    /// The number of bytes of trailers, chunk extensions and leading zeros so far.
    extra: usize,
}

impl ChunkedEnd {
    pub(crate) const fn new() -> Self {
        Self { state: State::SizeFirst, size: 0, extra: 0 }
    }

    /// Returns how many of these bytes belong to the body, and whether it ends with them.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> (usize, bool) {
        let mut taken = 0;
        while let Some(byte) = bytes.get(taken) {
            if self.state == State::End {
                break;
            }
            if self.state == State::Data {
                let part = usize::try_from(self.size).unwrap_or(usize::MAX).min(bytes.len() - taken);
                self.size -= part as u64;
                taken += part;
                if self.size == 0 {
                    self.state = State::DataCr;
                }
                continue;
            }
            self.step(*byte);
            taken += 1;
        }
        (taken, self.state == State::End)
    }

    /// True if trailers and chunk extensions exceed the maximum size of a head.
    pub(crate) const fn is_too_long(&self) -> bool {
        self.extra >= MAX_HEAD_BYTES
    }

    fn step(&mut self, byte: u8) {
        self.state = match (self.state, byte) {
            (State::SizeFirst, _) => self.digit(byte, true),
            (State::SizeRest | State::SizeSpace, b'\t' | b' ') => self.count(State::SizeSpace),
            (State::SizeRest | State::SizeSpace, b';') => self.count(State::Extension),
            (State::SizeRest | State::SizeSpace | State::Extension, b'\r') => State::SizeLf,
            (State::SizeRest, _) => self.digit(byte, false),
            (State::Extension, 0..=0x08 | 0x0a..=0x1f | 0x7f) => State::End,
            (State::Extension, _) => self.count(State::Extension),
            (State::SizeLf, b'\n') if self.size > 0 => State::Data,
            (State::SizeLf, b'\n') => State::EndCr,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::SizeFirst,
            (State::EndCr, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => self.count(State::TrailerLf),
            (State::EndCr | State::Trailer, _) => self.count(State::Trailer),
            (State::TrailerLf, b'\n') => self.count(State::EndCr),
            _ => State::End,
        };
    }

    const fn count(&mut self, next: State) -> State {
        self.extra += 1;
        next
    }

    fn digit(&mut self, byte: u8, is_first: bool) -> State {
        let Some(digit) = char::from(byte).to_digit(16) else { return State::End };
        if is_first {
            self.size = digit.into();
            return State::SizeRest;
        }
        if self.size == 0 {
            self.extra += 1;
        }
        match self.size.checked_mul(16) {
            Some(size) => {
                self.size = size + u64::from(digit);
                State::SizeRest
            }
            None => State::End,
        }
    }
}

#[cfg(test)]
mod tests;

//! The events of one verified request, as ranges of its body.
//!
//! Invariant: the body is signed and stored as a whole, once for all its events; a part only points into it.

use std::{iter, ops::Range};

use super::{
    Gateway,
    adapter::{ParsedEvent, Verified},
};
use crate::primitives::time::Timestamp;

/// The maximum number of events in one request. Gateways that send several document at most 250.
pub(crate) const MAX_EVENTS_PER_REQUEST: usize = 256;
/// The fault of a body whose events cannot be told apart.
pub(crate) const FAULTY_PARTS: &str = "events";

/// One event of a verified body.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    body: &'a [u8],
    bytes: &'a [u8],
}

impl<'a> Part<'a> {
    /// Returns the whole body as one event.
    pub(crate) fn whole(body: &'a Verified) -> Self {
        Self { body: body.bytes(), bytes: body.bytes() }
    }

    /// Returns the event in a range of [`split`].
    pub(crate) fn of(body: &'a Verified, range: &Range<usize>) -> Self {
        Self { body: body.bytes(), bytes: body.bytes().get(range.clone()).unwrap_or_default() }
    }

    /// Returns the bytes of this event, which identify it: an event that is sent again has the same.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Returns the body of the request, for values that all its events share.
    #[cfg_attr(not(feature = "fictitious-gateway"), expect(dead_code, reason = "no real gateway sends several events yet"))]
    pub(crate) const fn body(&self) -> &'a [u8] {
        self.body
    }
}

/// Where the events of a body are.
pub(crate) enum Parts {
    /// The body is one event.
    Whole,
    /// Each range of bytes is an event, in the order of the body. What lies outside them is the envelope, which may differ when
    /// an event is sent again.
    #[cfg_attr(not(feature = "fictitious-gateway"), expect(dead_code, reason = "no real gateway sends several events yet"))]
    Ranges(Vec<Range<usize>>),
}

/// The checked result of [`super::adapter::Adapter::parts`].
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Split {
    /// The body is one event.
    Whole,
    /// Non-empty ranges of the body, in order, at most [`MAX_EVENTS_PER_REQUEST`].
    Parts { first: Range<usize>, others: Vec<Range<usize>> },
    /// The events cannot be told apart, or are too many: the body is stored as one quarantined event.
    Faulty,
}

/// Returns where the events of a body are.
pub(crate) fn split(gateway: Gateway, body: &[u8]) -> Split {
    match gateway.adapter().parts(body) {
        Parts::Whole => Split::Whole,
        Parts::Ranges(mut others) if are_valid(&others, body.len()) => Split::Parts { first: others.remove(0), others },
        Parts::Ranges(_) => Split::Faulty,
    }
}

fn are_valid(ranges: &[Range<usize>], length: usize) -> bool {
    let mut end = 0;
    let is_next = |range: &Range<usize>| {
        let is_next = end <= range.start && range.start < range.end && range.end <= length;
        end = range.end;
        is_next
    };
    (1..=MAX_EVENTS_PER_REQUEST).contains(&ranges.len()) && ranges.iter().all(is_next)
}

/// Returns the number of events of a stored body; `None` if the body is one event, or its events cannot be told apart.
pub(crate) fn count(gateway: Gateway, body: &[u8]) -> Option<usize> {
    match split(gateway, body) {
        Split::Parts { others, .. } => Some(1 + others.len()),
        Split::Whole | Split::Faulty => None,
    }
}

/// The gateway's adapter no longer finds an event in its stored body.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored body has no event of index {0}")]
pub(crate) struct PartNotFound(i64);

/// Returns the bytes of one event of a stored body: all of them without an index.
///
/// # Errors
/// If the body has no event of that index.
pub(crate) fn part_of(gateway: Gateway, body: &[u8], index: Option<i64>) -> Result<&[u8], PartNotFound> {
    let Some(index) = index else { return Ok(body) };
    let found = || {
        let Split::Parts { first, others } = split(gateway, body) else { return None };
        let range = iter::once(first).chain(others).nth(usize::try_from(index).ok()?)?;
        body.get(range)
    };
    found().ok_or(PartNotFound(index))
}

/// Parses an event of a stored body as when it was received: only verified bodies are stored.
///
/// # Errors
/// If the body has no event of that index.
pub(crate) fn read_stored(
    gateway: Gateway,
    body: &[u8],
    (index, received_at): (Option<i64>, Timestamp),
) -> Result<ParsedEvent, PartNotFound> {
    let bytes = part_of(gateway, body, index)?;
    if index.is_none() && split(gateway, body) == Split::Faulty {
        return Ok(ParsedEvent::quarantined(None, FAULTY_PARTS));
    }
    Ok(gateway.adapter().read(&Part { body, bytes }, received_at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_in_order_disjoint_inside_the_body_and_few() {
        let valid = |bounds: &[(usize, usize)]| are_valid(&bounds.iter().map(|(from, to)| *from..*to).collect::<Vec<_>>(), 10);
        for bounds in [&[(0, 1)][..], &[(0, 2), (2, 10)], &[(3, 4), (9, 10)]] {
            assert!(valid(bounds), "{bounds:?}");
        }
        for bounds in [&[][..], &[(0, 0)], &[(5, 3)], &[(0, 11)], &[(0, 3), (2, 4)], &[(4, 5), (0, 1)]] {
            assert!(!valid(bounds), "{bounds:?}");
        }
        let many = |count: usize| are_valid(&(0..count).map(|at| at..at + 1).collect::<Vec<_>>(), 1000);
        assert!(many(MAX_EVENTS_PER_REQUEST) && !many(MAX_EVENTS_PER_REQUEST + 1));
    }

    #[test]
    fn a_body_without_parts_is_its_own_part_and_has_no_other() {
        assert_eq!(part_of(Gateway::RAZORPAY, b"{}", None), Ok(&b"{}"[..]));
        for index in [0, 7, -1] {
            assert_eq!(part_of(Gateway::RAZORPAY, b"{}", Some(index)), Err(PartNotFound(index)));
        }
    }
}

//! Rejections: requests to known endpoints that failed verification, their causes, and their recovery.
//!
//! Invariant: nothing here runs on the response path, everything is bounded, and stored content is sealed. Counts cover every
//! request. Under the storage quota the lowest rank is evicted first, so that forged requests do not evict recoverable ones.

pub(crate) mod adopt_secret;
pub(crate) mod advice;
mod budget;
pub(crate) mod cause;
mod copies;
mod deferred;
pub(crate) mod diagnose;
pub(crate) mod diagnosis;
pub(crate) mod eviction;
pub(crate) mod latest;
pub(crate) mod proof;
mod reassignment;
pub(crate) mod recorder;
pub(crate) mod recovery;
pub(crate) mod retention;
pub(crate) mod shape;
mod signing_key;
pub(crate) mod store;
pub(crate) mod store_batch;
mod triage;

use std::{net::IpAddr, time::Duration};

use bytes::Bytes;

pub(crate) use cause::{Cause, Reason};

use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    connections::{Connection, ConnectionScope},
    db::Tx,
    gateways::{Gateway, Mode},
    primitives::{
        id::{AppId, ConnectionId, RejectionId, RequestId, SecretId},
        keyset::Listed,
        time::Timestamp,
    },
};
use shape::Shape;

/// After a pause of this length the same fault starts another rejection.
pub(crate) const NEW_REJECTION_AFTER: Duration = Duration::from_hours(1);
/// How long a rejection is kept after it happened last: as far back as the support of a gateway can send
/// events again.
pub(crate) const RETENTION: Duration = Duration::from_hours(15 * 24);
/// The most bytes of a body that are stored; diagnosis uses all of it.
pub(crate) const MAX_STORED_BODY_BYTES: usize = 256 * 1024;
/// The most bytes of all headers that are captured.
const MAX_CAPTURED_HEADER_BYTES: usize = 32 * 1024;

/// A rejected request, as ingestion hands it over.
#[derive(Clone)]
pub(crate) struct RejectedRequest {
    pub(crate) scope: ConnectionScope,
    pub(crate) reason: Reason,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// `None` if the request was rejected before its body was read.
    pub(crate) body: Option<Bytes>,
    pub(crate) address: IpAddr,
    pub(crate) at: Timestamp,
}

impl RejectedRequest {
    /// Returns a copy that keeps no buffer of the server alive.
    pub(crate) fn capture(mut self) -> CapturedRequest {
        let size = self.body.as_ref().map(Bytes::len);
        let is_truncated = size.is_none_or(|size| size > MAX_STORED_BODY_BYTES);
        let body = self.body.take().map_or_else(Bytes::new, |body| Bytes::copy_from_slice(&body));
        let mut room = MAX_CAPTURED_HEADER_BYTES;
        self.headers.retain(|(name, value)| {
            let size = name.len() + value.len() + 8;
            let has_room = size <= room;
            room -= if has_room { size } else { 0 };
            has_room
        });
        let headers_size = MAX_CAPTURED_HEADER_BYTES - room;
        let Self { scope, reason, headers, address, at, .. } = self;
        let shape = Shape::of((scope.gateway, reason), &headers, &body, address);
        CapturedRequest { bytes: body.len() + headers_size, scope, reason, headers, body, size, is_truncated, address, shape, at }
    }
}

impl CapturedRequest {
    /// Returns the part of the body that is stored.
    pub(crate) fn stored_body(&self) -> &[u8] {
        &self.body[..self.body.len().min(MAX_STORED_BODY_BYTES)]
    }

    /// Whether its body was rejected before it was read.
    pub(crate) const fn is_unread(&self) -> bool {
        self.size.is_none()
    }
}

/// A rejected request with its captured content.
#[derive(Clone)]
pub(crate) struct CapturedRequest {
    pub(crate) scope: ConnectionScope,
    pub(crate) reason: Reason,
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The whole body, if it was read.
    pub(crate) body: Bytes,
    /// The length of the body; `None` if it was not read.
    pub(crate) size: Option<usize>,
    /// Whether only a part of the body is stored, so that it can never be recovered.
    pub(crate) is_truncated: bool,
    pub(crate) address: IpAddr,
    /// Groups similar requests.
    pub(crate) shape: Shape,
    pub(crate) at: Timestamp,
    /// Its size in memory.
    pub(crate) bytes: usize,
}

/// A group of requests rejected for the same reason, cause and key.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Rejection {
    pub(crate) id: RejectionId,
    pub(crate) app_id: AppId,
    pub(crate) connection_id: ConnectionId,
    pub(crate) gateway: Gateway,
    pub(crate) mode: Mode,
    pub(crate) reason: Reason,
    #[sqlx(try_from = "String")]
    pub(crate) cause: Cause,
    /// The secret that signed the requests, if it is one of the company's.
    pub(crate) secret_id: Option<SecretId>,
    /// Identifies the signing key, if it is known.
    pub(crate) key_digest: Option<Vec<u8>>,
    /// The connection of that secret, if it is not this one.
    pub(crate) other_connection_id: Option<ConnectionId>,
    /// A name or a number for the message.
    pub(crate) detail: Option<String>,
    /// The address of the last request.
    pub(crate) address: String,
    pub(crate) count: i64,
    /// How many of its requests were recovered.
    pub(crate) recovered_count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
}

/// A stored request, without its content.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Request {
    pub(crate) id: RequestId,
    pub(crate) address: String,
    pub(crate) size: Option<i64>,
    pub(crate) is_truncated: bool,
    pub(crate) count: i64,
    pub(crate) received_at: Timestamp,
    pub(crate) recovered_at: Option<Timestamp>,
}

/// Records that an actor downloads the body of a rejected request of a connection. Committed before the body is sent.
pub(crate) async fn begin_download(
    tx: &mut Tx,
    connection: &Connection,
    request: RequestId,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<(), UseCaseError> {
    actor.require(Permission::ViewPayments, connection.company_id)?;
    Ok(security_log::append(tx, actor, Action::RequestBodyDownloaded, request, now).await?)
}

/// Lists are in the order of the last request.
impl Listed for Rejection {
    type Cursor = (Timestamp, RejectionId);

    fn cursor(&self) -> Self::Cursor {
        (self.last_at, self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_diagnosed_whole_and_stored_in_part() {
        let rejected = |length: Option<usize>| RejectedRequest {
            scope: ConnectionScope {
                company: crate::primitives::id::CompanyId::least(),
                app: AppId::least(),
                connection: ConnectionId::least(),
                gateway: Gateway::RAZORPAY,
                mode: Mode::Test,
            },
            reason: Reason::SignatureMismatch,
            headers: vec![("x".to_owned(), b"y".to_vec())],
            body: length.map(|length| Bytes::from(vec![b'a'; length])),
            address: [127, 0, 0, 1].into(),
            at: Timestamp::from_millis(0),
        };
        for (length, stored, is_truncated) in
            [(2, 2, false), (MAX_STORED_BODY_BYTES, MAX_STORED_BODY_BYTES, false), (1024 * 1024, MAX_STORED_BODY_BYTES, true)]
        {
            let sample = rejected(Some(length)).capture();
            assert_eq!((sample.body.len(), sample.stored_body().len(), sample.is_truncated), (length, stored, is_truncated));
            assert!(!sample.is_unread() && sample.bytes >= length, "it takes what it is");
        }
        let unread = rejected(None).capture();
        assert!(unread.is_unread() && unread.is_truncated && unread.body.is_empty());
    }
}

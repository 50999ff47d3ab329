//! Accepts the SECRET that refused requests were signed with, where the doctor has found it: then they verify, and so do the
//! gateway's retries, which go on being signed with it.
//!
//! The rule: on a person's word only, as an additional SECRET that can be retired like any other; nothing that somebody else
//! could know, and never one of the other mode.

use super::{
    Rejection,
    diagnosis::{self, Case},
    examination, keeping,
    recovery::By,
    store,
};
use crate::{
    connections::{
        ConnectError, Connection,
        secrets::{self, Also, Origin},
    },
    ingestion::refusals::Kit,
    kernel::{
        id::{RequestId, SecretId},
        secret::Secret,
    },
};

/// The kept requests in which the SECRET is looked for.
const LOOKED_AT: i64 = 4;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    Accepted(SecretId),
    /// It counts at this connection already.
    Known,
    /// So many that were brought count that another would make every request too much work.
    TooMany,
    /// No kept request tells it any more.
    Unfound,
}

/// Finds the SECRET of a rejection and accepts it at its connection. Whoever calls this has asked for the password.
///
/// # Errors
/// When the database refuses, or what is sealed cannot be opened.
pub(crate) async fn accept(
    kit: &Kit,
    connection: &Connection,
    rejection: &Rejection,
    by: By<'_>,
) -> Result<Acceptance, ConnectError> {
    let Some(secret) = find(kit, connection, rejection).await? else { return Ok(Acceptance::Unfound) };
    let mut tx = kit.db.begin().await?;
    let also = secrets::accept_also(&mut tx, &kit.vault, connection.id, (&secret, Origin::Accepted, by.name), by.at).await?;
    tx.commit().await?;
    Ok(match also {
        Also::Accepted(id) => Acceptance::Accepted(id),
        Also::Known => Acceptance::Known,
        Also::TooMany => Acceptance::TooMany,
    })
}

/// The SECRET that a rejection's kept requests were signed with, where it may be accepted.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn find(kit: &Kit, connection: &Connection, rejection: &Rejection) -> Result<Option<Secret>, ConnectError> {
    let Some(reason) = rejection.reason.rejected().filter(|_| rejection.cause.is_acceptable()) else { return Ok(None) };
    let mut reader = kit.db.reader().await?;
    let kept = store::list_recoverable(&mut reader, rejection.id, RequestId::least(), LOOKED_AT).await?;
    drop(reader);
    for kept in kept {
        let Ok(said) = keeping::open(&kit.vault, kept.id, (&kept.headers, &kept.body)) else { continue };
        let Some(headers) = said.pairs() else { continue };
        let known = examination::known(kit, &connection.place(), kept.received_at).await?;
        let (gateway, at, body) = (connection.gateway, kept.received_at, said.body);
        let looked = tokio::task::spawn_blocking(move || {
            let case = Case { gateway, reason, headers: &headers, body: &body, is_cut: false, at };
            diagnosis::signer(&case, &known)
        });
        if let Some(found) = looked.await.ok().flatten() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

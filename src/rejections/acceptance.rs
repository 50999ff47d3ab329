//! Accepts the SECRET that refused requests were signed with, where the doctor has found it: then they verify, and so do the
//! gateway's retries, which go on being signed with it.
//!
//! The rule: on a person's word only, as an additional SECRET that can be retired like any other; nothing that somebody else
//! could know, and never one of the other mode.

use super::{
    Cause, Rejection,
    diagnosis::{self, Case},
    examination, keeping,
    recovery::By,
    store::{self, Recoverable},
};
use crate::{
    connections::{
        ConnectError, Connection,
        secrets::{self, Also},
    },
    ingestion::refusals::Kit,
    kernel::{id::RequestId, secret::Secret},
};

/// The kept requests in which the SECRET is looked for.
const LOOKED_AT: i64 = 4;

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Acceptance {
    Accepted,
    /// It counts at this connection already.
    Known,
    /// So many that were brought count that another would make every request too much work.
    TooMany,
    /// No kept request tells it any more.
    Unfound,
}

/// Whether that cause names a SECRET that may be accepted as well.
pub(crate) const fn is_acceptable(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::OldSecret
            | Cause::OtherConnection
            | Cause::OtherApp
            | Cause::SecretWithSpace
            | Cause::SecretWithLineEnd
            | Cause::SecretWithUnseen
            | Cause::SecretQuoted
            | Cause::SecretLabelled
            | Cause::SecretCut
            | Cause::SecretDoubled
            | Cause::SecretCase
            | Cause::SecretEncoded
            | Cause::SecretWithPrefix
            | Cause::SecretNotDecoded
            | Cause::SecretMistyped
    )
}

/// Finds the SECRET of a rejection and accepts it at its connection. Whoever calls this has asked for the password.
///
/// # Errors
/// When the database refuses, or what is sealed cannot be opened.
pub(crate) async fn accept(
    kit: Kit,
    connection: &Connection,
    rejection: &Rejection,
    by: By<'_>,
) -> Result<Acceptance, ConnectError> {
    let mut reader = kit.db.reader().await?;
    let kept = store::list_recoverable(&mut reader, rejection.id, RequestId::least(), LOOKED_AT).await?;
    drop(reader);
    let Some(secret) = find(&kit, connection, rejection, &kept).await? else { return Ok(Acceptance::Unfound) };
    let mut tx = kit.db.begin().await?;
    let also = secrets::accept_also(&mut tx, &kit.vault, connection.id, (&secret, by.name), by.at).await?;
    tx.commit().await?;
    Ok(match also {
        Also::Accepted(_) => Acceptance::Accepted,
        Also::Known => Acceptance::Known,
        Also::TooMany => Acceptance::TooMany,
    })
}

async fn find(
    kit: &Kit,
    connection: &Connection,
    rejection: &Rejection,
    kept: &[Recoverable],
) -> Result<Option<Secret>, ConnectError> {
    let Some(reason) = rejection.reason.rejected() else { return Ok(None) };
    for kept in kept {
        let said = keeping::open(&kit.vault, kept.id, (&kept.headers, &kept.body))?;
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

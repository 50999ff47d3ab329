//! Adopts the secret that rejected requests were signed with, if diagnosis has found it. They verify after that, and so do
//! the gateway's retries, which are signed with the same secret.
//!
//! Invariant: a secret is adopted only when a user confirms it, as an additional secret that can be retired like any other.
//! It is exactly the key of that rejection, and it passes the checks of an imported secret.

use super::{
    Rejection, diagnose,
    diagnosis::{self, RejectedCase},
    recovery, signing_key, store, store_batch,
};
use crate::{
    accounts::authz::{Actor, Permission},
    connections::{
        ConnectError, Connection,
        secrets::{self, AddSecretOutcome, Origin},
    },
    primitives::{
        id::{RejectionId, RequestId, SecretId},
        secret::Secret,
        time::Timestamp,
    },
    rejections::recorder::DiagnosisContext,
};

/// The stored requests that are searched for the secret.
const MAX_SEARCHED_REQUESTS: i64 = 4;

/// The outcome of adopting a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AdoptOutcome {
    Adopted(SecretId),
    /// It is already valid at this connection.
    AlreadyValid,
    /// The connection has the most imported and adopted secrets that it may have: each one makes every verification more
    /// expensive.
    LimitReached,
    /// No stored request reveals it any more.
    NotFound,
}

/// Finds the secret of a rejection and adds it to the connection. The caller has confirmed the password.
///
/// # Errors
/// If the database fails, or sealed content cannot be opened.
pub(crate) async fn adopt(
    context: &DiagnosisContext,
    connection: &Connection,
    rejection: &Rejection,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<AdoptOutcome, ConnectError> {
    actor.require(Permission::ManageSecrets, connection.company_id)?;
    let Some(secret) = find(context, connection, rejection).await? else { return Ok(AdoptOutcome::NotFound) };
    let mut tx = context.db.begin().await?;
    let also = secrets::add_secret(&mut tx, &context.vault, connection, (&secret, Origin::Adopted, actor), now).await?;
    tx.commit().await?;
    Ok(match also {
        AddSecretOutcome::Added(id) => AdoptOutcome::Adopted(id),
        AddSecretOutcome::AlreadyValid => AdoptOutcome::AlreadyValid,
        AddSecretOutcome::LimitReached => AdoptOutcome::LimitReached,
    })
}

/// The effect of adopting the secret of a rejection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Offer {
    /// Stored requests of the connection that verify with it, and with no other secret.
    pub(crate) requests: usize,
    /// Those of them that belong to this rejection.
    pub(crate) own: Vec<RequestId>,
    /// The other rejections of these requests, newest first.
    pub(crate) others: Vec<RejectionId>,
    /// When the earliest of these requests was received.
    pub(crate) since: Timestamp,
}

/// Returns the offer for a page; `None` if no stored request of the rejection would verify.
///
/// # Errors
/// If the database fails.
pub(crate) async fn offer(
    context: &DiagnosisContext,
    connection: &Connection,
    rejection: &Rejection,
    now: Timestamp,
) -> Result<Option<Offer>, ConnectError> {
    let Some(secret) = find(context, connection, rejection).await? else { return Ok(None) };
    let verified = recovery::verified_with((&context.db, &context.vault), connection, secret, now).await?;
    let own: Vec<RequestId> = verified.iter().filter(|one| one.rejection == rejection.id).map(|one| one.id).collect();
    let mut others: Vec<RejectionId> = Vec::new();
    for one in verified.iter().filter(|one| one.rejection != rejection.id) {
        if !others.contains(&one.rejection) {
            others.push(one.rejection);
        }
    }
    let since = verified.iter().map(|one| one.received_at).min();
    Ok(since.filter(|_| !own.is_empty()).map(|since| Offer { requests: verified.len(), own, others, since }))
}

/// Finds the secret that the stored requests of a rejection were signed with, if it may be adopted.
///
/// # Errors
/// If the database fails.
async fn find(
    context: &DiagnosisContext,
    connection: &Connection,
    rejection: &Rejection,
) -> Result<Option<Secret>, ConnectError> {
    let may_be = rejection.cause.can_adopt_secret() && rejection.key_digest.is_some();
    let Some(reason) = rejection.reason.rejected().filter(|_| may_be) else { return Ok(None) };
    let mut reader = context.db.bulk_reader().await?;
    let request = store::list_recoverable(&mut reader, rejection.id, RequestId::least(), MAX_SEARCHED_REQUESTS).await?;
    drop(reader);
    for request in request {
        let Ok(said) = store_batch::open(&context.vault, request.id, (&request.headers, &request.body)) else { continue };
        let Some(headers) = said.pairs() else { continue };
        let known = diagnose::load_company_keys(context, &connection.scope(), request.received_at).await?;
        let (gateway, at, body) = (connection.gateway, request.received_at, said.body);
        let (vault, id, key) = (context.vault.clone(), connection.id, rejection.key_digest.clone());
        let turn = recovery::VERIFICATIONS.acquire().await;
        let looked = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let case = RejectedCase { gateway, reason, headers: &headers, body: &body, is_truncated: false, at };
            let found = diagnosis::diagnose(&case, &known, &mut { diagnosis::MAX_WORK_BYTES });
            let is_the_key = signing_key::digest(&vault, id, &found).is_some_and(|found| key == Some(found.to_vec()));
            signing_key::adoptable(&found, gateway, &known).filter(|_| is_the_key)
        });
        if let Some(found) = looked.await.ok().flatten() {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

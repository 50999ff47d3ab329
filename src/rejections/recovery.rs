//! Recovers rejected requests that verify now as events, after a user confirms it.
//!
//! Invariant: the same verification of the same bytes, with the secrets valid now and the time at which the request was
//! received. Events are appended and projected like any others. Of two concurrent recoveries of a request, one succeeds. A
//! webhook fails no longer once every request that proves its fault was recovered.

use std::collections::HashSet;

use bytes::Bytes;
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    task::spawn_blocking,
};

use super::{
    Rejection,
    eviction::EvictionRank,
    store::{self, Recoverable, recoveries, streak},
    store_batch,
};
use crate::{
    accounts::{
        authz::{Actor, Permission, UseCaseError},
        security_log::{self, Action},
    },
    apps::{self, zones::Zones},
    connections::{
        Connection, ConnectionScope,
        activity::{self, Streaks},
        secret_usage::{self, BufferedUsage, SecretUse},
        secrets,
    },
    db::{Db, DbError, Tx},
    events::{append::VerifiedRequest, store::log},
    gateways::adapter::{self, Incoming, ValidSecret},
    pipeline::{self, Source},
    primitives::{
        id::{ConnectionId, EventId, RejectionId, RequestId, SecretId},
        secret::Secret,
        time::Timestamp,
        vault::Vault,
    },
};

/// The most requests in one unit of work, so that incoming events wait only briefly.
const MAX_REQUESTS_PER_COMMIT: i64 = 50;
/// The number of events after which a unit of work takes no further request, for the same reason.
const COMMIT_THRESHOLD_EVENTS: usize = 128;
/// The most requests that are verified for a page.
const MAX_VERIFIED_REQUESTS: i64 = 2000;

/// How many stored requests could be recovered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Not recovered yet, and complete.
    pub(crate) stored: usize,
    /// Those that verify now.
    pub(crate) verified: Vec<RequestId>,
}

impl Count {
    /// Returns how many verify now.
    pub(crate) fn verify(&self) -> usize {
        self.verified.len()
    }
}

/// The result of a recovery.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// New events.
    pub(crate) events: usize,
    /// Requests all of whose events were received in another way meanwhile.
    pub(crate) known: usize,
}

/// A stored request that verifies.
struct Verified {
    id: RequestId,
    rejected_at: Timestamp,
    request: VerifiedRequest,
}

/// Limits concurrent verifications of stored requests: each takes a thread, and memory for the opened content.
pub(super) static VERIFICATIONS: Semaphore = Semaphore::const_new(2);

/// Returns which of a rejection's requests verify now.
pub(crate) async fn count(
    db: &Db,
    vault: &Vault,
    connection: &Connection,
    rejection: &Rejection,
    now: Timestamp,
) -> Result<Count, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.bulk_reader().await?;
    let live = live(&secrets::list_valid(&mut reader, connection.id, now).await?, vault);
    let stored = store::list_recoverable(&mut reader, rejection.id, RequestId::least(), MAX_VERIFIED_REQUESTS).await?;
    drop(reader);
    let number = stored.len();
    let verified = verify_all(turn, vault, connection.scope(), stored, [live]).await;
    Ok(Count { verified: verified.iter().filter(|(_, [is_valid])| *is_valid).map(|(one, _)| one.id).collect(), stored: number })
}

/// A stored request, without its content.
pub(crate) struct Summary {
    pub(crate) id: RequestId,
    pub(crate) rejection: RejectionId,
    pub(crate) received_at: Timestamp,
}

/// Returns stored requests of a connection that a secret would verify and no valid one does, newest first.
pub(super) async fn verified_with(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    secret: Secret,
    now: Timestamp,
) -> Result<Vec<Summary>, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.bulk_reader().await?;
    let valid = live(&secrets::list_valid(&mut reader, connection.id, now).await?, vault);
    let stored = store::list_of_connection(&mut reader, connection.id, MAX_VERIFIED_REQUESTS).await?;
    drop(reader);
    let candidate = vec![ValidSecret { id: SecretId::least(), secret, until: None }];
    let verified = verify_all(turn, vault, connection.scope(), stored, [candidate, valid]).await;
    Ok(verified.into_iter().filter(|(_, verifies)| *verifies == [true, false]).map(|(one, _)| one).collect())
}

/// Stored requests of a connection that verify with one secret and with no other valid one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OnlyWith {
    pub(crate) requests: usize,
    /// Their rejections, newest first.
    pub(crate) rejections: Vec<RejectionId>,
}

/// Returns the newest stored requests that only that secret of the connection can recover.
pub(crate) async fn depends_only_on(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    secret: SecretId,
    now: Timestamp,
) -> Result<OnlyWith, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.bulk_reader().await?;
    let valid = secrets::list_valid(&mut reader, connection.id, now).await?;
    let stored = store::list_of_connection(&mut reader, connection.id, MAX_VERIFIED_REQUESTS).await?;
    drop(reader);
    let (own, others): (Vec<_>, Vec<_>) = live(&valid, vault).into_iter().partition(|live| live.id == secret);
    let mut only = OnlyWith::default();
    let verified = verify_all(turn, vault, connection.scope(), stored, [own, others]).await;
    for (one, _) in verified.iter().filter(|(_, verifies)| *verifies == [true, false]) {
        only.requests += 1;
        if !only.rejections.contains(&one.rejection) {
            only.rejections.push(one.rejection);
        }
    }
    Ok(only)
}

/// Returns whether each stored request verifies with each of these sets of secrets. Opening and hashing run on a blocking
/// thread, so that the threads that serve requests do not wait for it. It holds the permit, because it continues after the
/// client has left.
async fn verify_all<const SETS: usize>(
    turn: Result<SemaphorePermit<'static>, AcquireError>,
    vault: &Vault,
    scope: ConnectionScope,
    stored: Vec<Recoverable>,
    sets: [Vec<ValidSecret>; SETS],
) -> Vec<(Summary, [bool; SETS])> {
    let vault = vault.clone();
    let verified = spawn_blocking(move || {
        let _turn = turn;
        let of = |stored: Recoverable| {
            let said = store_batch::open(&vault, stored.id, (&stored.headers, &stored.body)).ok();
            let opened = said.and_then(|said| Some((said.pairs()?, said.body)));
            let verifies = |with: &Vec<ValidSecret>| {
                let Some((headers, body)) = &opened else { return false };
                adapter::verify(
                    scope.gateway,
                    &Incoming { headers: &adapter::borrow_headers(headers), body },
                    with,
                    stored.received_at,
                )
                .is_ok()
            };
            let summary = Summary { id: stored.id, rejection: stored.rejection_id, received_at: stored.received_at };
            (summary, sets.each_ref().map(verifies))
        };
        stored.into_iter().map(of).collect()
    });
    verified.await.unwrap_or_else(|error| {
        tracing::error!(%error, "stored requests could not be verified");
        Vec::new()
    })
}

/// Recovers one of the requests that verify, or all.
///
/// # Errors
/// If the database fails. Requests recovered before that stay recovered; a retry recovers the rest.
pub(crate) async fn recover(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    rejection: &Rejection,
    only: Option<RequestId>,
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<Recovered, UseCaseError> {
    actor.require(Permission::RecoverRequests, connection.company_id)?;
    let mut after = RequestId::least();
    let mut all = Recovered::default();
    loop {
        let mut tx = db.begin_ingesting().await?;
        let live = live(&secrets::list_valid(&mut tx, connection.id, now).await?, vault);
        let owner = (connection.scope(), apps::store::zones(&mut tx, connection.app_id).await?);
        let stored = match only {
            Some(id) => store::find_recoverable(&mut tx, rejection.id, id).await?,
            None => store::list_recoverable(&mut tx, rejection.id, after, MAX_REQUESTS_PER_COMMIT).await?,
        };
        let Some(last) = stored.last().map(|stored| stored.id) else { return Ok(all) };
        let (verified, is_full) = bounded(stored.iter().filter_map(|stored| verify(vault, owner, stored, &live, now)));
        let last = verified.last().filter(|_| is_full).map_or(last, |one| one.id);
        // `None` if another recovery has taken one of them meanwhile: the remaining ones are loaded again.
        let Some(recovered) = import(&mut tx, rejection.id, &verified, (actor, now)).await? else { continue };
        if !verified.is_empty() {
            end_streaks(&mut tx, connection.id).await?;
        }
        tx.commit().await?;
        all.events += recovered.events;
        all.known += recovered.known;
        after = last;
        if only.is_some() {
            return Ok(all);
        }
    }
}

/// Returns the requests for one unit of work, and whether there may be more.
fn bounded(requests: impl Iterator<Item = Verified>) -> (Vec<Verified>, bool) {
    let (mut taken, mut events) = (Vec::new(), 0);
    for one in requests {
        events += one.request.count();
        taken.push(one);
        if events >= COMMIT_THRESHOLD_EVENTS {
            return (taken, true);
        }
    }
    (taken, false)
}

/// Opens the secrets. One that cannot be opened verifies nothing.
fn live(stored: &[secrets::StoredSecret], vault: &Vault) -> Vec<ValidSecret> {
    stored.iter().filter_map(|secret| secret.live(vault).ok()).collect()
}

/// Returns the request as received now, if it verifies as of the time it was received.
fn verify(
    vault: &Vault,
    owner: (ConnectionScope, Zones),
    stored: &Recoverable,
    live: &[ValidSecret],
    now: Timestamp,
) -> Option<Verified> {
    let said = store_batch::open(vault, stored.id, (&stored.headers, &stored.body)).ok()?;
    let headers = said.pairs()?;
    let body: Bytes = said.body;
    let request = Incoming { headers: &adapter::borrow_headers(&headers), body: &body };
    let verified = adapter::verify(owner.0.gateway, &request, live, stored.received_at).ok()?;
    let request = VerifiedRequest::new(owner, &request, verified, &said.headers, now);
    Some(Verified { id: stored.id, rejected_at: stored.received_at, request })
}

/// Ends the connection's streaks of rejections whose requests were all recovered: a secret that is valid now verifies each of
/// them. Last in the unit of work, as the recorder writes requests before it locks the activity, so that one that it adds
/// meanwhile is either found here or begins a new streak.
async fn end_streaks(tx: &mut Tx, connection: ConnectionId) -> Result<(), DbError> {
    let mut recovered = activity::lock_streaks(tx, connection).await?;
    for (of, rank) in [(&mut recovered.proven, EvictionRank::Proven), (&mut recovered.all, EvictionRank::Unrecoverable)] {
        if let Some(found) = *of
            && !streak::is_recovered(tx, connection, found, rank).await?
        {
            *of = None;
        }
    }
    if recovered == Streaks::default() {
        return Ok(());
    }
    activity::end_streaks(tx, connection, recovered).await
}

/// Imports verified requests, and only then writes the usage of secrets and the stored requests: the recorder locks those and
/// waits for none of the tables that [`pipeline::ingest`] writes.
async fn import(
    tx: &mut Tx,
    rejection: RejectionId,
    verified: &[Verified],
    (actor, now): (&Actor<'_>, Timestamp),
) -> Result<Option<Recovered>, DbError> {
    let requests: Vec<&VerifiedRequest> = verified.iter().map(|one| &one.request).collect();
    let arrivals = pipeline::ingest(tx, &requests, Source::Recovery).await?.arrivals;
    let mut used = BufferedUsage::new();
    for one in verified {
        let (key, at) = ((one.request.scope.connection, one.request.secret), SecretUse::once(one.rejected_at));
        used.entry(key).and_modify(|known| *known = known.and(at)).or_insert(at);
    }
    secret_usage::add(tx, &used).await?;
    store::add_recovered(tx, rejection, verified.len()).await?;
    for one in verified {
        if !store::mark_recovered(tx, one.id, rejection, now).await? {
            return Ok(None);
        }
    }
    security_log::append(tx, actor, Action::RequestsRecovered, rejection, now).await?;
    let ids: Vec<EventId> = arrivals.iter().map(|arrival| arrival.id).collect();
    let made: HashSet<EventId> = log::made(tx, &ids).await?.into_iter().collect();
    let (mut known, mut rest) = (0, arrivals.as_slice());
    for one in verified {
        let (own, others) = rest.split_at(one.request.count());
        rest = others;
        let mut new = own.iter().filter(|arrival| made.contains(&arrival.id)).peekable();
        known += usize::from(new.peek().is_none());
        for arrival in new {
            let (event, app) = (arrival.id, one.request.scope.app);
            let new = recoveries::New { event, app, rejection, rejected_at: one.rejected_at, at: now, by: actor.name };
            recoveries::insert(tx, &new).await?;
        }
    }
    Ok(Some(Recovered { events: made.len(), known }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::{
        accounts::authz::denial::assert_denied,
        connections,
        db::test_db::TestDb,
        gateways::Gateway,
        primitives::{time::Clock, vault::MasterKey},
        rejections::{Cause, Reason, adopt_secret, begin_download, recorder::DiagnosisContext},
    };

    const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

    /// A request of a secret with a space.
    pub(crate) fn rejection(connection: &Connection) -> Rejection {
        Rejection {
            id: RejectionId::unique(),
            app_id: connection.app_id,
            connection_id: connection.id,
            gateway: connection.gateway,
            mode: connection.mode,
            reason: Reason::SignatureMismatch,
            cause: Cause::SecretWithSpace,
            secret_id: None,
            key_digest: Some(vec![0; 32]),
            other_connection_id: None,
            detail: None,
            address: "203.0.113.7".to_owned(),
            count: 1,
            recovered_count: 0,
            first_at: NOW,
            last_at: NOW,
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn only_a_user_of_the_company_with_the_permission_recovers_requests_or_adopts_their_secret() {
        let test = TestDb::new("recovery_denied").await;
        let (db, vault, clock) = (test.db.clone(), Vault::new(MasterKey::generate()), Clock::fixed(NOW));
        let context = &DiagnosisContext { db, vault, clock, base: "https://pay.neemtree.example".to_owned() };
        let connection = &connections::tests::connection(Gateway::RAZORPAY);
        let (company, rejection, stores) = (connection.company_id, &rejection(connection), (&context.db, &context.vault));
        let id = RequestId::unique();
        assert_denied(company, async |actor| begin_download(&mut context.db.begin().await?, connection, id, (&actor, NOW)).await)
            .await;
        assert_denied(company, async |actor| recover(stores, connection, rejection, None, (&actor, NOW)).await).await;
        assert_denied(company, async |actor| adopt_secret::adopt(context, connection, rejection, (&actor, NOW)).await).await;
        test.end().await;
    }
}

//! Refused requests that verify by now become events: counted first, then let in on a person's word.
//!
//! The rule: the same check, over the same octets, with the SECRETs that count now and the time at which the request came.
//! Events are appended and projected as any other; of two that try the same, one comes through.

use std::collections::HashSet;

use bytes::Bytes;
use tokio::{
    sync::{AcquireError, Semaphore, SemaphorePermit},
    task::spawn_blocking,
};

use super::{
    Rejection,
    store::{self, Recoverable, recoveries},
    store_batch,
};
use crate::{
    connections::{
        Connection, ConnectionScope,
        secret_usage::{self, BufferedUsage, Use},
        secrets,
    },
    db::{Db, DbError, Tx},
    events::{
        append::{self, Arrival},
        store::log,
    },
    gateways::adapter::{self, Incoming, ValidSecret},
    primitives::{
        id::{EventId, RejectionId, RequestId, SecretId},
        secret::Secret,
        time::Timestamp,
        vault::Vault,
    },
    transactions::{self, PaymentReport},
};

/// The most requests in one unit of work: events that arrive must not wait long.
const AT_ONCE: i64 = 50;
/// The most requests that are counted for a page.
const MOST_COUNTED: i64 = 2000;

/// How many kept requests could be recovered.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// Not recovered yet, and whole.
    pub(crate) kept: usize,
    /// Those of them that verify now.
    pub(crate) verified: Vec<RequestId>,
}

impl Count {
    /// How many verify now.
    pub(crate) fn verify(&self) -> usize {
        self.verified.len()
    }
}

/// What became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Recovered {
    /// New events.
    pub(crate) events: usize,
    /// Requests of events that had come otherwise in the meantime.
    pub(crate) known: usize,
}

/// Who recovers, and when.
#[derive(Clone, Copy)]
pub(crate) struct RecoveredBy<'a> {
    pub(crate) name: &'a str,
    pub(crate) at: Timestamp,
}

/// A kept request that verifies.
struct Verified {
    id: RequestId,
    refused_at: Timestamp,
    arrival: Arrival,
}

/// Lists of stored requests that are verified at the same time: each takes a thread, and memory for what it opens.
pub(super) static VERIFICATIONS: Semaphore = Semaphore::const_new(2);

/// How many of a rejection's requests verify now.
pub(crate) async fn count(
    db: &Db,
    vault: &Vault,
    connection: &Connection,
    rejection: &Rejection,
    now: Timestamp,
) -> Result<Count, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.reader().await?;
    let live = live(&secrets::list_live(&mut reader, connection.id, now).await?, vault);
    let kept = store::list_recoverable(&mut reader, rejection.id, RequestId::least(), MOST_COUNTED).await?;
    drop(reader);
    let number = kept.len();
    let verified = verify_all(turn, vault, connection.place(), kept, [live]).await;
    Ok(Count { verified: verified.iter().filter(|(_, [is_valid])| *is_valid).map(|(one, _)| one.id).collect(), kept: number })
}

/// A stored request, without what was sent.
pub(crate) struct Summary {
    pub(crate) id: RequestId,
    pub(crate) rejection: RejectionId,
    pub(crate) received_at: Timestamp,
}

/// Stored requests of a connection that a secret would verify and no valid one does, newest first.
pub(super) async fn verified_with(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    secret: Secret,
    now: Timestamp,
) -> Result<Vec<Summary>, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.reader().await?;
    let valid = live(&secrets::list_live(&mut reader, connection.id, now).await?, vault);
    let kept = store::list_of_connection(&mut reader, connection.id, MOST_COUNTED).await?;
    drop(reader);
    let candidate = vec![ValidSecret { id: SecretId::new(now), secret, until: None }];
    let verified = verify_all(turn, vault, connection.place(), kept, [candidate, valid]).await;
    Ok(verified.into_iter().filter(|(_, verifies)| *verifies == [true, false]).map(|(one, _)| one).collect())
}

/// Kept requests of a connection that verify with one SECRET and with no other that counts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OnlyWith {
    pub(crate) requests: usize,
    /// Their rejections, the newest first.
    pub(crate) rejections: Vec<RejectionId>,
}

/// What could be let in only with that SECRET of the connection, of the newest that are kept.
pub(crate) async fn depends_only_on(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    secret: SecretId,
    now: Timestamp,
) -> Result<OnlyWith, DbError> {
    let turn = VERIFICATIONS.acquire().await;
    let mut reader = db.reader().await?;
    let stored = secrets::list_live(&mut reader, connection.id, now).await?;
    let kept = store::list_of_connection(&mut reader, connection.id, MOST_COUNTED).await?;
    drop(reader);
    let (own, others): (Vec<_>, Vec<_>) = live(&stored, vault).into_iter().partition(|live| live.id == secret);
    let mut only = OnlyWith::default();
    let verified = verify_all(turn, vault, connection.place(), kept, [own, others]).await;
    for (one, _) in verified.iter().filter(|(_, verifies)| *verifies == [true, false]) {
        only.requests += 1;
        if !only.rejections.contains(&one.rejection) {
            only.rejections.push(one.rejection);
        }
    }
    Ok(only)
}

/// Whether each stored request verifies with each of these sets of secrets. Opening and hashing take a thread of their own, so that
/// the threads that answer requests do not wait for it. That thread holds the permit: it goes on when the client has left.
async fn verify_all<const SETS: usize>(
    turn: Result<SemaphorePermit<'static>, AcquireError>,
    vault: &Vault,
    place: ConnectionScope,
    kept: Vec<Recoverable>,
    sets: [Vec<ValidSecret>; SETS],
) -> Vec<(Summary, [bool; SETS])> {
    let vault = vault.clone();
    let verified = spawn_blocking(move || {
        let _turn = turn;
        let of = |kept: Recoverable| {
            let said = store_batch::open(&vault, kept.id, (&kept.headers, &kept.body)).ok();
            let opened = said.and_then(|said| Some((said.pairs()?, said.body)));
            let verifies = |with: &Vec<ValidSecret>| {
                let Some((headers, body)) = &opened else { return false };
                adapter::verify(place.gateway, &Incoming { headers, body }, with, kept.received_at).is_ok()
            };
            let summary = Summary { id: kept.id, rejection: kept.rejection_id, received_at: kept.received_at };
            (summary, sets.each_ref().map(verifies))
        };
        kept.into_iter().map(of).collect()
    });
    verified.await.unwrap_or_else(|error| {
        tracing::error!(%error, "stored requests could not be verified");
        Vec::new()
    })
}

/// Lets in those that verify, one of them or all.
///
/// # Errors
/// When the database refuses; what was let in before that stays, and trying again does the rest.
pub(crate) async fn recover(
    (db, vault): (&Db, &Vault),
    connection: &Connection,
    rejection: &Rejection,
    only: Option<RequestId>,
    by: RecoveredBy<'_>,
) -> Result<Recovered, DbError> {
    let mut after = RequestId::least();
    let mut all = Recovered::default();
    loop {
        let mut tx = db.begin().await?;
        let live = live(&secrets::list_live(&mut tx, connection.id, by.at).await?, vault);
        let kept = match only {
            Some(id) => store::find_recoverable(&mut tx, rejection.id, id).await?,
            None => store::list_recoverable(&mut tx, rejection.id, after, AT_ONCE).await?,
        };
        let Some(last) = kept.last().map(|kept| kept.id) else { return Ok(all) };
        let verified: Vec<Verified> =
            kept.iter().filter_map(|kept| verify(vault, connection.place(), kept, &live, by.at)).collect();
        // Nothing where somebody else has taken one of them meanwhile: then what is left is looked at anew.
        let Some(recovered) = import(&mut tx, rejection.id, &verified, by).await? else { continue };
        tx.commit().await?;
        all.events += recovered.events;
        all.known += recovered.known;
        after = last;
        if only.is_some() {
            return Ok(all);
        }
    }
}

/// Those that can be opened: one that cannot verifies nothing.
fn live(stored: &[secrets::Stored], vault: &Vault) -> Vec<ValidSecret> {
    stored.iter().filter_map(|secret| secret.live(vault).ok()).collect()
}

/// The request as an arrival of now, if it verifies as it would have when it came.
fn verify(vault: &Vault, place: ConnectionScope, kept: &Recoverable, live: &[ValidSecret], now: Timestamp) -> Option<Verified> {
    let said = store_batch::open(vault, kept.id, (&kept.headers, &kept.body)).ok()?;
    let headers = said.pairs()?;
    let body: Bytes = said.body;
    let request = Incoming { headers: &headers, body: &body };
    let believed = adapter::verify(place.gateway, &request, live, kept.received_at).ok()?;
    let arrival = Arrival::new(place, &request, believed, said.headers, now);
    Some(Verified { id: kept.id, refused_at: kept.received_at, arrival })
}

/// The same tables in the same order as a batch of arrivals – transactions, events, ids, sums – and only then which secrets were
/// used, and what was kept:
/// whoever writes down refusals holds that, and waits for none of these.
async fn import(
    tx: &mut Tx,
    rejection: RejectionId,
    verified: &[Verified],
    by: RecoveredBy<'_>,
) -> Result<Option<Recovered>, DbError> {
    let told: Vec<PaymentReport<'_>> = verified.iter().filter_map(|one| one.arrival.told()).collect();
    let projected = transactions::project(tx, &told).await?;
    let mut ids = projected.ids.into_iter();
    let kept: Vec<append::Kept<'_>> =
        verified.iter().map(|one| (&one.arrival, one.arrival.told().and_then(|_| ids.next()))).collect();
    append::append(tx, &kept).await?;
    transactions::apply_totals(tx, &projected.sums).await?;
    let mut used = BufferedUsage::new();
    for one in verified {
        let (key, at) = ((one.arrival.place.connection, one.arrival.secret), Use::once(one.refused_at));
        used.entry(key).and_modify(|known| *known = known.and(at)).or_insert(at);
    }
    secret_usage::add(tx, &used).await?;
    store::add_recovered(tx, rejection, verified.len()).await?;
    for one in verified {
        if !store::mark_recovered(tx, one.id, rejection, by.at).await? {
            return Ok(None);
        }
    }
    let ids: Vec<EventId> = verified.iter().map(|one| one.arrival.id).collect();
    let made: HashSet<EventId> = log::made(tx, &ids).await?.into_iter().collect();
    for one in verified.iter().filter(|one| made.contains(&one.arrival.id)) {
        let arrival = &one.arrival;
        let (app, refused_at) = (arrival.place.app, one.refused_at);
        let new = recoveries::New { event: arrival.id, app, rejection, refused_at, at: by.at, by: by.name };
        recoveries::insert(tx, &new).await?;
    }
    Ok(Some(Recovered { events: made.len(), known: verified.len() - made.len() }))
}

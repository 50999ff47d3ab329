//! Stores a history: requests of the demo's simulated gateway, each as if it had been received at its time.
//!
//! The requests are verified, parsed and stored by the same code as those received over HTTP; only the time is given. They are
//! verified once, under the endpoints of then; the zones of their apps are read in each unit of work, since a change of them must
//! not overlap it (`apps::zones`).

use std::collections::{BTreeMap, btree_map::Entry};

use actix_web::web::Bytes;
use tokio::sync::oneshot;

use super::{Ingestion, endpoint_cache::EndpointLookupError};
use crate::{
    apps,
    db::{Db, DbError, Tx},
    events::{append::VerifiedRequest, headers},
    gateways::adapter::{self, Incoming},
    pipeline::{self, Source},
    primitives::time::Timestamp,
};

/// Requests less than this apart belong to one payment and are stored together.
const GROUP_MILLIS: i64 = 60_000;
/// Groups of requests in one unit of work.
const GROUPS_PER_COMMIT: usize = 40;

/// A request that was received in the past.
pub(crate) struct PastRequest {
    pub(crate) endpoint: String,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    pub(crate) body: Bytes,
    pub(crate) received_at: Timestamp,
}

/// Why a history could not be stored.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReplayError {
    #[error(transparent)]
    Unknown(#[from] EndpointLookupError),
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("no thread to store it on: {0}")]
    Thread(#[from] std::io::Error),
    #[error("the thread that stores it ended early")]
    EndedEarly,
}

impl Ingestion {
    /// Stores the requests, which are sorted oldest first. Skips those that fail verification.
    ///
    /// # Errors
    /// If they could not be verified or stored.
    pub(crate) async fn replay(&self, db: &Db, requests: &[PastRequest]) -> Result<(), ReplayError> {
        let known = self.endpoint_cache.known().await?;
        let mut verified_requests = Vec::new();
        for request in requests {
            let Some(endpoint) = known.find(&request.endpoint).filter(|endpoint| endpoint.is_enabled) else { continue };
            let headers = adapter::borrow_headers(&request.headers);
            let incoming = Incoming { headers: &headers, body: &request.body };
            if let Ok(verified) = adapter::verify(endpoint.scope.gateway, &incoming, endpoint.live(), request.received_at) {
                let headers = headers::to_json(&headers);
                let owner = (endpoint.scope, endpoint.zones);
                verified_requests.push(VerifiedRequest::new(owner, &incoming, verified, &headers, request.received_at));
            }
        }
        let verified_requests = store_on_own_thread(db, verified_requests).await?;
        for VerifiedRequest { scope, secret, at, .. } in &verified_requests {
            self.usage_recorder.note(scope.connection, *secret, *at);
        }
        Ok(())
    }
}

/// Stores the requests and returns them. On a thread of its own, since a hand-off for each of the many statements would take
/// most of the time on a busy machine.
async fn store_on_own_thread(db: &Db, mut requests: Vec<VerifiedRequest>) -> Result<Vec<VerifiedRequest>, ReplayError> {
    let (own, (storing, stored)) = (db.on_own_thread(), oneshot::channel());
    let ended = db.start_writer(async move {
        let _ = storing.send(store(&own, &mut requests).await.map(|()| requests));
    })?;
    ended.await;
    Ok(stored.await.map_err(|_| ReplayError::EndedEarly)??)
}

/// Stores one group after the other, so that the baseline is as if the requests had arrived one by one.
async fn store(db: &Db, requests: &mut [VerifiedRequest]) -> Result<(), DbError> {
    let mut groups: Vec<&mut [VerifiedRequest]> =
        requests.chunk_by_mut(|one, next| next.at.millis() - one.at.millis() < GROUP_MILLIS).collect();
    for groups in groups.chunks_mut(GROUPS_PER_COMMIT) {
        let mut tx = db.begin_ingesting().await?;
        read_zones(&mut tx, groups.iter_mut().flat_map(|group| group.iter_mut())).await?;
        for group in groups {
            let group: Vec<&VerifiedRequest> = group.iter().collect();
            pipeline::ingest(&mut tx, &group, Source::Request).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Replaces the zones under which the requests were verified by those of now.
async fn read_zones(tx: &mut Tx, requests: impl Iterator<Item = &mut VerifiedRequest>) -> Result<(), DbError> {
    let mut known = BTreeMap::new();
    for request in requests {
        request.zones = match known.entry(request.scope.app) {
            Entry::Occupied(zones) => *zones.get(),
            Entry::Vacant(entry) => *entry.insert(apps::store::zones(&mut *tx, request.scope.app).await?),
        };
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::authz::{Actor, Permission},
        apps::zones::{self, AskOutcome},
        ingestion::store_batch::tests::{Bench, Sent},
        ledger::payments::store::recount,
    };

    #[tokio::test]
    async fn payments_are_added_to_the_totals_of_the_zone_that_the_app_has_by_then() {
        let bench = Bench::new("replay_zones").await;
        let scope = bench.connection("Neem Tree Store").await;
        let mut requests = [bench.request(scope, &Sent::new("pay_1", "evt_1"))];
        let actor = Actor::command(scope.company);
        let mut tx = bench.db.begin().await.unwrap();
        let app = apps::find(&mut tx, scope.app, (&actor, Permission::ManageApps)).await.unwrap();
        let asked = zones::ask(&mut tx, &app, "Asia/Kathmandu".parse().unwrap(), (&actor, bench.now)).await.unwrap();
        assert_eq!(asked, AskOutcome::Accepted);
        for change in apps::store::list_zone_changes(&mut tx).await.unwrap() {
            assert!(zones::complete(&mut tx, &change).await.unwrap());
        }
        tx.commit().await.unwrap();
        store(&bench.db, &mut requests).await.unwrap();
        let mut reader = bench.db.reader().await.unwrap();
        let zones = apps::store::zones(&mut reader, scope.app).await.unwrap();
        assert_eq!(recount::count_stale_days(&mut reader, scope.app, zones.current.into()).await.unwrap(), 0);
        drop(reader);
        assert_eq!(bench.transactions().await.len(), 1);
        bench.end().await;
    }
}

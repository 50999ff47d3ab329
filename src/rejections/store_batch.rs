//! Writes a batch of rejected requests: the counts, and the stored content.
//!
//! Invariant: every request is counted; one that was not diagnosed is counted as such, never under a cause. Rows are written
//! in one order on every server, connections first, under the connection's row lock, so that two servers do not begin the
//! same rejection twice.

use std::collections::BTreeMap;

use bytes::Bytes;
use tokio::task::spawn_blocking;

use super::{
    CapturedRequest, Cause, NEW_REJECTION_AFTER, Reason, RejectedRequest, copies,
    diagnose::DiagnosedRequest,
    eviction::{self, EvictionRank, StorageQuota},
    proof,
    store::{self, AdditionalRequests, NewRejection, NewRequest, RejectionKey, evictions},
};
use crate::{
    connections::{self, ConnectionScope, activity::ProvenRequests},
    db::{Db, DbError, Tx, ids},
    events::headers,
    gateways::{
        Gateway,
        adapter::{self, is_safe_identifier},
    },
    primitives::{
        id::{ConnectionId, RejectionId, RequestId},
        time::Timestamp,
        vault::{Vault, VaultError},
    },
};

/// The storage quota of a connection, in requests and bytes: an app has at most four connections. One rejection may use half
/// of it, so that a flood of one kind leaves room for the others.
pub(super) const STORAGE_QUOTA: StorageQuota = StorageQuota { rows: 2000, bytes: 8 * 1024 * 1024 };
/// The contexts to which sealed headers and a sealed body are bound.
const HEADERS: &str = "rejected_requests.headers";
const BODY: &str = "rejected_requests.body";
/// Later than any time.
const MAX_TIMESTAMP: Timestamp = Timestamp::from_millis(i64::MAX);

/// The byte order mark of UTF-8, which some programs put before a body.
const MARK: &[u8] = "\u{feff}".as_bytes();

/// The requests that a connection rejected for one reason.
#[derive(Clone)]
pub(crate) struct ReasonCount {
    scope: ConnectionScope,
    count: i64,
    first_at: Timestamp,
    last_at: Timestamp,
    address: String,
}

/// Rejected requests by connection and reason.
pub(crate) type Tallies = BTreeMap<(ConnectionId, Reason), ReasonCount>;

/// Counts a request.
pub(crate) fn tally(tallies: &mut Tallies, rejected: &RejectedRequest) {
    let (scope, at) = (rejected.scope, rejected.at);
    let none = || ReasonCount { scope, count: 0, first_at: at, last_at: at, address: String::new() };
    let tally = tallies.entry((scope.connection, rejected.reason)).or_insert_with(none);
    tally.count += 1;
    tally.first_at = tally.first_at.min(at);
    tally.last_at = tally.last_at.max(at);
    tally.address = rejected.address.to_string();
}

/// Adds earlier counts.
pub(crate) fn restore(tallies: &mut Tallies, older: Tallies) {
    for (key, older) in older {
        match tallies.get_mut(&key) {
            Some(newer) => {
                newer.count += older.count;
                newer.first_at = newer.first_at.min(older.first_at);
                newer.last_at = newer.last_at.max(older.last_at);
            }
            None => {
                tallies.insert(key, older);
            }
        }
    }
}

/// A diagnosed request as it is stored.
pub(crate) struct SealedRequest {
    examined: DiagnosedRequest,
    /// The digests under which copies of its signed text are stored.
    copies: Vec<[u8; 32]>,
    /// `None` if it is only counted.
    stored: Option<Content>,
}

impl SealedRequest {
    /// Returns the request and its id, if it is stored with an unknown cause.
    pub(super) fn stored_as_unknown(&self) -> Option<(&CapturedRequest, RequestId)> {
        let content = self.stored.as_ref().filter(|_| self.examined.diagnosis.cause == Cause::Unknown)?;
        Some((&self.examined.sample, content.id))
    }
}

/// The content of a request, sealed.
struct Content {
    id: RequestId,
    digest: [u8; 32],
    headers: Vec<u8>,
    body: Vec<u8>,
}

/// Seals the requests on a blocking thread, with ids taken before: no row is locked meanwhile. If sealing panics, they are only
/// counted rather than retried forever.
pub(crate) async fn seal(db: &Db, vault: &Vault, examined: Vec<DiagnosedRequest>) -> Result<Vec<SealedRequest>, DbError> {
    let mut ids = db.take_ids(examined.iter().filter(|one| one.is_stored).count()).await?.into_iter();
    let vault = vault.clone();
    let seal = move |one: DiagnosedRequest| {
        let id = if one.is_stored { ids.next() } else { None };
        seal_one(&vault, id, one)
    };
    let sealed = spawn_blocking(move || examined.into_iter().map(seal).collect());
    Ok(sealed.await.unwrap_or_else(|error| {
        tracing::error!(%error, "rejected requests could not be encrypted");
        Vec::new()
    }))
}

/// Seals the content of a request that is to be stored under that id; without one it is only counted.
fn seal_one(vault: &Vault, id: Option<RequestId>, examined: DiagnosedRequest) -> SealedRequest {
    let copies = copies::digests(vault, &examined);
    let Some(id) = id else { return SealedRequest { examined, copies, stored: None } };
    let sample = &examined.sample;
    let headers = vault.seal(HEADERS, &id.to_bytes(), headers::to_json(&adapter::borrow_headers(&sample.headers)).as_bytes());
    let body = vault.seal(BODY, &id.to_bytes(), sample.stored_body());
    let stored = Some(Content { id, digest: copies::digest(vault, &examined), headers, body });
    SealedRequest { examined, copies, stored }
}

/// Writes the counts of each connection in order, and stores diagnosed requests. Returns the proof per connection.
pub(crate) async fn persist<'a>(
    tx: &mut Tx,
    tallies: impl Iterator<Item = &'a Tallies> + Clone,
    sealed: &[SealedRequest],
) -> Result<BTreeMap<ConnectionId, ProvenRequests>, DbError> {
    let tallies: Vec<_> = tallies.flatten().collect();
    let mut proven = BTreeMap::new();
    // All row locks before anything else: a writer that waits for one holds nothing that another waits for.
    for connections in tallies.chunk_by(|one, other| one.0.0 == other.0.0) {
        connections::store::lock_row(tx, connections[0].0.0).await?;
    }
    for ((connection, reason), tally) in tallies {
        let is_own = |sample: &CapturedRequest| sample.scope.connection == *connection && sample.reason == *reason;
        // Requests that were neither diagnosed nor stored are counted with the rest.
        let is_told = |one: &&SealedRequest| one.stored.is_some() || one.examined.diagnosis.cause != Cause::NotDiagnosed;
        let own = sealed.iter().filter(|one| is_own(&one.examined.sample)).filter(is_told);
        let mut kinds: BTreeMap<RejectionKey, Vec<&SealedRequest>> = BTreeMap::new();
        for one in own {
            kinds.entry(rejection_key(*reason, &one.examined)).or_default().push(one);
        }
        let looked_at: usize = kinds.values().map(Vec::len).sum();
        let rest = tally.count - i64::try_from(looked_at).unwrap_or(tally.count);
        let not_diagnosed = not_diagnosed(*reason);
        if rest > 0 {
            kinds.entry(not_diagnosed.clone()).or_default();
        }
        for (kind, list) in &kinds {
            let id = count(tx, tally, kind, list, if *kind == not_diagnosed { rest } else { 0 }).await?;
            for one in list {
                note_proof(tx, &mut proven, id, one).await?;
                keep(tx, id, one).await?;
            }
        }
        if looked_at > 0 {
            evictions::trim(tx, *connection, STORAGE_QUOTA).await?;
        }
    }
    Ok(proven)
}

/// Counts a proven request that was rejected for its own content: one at a disabled connection proves no fault. Before it is
/// kept, so that it is not taken for a copy of itself.
async fn note_proof(
    tx: &mut Tx,
    proven: &mut BTreeMap<ConnectionId, ProvenRequests>,
    rejection: RejectionId,
    sealed: &SealedRequest,
) -> Result<(), DbError> {
    let (sample, signer) = (&sealed.examined.sample, sealed.examined.diagnosis.signer.as_ref());
    let connection = sample.scope.connection;
    if sample.reason.rejected().is_none() || !proof::is_proven(&sealed.examined) {
        return Ok(());
    }
    let is_new = sealed.examined.is_from_account
        || copies::is_new_fault(tx, connection, signer, (&sealed.copies, RequestId::least())).await?;
    // One that is copied while others of the same batch begin a failure adds to it.
    if is_new || (proven.contains_key(&connection) && !copies::are_stored(tx, connection, signer).await?) {
        let one = ProvenRequests { count: 1, first_at: sample.at, last_at: sample.at, rejection };
        proven.entry(connection).and_modify(|known| *known = known.and(one)).or_insert(one);
    }
    Ok(())
}

/// Returns the key of requests that were not diagnosed.
fn not_diagnosed(reason: Reason) -> RejectionKey {
    RejectionKey { reason, cause: Cause::undiagnosed(reason), secret: None, key: None, detail: None }
}

/// Returns the key of the rejection that a request belongs to.
pub(super) fn rejection_key(reason: Reason, one: &DiagnosedRequest) -> RejectionKey {
    let found = &one.diagnosis;
    let detail = found.detail.clone().filter(|_| !found.cause.has_varying_detail());
    RejectionKey { reason, cause: found.cause, secret: found.secret, key: one.key.map(Into::into), detail }
}

/// Returns when the first and the last request was received. Requests that are only counted have no times but those of the
/// whole tally.
fn span(tally: &ReasonCount, times: impl Iterator<Item = Timestamp> + Clone, more: i64) -> (Timestamp, Timestamp) {
    match (times.clone().min(), times.max()) {
        (Some(first_at), Some(last_at)) if more == 0 => (first_at, last_at),
        _ => (tally.first_at, tally.last_at),
    }
}

/// Counts requests of one kind, in the rejection that continues or in a new one.
async fn count(
    tx: &mut Tx,
    tally: &ReasonCount,
    kind: &RejectionKey,
    list: &[&SealedRequest],
    more: i64,
) -> Result<RejectionId, DbError> {
    let count = i64::try_from(list.len()).unwrap_or(i64::MAX).saturating_add(more);
    let (first_at, last_at) = span(tally, list.iter().map(|one| one.examined.sample.at), more);
    let address = list.last().map_or_else(|| tally.address.clone(), |one| one.examined.sample.address.to_string());
    let diagnosis = list.last().map(|one| &one.examined.diagnosis);
    let detail = diagnosis.and_then(|found| found.detail.as_deref());
    if let Some(id) =
        store::find_open(tx, tally.scope.connection, kind, (first_at.minus(NEW_REJECTION_AFTER), MAX_TIMESTAMP)).await?
    {
        let detail = detail.filter(|_| kind.cause == Cause::RenamedHeader);
        store::add(tx, id, &AdditionalRequests { count, first_at, last_at, address: &address, detail }).await?;
        return Ok(id);
    }
    let new = NewRejection {
        id: ids::next(tx).await?,
        scope: &tally.scope,
        kind,
        other: diagnosis.and_then(|found| found.other),
        detail,
        address: &address,
        count,
        first_at,
        last_at,
    };
    store::insert(tx, &new).await?;
    Ok(new.id)
}

/// Stores a request, unless an equal one is stored already.
async fn keep(tx: &mut Tx, rejection: RejectionId, sealed: &SealedRequest) -> Result<(), DbError> {
    let (sample, Some(content)) = (&sealed.examined.sample, &sealed.stored) else { return Ok(()) };
    let new = NewRequest {
        id: content.id,
        rejection,
        scope: &sample.scope,
        digest: &content.digest,
        eviction_rank: EvictionRank::of(&sealed.examined) as i64,
        sender: &eviction::sender(sample.address),
        address: &sample.address.to_string(),
        size: sample.size.and_then(|size| i64::try_from(size).ok()),
        is_truncated: sample.is_truncated,
        at: sample.at,
        headers: &content.headers,
        body: &content.body,
    };
    store::keep(tx, &new).await
}

/// The content of a stored request.
pub(crate) struct OpenedRequest {
    /// As JSON.
    pub(crate) headers: String,
    pub(crate) body: Bytes,
}

/// Returns the event type of a body, if it is an event and the name can be displayed.
pub(super) fn event_type(gateway: Gateway, body: &[u8]) -> Option<String> {
    let name = gateway.adapter().claimed_type(body.strip_prefix(MARK).unwrap_or(body));
    name.filter(|name| is_safe_identifier(name))
}

impl OpenedRequest {
    /// Returns the event type that it claims, if that name can be displayed.
    pub(crate) fn event_type(&self, gateway: Gateway) -> Option<String> {
        event_type(gateway, &self.body)
    }

    /// Returns the headers in the form that adapters take.
    pub(crate) fn pairs(&self) -> Option<Vec<(String, Vec<u8>)>> {
        let headers: Vec<(String, String)> = serde_json::from_str(&self.headers).ok()?;
        Some(headers.into_iter().map(|(name, value)| (name, value.into_bytes())).collect())
    }
}

/// Opens what [`seal`] sealed.
///
/// # Errors
/// If it was sealed under another master key, or is damaged.
pub(crate) fn open(vault: &Vault, id: RequestId, sealed: (&[u8], &[u8])) -> Result<OpenedRequest, VaultError> {
    let headers = vault.open(HEADERS, &id.to_bytes(), sealed.0)?;
    let body = vault.open(BODY, &id.to_bytes(), sealed.1)?;
    Ok(OpenedRequest { headers: String::from_utf8_lossy(&headers).into_owned(), body: Bytes::copy_from_slice(&body) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateways::Mode,
        primitives::{
            id::{AppId, CompanyId},
            vault::MasterKey,
        },
    };

    #[test]
    fn a_rejection_spans_the_requests_that_are_only_counted_too() {
        let at = Timestamp::from_millis;
        let (company, app, connection) = (CompanyId::unique(), AppId::unique(), ConnectionId::unique());
        let scope = ConnectionScope { company, app, connection, gateway: Gateway::RAZORPAY, mode: Mode::Test };
        let tally = ReasonCount { scope, count: 4, first_at: at(1), last_at: at(9), address: String::new() };
        let times = [at(5), at(3)];
        assert_eq!(span(&tally, times.into_iter(), 0), (at(3), at(5)));
        assert_eq!(span(&tally, times.into_iter(), 2), (at(1), at(9)));
        assert_eq!(span(&tally, std::iter::empty(), 4), (at(1), at(9)));
    }

    #[test]
    fn the_same_request_is_the_same_in_whatever_order_its_headers_come() {
        let vault = Vault::new(MasterKey::generate());
        let at = Timestamp::from_millis(0);
        let (company, app, connection) = (CompanyId::unique(), AppId::unique(), ConnectionId::unique());
        let scope = ConnectionScope { company, app, connection, gateway: Gateway::STANDARD_WEBHOOKS, mode: Mode::Test };
        let digest_of = |headers: &[(&str, &str)]| {
            let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), value.as_bytes().to_vec())).collect();
            let (address, body) = ([127, 0, 0, 1].into(), Some(Bytes::from_static(b"{}")));
            let sample = RejectedRequest { scope, reason: Reason::SignatureMismatch, headers, body, address, at }.capture();
            let diagnosis = Cause::Unknown.into();
            copies::digest(&vault, &DiagnosedRequest { sample, diagnosis, is_from_account: false, key: None, is_stored: true })
        };
        let usual = digest_of(&[("webhook-id", "1"), ("webhook-timestamp", "2"), ("webhook-signature", "v1,3")]);
        assert_eq!(
            digest_of(&[("webhook-signature", "v1,3"), ("x", "y"), ("webhook-timestamp", "2"), ("webhook-id", "1")]),
            usual
        );
        assert_ne!(digest_of(&[("webhook-id", "2"), ("webhook-timestamp", "1"), ("webhook-signature", "v1,3")]), usual);
    }
}

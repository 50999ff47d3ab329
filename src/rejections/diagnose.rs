//! Loads the inputs of diagnosis, and runs it on rejected requests.
//!
//! Invariant: only secrets of the request's own company are used; they are opened for this and wiped afterwards. Work is
//! bounded (`budget.rs`). A request that could not be diagnosed is stored as such, and diagnosed later (`deferred/mod.rs`).

use std::{
    num::NonZeroU32,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use zeroize::Zeroizing;

use super::{
    CapturedRequest, Cause, Reason,
    budget::{Allowance, Budget, Share},
    deferred::Deferred,
    diagnosis::{CompanyKeys, Diagnosis, Key, KeyOwner},
    eviction::EvictionRank,
    shape::{self, Shape},
    store_batch::SealedRequest,
    triage::{Batch, Pass, Triage},
};
use crate::{
    connections::{
        self, Connection, ConnectionScope, activity,
        credentials::{self, StoredCredential},
        secrets,
    },
    db::{DbError, with_timeout},
    primitives::{
        id::ConnectionId,
        rate_limit::KeyedLimiter,
        time::{Clock, Timestamp},
        vault::Vault,
    },
    rejections::recorder::DiagnosisContext,
    urls,
};

/// The most secrets of one kind that are opened for a connection.
const MAX_SECRETS: i64 = 64;
/// The rate limit of stored requests per connection: burst, and requests per second. Further requests are only counted.
const STORE_BURST: NonZeroU32 = NonZeroU32::new(500).expect("it is not zero");
const STORES_PER_SECOND: u32 = 30;

/// Diagnoses rejected requests within a budget, so that a sustained flood does not occupy a core.
pub(crate) struct Diagnoser {
    budget: Budget,
    is_off: Arc<AtomicBool>,
    triage: Triage,
    pace: KeyedLimiter<ConnectionId>,
    deferred: Deferred,
}

impl Diagnoser {
    /// Stops early, even mid-run, once `is_off` is set.
    pub(crate) fn new(clock: &Clock, is_off: Arc<AtomicBool>) -> Self {
        let pace = KeyedLimiter::new(clock, STORE_BURST, Duration::from_secs(1) / STORES_PER_SECOND);
        Self { budget: Budget::new(), is_off, triage: Triage::default(), pace, deferred: Deferred::default() }
    }

    /// Diagnoses all requests, those of a connection together. Returns them in the same order.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn diagnose_all(
        &mut self,
        context: &DiagnosisContext,
        samples: &[&[CapturedRequest]],
    ) -> Result<Vec<DiagnosedRequest>, DbError> {
        let requests = samples.iter().map(|samples| samples.len()).sum();
        let mut work = Vec::new();
        for samples in samples {
            let Some(connection) = samples.first().map(|sample| sample.scope.connection) else { continue };
            let wants_doctor =
                samples.iter().find(|sample| sample.reason.rejected().is_some() || sample.reason == Reason::Disabled);
            let known = match wants_doctor.filter(|_| !self.is_off()) {
                Some(sample) => with_timeout(load_company_keys(context, &sample.scope, sample.at)).await?,
                None => CompanyKeys::default(),
            };
            let allowance = self.budget.for_new(connection, requests);
            work.push(Batch { connection, known, samples: samples.to_vec(), allowance });
        }
        if work.is_empty() {
            return Ok(Vec::new());
        }
        let most = self.budget.of_round(requests);
        // If diagnosis panics, requests are recorded as not diagnosed rather than retried forever.
        let mut examined = self
            .look(context, work, (Pass::Arrival, most), Share::New)
            .await
            .unwrap_or_else(|| samples.iter().copied().flatten().cloned().map(DiagnosedRequest::not_diagnosed).collect());
        self.choose(&mut examined);
        for one in examined.iter().filter(|one| one.is_deferred()) {
            self.deferred.note(one.sample.scope.connection);
        }
        Ok(examined)
    }

    /// Diagnoses within the budget, from whose share the bytes hashed are subtracted. `None` if that failed.
    pub(super) async fn look(
        &mut self,
        context: &DiagnosisContext,
        work: Vec<Batch>,
        (pass, most): (Pass, usize),
        share: Share,
    ) -> Option<Vec<DiagnosedRequest>> {
        let (is_off, vault, mut triage) = (Arc::clone(&self.is_off), context.vault.clone(), std::mem::take(&mut self.triage));
        let allowed: Vec<(ConnectionId, Allowance)> = work.iter().map(|batch| (batch.connection, batch.allowance)).collect();
        let looked = tokio::task::spawn_blocking(move || {
            let looked = triage.look(&vault, work, (pass, most), &is_off);
            (looked, triage)
        });
        match looked.await {
            Ok(((examined, spent), triage)) => {
                self.triage = triage;
                for (connection, bytes) in spent {
                    self.budget.spend(share, connection, bytes);
                }
                Some(examined)
            }
            Err(error) => {
                tracing::error!(%error, "diagnosis failed");
                for (connection, allowance) in allowed {
                    self.budget.spend(share, connection, allowance.most);
                }
                None
            }
        }
    }

    /// Diagnoses some stored requests that were not diagnosed on arrival, if the budget allows it.
    pub(crate) async fn examine_deferred(&mut self, context: &DiagnosisContext) {
        let mut deferred = std::mem::take(&mut self.deferred);
        deferred.proceed(self, context).await;
        self.deferred = deferred;
    }

    /// Returns how long to wait before there may be deferred requests to diagnose, at most `longest`.
    pub(crate) fn deferral(&self, longest: Duration) -> Duration {
        self.deferred.pause().map_or(longest, |pause| pause.min(longest))
    }

    pub(super) fn is_off(&self) -> bool {
        self.is_off.load(Ordering::Relaxed)
    }

    /// Remembers the requests just stored with an unknown cause that were granted a second diagnosis.
    pub(super) fn note_repeats(&mut self, stored: &[SealedRequest]) {
        for (sample, id) in stored.iter().filter_map(SealedRequest::stored_as_unknown) {
            if self.triage.note_waiting(sample) {
                self.deferred.note_repeat(sample.scope.connection, sample.shape.likeness(), id);
            }
        }
    }

    /// Whether the request was granted a second diagnosis, which it still has to get.
    pub(super) fn is_repeat(&self, sample: &CapturedRequest) -> bool {
        self.triage.is_repeat(sample)
    }

    pub(super) fn budget(&mut self) -> &mut Budget {
        &mut self.budget
    }

    /// Chooses which requests are stored: by eviction rank, then those still to be diagnosed, then one of each shape in turn.
    fn choose(&self, examined: &mut [DiagnosedRequest]) {
        for own in examined.chunk_by_mut(|one, other| one.sample.scope.connection == other.sample.scope.connection) {
            let shapes: Vec<Shape> = own.iter().map(|one| one.sample.shape).collect();
            let mut order = shape::order(&shapes);
            order.sort_by_key(|at| (EvictionRank::of(&own[*at]), own[*at].diagnosis.cause != Cause::NotDiagnosed));
            for at in order {
                own[at].is_stored = self.pace.check(&own[at].sample.scope.connection).is_ok();
            }
        }
    }
}

/// A request with its diagnosis.
pub(crate) struct DiagnosedRequest {
    pub(crate) sample: CapturedRequest,
    pub(crate) diagnosis: Diagnosis,
    /// Whether the gateway itself sent it, for an account of the connection.
    pub(crate) is_from_account: bool,
    /// A digest that identifies the signing key.
    pub(crate) key: Option<[u8; 32]>,
    /// Whether the request itself is stored: the number per webhook is limited.
    pub(crate) is_stored: bool,
}

impl DiagnosedRequest {
    /// Whether it is stored to be diagnosed later.
    fn is_deferred(&self) -> bool {
        self.diagnosis.cause == Cause::NotDiagnosed && self.is_stored && !self.sample.is_truncated
    }

    /// Wraps a request that was not diagnosed.
    pub(super) fn not_diagnosed(sample: CapturedRequest) -> Self {
        let diagnosis = Cause::undiagnosed(sample.reason).into();
        Self { sample, diagnosis, is_from_account: false, key: None, is_stored: true }
    }
}

/// Loads the keys and names of the company that may explain a request at one of its connections.
pub(super) async fn load_company_keys(
    context: &DiagnosisContext,
    scope: &ConnectionScope,
    at: Timestamp,
) -> Result<CompanyKeys, DbError> {
    let mut reader = context.db.bulk_reader().await?;
    let connections = connections::store::list_of_company(&mut reader, scope.company).await?;
    let Some(own) = connections.iter().find(|connection| connection.id == scope.connection) else {
        return Ok(CompanyKeys::default());
    };
    let mut stored = secrets::list_of_connection(&mut reader, own.id, at, MAX_SECRETS).await?;
    stored.extend(secrets::list_of_others(&mut reader, (scope.company, own.id), at, MAX_SECRETS).await?);
    let sealed = credentials::store::list_sealed(&mut reader, scope.company, MAX_SECRETS).await?;
    let shown = credentials::store::list_shown(&mut reader, scope.company).await?;
    let accounts = activity::get(&mut reader, own.id).await?.accounts().map(str::to_owned).collect();
    let names = connections::public_names::list(&mut reader, scope.company).await?;
    drop(reader);

    let of = |id: ConnectionId| connections.iter().find(|connection| connection.id == id);
    let mut keys: Vec<Key> = stored
        .iter()
        .filter_map(|secret| {
            let connection = of(secret.connection_id)?;
            let whose = whose(own, connection, secret, at);
            let opened = secret.open(&context.vault).ok()?;
            let text = Zeroizing::new(opened.expose().to_owned());
            let other = (connection.id != own.id).then_some(connection.id);
            Some(Key {
                whose,
                gateway: connection.gateway,
                text,
                is_retired: secret.is_retired(),
                secret: Some(secret.id),
                connection: other,
            })
        })
        .collect();
    keys.extend(sealed.iter().filter_map(|stored| key_secret(&context.vault, own, of(stored.connection_id)?, stored)));
    keys.sort_by_key(|key| (key.whose, key.connection.is_some()));
    Ok(CompanyKeys {
        keys,
        url: urls::webhook_url(&context.base, &own.endpoint),
        ids: vec![own.endpoint.clone(), own.id.to_string(), own.app_id.to_string()],
        key_ids: credentials::all_shown(shown).into_iter().take(16).collect(),
        accounts,
        names,
        recent: Vec::new(),
    })
}

fn whose(own: &Connection, other: &Connection, secret: &secrets::StoredSecret, at: Timestamp) -> KeyOwner {
    if other.id == own.id {
        return match (secret.is_retired(), secret.is_valid_at(at)) {
            (true, _) => KeyOwner::Retired,
            (false, true) => KeyOwner::Valid,
            (false, false) => KeyOwner::Expired,
        };
    }
    match (other.mode == own.mode, other.app_id == own.app_id) {
        (false, _) => KeyOwner::OtherMode,
        (true, true) => KeyOwner::OtherConnection,
        (true, false) => KeyOwner::OtherApp,
    }
}

fn key_secret(vault: &Vault, own: &Connection, connection: &Connection, stored: &StoredCredential) -> Option<Key> {
    let text = stored.open(vault).ok()?;
    let other = (connection.id != own.id).then_some(connection.id);
    Some(Key {
        whose: KeyOwner::KeySecret,
        gateway: connection.gateway,
        text,
        is_retired: false,
        secret: None,
        connection: other,
    })
}

//! An attempt: reads the event, sends it, and reports the outcome.

use std::{sync::Arc, time::Duration};

use super::{
    Claimed, End, Finished, ResponseBody,
    settle::{Attempted, Responded},
};
use crate::{
    db::{Db, DbError, Reader},
    deliveries::{
        AttemptFailure, Message,
        destination::Destination,
        request::{self, Headers, SigningSecrets, Source},
        store::{
            bodies, destinations, headers,
            secrets::{self, MAX_SIGNING_SECRETS, Purpose},
        },
    },
    events::{self, Event, Origin, payload::StoredPayload},
    net::{
        outbound::{Client, Failure, Outcome, Refusal, Request},
        tls::TlsFault,
    },
    primitives::{
        id::{AppId, RunId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
};
use bytes::Bytes;
use tokio::{sync::Semaphore, task::yield_now};

/// The maximum number of destinations whose deliveries are read at the same time.
const MAX_READING: usize = 8;
/// The number of newest events in which a test event of the original format is searched for.
const MAX_TEST_CANDIDATES: i64 = 50;

/// Sends deliveries. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Sender {
    db: Db,
    vault: Vault,
    clock: Clock,
    client: Client,
    /// The base of links to the console.
    base: String,
    /// Limits concurrent reads of the database, so that connections remain for requests.
    reading: Arc<Semaphore>,
}

/// The outcome of a test event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TestOutcome {
    Responded {
        status: u16,
        millis: i64,
        /// The beginning of the response's body.
        body: Bytes,
    },
    Failed(AttemptFailure),
    /// In the original format: no stored event can be sent.
    NoEvent,
    /// In the original format: the destination receives none of the newest events.
    NoMatch,
}

/// A delivery that can be sent, or that ends without being sent.
pub(super) enum Ready {
    ToSend(Box<ToSend>),
    Ended(Box<Finished>),
}

/// A request to send, and when the attempt began.
pub(super) struct ToSend {
    pub(super) claimed: Claimed,
    pub(super) began_at: Timestamp,
    headers: Headers,
    body: Bytes,
}

/// The result of preparing a request.
enum Prepared {
    Request(Headers, Bytes),
    /// The body was deleted after its retention period, or the destination was changed so that it does not receive the event.
    Nothing,
    /// A secret or a header does not open, or the stored event is damaged.
    Unreadable,
}

/// The sealed values of a destination, opened.
struct Opened {
    secrets: SigningSecrets,
    fixed: Headers,
}

impl Prepared {
    /// Adds the fixed headers to a request; `None` is a request that could not be created.
    fn with(request: Option<(Headers, Bytes)>, fixed: Headers) -> Self {
        let Some((mut headers, body)) = request else { return Self::Unreadable };
        headers.extend(fixed);
        Self::Request(headers, body)
    }
}

impl Sender {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock, (client, base): (Client, String)) -> Self {
        Self { db, vault, clock, client, base, reading: Arc::new(Semaphore::new(MAX_READING)) }
    }

    /// Prepares the deliveries of one destination.
    pub(super) async fn prepare(&self, mut batch: Vec<Claimed>) -> Vec<Ready> {
        let began_at = self.clock.now();
        match self.read(&mut batch, began_at).await {
            Ok(prepared) => {
                batch.into_iter().zip(prepared).map(|(claimed, prepared)| ready(claimed, prepared, began_at)).collect()
            }
            Err(error) => {
                tracing::warn!(count = batch.len(), %error, "deliveries could not be read and will be sent later");
                let unsent = |claimed| Ready::Ended(Box::new(Finished::unsent(claimed, began_at, End::NotRead)));
                batch.into_iter().map(unsent).collect()
            }
        }
    }

    /// Makes an attempt.
    pub(super) async fn send(&self, to_send: ToSend) -> Finished {
        let ToSend { claimed, began_at, headers, body } = to_send;
        let outcome = self.post(&claimed.destination, headers, body).await;
        report(claimed, began_at, outcome)
    }

    async fn post(&self, destination: &Destination, headers: Headers, body: Bytes) -> Outcome {
        let (settings, company) = (&destination.settings, destination.company_id);
        self.client.post(Request { url: &settings.url, company, headers, body, timeout: settings.timeout() }).await
    }

    /// Reads the destination again, because it may have been changed after the claim, and the event of each delivery.
    async fn read(&self, batch: &mut [Claimed], now: Timestamp) -> Result<Vec<Prepared>, DbError> {
        let Some(first) = batch.first() else { return Ok(Vec::new()) };
        // The semaphore is never closed.
        let _permit = self.reading.acquire().await;
        let mut reader = self.db.reader().await?;
        let Some(destination) = destinations::find_any(&mut reader, first.destination.id).await? else {
            return Ok(batch.iter().map(|_| Prepared::Nothing).collect());
        };
        let opened = self.open(&mut reader, &destination, now).await?;
        let mut prepared = Vec::with_capacity(batch.len());
        for claimed in batch {
            claimed.destination = destination.clone();
            prepared.push(self.read_one(&mut reader, claimed, opened.as_ref(), now).await?);
            // Reading and decompressing must not delay the requests that this thread serves.
            yield_now().await;
        }
        Ok(prepared)
    }

    async fn read_one(
        &self,
        reader: &mut Reader,
        claimed: &Claimed,
        opened: Option<&Opened>,
        now: Timestamp,
    ) -> Result<Prepared, DbError> {
        let (destination, delivery) = (&claimed.destination, &claimed.delivery);
        let id = match delivery.message() {
            Message::Event(id) => id,
            Message::Run(run) => return self.read_run(reader, (destination.app_id, run), opened, now).await,
        };
        let Some(event) = events::store::find(&mut *reader, destination.app_id, id).await? else {
            return Ok(Prepared::Unreadable);
        };
        if !destination.has_form_of(&event) {
            return Ok(Prepared::Nothing);
        }
        self.read_event(reader, (destination, opened), (&event, delivery.origin), now).await
    }

    /// Prepares the message of a run. Its destination was of the app and mode of its automation, and never changes them.
    async fn read_run(
        &self,
        reader: &mut Reader,
        (app, run): (AppId, RunId),
        opened: Option<&Opened>,
        now: Timestamp,
    ) -> Result<Prepared, DbError> {
        let Some(stored) = bodies::find(reader, app, run).await? else { return Ok(Prepared::Nothing) };
        let Some(Opened { secrets, fixed }) = opened else { return Ok(Prepared::Unreadable) };
        Ok(Prepared::with(request::of_run(run, stored.body.into(), secrets, now), fixed.clone()))
    }

    async fn read_event(
        &self,
        reader: &mut Reader,
        (destination, opened): (&Destination, Option<&Opened>),
        (event, origin): (&Event, Origin),
        now: Timestamp,
    ) -> Result<Prepared, DbError> {
        let payload = match events::store::find_payload(reader, event).await? {
            StoredPayload::Present(payload) => payload,
            StoredPayload::Deleted => return Ok(Prepared::Nothing),
            StoredPayload::Damaged(_) => return Ok(Prepared::Unreadable),
        };
        let Some(Opened { secrets, fixed }) = opened else { return Ok(Prepared::Unreadable) };
        let (base, payload) = (&self.base, &payload);
        let source = Source { destination, event, origin, payload, secrets, base, now };
        Ok(Prepared::with(source.request(), fixed.clone()))
    }

    /// Sends a test event now, without a delivery: in the normalized format an event of KS Pay's own; in the original format the newest
    /// matching event of the gateway again, with its own id, because only the gateway creates such events.
    ///
    /// # Errors
    /// If the database fails.
    pub(crate) async fn send_test(&self, destination: &Destination) -> Result<TestOutcome, DbError> {
        let now = self.clock.now();
        let prepared = match destination.settings.connection_id {
            Some(connection) => {
                let mut reader = self.db.reader().await?;
                let newest = events::store::list_last(&mut reader, connection, MAX_TEST_CANDIDATES).await?;
                let has_events = !newest.is_empty();
                let Some(event) = newest.into_iter().find(|event| destination.may_test_with(event)) else {
                    return Ok(if has_events { TestOutcome::NoMatch } else { TestOutcome::NoEvent });
                };
                let opened = self.open(&mut reader, destination, now).await?;
                self.read_event(&mut reader, (destination, opened.as_ref()), (&event, Origin::Webhook), now).await?
            }
            None => self.prepare_test(destination, now).await?,
        };
        let (headers, body) = match prepared {
            Prepared::Request(headers, body) => (headers, body),
            Prepared::Nothing => return Ok(TestOutcome::NoEvent),
            Prepared::Unreadable => return Ok(TestOutcome::Failed(AttemptFailure::Unreadable)),
        };
        let outcome = self.post(destination, headers, body).await;
        Ok(match outcome.result {
            Ok(response) => {
                TestOutcome::Responded { status: response.status, millis: millis(outcome.elapsed), body: response.body }
            }
            Err(failure) => TestOutcome::Failed(failure_of(failure)),
        })
    }

    async fn prepare_test(&self, destination: &Destination, now: Timestamp) -> Result<Prepared, DbError> {
        let Some(id) = self.db.take_ids(1).await?.pop() else { return Ok(Prepared::Unreadable) };
        let opened = self.open(&mut self.db.reader().await?, destination, now).await?;
        let Some(Opened { secrets, fixed }) = opened else { return Ok(Prepared::Unreadable) };
        Ok(Prepared::with(request::test(destination, id, &secrets, now), fixed))
    }

    /// Opens the sealed values of a destination; `None` if a required one does not open.
    async fn open(&self, reader: &mut Reader, destination: &Destination, now: Timestamp) -> Result<Option<Opened>, DbError> {
        let Some(secrets) = self.secrets(reader, destination, now).await? else { return Ok(None) };
        Ok(self.fixed_headers(reader, destination).await?.map(|fixed| Opened { secrets, fixed }))
    }

    /// Returns the fixed headers; `None` if one does not open.
    async fn fixed_headers(&self, reader: &mut Reader, destination: &Destination) -> Result<Option<Headers>, DbError> {
        let stored = headers::list(reader, destination.id).await?;
        let opened = stored.iter().map(|header| request::fixed(&header.name, &header.open(&self.vault).ok()?));
        Ok(opened.collect())
    }

    /// Returns the signing secrets; `None` if a current one does not open. A replaced one that does not open is omitted.
    async fn secrets(
        &self,
        reader: &mut Reader,
        destination: &Destination,
        now: Timestamp,
    ) -> Result<Option<SigningSecrets>, DbError> {
        let stored = secrets::list_valid(reader, destination.id, now).await?;
        let mut opened = Vec::new();
        for one in &stored {
            match one.open(&self.vault) {
                Ok(secret) => opened.push((one.purpose, secret)),
                Err(_) if one.valid_until.is_none() => return Ok(None),
                Err(_) => {}
            }
        }
        let of = |purpose| opened.iter().filter(move |(own, _)| *own == purpose).map(|(_, secret)| secret.clone());
        let webhook = of(Purpose::Webhook).take(MAX_SIGNING_SECRETS).collect();
        Ok(Some(SigningSecrets { webhook, gateway: of(Purpose::Gateway).next() }))
    }
}

fn ready(claimed: Claimed, prepared: Prepared, began_at: Timestamp) -> Ready {
    let end = match prepared {
        Prepared::Request(headers, body) => return Ready::ToSend(Box::new(ToSend { claimed, began_at, headers, body })),
        Prepared::Nothing => End::NothingToSend,
        Prepared::Unreadable => End::Attempted(Err(AttemptFailure::Unreadable)),
    };
    Ready::Ended(Box::new(Finished::unsent(claimed, began_at, end)))
}

fn report(claimed: Claimed, began_at: Timestamp, outcome: Outcome) -> Finished {
    let Outcome { address, elapsed, result } = outcome;
    let (attempted, response): (Attempted, _) = match result {
        Ok(response) => {
            let body = ResponseBody { body: response.body, is_cut: response.is_body_cut };
            (Ok(Responded { status: response.status, retry_after: response.retry_after }), Some(body))
        }
        Err(failure) => (Err(failure_of(failure)), None),
    };
    let address = address.map(|address| address.to_string());
    Finished { claimed, began_at, millis: millis(elapsed), address, end: End::Attempted(attempted), response }
}

fn millis(elapsed: Duration) -> i64 {
    i64::try_from(elapsed.as_millis()).unwrap_or(i64::MAX)
}

fn failure_of(failure: Failure) -> AttemptFailure {
    match failure {
        Failure::Refused(Refusal::NameNotFound) => AttemptFailure::NameNotFound,
        Failure::Refused(_) => AttemptFailure::Forbidden,
        Failure::NameSlow => AttemptFailure::NameSlow,
        Failure::ConnectionRefused => AttemptFailure::ConnectionRefused,
        Failure::Unreachable => AttemptFailure::Unreachable,
        Failure::ConnectSlow => AttemptFailure::ConnectSlow,
        Failure::Tls(TlsFault::Expired) => AttemptFailure::CertificateExpired,
        Failure::Tls(TlsFault::OtherName) => AttemptFailure::CertificateOfOtherName,
        Failure::Tls(TlsFault::UnknownIssuer) => AttemptFailure::CertificateUntrusted,
        Failure::Tls(_) => AttemptFailure::Tls,
        Failure::NoCertificates => AttemptFailure::NoCertificates,
        Failure::ResponseSlow => AttemptFailure::ResponseSlow,
        Failure::ConnectionClosed => AttemptFailure::ConnectionClosed,
        Failure::NotHttp => AttemptFailure::NotHttp,
        Failure::HeadTooLarge => AttemptFailure::HeadTooLarge,
    }
}

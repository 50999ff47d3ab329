//! One attempt: reads what is to be sent, sends it, and reports how it ended.

use std::{sync::Arc, time::Duration};

use super::{
    Claimed, End, Finished, ResponseBody,
    settle::{Attempted, Responded},
};
use crate::{
    db::{Db, DbError, Reader},
    deliveries::{
        AttemptFailure,
        destination::Destination,
        request::{self, Headers, SigningSecrets, Source},
        store::{
            deliveries, destinations,
            secrets::{self, MAX_SIGNING_SECRETS, Purpose},
        },
    },
    events::{self, Event, Origin, payload::StoredPayload},
    net::{
        outbound::{Client, Failure, Outcome, Refusal, Request},
        tls::TlsFault,
    },
    primitives::{
        time::{Clock, Timestamp},
        vault::Vault,
    },
};
use bytes::Bytes;
use tokio::sync::Semaphore;

/// The number of attempts that read the database at the same time.
const MAX_READING: usize = 8;
/// The number of the newest events among which a test event of the original format is looked for.
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
    /// Limits how many read the database at the same time, so that requests find a connection to it.
    reading: Arc<Semaphore>,
}

/// What came of a test event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TestOutcome {
    Responded {
        status: u16,
        millis: i64,
        /// The beginning of the response's body.
        body: Bytes,
    },
    Failed(AttemptFailure),
    /// In the original format: no event is stored that could be sent.
    NoEvent,
    /// In the original format: there are events, but the newest are of types that it does not receive.
    NoMatch,
}

/// What is to be sent.
enum Prepared {
    Request(Headers, Bytes),
    /// The body was deleted after its retention period, or the destination has been changed and does not receive the event.
    Nothing,
    /// A secret does not open, or the stored event is damaged.
    Unreadable,
}

impl Sender {
    pub(crate) fn new(db: Db, vault: Vault, clock: Clock, (client, base): (Client, String)) -> Self {
        Self { db, vault, clock, client, base, reading: Arc::new(Semaphore::new(MAX_READING)) }
    }

    /// Makes an attempt.
    pub(super) async fn send(&self, mut claimed: Claimed) -> Finished {
        let began_at = self.clock.now();
        let prepared = match self.prepare(&mut claimed, began_at).await {
            Ok(prepared) => prepared,
            Err(error) => {
                tracing::warn!(delivery = %claimed.delivery.id, %error, "a delivery could not be read and will be sent later");
                return Finished::unsent(claimed, began_at, End::NotRead);
            }
        };
        let (headers, body) = match prepared {
            Prepared::Request(headers, body) => (headers, body),
            Prepared::Nothing => return Finished::unsent(claimed, began_at, End::NothingToSend),
            Prepared::Unreadable => {
                return Finished::unsent(claimed, began_at, End::Attempted(Err(AttemptFailure::Unreadable)));
            }
        };
        let outcome = self.post(&claimed.destination, headers, body).await;
        report(claimed, began_at, outcome)
    }

    async fn post(&self, destination: &Destination, headers: Headers, body: Bytes) -> Outcome {
        let (settings, company) = (&destination.settings, destination.company_id);
        self.client.post(Request { url: &settings.url, company, headers, body, timeout: settings.timeout() }).await
    }

    /// Reads the destination again, since it may have been changed after the claim.
    async fn prepare(&self, claimed: &mut Claimed, now: Timestamp) -> Result<Prepared, DbError> {
        // The semaphore is never closed.
        let _permit = self.reading.acquire().await;
        let mut reader = self.db.reader().await?;
        let Some(destination) = destinations::find_any(&mut reader, claimed.destination.id).await? else {
            return Ok(Prepared::Nothing);
        };
        claimed.destination = destination;
        let destination = &claimed.destination;
        let Some(event) = events::store::find(&mut reader, destination.app_id, claimed.delivery.event_id).await? else {
            return Ok(Prepared::Unreadable);
        };
        let Some(origin) = deliveries::origin(&mut reader, claimed.delivery.id).await? else { return Ok(Prepared::Nothing) };
        if !destination.has_form_of(&event) {
            return Ok(Prepared::Nothing);
        }
        self.prepare_event(reader, destination, (&event, origin), now).await
    }

    async fn prepare_event(
        &self,
        mut reader: Reader,
        destination: &Destination,
        (event, origin): (&Event, Origin),
        now: Timestamp,
    ) -> Result<Prepared, DbError> {
        let payload = match events::store::find_payload(&mut reader, event).await? {
            StoredPayload::Present(payload) => payload,
            StoredPayload::Deleted => return Ok(Prepared::Nothing),
            StoredPayload::Damaged(_) => return Ok(Prepared::Unreadable),
        };
        let Some(secrets) = self.secrets(&mut reader, destination, now).await? else { return Ok(Prepared::Unreadable) };
        drop(reader);
        let (base, payload, secrets) = (&self.base, &payload, &secrets);
        let source = Source { destination, event, origin, payload, secrets, base, now };
        Ok(source.request().map_or(Prepared::Unreadable, |(headers, body)| Prepared::Request(headers, body)))
    }

    /// Sends a test event now, without a delivery: in the normalized format one of KS Pay's own; in the original format the newest event
    /// of the gateway once more, under its own id, since only the gateway makes such events.
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
                self.prepare_event(reader, destination, (&event, Origin::Webhook), now).await?
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
        let secrets = self.secrets(&mut self.db.reader().await?, destination, now).await?;
        let request = secrets.and_then(|secrets| request::test(destination, id, &secrets, now));
        Ok(request.map_or(Prepared::Unreadable, |(headers, body)| Prepared::Request(headers, body)))
    }

    /// Returns the secrets that sign; `None` if a current one does not open. A replaced one that does not is omitted.
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

//! `POST /api/listen`, without sign-in and CSRF protection: only the token in the header `Authorization` authenticates.
//!
//! Invariant: unknown, wrong, expired and removed tokens get the same 401.

use std::{net::IpAddr, time::Duration};

use actix_web::{
    HttpRequest, HttpResponse, HttpResponseBuilder,
    dev::Payload,
    http::{StatusCode, header},
    web::{self, BytesMut, Data},
};
use futures_util::StreamExt as _;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

use super::{
    Listening,
    batch::{self, Position, Scope},
    protocol::{Batch, Poll, Start},
    start::{self, NoPosition},
};
use crate::{
    db::DbError,
    deliveries::destination::EventSelection,
    gateways::Mode,
    net::client_ip,
    primitives::network::network,
    tokens::{self, Bearer, TokenValue},
    urls,
};

/// How long a response waits for events: proxies commonly cut connections that are idle for 30 s.
const MAX_WAIT: Duration = Duration::from_secs(20);
/// Polling interval of the events, the same as for open pages: another server may have stored some.
const INTERVAL: Duration = Duration::from_millis(700);
/// The maximum size of a request, in bytes, and the time to receive it.
const MAX_REQUEST_BYTES: usize = 64 * 1024;
const READ_TIMEOUT: Duration = Duration::from_secs(10);

/// Why there is no batch.
enum Refusal {
    /// No valid token.
    Unauthorized,
    /// The seconds until another request is allowed.
    TooMany(u64),
    Malformed,
    TooLarge,
    TooSlow,
    /// The token belongs to another app.
    OtherApp,
    /// The token is for Test mode only.
    NotLive,
    TooFar,
    Unavailable,
}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        tracing::warn!(%error, "events could not be read for a token");
        Self::Unavailable
    }
}

impl From<NoPosition> for Refusal {
    fn from(error: NoPosition) -> Self {
        match error {
            NoPosition::Db(error) => error.into(),
            NoPosition::Malformed => Self::Malformed,
            NoPosition::TooFar => Self::TooFar,
        }
    }
}

impl Refusal {
    fn response(&self) -> HttpResponse {
        let (status, reason) = match self {
            Self::Unauthorized => (StatusCode::UNAUTHORIZED, "invalid_token"),
            Self::TooMany(_) => (StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            Self::TooSlow => (StatusCode::REQUEST_TIMEOUT, "too_slow"),
            Self::OtherApp => (StatusCode::NOT_FOUND, "unknown_app"),
            Self::NotLive => (StatusCode::FORBIDDEN, "test_mode_only"),
            Self::TooFar => (StatusCode::UNPROCESSABLE_ENTITY, "too_far"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
        };
        let mut response = response(status);
        match self {
            // The connection is closed whether or not the rest of the request has arrived.
            Self::Unauthorized => drop(response.insert_header((header::WWW_AUTHENTICATE, "Bearer")).force_close()),
            Self::TooMany(seconds) => drop(response.insert_header((header::RETRY_AFTER, *seconds))),
            Self::Unavailable => drop(response.insert_header((header::RETRY_AFTER, 5))),
            _ => {}
        }
        response.json(json!({ "error": reason }))
    }
}

fn response(status: StatusCode) -> HttpResponseBuilder {
    let mut response = HttpResponse::build(status);
    response.insert_header((header::CACHE_CONTROL, "no-store")).insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

/// Returns the route.
pub(crate) fn resource() -> actix_web::Resource {
    web::resource(urls::LISTEN).route(web::post().to(poll))
}

/// `POST /api/listen`
async fn poll(request: HttpRequest, payload: web::Payload, listening: Data<Listening>) -> HttpResponse {
    match answer(&request, payload.into_inner(), &listening).await {
        Ok(batch) => response(StatusCode::OK).json(batch),
        Err(refusal) => refusal.response(),
    }
}

async fn answer(request: &HttpRequest, payload: Payload, listening: &Listening) -> Result<Batch, Refusal> {
    let address = client_ip::address(request, &listening.trusted_proxies);
    if let Some(seconds) = listening.guesses.denied(network(address)) {
        return Err(Refusal::TooMany(seconds));
    }
    let client = Client { listening, value: bearer(request), address };
    let bearer = client.authenticate().await.inspect_err(|refusal| {
        if matches!(refusal, Refusal::Unauthorized) {
            listening.guesses.note(network(address));
        }
    })?;
    listening.requests.check(&bearer.token.id).map_err(|wait| Refusal::TooMany(wait.as_secs() + 1))?;
    let poll: Poll = serde_json::from_slice(&read(payload).await?).map_err(|_| Refusal::Malformed)?;
    let scope = scope(&bearer, &poll)?;
    client.touch(&bearer).await;
    let start = start::position(listening, &scope, &poll.start).await?;
    // The client must store its starting position before it waits.
    let max_wait = if matches!(poll.start, Start::After(_)) { MAX_WAIT } else { Duration::ZERO };
    client.wait(&bearer, &scope, (start, max_wait)).await
}

/// Returns the bearer token of the header `Authorization`.
fn bearer(request: &HttpRequest) -> Option<TokenValue> {
    let mut values = request.headers().get_all(header::AUTHORIZATION);
    let (Some(value), None) = (values.next(), values.next()) else { return None };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| TokenValue::from_client(token.trim()))
}

fn scope(bearer: &Bearer, poll: &Poll) -> Result<Scope, Refusal> {
    if poll.app.parse() != Ok(bearer.app.id) {
        return Err(Refusal::OtherApp);
    }
    let mode: Mode = poll.mode.parse().map_err(|_| Refusal::Malformed)?;
    if mode == Mode::Live && !bearer.token.is_live {
        return Err(Refusal::NotLive);
    }
    let selection = EventSelection::parse(&poll.events).map_err(|_| Refusal::Malformed)?;
    Ok(Scope { app: bearer.app.clone(), mode, selection })
}

async fn read(mut payload: Payload) -> Result<BytesMut, Refusal> {
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| Refusal::Malformed)?;
            if body.len() + chunk.len() > MAX_REQUEST_BYTES {
                return Err(Refusal::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    };
    timeout(READ_TIMEOUT, reading).await.map_err(|_| Refusal::TooSlow)?
}

/// A request, and its token if it has one.
struct Client<'a> {
    listening: &'a Listening,
    value: Option<TokenValue>,
    address: IpAddr,
}

impl Client<'_> {
    async fn authenticate(&self) -> Result<Bearer, Refusal> {
        let Some(value) = &self.value else { return Err(Refusal::Unauthorized) };
        let mut reader = self.listening.db.reader().await?;
        let found = tokens::authenticate(&mut reader, value, (self.address, self.listening.clock.now())).await?;
        found.ok_or(Refusal::Unauthorized)
    }

    /// Stores the last use of the token, if an update is due. A failure does not delay events.
    async fn touch(&self, bearer: &Bearer) {
        let (db, now) = (&self.listening.db, self.listening.clock.now());
        if !bearer.token.is_touch_due(now) {
            return;
        }
        let touched = async {
            let mut tx = db.begin().await?;
            tokens::store::touch(&mut tx, bearer.token.id, now).await?;
            tx.commit().await
        };
        if let Err(error) = touched.await {
            tracing::warn!(%error, "the last use of a token was not stored");
        }
    }

    /// Waits for events. The token is checked again before each read, because it may have been removed meanwhile.
    async fn wait(&self, bearer: &Bearer, scope: &Scope, (start, max_wait): (Position, Duration)) -> Result<Batch, Refusal> {
        let listening = self.listening;
        let permit = listening.open.open(bearer.token.id);
        let until = Instant::now() + max_wait;
        let mut from = start;
        loop {
            let mut reader = listening.db.reader().await?;
            let read = batch::read(&mut reader, &listening.settled, scope, &from).await?;
            drop(reader);
            if !read.events.is_empty() || Instant::now() >= until {
                return Ok(read.batch(&from));
            }
            // Without progress, the request waits for an older unit of work.
            let pause = if read.has_more && read.position != from { Duration::ZERO } else { INTERVAL };
            // No event was found, so the client has none to handle up to this position.
            from = read.position;
            let is_ended = tokio::select! {
                () = sleep(pause) => false,
                () = listening.shutdown.announced() => true,
                () = permit.ended() => true,
            };
            self.authenticate().await?;
            if is_ended {
                return Ok(Batch { from: from.cursor(), events: Vec::new(), cursor: from.cursor() });
            }
        }
    }
}

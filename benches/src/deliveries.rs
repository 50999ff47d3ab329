//! Deliveries: a receiver that counts, the time until it has received all, and a bare loop that posts the same bodies.

use std::{
    cell::RefCell,
    net::{Ipv4Addr, TcpListener},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use actix_web::{App, HttpResponse, HttpServer, web};
use clap::Args;
use serde_json::{Value, json};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    Failure, Label, Watched,
    client::Connection,
    events::{Request, Source},
    load::{merge, now_nanos, target},
    machine::{self, Sample, ratio},
    pages::get,
    say,
};

/// How often the receiver is asked for its number.
const LOOK: Duration = Duration::from_millis(100);
/// The timeout of a measurement.
const MAX_LOOKS: u32 = 3_000;

/// What a receiver has received.
#[derive(Default)]
struct Received {
    count: AtomicU64,
    /// Nanoseconds since 1970; zero before the first.
    first: AtomicU64,
    last: AtomicU64,
}

/// Serves a receiver until terminated: it responds to a POST with 200, and to a GET with what it received.
pub(crate) fn sink() -> Result<(), Failure> {
    let received = web::Data::from(Arc::<Received>::default());
    actix_web::rt::System::new().block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let app = move || {
            App::new()
                .app_data(received.clone())
                .default_service(web::route().to(receive))
                .service(web::resource("/received").route(web::get().to(report)))
        };
        let server = HttpServer::new(app).workers(1).listen(listener)?.run();
        say(&format!("listening on http://{address}"))?;
        Ok(server.await?)
    })
}

/// Accepts connections until terminated, and never responds.
pub(crate) fn silent() -> Result<(), Failure> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    say(&format!("listening on http://{}", listener.local_addr()?))?;
    let mut accepted = Vec::new();
    loop {
        accepted.push(listener.accept()?);
    }
}

async fn receive(received: web::Data<Received>, body: web::Bytes) -> HttpResponse {
    if body.is_empty() {
        return HttpResponse::BadRequest().finish();
    }
    let now = now_nanos();
    let _ = received.first.compare_exchange(0, now, Ordering::Relaxed, Ordering::Relaxed);
    received.last.fetch_max(now, Ordering::Relaxed);
    received.count.fetch_add(1, Ordering::Relaxed);
    HttpResponse::Ok().finish()
}

async fn report(received: web::Data<Received>) -> HttpResponse {
    let [count, first, last] = [&received.count, &received.first, &received.last].map(|of| of.load(Ordering::Relaxed));
    HttpResponse::Ok().json(json!({ "count": count, "micros": (last - first) / 1_000, "last_nanos": last }))
}

/// Waits until a receiver has received as many requests, and prints the results.
#[derive(Args)]
pub(crate) struct Drain {
    /// Receiver, http://127.0.0.1:PORT.
    #[arg(long)]
    sink: String,
    /// Number of requests.
    #[arg(long)]
    count: u64,
    /// Nanoseconds since 1970 from which the time until the last request is measured.
    #[arg(long, default_value_t = 0)]
    since: u64,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    label: Label,
}

pub(crate) async fn drain(options: Drain) -> Result<(), Failure> {
    let (address, host, _) = target(&options.sink)?;
    let mut connection = Connection::open(address).await?;
    let request = get(&host, "/received", "");
    let before = Sample::take()?;
    let mut received = Value::Null;
    for _ in 0..MAX_LOOKS {
        let answer = connection.exchange(&request).await?;
        received = serde_json::from_str(&connection.texts(answer).1)?;
        if received["count"].as_u64() >= Some(options.count) {
            break;
        }
        sleep(LOOK).await;
    }
    let count = received["count"].as_u64().unwrap_or_default();
    if count < options.count {
        return Err(format!("{count} of {} were received in time", options.count).into());
    }
    let micros = received["micros"].as_u64().unwrap_or_default().max(1);
    let mut measured = json!({ "rate": ratio(count, micros) * 1e6, "count": count });
    if options.since > 0 {
        let last = received["last_nanos"].as_u64().unwrap_or_default();
        measured["last_ms"] = ratio(last.saturating_sub(options.since), 1_000_000).into();
    }
    merge(&mut measured, machine::between(&before, &Sample::take()?, &options.watched, micros, count));
    options.label.print(measured)
}

/// Posts the bodies of events in a bare loop.
#[derive(Args)]
pub(crate) struct Repost {
    /// Receiver, http://127.0.0.1:PORT.
    #[arg(long)]
    sink: String,
    /// Number of requests.
    #[arg(long)]
    count: usize,
    /// Keep-alive connections, each with one request in flight at a time.
    #[arg(long)]
    connections: usize,
}

pub(crate) async fn repost(options: Repost) -> Result<(), Failure> {
    let (_, host, _) = target(&options.sink)?;
    let now = now_nanos();
    let source = Rc::new(RefCell::new(Source::new(Some("a secret"), now, options.count)));
    #[expect(clippy::disallowed_methods, reason = "the loop to compare with")]
    let client = reqwest::Client::builder().no_proxy().build()?;
    let mut members = JoinSet::new();
    for _ in 0..options.connections {
        let (client, url, source) = (client.clone(), options.sink.clone(), Rc::clone(&source));
        let mut template = Request::new(&host, "/", now / 1_000_000_000);
        members.spawn_local(async move {
            loop {
                let event = {
                    let mut source = source.borrow_mut();
                    (source.used() < options.count).then(|| source.next())
                };
                let Some(event) = event else { return Ok(()) };
                template.fill(&event);
                client
                    .post(&url)
                    .header("content-type", "application/json")
                    .body(template.body().to_vec())
                    .send()
                    .await?
                    .bytes()
                    .await?;
            }
        });
    }
    while let Some(ended) = members.join_next().await {
        ended?.map_err(|error: reqwest::Error| error)?;
    }
    Ok(())
}

//! Sign-ins whose clients disconnect, over real sockets. The test holds every permit of the queue of unknown browsers, so
//! that nothing depends on the speed of password hashing.

use std::{collections::BTreeMap, future::pending, net::SocketAddr, time::Duration};

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::{sleep, timeout},
};

use super::*;
use crate::{
    accounts::{self, NewUser, Role},
    companies,
    primitives::time::Clock,
    server::{
        Server,
        config::{Config, Options},
    },
};

const EMAIL: &str = "owner@neem-tree-retail.example";
const PASSWORD: &str = "violet tram over nine bridges";
/// Below the limits of one address and of the queue.
const ABANDONED: usize = 8;
/// Prevents a failing test from hanging.
const TEST_TIMEOUT: Duration = Duration::from_mins(1);

/// A server with one owner, on the database engine under test.
struct Site {
    server: Server,
    /// URL of the PostgreSQL server and name of the database, if the suite runs on PostgreSQL.
    postgres: Option<(String, String)>,
    _directory: tempfile::TempDir,
}

async fn administer(server: &str, statement: String) {
    let mut admin = PgConnection::connect(server).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut admin).await.unwrap();
    admin.close().await.unwrap();
}

impl Site {
    async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let mut variables = BTreeMap::from([
            ("KS_PAY_DATA_DIR", directory.path().to_str().unwrap().to_owned()),
            ("KS_PAY_LISTEN", "127.0.0.1:0".to_owned()),
        ]);
        let mut postgres = None;
        if std::env::var("TEST_DATABASE").is_ok_and(|engine| engine == "postgres") {
            let (server, name) = (std::env::var("TEST_POSTGRES_URL").unwrap(), format!("ks_pay_sign_in_{}", std::process::id()));
            administer(&server, format!("CREATE DATABASE {name}")).await;
            let mut url = url::Url::parse(&server).unwrap();
            url.set_path(&name);
            variables.extend([("DATABASE_URL", url.to_string()), ("KS_PAY_ACCEPT_DATA_LOSS", "true".to_owned())]);
            postgres = Some((server, name));
        }
        let config = Config::read(&Options::default(), &|name: &str| variables.get(name).cloned()).unwrap();
        let Ok(server) = Server::start(config, Clock::system()).await else { panic!("the server starts") };
        add_owner(server.state()).await;
        Self { server, postgres, _directory: directory }
    }

    async fn end(self) {
        self.server.stop().await;
        if let Some((server, name)) = self.postgres {
            administer(&server, format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

async fn add_owner(state: &State) {
    let password_hash = state.passwords.hash(Requester::Unknown, PASSWORD).await.unwrap();
    let (mut tx, now) = (state.db.begin().await.unwrap(), state.clock.now());
    let company = companies::create(&mut tx, "Neem Tree Retail", now).await.unwrap().id;
    let new = NewUser { company, email: EMAIL.to_owned(), name: "Meera".to_owned(), role: Role::Owner, password_hash };
    accounts::create(&mut tx, &new, now).await.unwrap();
    tx.commit().await.unwrap();
}

/// A browser with its cookies and the CSRF token of its sign-in form.
#[derive(Default)]
struct Browser {
    cookies: BTreeMap<String, String>,
    token: String,
}

impl Browser {
    /// Loads the sign-in form.
    async fn at_login(mut self, to: SocketAddr) -> Self {
        let request = format!("GET /login HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n\r\n", self.jar());
        let page = self.read(send(to, &request).await).await;
        let field = page.split_once("name=\"csrf_token\"").unwrap().1;
        self.token = field.split_once("value=\"").unwrap().1.split_once('"').unwrap().0.to_owned();
        self
    }

    fn jar(&self) -> String {
        self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// Sends the form without awaiting the response.
    async fn submit(&self, to: SocketAddr, email: &str, password: &str) -> TcpStream {
        let form = [("csrf_token", self.token.as_str()), ("email", email), ("password", password)];
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let head = format!("POST /login HTTP/1.1\r\nHost: localhost\r\nCookie: {}\r\nConnection: close\r\n", self.jar());
        let typed = "Content-Type: application/x-www-form-urlencoded\r\n";
        send(to, &format!("{head}{typed}Content-Length: {}\r\n\r\n{body}", body.len())).await
    }

    /// Reads the response, and stores its cookies.
    async fn read(&mut self, mut stream: TcpStream) -> String {
        let mut bytes = Vec::new();
        timeout(TEST_TIMEOUT, stream.read_to_end(&mut bytes)).await.expect("an answer").unwrap();
        let answer = String::from_utf8(bytes).unwrap();
        for line in answer.lines().take_while(|line| !line.is_empty()) {
            let cookie = line.to_ascii_lowercase().starts_with("set-cookie:").then(|| line.split_once(": ").unwrap().1);
            let pair = cookie.and_then(|cookie| cookie.split(';').next()?.split_once('='));
            self.cookies.extend(pair.map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
        answer
    }
}

#[expect(clippy::disallowed_methods, reason = "the address is that of the test's server")]
async fn send(to: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(to).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let waiting = async {
        while !is_so() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(TEST_TIMEOUT, waiting).await.unwrap_or_else(|_| panic!("{what}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn abandoned_sign_ins_leave_the_queue_unchecked_and_hold_up_no_known_browser() {
    let site = Site::start().await;
    let (to, passwords) = (site.server.address(), site.server.state().passwords.clone());
    let mut owner = Browser::default().at_login(to).await;
    let stream = owner.submit(to, EMAIL, PASSWORD).await;
    assert!(owner.read(stream).await.starts_with("HTTP/1.1 303"), "the owner's browser is known from now on");

    let cores = std::thread::available_parallelism().unwrap().get();
    let mut held = Vec::new();
    for _ in 0..cores {
        held.push(passwords.enter(Requester::Unknown, pending()).await.unwrap());
    }
    let free = passwords.free_places_of_unknown();
    let mut stranger = Browser::default().at_login(to).await;
    let mut abandoned = Vec::new();
    for number in 0..ABANDONED {
        abandoned.push(stranger.submit(to, &format!("a{number}@b.example"), "not the password").await);
    }
    let patient = stranger.submit(to, "patient@b.example", "not the password").await;
    eventually("all wait", || passwords.free_places_of_unknown() == free - ABANDONED - 1).await;

    let mut again = Browser { cookies: owner.cookies, ..Browser::default() };
    again.cookies.remove("ks_pay_session");
    let mut again = again.at_login(to).await;
    let stream = again.submit(to, EMAIL, PASSWORD).await;
    assert!(again.read(stream).await.starts_with("HTTP/1.1 303"), "a known browser waits for no stranger");

    // Every permit is still held: no password that left the queue was verified.
    drop(abandoned);
    eventually("those who left give up their places", || passwords.free_places_of_unknown() == free - 1).await;
    drop(held);
    assert!(stranger.read(patient).await.starts_with("HTTP/1.1 422"), "the one who stayed is answered");
    site.end().await;
}

//! Mail server on loopback, whose answers a test decides.

use std::{
    collections::VecDeque,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ks_pay::server::config::{Config, MailConfig};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::eventually;

/// Sender of every email.
pub(crate) const SENDER: &str = "KS Pay <pay@sender.example>";

/// What the server does with a connection. Without one it accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Answer {
    /// Answers the recipient's address with this line.
    Recipient(&'static str),
    /// Answers the sender's address with this line.
    Sender(&'static str),
    /// Answers the password with this line.
    Password(&'static str),
    /// Ends the connection within the message.
    BreakBeforeEnd,
    /// Ends the connection after the message, which it has stored.
    BreakAfterEnd,
}

/// Email as received.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    /// Recipient of the envelope.
    pub(crate) to: String,
    source: String,
}

#[derive(Default)]
struct Received {
    connections: usize,
    answers: VecDeque<Answer>,
    /// Answer to every connection that has none of its own.
    usual: Option<Answer>,
    mails: Vec<Mail>,
}

/// Running server; it stops when dropped.
pub(crate) struct SmtpServer {
    pub(crate) address: SocketAddr,
    received: Arc<Mutex<Received>>,
    _task: JoinSet<()>,
}

impl SmtpServer {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, received) = (listener.local_addr().unwrap(), Arc::<Mutex<Received>>::default());
        let shared = Arc::clone(&received);
        let mut task = JoinSet::new();
        task.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let shared = Arc::clone(&shared);
                connections.spawn(async move {
                    let _ = serve(stream, &shared).await;
                });
            }
        });
        Self { address, received, _task: task }
    }

    /// Returns the URL with a user and this password.
    pub(crate) fn url(&self, password: &str) -> String {
        format!("smtp://me:{password}@{}", self.address)
    }

    /// Makes it the mail server of an installation.
    pub(crate) fn set(&self, config: &mut Config) {
        config.mail = Some(mail_config(&self.url("hush-hush")));
    }

    /// Decides the next connections.
    pub(crate) fn answer(&self, answers: &[Answer]) {
        self.received.lock().unwrap().answers.extend(answers);
    }

    /// Decides all others.
    pub(crate) fn always(&self, answer: Option<Answer>) {
        self.received.lock().unwrap().usual = answer;
    }

    pub(crate) fn connections(&self) -> usize {
        self.received.lock().unwrap().connections
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.received.lock().unwrap().mails.clone()
    }

    /// Waits until so many emails have arrived, and returns the last.
    pub(crate) async fn mail(&self, count: usize) -> Mail {
        eventually(async || self.mails().len() >= count).await;
        self.mails()[count - 1].clone()
    }

    /// Waits until so many connections were opened.
    pub(crate) async fn connected(&self, count: usize) {
        eventually(async || self.connections() >= count).await;
    }
}

/// Returns the configuration of a mail server.
pub(crate) fn mail_config(url: &str) -> MailConfig {
    let variable = |name: &str| match name {
        "KS_PAY_SMTP_URL" => Some(url.to_owned()),
        "KS_PAY_MAIL_FROM" => Some(SENDER.to_owned()),
        _ => None,
    };
    Config::read(&ks_pay::server::config::Options::default(), &variable).unwrap().mail.unwrap()
}

async fn serve(stream: TcpStream, shared: &Mutex<Received>) -> std::io::Result<()> {
    let answer = {
        let mut received = shared.lock().unwrap();
        received.connections += 1;
        let usual = received.usual;
        received.answers.pop_front().or(usual)
    };
    let mut stream = BufReader::new(stream);
    stream.write_all(b"220 test ESMTP\r\n").await?;
    let (mut line, mut to) = (String::new(), String::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let command = line.trim_end();
        let reply = match command.split([' ', ':']).next().unwrap_or_default() {
            "EHLO" => "250-test\r\n250 AUTH PLAIN",
            "AUTH" => match answer {
                Some(Answer::Password(reply)) => reply,
                _ => "235 ok",
            },
            "MAIL" => match answer {
                Some(Answer::Sender(reply)) => reply,
                _ => "250 ok",
            },
            "RCPT" => {
                command.split(['<', '>']).nth(1).unwrap_or_default().clone_into(&mut to);
                match answer {
                    Some(Answer::Recipient(reply)) => reply,
                    _ => "250 ok",
                }
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n").await?;
                if matches!(answer, Some(Answer::BreakBeforeEnd)) {
                    stream.read_u8().await?;
                    return Ok(());
                }
                let source = message(&mut stream).await?;
                shared.lock().unwrap().mails.push(Mail { to: to.clone(), source });
                if matches!(answer, Some(Answer::BreakAfterEnd)) {
                    return Ok(());
                }
                "250 stored"
            }
            "QUIT" => return stream.write_all(b"221 bye\r\n").await,
            _ => "250 ok",
        };
        stream.write_all(format!("{reply}\r\n").as_bytes()).await?;
    }
}

/// Reads a message to its final dot.
async fn message(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut source = String::new();
    loop {
        let start = source.len();
        if stream.read_line(&mut source).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        if &source[start..] == ".\r\n" {
            source.truncate(start);
            return Ok(source);
        }
        if source[start..].starts_with('.') {
            source.remove(start);
        }
    }
}

impl Mail {
    /// Returns the source as sent.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// Returns the value of a header as sent, without line breaks; it must be there once.
    pub(crate) fn header(&self, name: &str) -> String {
        let values = headers(self.source.split_once("\r\n\r\n").unwrap().0, name);
        let [value] = &values[..] else { panic!("{name}: {values:?} in {}", self.source) };
        value.clone()
    }

    /// Returns how often there is such a header.
    pub(crate) fn count(&self, name: &str) -> usize {
        headers(self.source.split_once("\r\n\r\n").unwrap().0, name).len()
    }

    /// Returns the part of that type, decoded.
    pub(crate) fn part(&self, kind: &str) -> String {
        let content_type = self.header("Content-Type");
        let boundary = format!("--{}", content_type.split('"').nth(1).unwrap());
        let parts = self.source.split(&boundary).skip(1);
        let part = parts.filter_map(|part| part.trim_start().split_once("\r\n\r\n"));
        let (head, body) = part.into_iter().find(|(head, _)| head.contains(kind)).unwrap();
        match headers(head, "Content-Transfer-Encoding").first().map(String::as_str) {
            Some("base64") => String::from_utf8(STANDARD.decode(body.split_whitespace().collect::<String>()).unwrap()).unwrap(),
            Some("quoted-printable") => from_quoted_printable(body),
            _ => body.to_owned(),
        }
    }

    /// Returns the link of the text, below `base`.
    pub(crate) fn link(&self, base: &str) -> String {
        let text = self.part("text/plain");
        text.split_whitespace().find(|word| word.starts_with(base)).unwrap_or_else(|| panic!("{base}: {text}")).to_owned()
    }
}

fn headers(head: &str, name: &str) -> Vec<String> {
    let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
    let own = unfolded.lines().filter_map(|line| line.split_once(": ")).filter(|(own, _)| own.eq_ignore_ascii_case(name));
    own.map(|(_, value)| value.to_owned()).collect()
}

fn from_quoted_printable(text: &str) -> String {
    let mut bytes = Vec::new();
    let joined = text.replace("=\r\n", "");
    let mut rest = joined.as_bytes();
    while let [first, tail @ ..] = rest {
        rest = tail;
        match (first, tail) {
            (b'=', [a, b, after @ ..]) => {
                let digits = [*a, *b];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}

//! Sends emails to a mail server (SMTP submission).
//!
//! Invariants: only a connection to this machine is without TLS. The password is in no error and no log line. No control
//! character reaches lettre, which panics on some of them in names.

use std::{
    error::Error as _,
    fmt,
    net::IpAddr,
    time::{Duration, UNIX_EPOCH},
};

use lettre::{
    Address, Message,
    message::{
        Mailbox, MultiPart,
        header::{Header, HeaderName, HeaderValue},
    },
    transport::smtp::{
        self,
        authentication::{Credentials, Mechanism},
        client::{AsyncSmtpConnection, TlsParameters},
        commands,
        extension::{ClientId, Extension, MailBodyParameter, MailParameter},
    },
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;

use crate::primitives::time::Timestamp;

/// Timeout of each step: connecting, a command and its answer.
const STEP_TIMEOUT: Duration = Duration::from_secs(20);
/// Timeout of a message. Shorter than that of the worker, so that it is known that the mail server was too slow.
const MAIL_TIMEOUT: Duration = Duration::from_secs(55);
/// Codes with which a mail server refuses the installation, and not a message: RFC 4954 section 6.
const AUTHENTICATION_CODES: [u16; 4] = [530, 534, 535, 538];

/// How a user signs in; the connection is protected by TLS.
const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

/// A mail server, and how to sign in to it.
#[derive(Clone)]
pub struct SmtpServer {
    host: String,
    port: u16,
    security: Security,
    credentials: Option<(String, SecretString)>,
}

/// How a connection is protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Security {
    /// TLS from the start, usually on port 465.
    Tls,
    /// STARTTLS, without which nothing is sent, usually on port 587.
    StartTls,
    /// None, to this machine.
    None,
}

/// Why a text is no address of a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SmtpUrlFault {
    /// It is not of the form `smtps://USER:PASSWORD@HOST:PORT`.
    Form,
    /// A user without a password, or the other way round.
    HalfOfCredentials,
}

impl SmtpServer {
    /// Parses `smtps://` (TLS) or `smtp://` (STARTTLS; to this machine, no TLS) with a host, and optionally user, password and port.
    /// Signs in user and password are percent-encoded.
    ///
    /// # Errors
    /// Says what is wrong, without repeating the text.
    pub fn parse(text: &str) -> Result<Self, SmtpUrlFault> {
        let url = Url::parse(text).map_err(|_| SmtpUrlFault::Form)?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or(SmtpUrlFault::Form)?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let (security, default_port) = match url.scheme() {
            "smtps" => (Security::Tls, 465),
            "smtp" if is_this_machine(&host) => (Security::None, 25),
            "smtp" => (Security::StartTls, 587),
            _ => return Err(SmtpUrlFault::Form),
        };
        if !matches!(url.path(), "" | "/") || url.query().is_some() || url.fragment().is_some() {
            return Err(SmtpUrlFault::Form);
        }
        let decoded = |text: &str| percent_decode_str(text).decode_utf8().map(String::from).map_err(|_| SmtpUrlFault::Form);
        let (user, password) = (decoded(url.username())?, decoded(url.password().unwrap_or_default())?);
        if [&user, &password].iter().any(|text| text.chars().any(char::is_control)) {
            return Err(SmtpUrlFault::Form);
        }
        let credentials = match (user.is_empty(), password.is_empty()) {
            (true, true) => None,
            (false, false) => Some((user, SecretString::from(password))),
            _ => return Err(SmtpUrlFault::HalfOfCredentials),
        };
        Ok(Self { host, port: url.port().unwrap_or(default_port), security, credentials })
    }
}

impl fmt::Display for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.parse() {
            Ok(IpAddr::V6(host)) => write!(f, "[{host}]:{}", self.port),
            _ => write!(f, "{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for SmtpServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SmtpServer({self})")
    }
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse().is_ok_and(|ip: IpAddr| ip.to_canonical().is_loopback())
}

/// The sender of emails: an address, optionally with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Parses `pay@example.com` or `KS Pay <pay@example.com>`; `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text.chars().any(char::is_control) {
            return None;
        }
        let mailbox: Mailbox = text.parse().ok()?;
        mailbox.email.domain().contains('.').then_some(Self(mailbox))
    }

    /// Returns the address, without the name.
    #[must_use]
    pub fn address(&self) -> &str {
        self.0.email.as_ref()
    }

    fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

/// An email to one recipient.
pub(crate) struct Mail<'a> {
    /// The left side of the Message-ID.
    pub(crate) id: String,
    pub(crate) to: &'a str,
    /// The sender's name and the address for replies, if they are not the installation's.
    pub(crate) sender: Option<(&'a str, &'a str)>,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) html: String,
    pub(crate) date: Timestamp,
}

/// Why an email was not accepted. The text is the server's, or describes the broken connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SmtpError {
    /// No connection, or it broke.
    #[error("the mail server cannot be reached: {0}")]
    Unreachable(String),
    #[error("the mail server does not answer in time")]
    TimedOut,
    /// 4yz.
    #[error("the mail server asks to try again later: {0}")]
    Deferred(String),
    /// 5yz about this email.
    #[error("the mail server refuses the email: {0}")]
    Rejected(String),
    /// Wrong credentials, no TLS, or a sender that it refuses.
    #[error("the mail server does not accept the settings: {0}")]
    Settings(String),
    /// It has no valid address.
    #[error("the email has no valid address")]
    Unsendable,
}

/// Sends emails of one sender over one server. Each has a connection of its own.
pub(crate) struct Mailer {
    server: SmtpServer,
    tls: Option<TlsParameters>,
    hello: ClientId,
    sender: Sender,
}

impl Mailer {
    /// Connects to nothing yet.
    ///
    /// # Errors
    /// If the host is no valid name for TLS.
    pub(crate) fn new(server: &SmtpServer, sender: &Sender) -> Result<Self, SmtpError> {
        let tls = match server.security {
            Security::Tls | Security::StartTls => {
                Some(TlsParameters::new_rustls(server.host.clone()).map_err(|error| failure(&error))?)
            }
            Security::None => None,
        };
        Ok(Self { server: server.clone(), tls, hello: ClientId::Domain(sender.domain().to_owned()), sender: sender.clone() })
    }

    /// Sends an email.
    ///
    /// # Errors
    /// Says why the server has not accepted it. After [`SmtpError::Unreachable`] and [`SmtpError::TimedOut`] it may have.
    pub(crate) async fn send(&self, mail: Mail<'_>) -> Result<(), SmtpError> {
        let message = self.message(mail).ok_or(SmtpError::Unsendable)?;
        let sent = async {
            let mut connection = self.connect().await?;
            let sent = self.send_over(&mut connection, &message).await;
            connection.abort().await;
            sent
        };
        timeout(MAIL_TIMEOUT, sent).await.unwrap_or(Err(SmtpError::TimedOut))
    }

    /// Connects, signs in, names the sender, and sends nothing.
    ///
    /// # Errors
    /// Says what failed.
    pub(crate) async fn check(&self, within: Duration) -> Result<(), SmtpError> {
        let checked = async {
            let mut connection = self.connect().await?;
            let checked = self.name_sender(&mut connection, Vec::new()).await;
            connection.abort().await;
            checked
        };
        timeout(within, checked).await.unwrap_or(Err(SmtpError::TimedOut))
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, SmtpError> {
        let SmtpServer { host, port, security, credentials } = &self.server;
        let wrapped = self.tls.clone().filter(|_| *security == Security::Tls);
        let connected =
            AsyncSmtpConnection::connect_tokio1((host.as_str(), *port), Some(STEP_TIMEOUT), &self.hello, wrapped, None).await;
        let mut connection = connected.map_err(|error| failure(&error))?;
        if let (Security::StartTls, Some(tls)) = (security, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await.map_err(|error| failure(&error))?;
        }
        if let Some((user, password)) = credentials {
            let credentials = Credentials::new(user.clone(), password.expose_secret().to_owned());
            connection.auth(MECHANISMS, &credentials).await.map_err(|error| failure(&error))?;
        }
        Ok(connection)
    }

    /// Names the sender. A server that refuses it refuses every email, to any recipient.
    async fn name_sender(&self, connection: &mut AsyncSmtpConnection, options: Vec<MailParameter>) -> Result<(), SmtpError> {
        let named = connection.command(commands::Mail::new(Some(self.sender.0.email.clone()), options)).await;
        named.map(drop).map_err(|error| match failure(&error) {
            SmtpError::Rejected(answer) => SmtpError::Settings(answer),
            other => other,
        })
    }

    async fn send_over(&self, connection: &mut AsyncSmtpConnection, message: &Message) -> Result<(), SmtpError> {
        let email = message.formatted();
        let mut options = Vec::new();
        // Texts and names are encoded, so only an address can be in another script (RFC 6531).
        if !email.is_ascii() {
            if !connection.server_info().supports_feature(Extension::SmtpUtfEight) {
                return Err(self.without_other_scripts());
            }
            options.extend([MailParameter::SmtpUtfEight, MailParameter::Body(MailBodyParameter::EightBitMime)]);
        }
        self.name_sender(connection, options).await?;
        let refused = |error: smtp::Error| failure(&error);
        for to in message.envelope().to() {
            connection.command(commands::Rcpt::new(to.clone(), Vec::new())).await.map_err(refused)?;
        }
        connection.command(commands::Data).await.map_err(refused)?;
        connection.message(&email).await.map(drop).map_err(refused)
    }

    /// The mail server takes no addresses in other scripts: this email fails, or each of them if it is the sender's.
    fn without_other_scripts(&self) -> SmtpError {
        let answer = "the mail server takes no addresses in other scripts (SMTPUTF8)".to_owned();
        let is_own = !AsRef::<str>::as_ref(&self.sender.0.email).is_ascii();
        if is_own { SmtpError::Settings(answer) } else { SmtpError::Rejected(answer) }
    }

    fn message(&self, mail: Mail<'_>) -> Option<Message> {
        let to: Address = mail.to.parse().ok()?;
        let date = UNIX_EPOCH + Duration::from_millis(u64::try_from(mail.date.millis()).ok()?);
        let subject = without_control_characters(&mail.subject);
        let mut builder = Message::builder();
        let mut from = self.sender.0.clone();
        if let Some((name, reply_to)) = mail.sender {
            from.name = Some(without_control_characters(name));
            // An address that only browsers accept is left out, since the message is more important.
            if let Ok(reply_to) = reply_to.parse() {
                builder = builder.reply_to(Mailbox::new(None, reply_to));
            }
        }
        builder
            .from(from)
            .to(Mailbox::new(None, to))
            .subject(subject)
            .date(date)
            .message_id(Some(format!("<{}@{}>", mail.id, self.sender.domain())))
            .header(AutoSubmitted)
            .multipart(MultiPart::alternative_plain_html(mail.text, mail.html))
            .ok()
    }
}

fn without_control_characters(text: &str) -> String {
    text.chars().map(|next| if next.is_control() { ' ' } else { next }).collect()
}

/// `Auto-Submitted: auto-generated`, so that no out-of-office reply is sent (RFC 3834 section 5).
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

fn failure(error: &smtp::Error) -> SmtpError {
    let text = error.source().map_or_else(|| error.to_string(), ToString::to_string);
    let text = |code: Option<u16>| code.map_or_else(|| text.clone(), |code| format!("{code} {text}"));
    match error.status().map(u16::from) {
        Some(code) if AUTHENTICATION_CODES.contains(&code) => SmtpError::Settings(text(Some(code))),
        Some(code) if error.is_transient() => SmtpError::Deferred(text(Some(code))),
        Some(code) => SmtpError::Rejected(text(Some(code))),
        None if error.is_timeout() => SmtpError::TimedOut,
        None if error.is_tls() || error.is_client() => SmtpError::Settings(text(None)),
        None => SmtpError::Unreachable(text(None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(from: &str, to: &str, subject: &str) -> Option<String> {
        let server = SmtpServer::parse("smtp://localhost").unwrap();
        let mailer = Mailer::new(&server, &Sender::parse(from).unwrap()).unwrap();
        let mail = Mail {
            id: "nt_1".to_owned(),
            to,
            sender: None,
            subject: subject.to_owned(),
            text: "text\n".to_owned(),
            html: "<p>html</p>".to_owned(),
            date: Timestamp::from_seconds(1_795_343_400),
        };
        Some(String::from_utf8(mailer.message(mail)?.formatted()).unwrap())
    }

    #[test]
    fn no_subject_makes_a_header() {
        for subject in ["a\r\nBcc: b@c.example", "a\nBcc: b@c.example", "a\rBcc: b@c.example", "a\0\u{1b}\u{85}"] {
            let source = message("pay@a.example", "b@c.example", subject).unwrap();
            let head = source.split_once("\r\n\r\n").unwrap().0;
            assert!(!head.lines().any(|line| line.starts_with("Bcc")), "{source}");
            assert_eq!(head.matches("\r\n").count(), head.matches('\n').count());
        }
    }

    #[test]
    fn no_other_address_than_one_is_sent_to() {
        for to in ["b@c.example, d@e.example", "b@c.example\r\nBcc: d@e.example", "<b@c.example>", "b", ""] {
            assert!(message("pay@a.example", to, "a").is_none(), "{to:?}");
        }
    }

    #[test]
    fn a_message_has_the_headers_of_automated_mail() {
        let source = message("दुकान <pay@a.example>", "b@c.example", "नमस्ते").unwrap();
        for header in [
            "Message-ID: <nt_1@a.example>\r\n",
            "Auto-Submitted: auto-generated\r\n",
            "To: b@c.example\r\n",
            "Date: ",
            "Content-Type: multipart/alternative;",
        ] {
            assert!(source.contains(header), "{header}: {source}");
        }
        assert!(source.is_ascii(), "{source}");
    }

    #[test]
    fn only_this_machine_is_reached_without_tls() {
        for (url, security) in [
            ("smtps://mail.example.com", Security::Tls),
            ("smtps://localhost", Security::Tls),
            ("smtp://mail.example.com", Security::StartTls),
            ("smtp://mail.example.com:25", Security::StartTls),
            ("smtp://10.0.0.1:25", Security::StartTls),
            ("smtp://localhost.example.com", Security::StartTls),
            ("smtp://LOCALHOST:25", Security::None),
            ("smtp://127.0.0.1", Security::None),
            ("smtp://127.9.9.9", Security::None),
            ("smtp://[::1]", Security::None),
            ("smtp://[::ffff:127.0.0.1]", Security::None),
            ("smtp://[2001:db8::1]", Security::StartTls),
        ] {
            assert_eq!(SmtpServer::parse(url).unwrap().security, security, "{url}");
        }
    }
}

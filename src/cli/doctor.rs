//! `ks-pay doctor`: checks an installation and prints one line per check: ok, a note, or the remedy.

use std::{fmt::Display, path::Path, time::Duration};

use super::{Failure, Io};
use crate::{
    clock_check::SignedTimes,
    connections::sealed::{self, SealedValue, Unreadable},
    console::http::untrusted_proxy,
    db::{Db, DbError, backup},
    deliveries,
    events::{payload::dictionaries::missing_message, payload_sample, store::dictionaries},
    gateways::Gateway,
    ledger::payments::reconcile_totals,
    messages,
    net::{
        client_ip::TrustedProxies,
        smtp::{Mailer, SmtpError},
    },
    primitives::{time::Clock, vault::Vault},
    rejections,
    server::{
        bootstrap::{self, DatabaseFiles},
        config::{Config, Lookup, MailConfig, Options, mail},
        master_key::{self, Found},
    },
};

/// Prints the lines, and records whether a check failed.
struct Report<'a, 'b> {
    io: &'a mut Io<'b>,
    is_bad: bool,
}

impl Report<'_, '_> {
    fn good(&mut self, what: &str, value: impl Display) -> Result<(), Failure> {
        self.io.say(format_args!("ok    {what}: {value}"))
    }

    fn bad(&mut self, what: &str, remedy: impl Display) -> Result<(), Failure> {
        self.is_bad = true;
        self.io.say(format_args!("bad   {what}: {remedy}"))
    }

    fn note(&mut self, what: &str, value: impl Display) -> Result<(), Failure> {
        self.io.say(format_args!("note  {what}: {value}"))
    }
}

/// Runs the checks without changing anything; returns an error if one failed.
pub(super) async fn run(options: &Options, variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(), Failure> {
    let mut report = Report { io, is_bad: false };
    match Config::read(options, variable) {
        Err(sentence) => report.bad("configuration", sentence)?,
        Ok(config) => {
            report.good("configuration", "valid")?;
            public_url(&mut report, &config)?;
            transport(&mut report, &config)?;
            email(&mut report, &config).await?;
            database(&mut report, &config).await?;
        }
    }
    if report.is_bad { Err(Failure::Failed("Some checks failed. The lines above say what to do.".to_owned())) } else { Ok(()) }
}

fn public_url(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    let Some(url) = &config.public_url else {
        return report.note(
            "public URL",
            "not set: gateways cannot reach this server. Set KS_PAY_PUBLIC_URL to its public https address.",
        );
    };
    match Gateway::all().flat_map(|gateway| gateway.adapter().url_objections(url)).next() {
        None => report.good("public URL", url),
        Some(refusal) => report.note("public URL", format_args!("{url}: {}", refusal.in_english())),
    }
}

fn transport(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    match config.plain_http() {
        Some(url) => report.note("transport", messages::access::plain_http_at(&url)),
        None => Ok(()),
    }
}

/// How long the mail server may take to accept a connection and the password.
const SMTP_TIMEOUT: Duration = Duration::from_secs(8);

/// Says who is notified of problems, connects and signs in to the mail server, and sends nothing.
async fn email(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    let Some(MailConfig { server, sender, operators }) = &config.mail else {
        return report.note("email", format_args!("not set up. Set {} and {} to send email", mail::SMTP_URL, mail::MAIL_FROM));
    };
    match operators.as_slice() {
        [] => report.note(
            "operators",
            format_args!("no one is notified of problems of this installation. Set {} to an email address", mail::OPERATOR_EMAIL),
        )?,
        operators => {
            report.good("operators", format_args!("problems of this installation are reported to {}", operators.join(", ")))?;
        }
    }
    let checked = async { Mailer::new(server, sender)?.check(SMTP_TIMEOUT).await };
    let Err(error) = checked.await else {
        return report.good("email", format_args!("{server} accepts email from {}", sender.address()));
    };
    let remedy = match &error {
        SmtpError::Settings(_) => {
            "Check user, password and sender, and whether the port needs smtps:// (TLS) or smtp:// (STARTTLS)"
        }
        SmtpError::Unreachable(_) | SmtpError::TimedOut => "Check host and port, and whether a firewall blocks the port",
        _ => "Ask the operator of the mail server",
    };
    report.bad("email", format_args!("{server}: {error}. {remedy} ({})", mail::SMTP_URL))
}

/// Reports a proxy that forwards requests but is not trusted. Prints nothing on a database without the table.
async fn proxy(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    let Ok(mut reader) = db.reader().await else { return Ok(()) };
    let now = Clock::system().now();
    match untrusted_proxy::find(&mut reader, &TrustedProxies::new(&config.trusted_proxies), now).await {
        Ok(Some((peer, at))) => report.note("trusted proxies", messages::access::untrusted_proxy(peer, &messages::when(at, now))),
        Ok(None) | Err(_) => Ok(()),
    }
}

async fn database(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    if let Some(path) = config.database.file() {
        if !bootstrap::has_content(path) {
            if DatabaseFiles::of(path).has_directory() {
                files(report, path)?;
            }
            return match bootstrap::check_not_lost(path, &config.master_key).and_then(|()| bootstrap::check_log(path)) {
                Err(sentence) => report.bad("database", sentence),
                Ok(()) => {
                    report.note("database", format_args!("{} has no data yet; the first server start creates it", path.display()))
                }
            };
        }
        files(report, path)?;
        if let Err(sentence) = bootstrap::check_log(path) {
            return report.bad("database", sentence);
        }
    }
    let db = match Db::connect_to_read(&config.database).await {
        Ok(db) => db,
        Err(error) => return report.bad("database", bootstrap::sentence_of_doctor(&config.database, &error)),
    };
    let result = opened(report, config, &db).await;
    db.close().await;
    result
}

/// Checks that this user, and a server of the files' owner, can read and write the database's files, and that there is space.
fn files(report: &mut Report<'_, '_>, database: &Path) -> Result<(), Failure> {
    let files = DatabaseFiles::of(database);
    match files.obstacle().or_else(|| files.mixed_owners()) {
        Some(fault) => report.bad("files", fault)?,
        None if bootstrap::has_content(database) => {
            report.good("files", "the database and its directory are readable and writable")?;
        }
        None => report.good("files", "the directory is readable and writable")?,
    }
    match files.shortage() {
        Some(fault) => report.bad("disk", fault),
        None => report.good("disk", "enough free space"),
    }
}

async fn durability(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    let settings = match db.durability().await {
        Err(error) => return report.bad("durability", bootstrap::sentence(&error)),
        Ok(settings) => settings,
    };
    for setting in &settings {
        match setting.remedy {
            None => report.good(setting.name, &setting.value)?,
            Some(remedy) => report.bad(setting.name, format_args!("{}. {remedy}", setting.value))?,
        }
    }
    if !config.accept_data_loss {
        return Ok(());
    }
    match messages::durability::at_risk(db.engine(), &settings) {
        Some(said) => report.bad("data loss", format_args!("accepted, so the server starts. {}", said.in_english())),
        None => report.note("data loss", "accepted, but not needed: remove KS_PAY_ACCEPT_DATA_LOSS or --accept-data-loss"),
    }
}

async fn opened(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    let tables = db.check_tables().await;
    match &tables {
        Ok(()) => report.good("database", format_args!("{} is reachable", db.engine()))?,
        Err(DbError::Older) => {
            report.note("database", "its tables are created or upgraded at the next server start")?;
        }
        Err(error) => return report.bad("database", bootstrap::sentence_of_doctor(&config.database, error)),
    }
    integrity(report, config, db).await?;
    // On files that cannot be written, SQLite does not report the settings that a server would have.
    if config.database.file().and_then(bootstrap::obstacle).is_none() {
        durability(report, config, db).await?;
    }
    if tables.is_ok() {
        writes(report, config, db).await?;
    }
    match master_key::find(&config.master_key, db).await {
        Ok(Found::Bound(vault)) => {
            report.good("master key", "matches this database")?;
            sealed_secrets(report, &vault, db).await?;
        }
        Ok(Found::Unbound) => report.note(
            "master key",
            "readable, but the database is not bound to a key yet. The next server start binds it to this one",
        )?,
        Ok(Found::NoKey) => report.good("master key", "not created yet; the database contains no encrypted values")?,
        Err(sentence) => report.bad("master key", sentence)?,
    }
    proxy(report, config, db).await?;
    requests(report, db).await?;
    daily_totals(report, db).await?;
    clock(report, db).await?;
    unknown_endpoint_requests(report, db).await
}

/// Reads the whole SQLite database, as `ks-pay backup` reads its copy.
async fn integrity(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    if config.database.file().is_none() {
        return Ok(());
    }
    let fault = match backup::integrity_error(db).await {
        Ok(None) => return report.good("integrity", "the database passes SQLite's checks"),
        Ok(Some(fault)) => fault,
        Err(error) if error.is_damage() => bootstrap::cause(&error),
        Err(error) => return report.bad("integrity", bootstrap::sentence_of_doctor(&config.database, &error)),
    };
    report.bad(
        "integrity",
        format_args!(
            "the database is damaged: {fault}. Keep your older backups, stop the server, move the data directory aside, and \
             restore the newest good backup as described under \"To restore\" in README.md"
        ),
    )
}

/// Checks that a write would succeed, and undoes it.
async fn writes(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    match db.probe_and_undo().await {
        Ok(()) => report.good("writes", "accepted by the database"),
        Err(error) => report.bad("writes", bootstrap::sentence_of_doctor(&config.database, &error)),
    }
}

/// Checks that the clock agrees with the times in signed events. Prints nothing without signed events.
async fn clock(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    let now = Clock::system().now();
    let Ok(mut reader) = db.reader().await else { return Ok(()) };
    let Ok(signed) = SignedTimes::load(&mut reader, now).await else { return Ok(()) };
    let Some(difference) = signed.difference(now) else {
        return if signed.is_empty() { Ok(()) } else { report.good("clock", "agrees with the times in signed events") };
    };
    let said = messages::clock::for_operator(difference);
    if difference.is_proven() { report.bad("clock", said) } else { report.note("clock", said) }
}

/// Checks that every sealed secret can be decrypted. Prints nothing on a database without the table.
async fn sealed_secrets(report: &mut Report<'_, '_>, vault: &Vault, db: &Db) -> Result<(), Failure> {
    let Ok(found) = sealed::find_unreadable(db, vault, Clock::system().now()).await else { return Ok(()) };
    // A database without the tables has none.
    let unreadable = deliveries::sealed::unreadable_secrets(db, vault, Clock::system().now()).await.unwrap_or_default();
    let headers = deliveries::sealed::unreadable_headers(db, vault).await.unwrap_or_default();
    if found.is_empty() && unreadable.is_empty() && headers.is_empty() {
        return report.good("sealed secrets", "all can be decrypted");
    }
    for secret in unreadable {
        let (id, destination) = (secret.id, secret.destination_id);
        report.bad(
            "sealed secrets",
            format!(
                "{id} of destination {destination} cannot be decrypted: it was damaged or replaced in the database. Run `ks-pay \
                 destination rotate --destination {destination}`, and enter the new secret in the receiving system"
            ),
        )?;
    }
    for header in headers {
        let (name, destination) = (header.name.as_str(), header.destination_id);
        report.bad(
            "sealed secrets",
            format!(
                "the header {name} of destination {destination} cannot be decrypted: it was damaged or replaced in the database. Enter \
                 its value again on the destination's page"
            ),
        )?;
    }
    for one in found {
        let Unreadable { app, connection, gateway, mode, value } = one;
        let remedy = match value {
            SealedValue::WebhookSecret(secret) if gateway.generates_secret() => format!(
                "{secret} of connection {connection} cannot be decrypted: it was damaged or replaced in the database. Create a \
                 new secret at {}, paste it on the Webhook page, and retire the damaged one there",
                gateway.label()
            ),
            SealedValue::WebhookSecret(secret) => format!(
                "{secret} of connection {connection} cannot be decrypted: it was damaged or replaced in the database. Run \
                 `ks-pay webhook rotate --app {app} --gateway {gateway} --mode {mode}`, enter the new secret at the gateway, and \
                 retire the damaged one on the Webhook page"
            ),
            SealedValue::Credential(field) => format!(
                "the {} of connection {connection} ({gateway}, {mode}, app {app}) cannot be decrypted: it was damaged or \
                 replaced in the database. Enter it again on the Credentials page",
                gateway.credential_label(&field)
            ),
        };
        report.bad("sealed secrets", remedy)?;
    }
    Ok(())
}

/// Checks that a sample of the stored requests can be unpacked. Prints nothing on a database without the table.
async fn requests(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    let Ok(mut reader) = db.bulk_reader().await else { return Ok(()) };
    match dictionaries::missing(&mut reader).await {
        Ok(None) => {}
        Ok(Some(id)) => return report.bad("stored requests", missing_message(id)),
        Err(error) if error.is_no_such_table() => return Ok(()),
        Err(error) => return report.bad("stored requests", bootstrap::cause(&error)),
    }
    let examined = match payload_sample::examine(&mut reader).await {
        Ok(examined) => examined,
        Err(error) => return report.bad("stored requests", bootstrap::cause(&error)),
    };
    if examined.damaged.is_empty() {
        return report.good("stored requests", format_args!("a sample of {} is intact", examined.count));
    }
    for (event, damage) in examined.damaged {
        report.bad(
            "stored requests",
            format_args!(
                "headers and body of event {event} are damaged: {damage}. The event and its payment are not affected. Check the \
                 disk, and restore the newest good backup if you need the request"
            ),
        )?;
    }
    Ok(())
}

/// Checks that the daily totals shown on pages match the payments. Prints nothing on a database without the table.
async fn daily_totals(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    match reconcile_totals::compare(db, Clock::system().now()).await {
        Ok(reconcile_totals::RecountReport { wrong: 0, unread: 0, .. }) => {
            report.good("daily totals", "consistent for the last 90 days")
        }
        Ok(reconcile_totals::RecountReport { wrong: 0, unread, .. }) => {
            report.note("daily totals", format_args!("{unread} days (per app and mode) could not be compared: see the log"))
        }
        Ok(reconcile_totals::RecountReport { wrong, .. }) => report.bad(
            "daily totals",
            format_args!(
                "{wrong} days (per app and mode) of the last 90 do not match the payments. Run `ks-pay transactions recount`"
            ),
        ),
        Err(_) => Ok(()),
    }
}

/// Reports requests to unknown endpoints. Prints nothing on a database without the table.
async fn unknown_endpoint_requests(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    let Ok(mut reader) = db.reader().await else { return Ok(()) };
    match rejections::store::find_strays(&mut reader).await {
        Ok(Some((count, last_at))) => {
            report.note("unknown endpoints", format_args!("{count} requests received, the last at {last_at}"))
        }
        Ok(None) | Err(_) => Ok(()),
    }
}

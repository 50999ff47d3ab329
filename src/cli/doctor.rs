//! `ks-pay doctor`: a line for each thing an operator can get wrong, good or what to do.

use std::fmt::Display;

use super::{Failure, Io};
use crate::{
    config::{Config, Lookup, Options},
    db::Db,
    gateways::razorpay_url,
    kernel::time::Clock,
    keys, rejections, startup,
    transactions::recount,
    web::client,
    words,
};

/// Collects lines and whether one is bad.
struct Report<'a, 'b> {
    io: &'a mut Io<'b>,
    is_bad: bool,
}

impl Report<'_, '_> {
    fn good(&mut self, what: &str, value: impl Display) -> Result<(), Failure> {
        self.io.say(format_args!("good  {what}: {value}"))
    }

    fn bad(&mut self, what: &str, remedy: impl Display) -> Result<(), Failure> {
        self.is_bad = true;
        self.io.say(format_args!("bad   {what}: {remedy}"))
    }

    fn note(&mut self, what: &str, value: impl Display) -> Result<(), Failure> {
        self.io.say(format_args!("note  {what}: {value}"))
    }
}

/// Checks; fails when one line is bad. Nothing is made or changed.
pub(super) async fn run(options: &Options, variable: Lookup<'_>, io: &mut Io<'_>) -> Result<(), Failure> {
    let mut report = Report { io, is_bad: false };
    match Config::read(options, variable) {
        Err(sentence) => report.bad("configuration", sentence)?,
        Ok(config) => {
            report.good("configuration", "every value can be right")?;
            public_url(&mut report, &config)?;
            transport(&mut report, &config)?;
            database(&mut report, &config).await?;
        }
    }
    if report.is_bad { Err(Failure::Failed("Something is bad: the lines above say what to do.".to_owned())) } else { Ok(()) }
}

fn public_url(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    let Some(url) = &config.public_url else {
        return report.note(
            "public URL",
            "not set: gateways cannot reach this server. Set KS_PAY_PUBLIC_URL to its public https address.",
        );
    };
    match razorpay_url::objections(url).first() {
        None => report.good("public URL", url),
        Some(refusal) => report.note("public URL", format_args!("{url}: {refusal}")),
    }
}

fn transport(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    match config.plain_http() {
        Some(url) => report.note("transport", words::access::plain_http_at(&url)),
        None => Ok(()),
    }
}

/// A proxy that visitors come through and that is not trusted. Of a database that has no such table yet nothing is said.
async fn proxy(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    let Ok(mut reader) = db.reader().await else { return Ok(()) };
    match client::untrusted_proxy(&mut reader, &config.trusted_proxies).await {
        Ok(Some(peer)) => report.note("trusted proxies", words::access::untrusted_proxy(peer)),
        Ok(None) | Err(_) => Ok(()),
    }
}

async fn database(report: &mut Report<'_, '_>, config: &Config) -> Result<(), Failure> {
    if let Some(path) = config.database.file().filter(|path| !path.exists()) {
        return report.note("database", format_args!("{} is not there yet; `ks-pay` makes it", path.display()));
    }
    let db = match Db::connect(&config.database).await {
        Ok(db) => db,
        Err(error) => return report.bad("database", startup::sentence(&error)),
    };
    let result = opened(report, config, &db).await;
    db.close().await;
    result
}

async fn durability(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    let settings = match db.durability().await {
        Err(error) => return report.bad("durability", startup::sentence(&error)),
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
    match words::durability::at_risk(db.engine(), &settings) {
        Some(said) => report.bad("data loss", format_args!("accepted, so the server starts. {said}")),
        None => report.note("data loss", "accepted, and nothing needs it: take KS_PAY_ACCEPT_DATA_LOSS away"),
    }
}

async fn opened(report: &mut Report<'_, '_>, config: &Config, db: &Db) -> Result<(), Failure> {
    if let Err(error) = db.check_age().await {
        return report.bad("database", startup::sentence(&error));
    }
    report.good("database", format_args!("{} answers", db.engine()))?;
    durability(report, config, db).await?;
    match keys::check(&config.master_key, db).await {
        Ok(found) => report.good("master key", found)?,
        Err(sentence) => report.bad("master key", sentence)?,
    }
    proxy(report, config, db).await?;
    sums(report, db).await?;
    strays(report, db).await
}

/// Whether the sums by day that pages show are those of the payments. Of a database that has no such table yet nothing is
/// said.
async fn sums(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    match recount::compare(db, Clock::system().now()).await {
        Ok(recount::Counted { wrong: 0, unread: 0, .. }) => {
            report.good("sums by day", "as the payments say, for the last 90 days")
        }
        Ok(recount::Counted { wrong: 0, unread, .. }) => {
            report.note("sums by day", format_args!("those of {unread} days of an app could not be compared: the log says why"))
        }
        Ok(recount::Counted { wrong, .. }) => report.bad(
            "sums by day",
            format_args!(
                "on {wrong} of the last 90 days of an app they are not what the payments say. Run `ks-pay transactions recount`"
            ),
        ),
        Err(_) => Ok(()),
    }
}

/// Requests at no endpoint of anybody. Of a database that has no such table yet nothing is said.
async fn strays(report: &mut Report<'_, '_>, db: &Db) -> Result<(), Failure> {
    let Ok(mut reader) = db.reader().await else { return Ok(()) };
    match rejections::store::find_strays(&mut reader).await {
        Ok(Some((count, last_at))) => {
            report.note("unknown endpoints", format_args!("{count} requests came for none of yours, the last at {last_at}"))
        }
        Ok(None) | Err(_) => Ok(()),
    }
}

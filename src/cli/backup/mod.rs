//! `ks-pay backup`: copies an SQLite installation's database, with the server running or stopped.
//!
//! Writes nothing but the copy, so any user who can read the database can run it. The copy is renamed to the requested name
//! only after it has been synced and verified.

mod draft;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use self::draft::Draft;
use super::{Failure, Io};
use crate::{
    db::{Db, DbError, Location, backup},
    events::{self, payload::dictionaries::missing_message, store::dictionaries},
    primitives::time::{Clock, Timestamp},
    server::{
        Signals, bootstrap,
        config::{Config, KeySource},
    },
};

#[derive(clap::Args)]
pub(super) struct Backup {
    /// File to create; it must not exist yet. Standard output is not supported
    #[arg(value_name = "DEST")]
    dest: PathBuf,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A completed backup.
struct Written {
    path: PathBuf,
    bytes: u64,
    events: i64,
    /// Every event that was acknowledged before this time is in the copy.
    taken_at: Timestamp,
    seconds: f64,
}

pub(super) async fn run(wanted: Backup, config: &Config, io: &mut Io<'_>) -> Result<(), Failure> {
    let Some(database) = config.database.file() else {
        let instead = "This installation uses PostgreSQL. Back up its database with pg_dump, or its server with pg_basebackup, \
                       and keep a copy of the master key separately.";
        return Err(Failure::Failed(instead.to_owned()));
    };
    let mut signals = Signals::receive()?;
    let written = tokio::select! {
        written = write(database, &wanted.dest) => written?,
        // Dropping the future removes the draft.
        () = signals.next() => return Err(Failure::Failed("Stopped before the backup was complete; the partial file was removed.".to_owned())),
    };
    if wanted.json { io.say(json(&written, config)) } else { say(&written, config, io) }
}

async fn write(database: &Path, dest: &Path) -> Result<Written, String> {
    if let Err(error) = fs::metadata(database) {
        return Err(bootstrap::no_database(database, &error));
    }
    bootstrap::check_log(database)?;
    let draft = Draft::beside(dest)?;
    let (taken_at, began) = (Clock::system().now(), Instant::now());
    copy(database, &draft).await?;
    draft.sync()?;
    let events = look_through(&draft).await?;
    let bytes = draft.publish()?;
    Ok(Written { path: bootstrap::absolute_path(dest), bytes, events, taken_at, seconds: began.elapsed().as_secs_f64() })
}

/// Copies everything committed so far into the draft.
async fn copy(database: &Path, draft: &Draft) -> Result<(), String> {
    let unread = |error: DbError| match error {
        DbError::SchemaTooNew(_) | DbError::OtherSchema => bootstrap::sentence(&error),
        other if other.is_damage() => damaged(database, &bootstrap::cause(&other)),
        other => bootstrap::obstacle(database)
            .unwrap_or_else(|| format!("The database {} cannot be read: {}.", database.display(), bootstrap::cause(&other))),
    };
    let to = draft.text()?;
    let db = Db::connect_to_read(&Location::Sqlite(database.to_owned())).await.map_err(unread)?;
    let result = match backup::is_ks_pay_database(&db).await {
        Ok(true) => backup::copy(&db, to).await.map_err(|error| {
            // The copy is new, so the damage is in the source.
            if error.is_damage() {
                damaged(database, &bootstrap::cause(&error))
            } else {
                draft.unwritten(&bootstrap::cause(&error))
            }
        }),
        Ok(false) => Err(format!("{} is not a KS Pay database.", database.display())),
        Err(error) => Err(unread(error)),
    };
    db.close().await;
    result
}

fn damaged(database: &Path, cause: &str) -> String {
    format!(
        "The database {} is damaged, so no backup was made: {cause}. Keep your older backups and the damaged file, stop the \
         server, and restore the newest good backup.",
        database.display()
    )
}

/// Verifies the copy, and returns the number of events in it.
async fn look_through(draft: &Draft) -> Result<i64, String> {
    let failed = |fault: String| {
        format!("The backup failed verification and was removed: {fault}. Run `ks-pay doctor`, and keep your older backups.")
    };
    let unread = |error: DbError| failed(bootstrap::cause(&error));
    let copy = Db::connect_to_read(&Location::Sqlite(draft.path().to_owned())).await.map_err(unread)?;
    let looking = async {
        if let Some(fault) = backup::integrity_error(&copy).await? {
            return Ok(Err(failed(fault)));
        }
        if !backup::is_ks_pay_database(&copy).await? {
            return Ok(Err(failed("its tables are not those of a KS Pay database".to_owned())));
        }
        if let Some(id) = dictionaries::missing(&mut copy.bulk_reader().await?).await? {
            return Ok(Err(missing_message(id)));
        }
        events::store::count(&mut copy.bulk_reader().await?).await.map(Ok)
    };
    let result = looking.await.map_err(unread);
    copy.close().await;
    result?
}

fn say(written: &Written, config: &Config, io: &mut Io<'_>) -> Result<(), Failure> {
    io.say(format_args!("written  {}", written.path.display()))?;
    io.say(format_args!("size     {} bytes", written.bytes))?;
    io.say(format_args!("events   {}", written.events))?;
    io.say(format_args!("as of    {}, taken in {:.1} s", written.taken_at.rfc3339(), written.seconds))?;
    io.say(match &config.master_key {
        KeySource::Variable(_) => {
            "The master key is not included. Keep a copy of KS_PAY_MASTER_KEY elsewhere: you need it to decrypt secrets."
                .to_owned()
        }
        KeySource::File(path) => format!(
            "The master key is not included. Keep a copy of {} elsewhere: you need it to decrypt secrets.",
            bootstrap::absolute_path(path).display()
        ),
    })
}

fn json(written: &Written, config: &Config) -> serde_json::Value {
    let key = match &config.master_key {
        KeySource::Variable(_) => None,
        KeySource::File(path) => Some(bootstrap::absolute_path(path).display().to_string()),
    };
    serde_json::json!({
        "path": written.path.display().to_string(),
        "bytes": written.bytes,
        "events": written.events,
        "taken_at": written.taken_at.rfc3339(),
        "seconds": written.seconds,
        "has_master_key": false,
        "master_key_file": key,
    })
}

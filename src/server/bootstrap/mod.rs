//! Opens an installation: data directory, database, master key.
//!
//! Invariant: every failure is reported in one message to the operator, and damages nothing.

mod data_dir;
mod files;
mod log_guard;
mod sentences;
mod server_lock;

use std::{fs, io, os::unix::fs::OpenOptionsExt as _, path::Path, time::Duration};

use tokio::time::{Instant, sleep};

use crate::{
    db::{Db, DbError, Location, ids::Starting},
    events::{payload::dictionaries::missing_message, store::dictionaries},
    i18n::Text,
    messages,
    primitives::{time::Clock, vault::Vault},
    server::{
        config::{Config, KeySource},
        master_key,
    },
};

pub(crate) use self::{
    data_dir::{absolute_path, disk_full_message},
    files::{DatabaseFiles, filling, obstacle, user},
    log_guard::check_log,
    sentences::{cause, sentence, sentence_at, sentence_of_doctor},
    server_lock::ServerLock,
};

/// Timeout at startup for a database that is not reachable yet.
const DATABASE_WAIT: Duration = Duration::from_secs(30);
const RETRY_INTERVAL: Duration = Duration::from_millis(500);
/// The number of retries if a command finds the file locked.
const FILE_ATTEMPTS: usize = 4;
const LOG_INTERVAL: Duration = Duration::from_secs(10);

/// A database that is ready for use.
pub(crate) struct Opened {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    /// The accepted risk of losing acknowledged events, if a server found one.
    pub(crate) at_risk: Option<Text>,
}

/// The reason for which an installation was not opened.
pub(crate) enum OpenError {
    /// The database cannot be used now; a retry may succeed.
    Unavailable(String),
    /// The operator must resolve a problem first.
    ActionRequired(String),
}

impl OpenError {
    pub(crate) fn of(database: &Location, error: &DbError) -> Self {
        let sentence = sentence_at(database, error);
        match error {
            DbError::Unavailable(_) | DbError::Timeout => Self::Unavailable(sentence),
            _ => Self::ActionRequired(sentence),
        }
    }

    fn into_sentence(self) -> String {
        let (Self::Unavailable(sentence) | Self::ActionRequired(sentence)) = self;
        sentence
    }
}

impl From<String> for OpenError {
    fn from(sentence: String) -> Self {
        Self::ActionRequired(sentence)
    }
}

/// Opens database and vault for a command that writes, and creates what is missing. Raises the ids, as a server does: the command
/// may be the first that runs on an older copy of the database.
///
/// # Errors
/// A message with the cause and the remedy.
pub(crate) async fn open(config: &Config) -> Result<Opened, String> {
    prepare(config)?;
    let opening = async || {
        let opened = ready(config, connect(config).await?).await?;
        match opened.db.raise_ids(Starting::Command, Clock::system().now()).await {
            // Other processes take ids, so this is no copy that was just restored.
            Err(error) if error.is_lock_timeout() => Ok(opened),
            Err(error) => {
                opened.db.close().await;
                Err(OpenError::of(&config.database, &error))
            }
            Ok(()) => Ok(opened),
        }
    };
    for _ in 0..FILE_ATTEMPTS {
        match opening().await {
            // Another process that opens the file for the first time locks it briefly.
            Err(OpenError::Unavailable(_)) if config.database.file().is_some() => sleep(RETRY_INTERVAL).await,
            opened => return opened.map_err(OpenError::into_sentence),
        }
    }
    opening().await.map_err(OpenError::into_sentence)
}

/// Opens the database for reading. Creates and migrates nothing.
///
/// # Errors
/// A message with the cause and the remedy.
pub(crate) async fn open_to_read(config: &Config) -> Result<Db, String> {
    if let Some(file) = config.database.file()
        && let Err(error) = fs::metadata(file)
    {
        return Err(no_database(file, &error));
    }
    config.database.file().map_or(Ok(()), check_log)?;
    let failed = |error: DbError| sentence_at(&config.database, &error);
    let db = Db::connect_to_read(&config.database).await.map_err(failed)?;
    match db.check_tables().await {
        Ok(()) => Ok(db),
        Err(error) => {
            db.close().await;
            Err(failed(error))
        }
    }
}

/// Returns the message for a database file that cannot be found or read.
pub(crate) fn no_database(file: &Path, error: &io::Error) -> String {
    if error.kind() == io::ErrorKind::NotFound {
        let file = file.display();
        return format!("There is no database at {file}. Set --data-dir or DATABASE_URL to the installation's location.");
    }
    obstacle(file).unwrap_or_else(|| {
        format!("The database {} cannot be read: {error}. Run ks-pay as a user who can read it.", file.display())
    })
}

/// Opens the database for a server. The caller has called [`prepare`].
///
/// Rejects a database that may lose acknowledged events, unless the operator accepts that; then [`Opened::at_risk`] describes
/// the risk. A rejected database gets no tables and no key. If the database is not reachable yet, as while both machines
/// boot, waits for it.
///
/// # Errors
/// A message with the cause and the remedy.
pub(crate) async fn open_to_serve(config: &Config, lock: &ServerLock) -> Result<Opened, String> {
    let began = Instant::now();
    let mut last_logged = None;
    loop {
        match try_to_serve(config, lock).await {
            Ok(opened) => return Ok(opened),
            // Only for PostgreSQL: an SQLite file depends on no other service that has to start first.
            Err(OpenError::Unavailable(sentence)) if config.database.file().is_none() && began.elapsed() < DATABASE_WAIT => {
                if last_logged.is_none_or(|at: Instant| at.elapsed() >= LOG_INTERVAL) {
                    last_logged = Some(Instant::now());
                    let seconds = DATABASE_WAIT.saturating_sub(began.elapsed()).as_secs();
                    tracing::warn!("waiting for the database for up to {seconds} s: {sentence}");
                }
                sleep(RETRY_INTERVAL).await;
            }
            Err(error) => return Err(error.into_sentence()),
        }
    }
}

async fn try_to_serve(config: &Config, lock: &ServerLock) -> Result<Opened, OpenError> {
    let db = connect(config).await?;
    match risk(config, &db).await {
        Ok(at_risk) => {
            let opened = ready(config, db).await?;
            let preparing = async {
                opened.db.raise_ids(Starting::Server, Clock::system().now()).await?;
                opened.db.pin_log(lock.stamp_in_file(), |stamps| lock.note(stamps)).await
            };
            if let Err(error) = Box::pin(preparing).await {
                opened.db.close().await;
                return Err(OpenError::of(&config.database, &error));
            }
            Ok(Opened { at_risk, ..opened })
        }
        Err(error) => {
            db.close().await;
            Err(error)
        }
    }
}

/// Checks the durability settings. Returns the accepted risk, if there is one.
async fn risk(config: &Config, db: &Db) -> Result<Option<Text>, OpenError> {
    let settings = db.durability().await.map_err(|error| OpenError::of(&config.database, &error))?;
    match messages::durability::refusal(db.engine(), &settings) {
        Some(refusal) if !config.accept_data_loss => Err(refusal.into()),
        _ => Ok(messages::durability::at_risk(db.engine(), &settings)),
    }
}

/// Creates the data directory, before anything is created in it.
///
/// # Errors
/// A message if the directory must not be made private, or if its database is missing.
pub(crate) fn prepare(config: &Config) -> Result<(), String> {
    if let Some(file) = config.database.file() {
        check_not_lost(file, &config.master_key)?;
        check_log(file)?;
    }
    data_dir::prepare(&config.data_dir)
}

/// Connects to the database; creates its directory and file. The data directory is prepared.
async fn connect(config: &Config) -> Result<Db, OpenError> {
    if let Some(file) = config.database.file() {
        make_file(file)?;
    }
    Db::connect(&config.database).await.map_err(|error| OpenError::of(&config.database, &error))
}

/// Returns whether a database file has content. A log alone is no database: SQLite deletes it when it opens an empty file.
pub(crate) fn has_content(file: &Path) -> bool {
    fs::metadata(file).map_or_else(|error| error.kind() != io::ErrorKind::NotFound, |data| data.len() > 0)
}

/// Rejects an empty database next to a master key file, which shows that there was one. A key in a variable proves nothing.
pub(crate) fn check_not_lost(file: &Path, key: &KeySource) -> Result<(), String> {
    let KeySource::File(key) = key else { return Ok(()) };
    if !key.exists() || has_content(file) {
        return Ok(());
    }
    let (log, elsewhere) = lost_log(file).unwrap_or_else(|| (String::new(), "move the key elsewhere, or".to_owned()));
    Err(format!(
        "There is a master key at {key}, but no database at {file}. No new database was created{log}. Restore the database from a \
         backup, or correct --data-dir or DATABASE_URL. To start a new installation, {elsewhere} set KS_PAY_MASTER_KEY to \
         its content for the first start.",
        key = key.display(),
        file = file.display()
    ))
}

/// Returns what a message says about the log of a lost database, and what a new installation requires first.
fn lost_log(file: &Path) -> Option<(String, String)> {
    let log = log_guard::log_without_database(file)?;
    let log = log.display();
    let said = format!(
        ", and the log {log} was not changed: if the database was moved, move it back, since the log may contain its newest events"
    );
    Some((said, format!("move {log} elsewhere, then move the key elsewhere, or")))
}

/// Creates the database's directory and file, private to their owner: SQLite creates the WAL and its index with the file's
/// mode.
fn make_file(file: &Path) -> Result<(), String> {
    if let Some(directory) = file.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        data_dir::make(directory)?;
    }
    match fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(file) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::StorageFull => {
            Err(disk_full_message(&format!("The database {}", file.display())))
        }
        Err(error) => {
            Err(obstacle(file).unwrap_or_else(|| format!("The database {} cannot be created: {error}.", file.display())))
        }
    }
}

/// Rejects a database whose requests this program cannot unpack, and lists this program's dictionaries.
async fn check_dictionaries(config: &Config, db: &Db) -> Result<(), OpenError> {
    let checking = async {
        let mut tx = db.begin().await?;
        let missing = dictionaries::missing(&mut tx).await?;
        if missing.is_none() {
            dictionaries::register(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(missing)
    };
    match checking.await.map_err(|error: DbError| OpenError::of(&config.database, &error))? {
        Some(id) => Err(missing_message(id).into()),
        None => Ok(()),
    }
}

/// Applies pending migrations, checks the dictionaries of stored requests, and opens the vault with the master key.
async fn ready(config: &Config, db: Db) -> Result<Opened, OpenError> {
    let opened = match db.migrate(&config.database).await {
        Ok(()) => match check_dictionaries(config, &db).await {
            Ok(()) => master_key::open(config, &db).await,
            Err(error) => Err(error),
        },
        Err(error) => Err(OpenError::of(&config.database, &error)),
    };
    match opened {
        Ok(vault) => Ok(Opened { db, vault, at_risk: None }),
        Err(error) => {
            db.close().await;
            Err(error)
        }
    }
}

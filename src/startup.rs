//! Opens an installation: data directory, database, master key – each trouble one sentence, nothing damaged.

use std::{
    fs::{self, File},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use crate::{
    config::Config,
    db::{Db, DbError},
    kernel::vault::Vault,
    keys, words,
};

/// A database that is ready to be used.
pub(crate) struct Opened {
    pub(crate) db: Db,
    pub(crate) vault: Vault,
    /// What may be lost although it was acknowledged, where a server found that and it is accepted.
    pub(crate) at_risk: Option<String>,
}

/// Opens database and vault, making what is missing.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub(crate) async fn open(config: &Config) -> Result<Opened, String> {
    let db = connect(config).await?;
    ready(config, db).await
}

/// The same, for a server: only of a database that keeps what will be acknowledged, unless an operator accepts that it
/// does not. Then with what is to be said of it. A database that is refused gets no tables and no key.
///
/// # Errors
/// A sentence that says what is wrong and what to do.
pub(crate) async fn open_to_serve(config: &Config) -> Result<Opened, String> {
    let db = connect(config).await?;
    match risk(config, &db).await {
        Ok(at_risk) => Ok(Opened { at_risk, ..ready(config, db).await? }),
        Err(said) => {
            db.close().await;
            Err(said)
        }
    }
}

/// What may be lost although it was acknowledged, where that is accepted.
async fn risk(config: &Config, db: &Db) -> Result<Option<String>, String> {
    let settings = db.durability().await.map_err(|error| sentence(&error))?;
    match words::durability::refusal(db.engine(), &settings) {
        Some(refusal) if !config.accept_data_loss => Err(refusal),
        _ => Ok(words::durability::at_risk(db.engine(), &settings)),
    }
}

/// Connects to the database, making its directory and its file.
async fn connect(config: &Config) -> Result<Db, String> {
    make_directory(&config.data_dir)?;
    keep_private(&config.data_dir)?;
    if let Some(directory) = config.database.file().and_then(Path::parent).filter(|parent| !parent.as_os_str().is_empty()) {
        make_directory(directory)?;
    }
    if let Some(file) = config.database.file() {
        // SQLite gives its log and its index the mode of the database.
        fs::OpenOptions::new()
            .create(true)
            .append(true)
            .mode(0o600)
            .open(file)
            .map_err(|error| format!("The database {} cannot be opened: {error}.", file.display()))?;
    }
    Db::connect(&config.database).await.map_err(|error| sentence(&error))
}

/// Brings the tables up to date and finds the master key.
async fn ready(config: &Config, db: Db) -> Result<Opened, String> {
    let opened = match db.migrate(&config.database).await {
        Ok(()) => keys::open(&config.master_key, &db).await,
        Err(error) => Err(sentence(&error)),
    };
    match opened {
        Ok(vault) => Ok(Opened { db, vault, at_risk: None }),
        Err(said) => {
            db.close().await;
            Err(said)
        }
    }
}

/// What to tell an operator of a database that does not open.
pub(crate) fn sentence(error: &DbError) -> String {
    match error {
        DbError::Newer(number) => format!("The database was written by a newer ks-pay (migration {number}). Start that version."),
        DbError::Unavailable(cause) => {
            format!("The database cannot be reached: {}. Check that it is running and that DATABASE_URL is right.", brief(cause))
        }
        DbError::Silent => "The database does not answer. Check that it is running and can be reached.".to_owned(),
        DbError::Broken(cause) => {
            format!("The database refused to open: {}. Check that DATABASE_URL names a database of ks-pay.", brief(cause))
        }
        other => format!("{other}. Restore a copy, or ask for help with this line."),
    }
}

/// The cause alone, where the sentence around it says what was being done.
pub(crate) fn cause(error: &DbError) -> String {
    match error {
        DbError::Unavailable(cause) | DbError::Broken(cause) => brief(cause),
        other => other.to_string(),
    }
}

/// The cause without the parts that repeat what was configured.
fn brief(cause: &sqlx::Error) -> String {
    match cause {
        sqlx::Error::Io(error) => error.to_string(),
        sqlx::Error::Database(error) => error.message().to_owned(),
        sqlx::Error::PoolTimedOut => "it did not answer in time".to_owned(),
        sqlx::Error::Configuration(_) => "the address is not one of PostgreSQL's".to_owned(),
        other => other.to_string().lines().next().unwrap_or_default().to_owned(),
    }
}

/// Makes a directory for its owner alone.
fn make_directory(path: &Path) -> Result<(), String> {
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| format!("The data directory {} cannot be made: {error}.", path.display()))
}

/// Takes a directory that was there already away from everybody else: it holds passwords' hashes and the master key.
fn keep_private(path: &Path) -> Result<(), String> {
    let mode = fs::metadata(path).map(|data| data.permissions().mode()).unwrap_or_default();
    if mode & 0o077 != 0 {
        return fs::set_permissions(path, fs::Permissions::from_mode(0o700))
            .map_err(|error| format!("Others may read the data directory {0}: {error}. Run: chmod 700 {0}", path.display()));
    }
    Ok(())
}

/// The path in full, as an operator needs it.
pub(crate) fn in_full(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

/// Holds an SQLite file for one server. Released when the process ends, however it ends.
pub(crate) struct ServerLock(#[expect(dead_code, reason = "held, not read")] Option<File>);

impl ServerLock {
    /// Takes the lock.
    ///
    /// # Errors
    /// A sentence when another server has it.
    pub(crate) fn take(config: &Config) -> Result<Self, String> {
        let Some(database) = config.database.file() else {
            return Ok(Self(None));
        };
        let mut path = database.as_os_str().to_owned();
        path.push(".lock");
        let path = PathBuf::from(path);
        if let Some(directory) = path.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            make_directory(directory)?;
        }
        let failed = |error: &dyn std::fmt::Display| format!("The lock {} cannot be taken: {error}.", path.display());
        let file = fs::OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(|error| failed(&error))?;
        match file.try_lock() {
            Ok(()) => Ok(Self(Some(file))),
            Err(fs::TryLockError::WouldBlock) => {
                Err(format!("Another ks-pay serves {}. Stop it first; several servers need PostgreSQL.", database.display()))
            }
            Err(error) => Err(failed(&error)),
        }
    }
}

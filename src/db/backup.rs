//! A copy of an SQLite database in use, and the look through it before anybody relies on it.
//!
//! `VACUUM INTO` reads in one transaction: whoever writes goes on writing, and the copy is the database of one moment, with
//! all that was committed before. SQLite's backup interface would begin anew with every write of another process.

use std::{path::Path, time::Duration};

use sqlx::{ConnectOptions as _, sqlite::SqliteConnectOptions};

use super::{Db, DbError, migrate};

/// How long the copy waits for a lock. A server that starts or stops holds one for a moment.
const BUSY: Duration = Duration::from_secs(10);

/// Opens a database file that is there, and makes nothing: no file, no table, no other mode.
///
/// It is opened for writing although nothing is written: a connection that only reads leaves its log behind and knows no
/// CHECK constraints, which then nobody checks. Where the file may only be read, SQLite falls back to that.
pub(crate) async fn open(path: &Path) -> Result<Db, DbError> {
    // A copy may take long: nobody's cron needs to be warned of a slow statement.
    let options =
        SqliteConnectOptions::new().filename(path).create_if_missing(false).busy_timeout(BUSY).disable_statement_logging();
    let pool = super::lasting().max_connections(1).connect_with(options).await?;
    Ok(Db::Sqlite { readers: pool.clone(), writer: pool.clone(), beside: pool })
}

/// Writes a copy of the database into an empty file.
pub(crate) async fn copy(db: &Db, path: &str) -> Result<(), DbError> {
    if let Db::Sqlite { writer, .. } = db {
        sqlx::query("VACUUM INTO $1").bind(path).execute(writer).await?;
    }
    Ok(())
}

/// What is wrong with a database file as such; nothing when it is sound.
pub(crate) async fn fault(db: &Db) -> Result<Option<String>, DbError> {
    let Db::Sqlite { readers, .. } = db else { return Ok(None) };
    let said: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(readers).await?;
    if said != "ok" {
        return Ok(Some(said));
    }
    let dangling: Option<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1").fetch_optional(readers).await?;
    Ok(dangling.map(|table| format!("a row of {table} points to one that is not there")))
}

/// Whether it has tables, and every one of its migrations is ours to the letter.
pub(crate) async fn is_ours(db: &Db) -> Result<bool, DbError> {
    db.check_age().await?;
    migrate::are_ours(db).await
}

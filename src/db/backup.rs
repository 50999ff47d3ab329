//! Copies an SQLite database in use, and verifies the copy.
//!
//! `VACUUM INTO` reads in one transaction: writers are not blocked, and the copy is a consistent snapshot. SQLite's backup
//! API would restart after every write of another process.

use sqlx::{ConnectOptions as _, Connection as _};

use super::{Db, DbError, SqliteOptions, migrate};

/// The maximum length of the part of SQLite's report that is shown.
const MAX_FAULT_CHARS: usize = 300;

/// Writes a copy of the database to an empty file. Removes the stamp of the running server: the server would otherwise
/// mistake the copy for its own database if it were copied over that.
pub(crate) async fn copy(db: &Db, path: &str) -> Result<(), DbError> {
    let Db::Sqlite { writer, .. } = db else { return Ok(()) };
    sqlx::query("VACUUM INTO $1").bind(path).execute(&mut writer.acquire().await?).await?;
    // No journal file is created in the directory; the caller syncs the copy.
    let mut copy = SqliteOptions::existing(path).pragma("journal_mode", "memory").connect().await?;
    sqlx::query("PRAGMA user_version = 0").execute(&mut copy).await?;
    copy.close().await?;
    Ok(())
}

/// Returns the first integrity error of the database file, if any.
pub(crate) async fn integrity_error(db: &Db) -> Result<Option<String>, DbError> {
    let Db::Sqlite { readers, .. } = db else { return Ok(None) };
    let mut reader = readers.acquire().await?;
    let said: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(&mut reader).await?;
    if said != "ok" {
        // The report of an error may have several lines.
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        return Ok(Some(line.chars().take(MAX_FAULT_CHARS).collect()));
    }
    let dangling: Option<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1").fetch_optional(&mut reader).await?;
    Ok(dangling.map(|table| format!("a row of {table} points to one that is not there")))
}

/// Returns whether at least one migration is applied, and the checksum of each applied one matches one of this binary.
pub(crate) async fn is_ks_pay_database(db: &Db) -> Result<bool, DbError> {
    db.check_schema_version().await?;
    migrate::is_ours(db).await
}

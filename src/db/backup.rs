//! A copy of an SQLite database in use, and the look through it before anybody relies on it.
//!
//! `VACUUM INTO` reads in one transaction: whoever writes goes on writing, and the copy is the database of one moment, with
//! all that was committed before. SQLite's backup interface would begin anew with every write of another process.

use sqlx::{
    Connection as _, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};

use super::{Db, DbError, migrate};

/// The longest part of SQLite's report that is shown.
const MAX_FAULT_CHARS: usize = 300;

/// Writes a copy of the database into an empty file. It does not bear the stamp of the server that is running, which would
/// take it for its own database if it were copied over that.
pub(crate) async fn copy(db: &Db, path: &str) -> Result<(), DbError> {
    let Db::Sqlite { writer, .. } = db else { return Ok(()) };
    sqlx::query("VACUUM INTO $1").bind(path).execute(writer).await?;
    // No second file is made in the directory, and the caller syncs this one.
    let options = SqliteConnectOptions::new().filename(path).journal_mode(SqliteJournalMode::Memory);
    let mut copy = SqliteConnection::connect_with(&options).await?;
    sqlx::query("PRAGMA user_version = 0").execute(&mut copy).await?;
    copy.close().await?;
    Ok(())
}

/// What is wrong with a database file as such; nothing when it is sound.
pub(crate) async fn integrity_error(db: &Db) -> Result<Option<String>, DbError> {
    let Db::Sqlite { readers, .. } = db else { return Ok(None) };
    let said: String = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_one(readers).await?;
    if said != "ok" {
        // The report of one fault may begin with a line of its own.
        let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
        return Ok(Some(line.chars().take(MAX_FAULT_CHARS).collect()));
    }
    let dangling: Option<String> =
        sqlx::query_scalar("SELECT \"table\" FROM pragma_foreign_key_check LIMIT 1").fetch_optional(readers).await?;
    Ok(dangling.map(|table| format!("a row of {table} points to one that is not there")))
}

/// Whether it has tables, and every one of its migrations is ours to the letter.
pub(crate) async fn is_ks_pay_database(db: &Db) -> Result<bool, DbError> {
    db.check_schema_version().await?;
    migrate::verify_checksums(db).await
}

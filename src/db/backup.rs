//! A copy of an SQLite database in use, and the look through it before anybody relies on it.
//!
//! `VACUUM INTO` reads in one transaction: whoever writes goes on writing, and the copy is the database of one moment, with
//! all that was committed before. SQLite's backup interface would begin anew with every write of another process.

use super::{Db, DbError, migrate};

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

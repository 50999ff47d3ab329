//! Applies migrations as sqlx does on PostgreSQL: the same table, with the same checksums.

use std::time::Instant;

use sqlx_core::migrate::Migration;

use super::SqlitePool;

const TABLE: &str = "CREATE TABLE IF NOT EXISTS _sqlx_migrations (version BIGINT PRIMARY KEY, description TEXT NOT NULL, \
                     installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP, success BOOLEAN NOT NULL, \
                     checksum BLOB NOT NULL, execution_time BIGINT NOT NULL)";
const APPLIED: &str = "SELECT version FROM _sqlx_migrations";
const RECORD: &str =
    "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES ($1, $2, TRUE, $3, $4)";

/// Applies those that are not applied yet, each in a transaction. The caller has compared the others.
pub(in crate::db) async fn migrate(writer: &SqlitePool, migrations: &[Migration]) -> Result<(), sqlx::Error> {
    let mut connection = writer.acquire().await?;
    sqlx::query(TABLE).execute(&mut connection).await?;
    let applied: Vec<i64> = sqlx::query_scalar(APPLIED).fetch_all(&mut connection).await?;
    for migration in migrations.iter().filter(|migration| !applied.contains(&migration.version)) {
        let started = Instant::now();
        connection.begin_writing().await?;
        sqlx::raw_sql(migration.sql.clone()).execute(&mut connection).await?;
        sqlx::query(RECORD)
            .bind(migration.version)
            .bind(&*migration.description)
            .bind(&*migration.checksum)
            .bind(i64::try_from(started.elapsed().as_nanos()).unwrap_or(i64::MAX))
            .execute(&mut connection)
            .await?;
        connection.commit_and_continue().await?;
    }
    Ok(())
}

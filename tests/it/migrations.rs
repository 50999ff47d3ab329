//! Both folders of migrations create the same tables.

use std::collections::BTreeMap;

use ks_pay::{
    db::{Db, Location},
    primitives::{
        id::{AppId, CompanyId, ConnectionId, TransactionId},
        time::Timestamp,
    },
};
use sqlx::{Connection as _, PgConnection, SqliteConnection, migrate::Migrator};

use crate::support::{
    Installation,
    database::{Database, migrations, postgres_server},
};

/// Table and column, and whether it is nullable.
type Columns = BTreeMap<(String, String), bool>;

const OF_SQLITE: &str = "SELECT tables.name, columns.name, columns.\"notnull\" = 0 FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns \
     WHERE tables.type = 'table' AND tables.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND tables.name <> '_sqlx_migrations'";
const OF_POSTGRES: &str = "SELECT CAST(table_name AS TEXT), CAST(column_name AS TEXT), is_nullable = 'YES' FROM information_schema.columns \
     WHERE table_schema = 'public' AND table_name <> '_sqlx_migrations'";

async fn columns(db: &Db) -> Columns {
    let rows: Vec<(String, String, bool)> = match db {
        Db::Sqlite { writer, .. } => sqlx::query_as(OF_SQLITE).fetch_all(writer).await.unwrap(),
        Db::Postgres { pool, .. } => sqlx::query_as(OF_POSTGRES).fetch_all(pool).await.unwrap(),
    };
    rows.into_iter().map(|(table, column, is_nullable)| ((table, column), is_nullable)).collect()
}

#[test]
fn both_folders_have_the_same_files() {
    let names = |engine| migrations(engine).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(names("sqlite"), names("postgres"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_file_is_applied_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let applied: Vec<_> = db.migrations().into_iter().map(|(number, name)| format!("{number:04}_{name}.sql")).collect();
    let files: Vec<_> = migrations("sqlite").into_iter().map(|(name, _)| name).collect();
    assert_eq!(applied, files);
    let Db::Sqlite { writer, .. } = &db else { unreachable!() };
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations WHERE success").fetch_one(writer).await.unwrap();
    assert_eq!(usize::try_from(count).unwrap(), files.len());
    db.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn opening_twice_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(directory.path().join("a.db"));
    let first = Db::open(&location).await.unwrap();
    let before = columns(&first).await;
    first.close().await;
    let second = Db::open(&location).await.unwrap();
    assert_eq!(columns(&second).await, before);
    assert!(before.len() > 80, "only {} columns were found", before.len());
    second.close().await;
}

/// Runs whenever a PostgreSQL server is available, whichever engine the suite uses.
#[tokio::test(flavor = "multi_thread")]
async fn both_engines_have_the_same_tables_columns_and_nullability() {
    let Some(server) = postgres_server() else { return };
    let directory = tempfile::tempdir().unwrap();
    let sqlite = Db::open(&Location::Sqlite(directory.path().join("a.db"))).await.unwrap();
    let database = Database::postgres(server).await;
    let postgres = Db::open(&Location::parse(database.url().unwrap()).unwrap()).await.unwrap();
    assert_eq!(columns(&sqlite).await, columns(&postgres).await);
    sqlite.close().await;
    postgres.close().await;
}

/// Runs a statement on either engine.
macro_rules! run {
    ($db:expr, $query:expr) => {
        match $db {
            Db::Sqlite { writer, .. } => drop($query.execute(writer).await.unwrap()),
            Db::Postgres { pool, .. } => drop($query.execute(pool).await.unwrap()),
        }
    };
}

/// Creates an empty database with the tables of the first six files, as an earlier version left it.
async fn sixth(installation: &Installation) -> Db {
    let engine = if installation.database_url().is_some() { "postgres" } else { "sqlite" };
    let files = installation.beside("migrations");
    std::fs::create_dir(&files).unwrap();
    for (name, text) in migrations(engine).into_iter().take(6) {
        std::fs::write(files.join(name), text).unwrap();
    }
    let former = Migrator::new(files).await.unwrap();
    let location = match installation.database_url() {
        None => {
            let path = installation.beside("former.db");
            let mut conn = SqliteConnection::connect(&format!("sqlite:{}?mode=rwc", path.display())).await.unwrap();
            former.run(&mut conn).await.unwrap();
            Location::Sqlite(path)
        }
        Some(url) => {
            let mut conn = PgConnection::connect(url).await.unwrap();
            sqlx::raw_sql("DROP SCHEMA public CASCADE; CREATE SCHEMA public").execute(&mut conn).await.unwrap();
            former.run(&mut conn).await.unwrap();
            Location::parse(url).unwrap()
        }
    };
    fill(&Db::connect(&location).await.unwrap()).await;
    Db::open(&location).await.unwrap()
}

/// Inserts three payments of two days in India, two of them alike, one with a refund and a dispute, and one with few known
/// fields.
async fn fill(db: &Db) {
    let now = Timestamp::from_millis(0);
    let (company, app, connection) = (CompanyId::new(now), AppId::new(now), ConnectionId::new(now));
    run!(db, sqlx::query("INSERT INTO companies (id, name, created_at) VALUES ($1, 'Neem', 1)").bind(company));
    run!(
        db,
        sqlx::query("INSERT INTO apps (id, company_id, name, email, country, is_enabled, created_at) VALUES ($1, $2, 'Neem', 'a@neem.example', 'IN', true, 1)")
            .bind(app)
            .bind(company)
    );
    run!(
        db,
        sqlx::query("INSERT INTO connections (id, company_id, app_id, gateway, mode, currency, endpoint, is_enabled, payment_modes, created_at) VALUES ($1, $2, $3, 'razorpay', 'test', 'INR', 'wh_former', true, '', 1)")
            .bind(connection)
            .bind(company)
            .bind(app)
    );
    // The evening of 21 November in London is the 22nd in India.
    let payments = [
        ("pay_1", Some("captured"), Some(10_000), Some("INR"), Some("upi"), 0, 1_795_291_200_000),
        ("pay_2", Some("captured"), Some(25_000), Some("INR"), Some("upi"), 4_000, 1_795_343_403_000),
        ("pay_3", None, None, None, None, 0, 1_795_257_000_000),
    ];
    for (payment, status, amount, currency, method, refunded, at) in payments {
        let id = TransactionId::new(Timestamp::from_millis(at));
        run!(
            db,
            sqlx::query("INSERT INTO transactions (id, company_id, app_id, connection_id, gateway, mode, payment_id, status, amount_subunits, currency, method, amount_refunded_subunits, is_disputed, reported_refunded_subunits, created_at, updated_at) VALUES ($1, $2, $3, $4, 'razorpay', 'test', $5, $6, $7, $8, $9, $10, false, 0, $11, $11)")
                .bind(id).bind(company).bind(app).bind(connection).bind(payment).bind(status).bind(amount).bind(currency).bind(method).bind(refunded).bind(at)
        );
        if refunded > 0 {
            run!(db, sqlx::query("INSERT INTO refunds (transaction_id, refund_id, amount_subunits, currency, status, reported_refunded_subunits) VALUES ($1, 'rfnd_1', $2, 'INR', 'processed', $2)").bind(id).bind(refunded));
            run!(
                db,
                sqlx::query(
                    "INSERT INTO disputes (transaction_id, dispute_id, status, status_at) VALUES ($1, 'disp_1', 'won', 1)"
                )
                .bind(id)
            );
        }
    }
}

/// Payments, refunds and disputes joined, and the daily totals.
type Former = (Vec<(String, Option<i64>, Option<String>)>, Vec<(i64, String, String, String, i64, i64, i64)>);

#[tokio::test(flavor = "multi_thread")]
async fn a_former_versions_payments_stay_and_are_added_up_by_day() {
    const PAYMENTS: &str = "SELECT payment_id, refunds.amount_subunits, disputes.status FROM transactions \
                            LEFT JOIN refunds ON refunds.transaction_id = transactions.id \
                            LEFT JOIN disputes ON disputes.transaction_id = transactions.id ORDER BY payment_id";
    const SUMS: &str = "SELECT day, currency, status, method, payments, amount_subunits, refunded_subunits \
                        FROM transaction_sums ORDER BY day";
    let installation = Installation::new().await;
    let db = sixth(&installation).await;
    let (payments, sums): Former = match &db {
        Db::Sqlite { writer, .. } => {
            (sqlx::query_as(PAYMENTS).fetch_all(writer).await.unwrap(), sqlx::query_as(SUMS).fetch_all(writer).await.unwrap())
        }
        Db::Postgres { pool, .. } => {
            (sqlx::query_as(PAYMENTS).fetch_all(pool).await.unwrap(), sqlx::query_as(SUMS).fetch_all(pool).await.unwrap())
        }
    };
    let (two, text) = ((Some(4_000), Some("won".to_owned())), str::to_owned);
    assert_eq!(payments, [(text("pay_1"), None, None), (text("pay_2"), two.0, two.1), (text("pay_3"), None, None)]);
    let last = (20_779, text("INR"), text("captured"), text("upi"), 2, 35_000, 4_000);
    assert_eq!(sums, [(20_778, String::new(), String::new(), String::new(), 1, 0, 0), last]);
    db.close().await;
}

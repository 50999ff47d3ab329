//! Every statement of every store is valid on the open engine, and connections outlive the threads that open them.

use ks_pay::db::{Db, Reader};
use sqlx::Connection as _;

use crate::support::Installation;

#[tokio::test(flavor = "multi_thread")]
async fn every_statement_can_be_prepared() {
    let at = Installation::new().await;
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let db = Db::open(&at.location()).await.unwrap();
    let statements = ks_pay::statements(&db);
    assert!(statements.len() > 40, "only {} statements are listed", statements.len());
    for (name, statement) in statements {
        db.prepare(statement).await.unwrap_or_else(|error| panic!("{name} on {}: {error}", db.engine()));
    }
    assert!(db.prepare("SELECT no_such_column FROM events").await.is_err(), "preparing finds faults");
    db.close().await;
}

/// A request's worker has its own runtime, which ends while others still commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_the_runtime_of_the_worker_that_asked_for_it() {
    let at = Installation::new().await;
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let db = Db::open(&at.location()).await.unwrap();
    // The pool holds at most one connection from the migrations, so the worker has to open more.
    let opened = std::thread::spawn({
        let db = db.clone();
        move || {
            let worker = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            worker.block_on(async { (db.reader().await.unwrap(), db.begin().await.unwrap()) })
        }
    });
    let (mut reader, tx) = opened.join().unwrap();
    tx.commit().await.unwrap();
    match &mut reader {
        Reader::Sqlite(conn) => conn.ping().await,
        Reader::Postgres(conn) => conn.ping().await,
    }
    .unwrap();
    drop(reader);
    db.close().await;
}

//! Every statement of every store is one that the open engine understands, and connections outlive the threads that open them.

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

/// A request's worker has a runtime of its own, which ends while others still commit.
#[tokio::test(flavor = "multi_thread")]
async fn a_connection_outlives_the_runtime_of_the_worker_that_asked_for_it() {
    let at = Installation::new().await;
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let db = Db::open(&at.location()).await.unwrap();
    // The pool holds one connection from the migrations at most, so that more than one has to be opened by the worker.
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

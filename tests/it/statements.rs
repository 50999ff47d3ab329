//! Every statement of every store is one that the open engine understands.

use ks_pay::db::Db;

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

//! A database file that is removed or replaced under a running server: no acknowledged event is lost.

use std::{fs, path::Path};

use crate::support::{
    TestApp, bodies,
    builders::Connection,
    database,
    process::{Ended, Process},
    webhook_request::client,
};

/// An operator's change to one of the files.
type Deed = fn(&Path);

fn remove(file: &Path) {
    fs::remove_file(file).unwrap();
}

/// Replaces the file, as a restore does that does not stop the server first.
fn replace(file: &Path) {
    let copy = file.with_extension("copy");
    fs::copy(file, &copy).unwrap();
    fs::rename(copy, file).unwrap();
}

pub(crate) async fn status(address: std::net::SocketAddr, path: &str) -> u16 {
    client().get(format!("http://{address}{path}")).send().await.unwrap().status().as_u16()
}

/// Starts an installation in its own process, with a connection.
pub(crate) async fn served() -> (TestApp, Process, std::net::SocketAddr, Connection) {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    app.stop().await;
    let (process, address) = app.serve_in_process(&[]);
    let connection = connection.at(address);
    (app, process, address, connection)
}

/// Kills the server: an orderly shutdown would check the files once more.
fn killed(process: Process) -> Ended {
    process.signal("KILL");
    tokio::task::block_in_place(|| process.end())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_or_replaced_is_answered_503_and_logged() {
    if database::is_postgres() {
        return;
    }
    let deeds: [(&str, Deed); 6] = [
        ("ks-pay.db", remove),
        ("ks-pay.db", replace),
        ("ks-pay.db-wal", remove),
        ("ks-pay.db-wal", replace),
        ("ks-pay.db-shm", remove),
        ("ks-pay.db-shm", replace),
    ];
    for (name, deed) in deeds {
        let (app, process, address, connection) = served().await;
        connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
        deed(&app.data_dir().join(name));
        let authentic = connection.post(bodies::payment("payment.captured", "pay_2", 0));
        assert_eq!(authentic.send().await, 503, "{name}");
        assert_eq!(authentic.clone().unsigned().send().await, 503, "{name}: 401 would be a statement about known secrets");
        assert_eq!((status(address, "/healthz").await, status(address, "/readyz").await), (200, 503), "{name}");
        let ended = killed(process);
        let logged = format!("{name} was removed or replaced while it was open");
        assert!(ended.err.contains(&logged), "{}", ended.err);
    }
}

/// Without requests only the server's own file check can notice.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_removed_is_logged_without_any_request() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, _) = served().await;
    let (file, aside) = (app.data_dir().join("ks-pay.db"), app.data_dir().join("ks-pay.db.aside"));
    fs::rename(&file, &aside).unwrap();
    crate::support::eventually(async || process.log().contains("nothing is stored, and events get 503")).await;
    fs::rename(&aside, &file).unwrap();
    crate::support::eventually(async || process.log().contains("the database files are in place again")).await;
    assert_eq!(tokio::task::block_in_place(|| process.terminate()).code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_put_back_is_used_again_and_nothing_acknowledged_is_missing() {
    if database::is_postgres() {
        return;
    }
    let (app, process, address, connection) = served().await;
    let (file, aside) = (app.data_dir().join("ks-pay.db"), app.data_dir().join("ks-pay.db.aside"));
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    fs::rename(&file, &aside).unwrap();
    let refused = connection.post(bodies::payment("payment.captured", "pay_2", 0));
    assert_eq!(refused.send().await, 503);
    fs::rename(&aside, &file).unwrap();
    crate::support::eventually(async || status(address, "/readyz").await == 200).await;
    refused.stored().await;
    assert_eq!(process.terminate().code, Some(0));
    assert_eq!(app.events().await.len(), 2);
}

/// SQLite deletes a WAL by its name when the last connection closes.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stops_leaves_the_files_alone_that_took_the_place_of_its_own() {
    if database::is_postgres() {
        return;
    }
    for names in [&["ks-pay.db", "ks-pay.db-wal"][..], &["ks-pay.db-wal"]] {
        let (app, process, _, connection) = served().await;
        connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
        for name in names {
            let path = app.data_dir().join(name);
            fs::remove_file(&path).unwrap();
            fs::write(&path, "another installation's").unwrap();
        }
        assert_eq!(process.terminate().code, Some(0));
        for name in names {
            assert_eq!(fs::read_to_string(app.data_dir().join(name)).unwrap(), "another installation's");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_without_its_database_stops_the_start() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    let (file, key) = (app.data_dir().join("ks-pay.db"), app.data_dir().join("master.key"));
    fs::remove_file(&file).unwrap();
    for is_empty in [false, true] {
        if is_empty {
            fs::write(&file, "").unwrap();
        }
        for args in [&["serve"][..], &["user", "add", "--company", "A", "--email", "a@example.com", "--name", "A"]] {
            let sentence = app.cli_with(args, "violet tram over nine bridges", &[]).await.failure().to_owned();
            assert!(sentence.contains("no database at") && sentence.contains("Restore"), "{sentence}");
            assert!(sentence.contains(file.to_str().unwrap()) && sentence.contains(key.to_str().unwrap()), "{sentence}");
        }
        assert_eq!(fs::metadata(&file).map_or(0, |data| data.len()), 0, "none was made");
        let doctor = app.cli(["doctor"], "").await;
        assert!(doctor.code == 1 && doctor.out.contains("bad   database"), "{}", doctor.out);
    }
    // The recovery that the message names: the key is meant for a new installation.
    let text = fs::read_to_string(&key).unwrap();
    let (process, _) = app.serve_in_process(&[("KS_PAY_MASTER_KEY", text.trim())]);
    assert_eq!(process.terminate().code, Some(0));
    let (process, _) = app.serve_in_process(&[]);
    assert_eq!(process.terminate().code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_start_that_fails_on_a_damaged_database_quotes_nothing_of_it() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    // A page of stored requests in place of SQLite's schema.
    let damage = "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET name = 'x-razorpay-signature: hush', sql = '{\"hush\"' \
                  WHERE name = 'events'";
    let db = ks_pay::db::Db::connect(&app.location()).await.unwrap();
    let ks_pay::db::Db::Sqlite { writer, .. } = &db else { unreachable!() };
    sqlx::raw_sql(damage).execute(writer).await.unwrap();
    db.close().await;
    for args in [&["serve"][..], &["events", "export", "--jsonl"], &["doctor"], &["backup", "copy.db"]] {
        let output = app.cli_with(args, "", &[]).await;
        assert_eq!(output.code, 1, "{}", output.out);
        assert!(!output.err.contains("hush") && !output.out.contains("hush"), "{} {}", output.out, output.err);
        assert!(output.err.contains("damaged") || output.out.contains("damaged"), "{} {}", output.out, output.err);
    }
}

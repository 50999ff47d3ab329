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

/// Reads of pages share one look at the files, so a page may still be shown for a moment.
#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_a_removed_database_is_503_a_moment_later() {
    if database::is_postgres() {
        return;
    }
    let (app, process, address, _) = served().await;
    assert_eq!((status(address, "/login").await, status(address, "/login").await), (200, 200));
    fs::remove_file(app.data_dir().join("ks-pay.db")).unwrap();
    crate::support::eventually(async || status(address, "/login").await == 503).await;
    assert!(killed(process).err.contains("was removed or replaced while it was open"));
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

/// SQLite deletes the log of an empty database when it opens it.
#[tokio::test(flavor = "multi_thread")]
async fn a_log_without_its_database_is_never_deleted() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, connection) = served().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let (file, key) = (app.data_dir().join("ks-pay.db"), app.data_dir().join("master.key"));
    let [log, index] = ["ks-pay.db-wal", "ks-pay.db-shm"].map(|name| app.data_dir().join(name));
    let moved = app.beside("moved.db");
    fs::rename(&file, &moved).unwrap();
    assert_eq!(process.terminate().code, Some(0));
    let written = fs::read(&log).unwrap();
    assert!(!written.is_empty() && index.exists(), "the server leaves both");

    let key_text = fs::read_to_string(&key).unwrap();
    let own = [("KS_PAY_MASTER_KEY", key_text.trim())];
    let refuses = async |variables: &[(&'static str, &str)], said: &str| {
        for args in [&["serve"][..], &["user", "add", "--company", "A", "--email", "a@example.com", "--name", "A"]] {
            let sentence = app.cli_with(args, "violet tram over nine bridges", variables).await.failure().to_owned();
            assert!(sentence.contains(said) && sentence.contains(log.to_str().unwrap()), "{sentence}");
        }
        for args in [&["events", "export", "--jsonl"][..], &["backup", "copy.db"]] {
            app.cli_with(args, "", variables).await.failure();
        }
        let doctor = app.cli_with(&["doctor"], "", variables).await;
        assert!(doctor.code == 1 && doctor.out.contains("bad   database: There is a"), "{}", doctor.out);
        assert!(
            !doctor.out.contains("Run `ks-pay doctor`") && !doctor.out.contains("ok    files: the database"),
            "{}",
            doctor.out
        );
        assert_eq!(fs::metadata(&file).map_or(0, |data| data.len()), 0, "none is made");
        assert!(fs::read(&log).unwrap() == written, "the log is unchanged");
    };
    refuses(&[], "There is a master key at").await;
    refuses(&own, "There is a log at").await;
    fs::remove_file(&index).unwrap();
    refuses(&[], "There is a master key at").await;
    fs::write(&file, "").unwrap();
    refuses(&[], "There is a master key at").await;
    refuses(&own, "There is a log at").await;
    fs::remove_file(&file).unwrap();
    std::os::unix::fs::symlink("elsewhere.db", &file).unwrap();
    let beyond = app.data_dir().join("elsewhere.db-wal");
    fs::rename(&log, &beyond).unwrap();
    let sentence = app.cli_with(&["serve"], "", &own).await.failure().to_owned();
    assert!(sentence.contains(beyond.to_str().unwrap()) && fs::read(&beyond).unwrap() == written, "{sentence}");
    fs::rename(&beyond, &log).unwrap();

    // The recovery that the message names.
    fs::remove_file(&file).unwrap();
    fs::rename(&moved, &file).unwrap();
    let (process, _) = app.serve_in_process(&[]);
    assert_eq!(process.terminate().code, Some(0));
    assert_eq!(app.events().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_doctor_does_not_refer_to_itself() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    fs::create_dir(app.data_dir().join("ks-pay.db-wal")).unwrap();
    assert!(app.cli_with(&["events", "export", "--jsonl"], "", &[]).await.failure().contains("Run `ks-pay doctor`"));
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("bad   database"), "{}", doctor.out);
    assert!(!doctor.out.contains("Run `ks-pay doctor`") && doctor.out.contains("ks-pay.db-wal"), "{}", doctor.out);
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
    sqlx::raw_sql(damage).execute(&mut writer.acquire().await.unwrap()).await.unwrap();
    db.close().await;
    for args in [&["serve"][..], &["events", "export", "--jsonl"], &["doctor"], &["backup", "copy.db"]] {
        let output = app.cli_with(args, "", &[]).await;
        assert_eq!(output.code, 1, "{}", output.out);
        assert!(!output.err.contains("hush") && !output.out.contains("hush"), "{} {}", output.out, output.err);
        assert!(output.err.contains("damaged") || output.out.contains("damaged"), "{} {}", output.out, output.err);
    }
}

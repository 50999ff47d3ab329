//! `ks-pay backup`: the copy of a running installation, and restoring it.

use std::{
    collections::HashSet,
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    process::Command,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use ks_pay::db::SqliteOptions;
use serde_json::Value;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::support::{
    Installation, TestApp, bodies, builders::Connection, cli::one_sentence, database, eventually, files, signing,
};

/// Returns the names in a directory.
fn names(directory: &Path) -> Vec<String> {
    let mut found: Vec<_> =
        files(directory).into_iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    found.sort();
    found
}

/// Returns an empty directory for copies.
fn shelf(at: &Installation) -> std::path::PathBuf {
    let shelf = at.beside("copies");
    fs::create_dir_all(&shelf).unwrap();
    shelf
}

async fn back_up(at: &Installation, dest: &Path) -> Value {
    at.cli(["backup", dest.to_str().unwrap(), "--json"], "").await.json()
}

async fn backup_failure(at: &Installation, dest: &Path) -> String {
    at.cli(["backup", dest.to_str().unwrap()], "").await.failure().to_owned()
}

/// Simulates another machine: an empty data directory with the copy and, optionally, the key.
async fn restored(from: &Installation, copy: &Path, with_key: bool) -> Installation {
    let at = Installation::new().await;
    fs::create_dir(at.data_dir()).unwrap();
    fs::copy(copy, at.data_dir().join("ks-pay.db")).unwrap();
    if with_key {
        fs::copy(from.data_dir().join("master.key"), at.data_dir().join("master.key")).unwrap();
    }
    at
}

/// Posts until stopped; records the acknowledged events.
async fn post(connection: Connection, sender: u32, acknowledged: Arc<Mutex<Vec<String>>>, stop: Arc<AtomicBool>) {
    for number in 0.. {
        if stop.load(Ordering::Relaxed) {
            return;
        }
        let post = connection.post(bodies::payment("payment.captured", &format!("pay_{sender}_{number}"), 0));
        assert_eq!(post.send().await, 200, "a backup does not block writes");
        acknowledged.lock().unwrap().push(signing::sha256(post.bytes()));
    }
}

async fn until_acknowledged(acknowledged: &Mutex<Vec<String>>, wanted: usize) -> Vec<String> {
    eventually(async || acknowledged.lock().unwrap().len() >= wanted).await;
    acknowledged.lock().unwrap().clone()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_is_restored_from_a_copy_taken_under_load_and_its_key() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    let (acknowledged, stop) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..4 {
        senders.spawn(post(connection.clone(), sender, acknowledged.clone(), stop.clone()));
    }
    let before = until_acknowledged(&acknowledged, 40).await;
    let copy = shelf(&app).join("under-load.db");
    let output = back_up(&app, &copy).await;
    until_acknowledged(&acknowledged, before.len() + 40).await;
    stop.store(true, Ordering::Relaxed);
    senders.join_all().await;
    let (events, transactions) = (app.events().await, app.transactions().await);
    app.stop().await;

    let without_key = restored(&app, &copy, false).await;
    let sentence = without_key.cli(["serve"], "").await.failure().to_owned();
    assert!(sentence.contains("there is no master key at"), "{sentence}");

    let restored = restored(&app, &copy, true).await.serve().await;
    let kept = restored.events().await;
    assert_eq!(output["events"], kept.len());
    let bodies: HashSet<_> = kept.iter().map(|event| event["body_sha256"].as_str().unwrap()).collect();
    assert!(before.iter().all(|sha256| bodies.contains(sha256.as_str())), "all that was acknowledged before is in it");
    assert!(kept.iter().all(|event| events.contains(event)), "every event as it was");
    let paid = restored.transactions().await;
    assert_eq!(paid.len(), kept.len(), "an event and its transaction are in it together");
    assert!(paid.iter().all(|transaction| transactions.contains(transaction)));

    let connection = connection.at(restored.address);
    connection.post(bodies::payment("payment.captured", "pay_after", 0)).stored().await;
    assert_eq!(connection.post(bodies::payment("payment.captured", "pay_x", 0)).secret("another").send().await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn with_the_server_down_the_copy_is_the_same_to_the_last_row_and_nothing_is_left_behind() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    for payment in ["pay_1", "pay_2", "pay_3"] {
        connection.post(bodies::payment("payment.captured", payment, 0)).stored().await;
    }
    let (events, transactions) = (app.events().await, app.transactions().await);
    app.stop().await;
    let before = files(&app.data_dir());
    let copy = shelf(&app).join("at-rest.db");
    let output = back_up(&app, &copy).await;
    assert_eq!(files(&app.data_dir()), before, "the installation is as it was");
    assert_eq!(names(&shelf(&app)), ["at-rest.db"]);
    let metadata = fs::metadata(&copy).unwrap();
    assert_eq!(metadata.permissions().mode() & 0o777, 0o600);

    let key = fs::canonicalize(app.data_dir().join("master.key")).unwrap();
    assert_eq!((&output["events"], &output["bytes"]), (&3.into(), &metadata.len().into()));
    assert_eq!(
        (output["path"].as_str(), output["master_key_file"].as_str()),
        (copy.canonicalize().unwrap().to_str(), key.to_str())
    );
    assert_eq!(output["has_master_key"], false);
    let taken_at = output["taken_at"].as_str().unwrap();
    assert!(taken_at.ends_with('Z') && output["seconds"].is_number(), "{output}");
    let said = app.cli(["backup", shelf(&app).join("again.db").to_str().unwrap()], "").await;
    said.assert_done();
    assert!(said.out.contains("again.db") && said.out.contains("events   3\n"), "{}", said.out);
    let last = said.out.lines().last().unwrap();
    assert!(last.starts_with("The master key is not included") && last.contains(key.to_str().unwrap()), "{last}");

    let restored = restored(&app, &copy, true).await;
    assert_eq!((restored.events().await, restored.transactions().await), (events, transactions));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_already_is_never_overwritten() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let shelf = shelf(&app);
    fs::write(shelf.join("file"), "somebody's").unwrap();
    fs::create_dir(shelf.join("folder")).unwrap();
    std::os::unix::fs::symlink("nowhere", shelf.join("link")).unwrap();
    for (name, said) in [("file", "already exists"), ("folder", "is a directory"), ("link", "already exists")] {
        assert!(backup_failure(&app, &shelf.join(name)).await.contains(said));
    }
    let database = app.data_dir().join("ks-pay.db");
    assert!(backup_failure(&app, &database).await.contains("already exists"));
    assert_eq!(fs::read_to_string(shelf.join("file")).unwrap(), "somebody's");
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn standard_output_and_a_directory_are_no_place_for_a_copy() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    assert!(backup_failure(&app, Path::new("-")).await.contains("standard output"));
    assert!(backup_failure(&app, &shelf(&app)).await.contains("is a directory. Name a file in it"));
    assert_eq!(names(&shelf(&app)), [""; 0]);
    assert!(!Path::new("-").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_can_be_written_one_sentence_says_so() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let nowhere = backup_failure(&app, &app.beside("nowhere").join("copy.db")).await;
    assert!(nowhere.contains("does not exist") && nowhere.contains("nowhere"), "{nowhere}");
    // Not even root may make a file there.
    let refused_there = backup_failure(&app, Path::new("/proc/copy.db")).await;
    assert!(refused_there.contains("Cannot write to /proc"), "{refused_there}");
    backup_failure(&app, Path::new("/")).await;
    assert!(!app.beside("nowhere").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_that_does_not_fit_leaves_no_half_file() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let shelf = shelf(&app);
    // The shell's file size limit simulates a full disk: 16 KiB at most.
    let script = "trap '' XFSZ; ulimit -f 16; exec \"$0\" backup \"$1\"";
    let mut limited = Command::new("bash");
    limited.args(["-c", script, env!("CARGO_BIN_EXE_ks-pay")]).arg(shelf.join("copy.db"));
    let output = limited.env_clear().envs(app.variables()).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0), "{said}");
    assert!(one_sentence(&said).contains("Cannot write the backup to"), "{said}");
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_of_a_damaged_database_does_not_get_the_name() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let shelf = shelf(&app);
    let options = SqliteOptions::existing(app.data_dir().join("ks-pay.db")).pragma("foreign_keys", "off");
    let mut conn = options.connect().await.unwrap();
    sqlx::query("DELETE FROM companies").execute(&mut conn).await.unwrap();
    let dangling = backup_failure(&app, &shelf.join("copy.db")).await;
    assert!(dangling.contains("failed verification") && dangling.contains("points to one that is not there"), "{dangling}");
    sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&mut conn).await.unwrap();
    let spoilt = sqlx::query("UPDATE events SET state = 'neither'").execute(&mut conn).await.unwrap();
    assert_eq!(spoilt.rows_affected(), 1);
    let unsound = backup_failure(&app, &shelf.join("copy.db")).await;
    assert!(unsound.contains("failed verification") && unsound.contains("CHECK"), "{unsound}");
    conn.close().await.unwrap();
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_database_of_ours_is_not_copied() {
    if database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let shelf = shelf(&at);
    let dest = shelf.join("copy.db");
    assert!(backup_failure(&at, &dest).await.contains("There is no database at"));
    assert!(!at.data_dir().exists(), "nothing is made where there is nothing");

    let foreign = at.beside("foreign.db");
    let mut conn = SqliteOptions::create(&foreign).connect().await.unwrap();
    sqlx::query("CREATE TABLE letters (text TEXT)").execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let url = format!("sqlite:{}", foreign.display());
    let output = at.cli_with(&["backup", dest.to_str().unwrap()], "", &[("DATABASE_URL", &url)]).await;
    assert!(output.failure().contains("is not a KS Pay database"));

    let mut app = at.serve().await;
    app.stop().await;
    app.make_newer().await;
    assert!(backup_failure(&app, &dest).await.contains("newer"));
    app.sql("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    app.sql("UPDATE _sqlx_migrations SET checksum = x'00' WHERE version = 1").await;
    assert!(backup_failure(&app, &dest).await.contains("another development version"));
    assert_eq!(fs::read_dir(&shelf).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgresql_it_names_what_to_use_instead() {
    if !database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let dest = shelf(&at).join("copy.db");
    let sentence = backup_failure(&at, &dest).await;
    assert!(sentence.contains("pg_dump") && sentence.contains("master key"), "{sentence}");
    assert!(!dest.exists() && !at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_the_next_start_would_remove_is_refused() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    for name in ["ks-pay.db-wal", "ks-pay.db-shm", "ks-pay.db-journal"] {
        let sentence = backup_failure(&app, &app.data_dir().join(name)).await;
        assert!(sentence.contains("Choose another name"), "{sentence}");
        assert!(!app.data_dir().join(name).exists());
    }
    app.restart().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_database_is_named_and_not_the_place_of_the_copy() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    let file = app.data_dir().join("ks-pay.db");
    let whole = fs::read(&file).unwrap();
    let shelf = shelf(&app);
    // Every page except the first, then the first alone: different steps detect the damage.
    for damaged in [[&whole[..4096], &vec![0xff; whole.len() - 4096][..]].concat(), vec![0xff; whole.len()]] {
        fs::write(&file, damaged).unwrap();
        let sentence = backup_failure(&app, &shelf.join("copy.db")).await;
        assert!(sentence.contains("ks-pay.db is damaged") && sentence.contains("older backups"), "{sentence}");
        assert_eq!(fs::read_dir(&shelf).unwrap().count(), 0);
    }
}

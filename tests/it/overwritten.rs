//! A database file that is overwritten or truncated in place under a running server, and the rescue steps in the log.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
};

use ks_pay::db::SqliteOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::{
    replaced::{served, status},
    support::{
        bodies,
        builders::{Connection, PASSWORD},
        database, eventually,
        process::{Ended, Process},
    },
};

/// Replaces the content of the file in place, as `cp` and a shell's `>` do.
fn overwrite(file: &Path, content: &[u8]) {
    OpenOptions::new().write(true).truncate(true).open(file).unwrap().write_all(content).unwrap();
}

/// Truncates the file, as `truncate -s` does.
fn halve(file: &Path) {
    let file = OpenOptions::new().write(true).open(file).unwrap();
    file.set_len(file.metadata().unwrap().len() / 2).unwrap();
}

fn ended(process: Process) -> Ended {
    tokio::task::block_in_place(|| process.terminate())
}

async fn post(connection: &Connection, payment: &str) -> u16 {
    connection.post(bodies::payment("payment.captured", payment, 0)).send().await
}

/// Change of a file in place, given a copy of the database.
type Deed = fn(&Path, &[u8]);

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_overwritten_in_place_is_answered_503_and_logged() {
    if database::is_postgres() {
        return;
    }
    let deeds: [(&str, Deed, &str); 6] = [
        ("ks-pay.db", |file, copy| overwrite(file, copy), "restore the newest copy"),
        ("ks-pay.db", |file, _| overwrite(file, b""), "restore the newest copy"),
        ("ks-pay.db", |file, _| halve(file), "restore the newest copy"),
        ("ks-pay.db-wal", |file, _| overwrite(file, b""), "look up the payments of the last hours at the gateway"),
        ("ks-pay.db-wal", |file, _| halve(file), "look up the payments of the last hours at the gateway"),
        ("ks-pay.db-wal", |file, copy| overwrite(file, copy), "look up the payments of the last hours at the gateway"),
    ];
    for (name, deed, advice) in deeds {
        let (app, process, address, connection) = served().await;
        assert_eq!(post(&connection, "pay_1").await, 200);
        let copy = app.beside("copy.db");
        app.cli(["backup", copy.to_str().unwrap()], "").await.assert_done();
        assert_eq!(post(&connection, "pay_2").await, 200);
        let (file, copy) = (app.data_dir().join(name), fs::read(copy).unwrap());
        deed(&file, &copy);
        for payment in ["pay_3", "pay_4", "pay_5"] {
            assert_eq!(post(&connection, payment).await, 503, "{name}");
        }
        assert_eq!((status(address, "/healthz").await, status(address, "/readyz").await), (200, 503), "{name}");
        eventually(async || process.has_logged(advice)).await;
        let left = fs::read(&file).unwrap();
        let ended = ended(process);
        assert_eq!(ended.code, Some(0));
        assert!(ended.err.contains(&format!("{name} was overwritten or truncated while it was open")), "{}", ended.err);
        assert!(fs::read(&file).unwrap() == left, "a server that stops writes nothing over {name}");
    }
}

/// SQLite would copy the WAL's pages into the other database.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_next_to_the_log_of_another_one_is_not_opened() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, connection) = served().await;
    assert_eq!(post(&connection, "pay_1").await, 200);
    let (file, copy) = (app.data_dir().join("ks-pay.db"), app.beside("copy.db"));
    app.cli(["backup", copy.to_str().unwrap()], "").await.assert_done();
    assert_eq!(post(&connection, "pay_2").await, 200);
    process.signal("KILL");
    tokio::task::block_in_place(|| process.end());
    // A failed start leaves the WAL protected.
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let failed = app.cli_with(&["serve", "--listen", &listen], "", &[]).await;
    assert!(failed.code == 1 && failed.err.contains(&listen), "{}", failed.err);
    let (own, copy) = (fs::read(&file).unwrap(), fs::read(copy).unwrap());
    overwrite(&file, &copy);
    let another = app.beside("another.db");
    for args in [
        &["serve"][..],
        &["user", "add", "--company", "A", "--email", "a@example.com", "--name", "A"],
        &["events", "export", "--jsonl"],
        &["backup", another.to_str().unwrap()],
    ] {
        let refused = app.cli_with(args, PASSWORD, &[]).await;
        assert_eq!(refused.code, 1, "{args:?}");
        assert!(
            refused.err.contains("is not the database that the log")
                && refused.err.contains("-shm aside")
                && refused.err.contains("ks-pay.db.lock aside"),
            "{}",
            refused.err
        );
    }
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("is not the database that the log"), "{}", doctor.out);
    assert!(fs::read(&file).unwrap() == copy, "nothing was changed");
    // Both ways to recover: the original file, or the other one without the WAL.
    overwrite(&file, &own);
    assert_eq!(app.events().await.len(), 2);
    overwrite(&file, &copy);
    for side in ["-wal", "-shm"] {
        let _ = fs::remove_file(app.data_dir().join(format!("ks-pay.db{side}")));
    }
    assert_eq!(app.events().await.len(), 1);
    let (process, _) = app.serve_in_process(&[]);
    process.signal("KILL");
    tokio::task::block_in_place(|| process.end());
    let (process, _) = app.serve_in_process(&[]);
    assert_eq!(ended(process).code, Some(0));
}

/// The other way to recover: both files are from one copy of the directory, and only the lock file is newer.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_was_restored_with_its_log_is_opened_without_the_newer_lock_file() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, connection) = served().await;
    assert_eq!(post(&connection, "pay_1").await, 200);
    process.signal("KILL");
    tokio::task::block_in_place(|| process.end());
    let files = ["ks-pay.db", "ks-pay.db-wal"].map(|name| app.data_dir().join(name));
    let copies = files.each_ref().map(|file| fs::read(file).unwrap());
    // A server that stops in order leaves no note.
    for _ in 0..2 {
        let (process, _) = app.serve_in_process(&[]);
        process.signal("KILL");
        tokio::task::block_in_place(|| process.end());
    }
    for (file, copy) in files.iter().zip(&copies) {
        fs::write(file, copy).unwrap();
    }
    let refused = app.cli_with(&["serve"], "", &[]).await;
    assert!(refused.code == 1 && refused.err.contains("ks-pay.db.lock aside"), "{}", refused.err);
    fs::rename(app.data_dir().join("ks-pay.db.lock"), app.beside("lock")).unwrap();
    let (process, address) = app.serve_in_process(&[]);
    assert_eq!(post(&connection.at(address), "pay_2").await, 200);
    assert_eq!(ended(process).code, Some(0));
    assert_eq!(app.events().await.len(), 2);
}

/// The recovery that the log describes.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_was_deleted_is_saved_as_the_log_says() {
    if database::is_postgres() {
        return;
    }
    for names in [&["ks-pay.db"][..], &["ks-pay.db-wal"], &["ks-pay.db", "ks-pay.db-wal", "ks-pay.db-shm"]] {
        let (app, process, _, connection) = served().await;
        for payment in ["pay_1", "pay_2"] {
            assert_eq!(post(&connection, payment).await, 200);
        }
        for name in names {
            fs::remove_file(app.data_dir().join(name)).unwrap();
        }
        assert_eq!(post(&connection, "pay_3").await, 503);
        let saved = names.iter().filter(|name| !name.ends_with("-shm")).map(|name| app.data_dir().join(name));
        for path in saved {
            let copies = descriptors(&process, &path);
            let command = |copy: &PathBuf| format!("`cp -p {} {}`", copy.display(), path.display());
            eventually(async || copies.iter().any(|copy| process.has_logged(&command(copy)))).await;
            let copy = copies.iter().find(|copy| process.has_logged(&command(copy))).unwrap();
            assert!(Command::new("cp").arg("-p").args([copy, &path]).status().unwrap().success());
        }
        assert_eq!(post(&connection, "pay_3").await, 503, "the server has the deleted file open");
        assert_eq!(ended(process).code, Some(0));
        let (process, address) = app.serve_in_process(&[]);
        assert_eq!(post(&connection.at(address), "pay_3").await, 200);
        assert_eq!(ended(process).code, Some(0));
        assert_eq!(app.events().await.len(), 3, "{names:?}");
    }
}

/// Returns the open descriptors of a deleted file.
fn descriptors(process: &Process, deleted: &Path) -> Vec<PathBuf> {
    let directory = fs::canonicalize(deleted.parent().unwrap()).unwrap();
    let wanted = format!("{} (deleted)", directory.join(deleted.file_name().unwrap()).display());
    let all = fs::read_dir(format!("/proc/{}/fd", process.id())).unwrap().map(|entry| entry.unwrap().path());
    all.filter(|path| fs::read_link(path).is_ok_and(|to| to.to_str() == Some(&wanted))).collect()
}

/// While another process reads, no checkpoint moves a server's stamp from the WAL to the file.
#[tokio::test(flavor = "multi_thread")]
async fn starts_while_another_process_reads_are_no_overwrite() {
    if database::is_postgres() {
        return;
    }
    let (app, mut process, _, connection) = served().await;
    let options = SqliteOptions::existing(app.data_dir().join("ks-pay.db"));
    let mut reader = options.connect().await.unwrap();
    let mut reading = reader.begin().await.unwrap();
    sqlx::query("SELECT COUNT(*) FROM events").execute(&mut *reading).await.unwrap();
    for (number, signal) in ["TERM", "KILL", "TERM", "KILL"].into_iter().enumerate() {
        process.signal(signal);
        tokio::task::block_in_place(|| process.end());
        let (started, address) = app.serve_in_process(&[]);
        process = started;
        assert_eq!(post(&connection.clone().at(address), &format!("pay_{number}")).await, 200, "start {number}");
        assert_eq!(status(address, "/readyz").await, 200, "start {number}: {}", process.log());
    }
    // The file receives the newest stamp while the server is running.
    reading.rollback().await.unwrap();
    sqlx::query("PRAGMA wal_checkpoint(FULL)").execute(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    process.signal("KILL");
    tokio::task::block_in_place(|| process.end());
    let (process, address) = app.serve_in_process(&[]);
    assert_eq!(post(&connection.at(address), "pay_last").await, 200);
    assert_eq!(ended(process).code, Some(0));
    assert_eq!(app.events().await.len(), 5);
}

/// A false alarm would take a healthy installation offline.
#[tokio::test(flavor = "multi_thread")]
async fn writes_that_go_through_sqlite_are_no_overwrite() {
    if database::is_postgres() {
        return;
    }
    let (app, process, address, connection) = served().await;
    let options = SqliteOptions::existing(app.data_dir().join("ks-pay.db"));
    let mut operator = options.connect().await.unwrap();
    let mut reader = options.connect().await.unwrap();
    for round in 0..3 {
        assert_eq!(post(&connection, &format!("pay_{round}")).await, 200);
        // A checkpoint is partial while another connection reads.
        let mut reading = reader.begin().await.unwrap();
        sqlx::query("SELECT COUNT(*) FROM events").execute(&mut *reading).await.unwrap();
        for statement in [
            "CREATE TABLE scratch (page BLOB)",
            "INSERT INTO scratch VALUES (zeroblob(6000000))",
            "PRAGMA wal_checkpoint(PASSIVE)",
            "DROP TABLE scratch",
            "VACUUM",
            "REINDEX",
        ] {
            // A statement that fails because of the reader is acceptable.
            let _ = sqlx::query(statement).execute(&mut operator).await;
            assert_eq!(status(address, "/readyz").await, 200, "{statement}");
        }
        reading.rollback().await.unwrap();
        let copy = app.beside(&format!("copy-{round}.db"));
        let user = format!("u{round}@example.com");
        for args in [
            &["backup", copy.to_str().unwrap()][..],
            &["user", "add", "--company", &format!("Company {round}"), "--email", &user, "--name", "A"],
            &["events", "export", "--jsonl"],
            &["doctor"],
        ] {
            app.cli_with(args, PASSWORD, &[]).await;
            assert_eq!(post(&connection, &format!("pay_{round}_{}", args[0])).await, 200, "{args:?}");
        }
        let alone = ["VACUUM", "PRAGMA wal_checkpoint(RESTART)", "PRAGMA wal_checkpoint(TRUNCATE)"];
        for (number, statement) in alone.into_iter().enumerate() {
            sqlx::query(statement).execute(&mut operator).await.unwrap();
            assert_eq!(post(&connection, &format!("pay_{round}_{number}")).await, 200, "{statement}");
        }
    }
    operator.close().await.unwrap();
    reader.close().await.unwrap();
    let ended = ended(process);
    assert_eq!(ended.code, Some(0));
    assert!(!ended.err.contains("while it was open"), "{}", ended.err);
}

/// The log may be put back next to another database.
#[tokio::test(flavor = "multi_thread")]
async fn a_stop_that_closes_nothing_leaves_the_note() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, connection) = served().await;
    assert_eq!(post(&connection, "pay_1").await, 200);
    let note = || fs::metadata(app.data_dir().join("ks-pay.db.lock")).unwrap().len();
    let (log, aside) = (app.data_dir().join("ks-pay.db-wal"), app.beside("wal"));
    fs::rename(&log, &aside).unwrap();
    let ended = ended(process);
    assert_eq!(ended.code, Some(0));
    assert!(ended.err.contains("the database was not closed"), "{}", ended.err);
    assert!(note() > 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clean_stop_leaves_no_note_of_a_log_that_is_gone() {
    if database::is_postgres() {
        return;
    }
    let (app, process, _, connection) = served().await;
    assert_eq!(post(&connection, "pay_1").await, 200);
    let note = || fs::metadata(app.data_dir().join("ks-pay.db.lock")).unwrap().len();
    assert!(note() > 0, "a running server notes the stamp of its database");
    assert_eq!(ended(process).code, Some(0));
    assert!(!app.data_dir().join("ks-pay.db-wal").exists(), "a clean stop removes the log");
    assert_eq!(note(), 0);
}

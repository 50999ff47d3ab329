//! Read-only commands: they write nothing, require only what they read, and name the obstacle on failure.

use std::{
    fs,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown},
};

use crate::support::{Installation, TestApp, bodies, cli::one_sentence, database, fault::Outage, files, process::is_root};

const UNPRIVILEGED_UID: u32 = 65_534;

fn set_mode(path: &std::path::Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_only_postgresql_is_exported_and_shown() {
    if !database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.stop().await;
    app.begin_outage(Outage::ReadOnly).await;
    assert_eq!((app.events().await.len(), app.transactions().await.len()), (1, 1));
    let show = ["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test", "--json"];
    app.cli_with(&show, "", &[]).await.assert_done();
    let doctor = app.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("bad   writes: PostgreSQL is not accepting writes"), "{}", doctor.out);
    let add = app.cli(["app", "add", "--company", "X", "--name", "Y", "--email", "a@example.com", "--country", "IN"], "").await;
    assert!(add.failure().contains("PostgreSQL is not accepting writes"), "{}", add.err);
    app.end_outage(Outage::ReadOnly).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_makes_nothing_where_there_is_nothing() {
    let at = Installation::new().await;
    for what in ["events", "transactions"] {
        let output = at.cli([what, "export", "--jsonl"], "").await;
        if database::is_postgres() {
            output.assert_done();
        } else {
            assert!(output.failure().contains("There is no database at"));
        }
    }
    assert!(!at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_changes_no_file_and_needs_no_key() {
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.stop().await;
    fs::remove_file(app.data_dir().join("master.key")).unwrap();
    let before = files(&app.data_dir());
    assert_eq!((app.events().await.len(), app.transactions().await.len()), (1, 1));
    assert_eq!(files(&app.data_dir()), before);
    let show = ["webhook", "show", "--app", &connection.app_id, "--gateway", "razorpay", "--mode", "test"];
    assert!(app.cli_with(&show, "", &[]).await.failure().contains("there is no master key at"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_read_the_files_exports_them_and_is_told_why_nothing_more() {
    if database::is_postgres() || !is_root() {
        return;
    }
    let mut app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    app.stop().await;
    let (directory, file) = (app.data_dir(), app.data_dir().join("ks-pay.db"));
    set_mode(&file, 0o644);
    set_mode(&directory, 0o755);
    let before = files(&directory);
    let export = app.process_without_privileges(&["events", "export", "--jsonl"], &[]).end();
    assert_eq!((export.code, export.out.len()), (Some(0), 1), "{}", export.err);
    assert_eq!(files(&directory), before);

    let doctor = app.process_without_privileges(&["doctor"], &[]).end();
    let bad = doctor.out.iter().find(|line| line.starts_with("bad   files")).unwrap_or_else(|| panic!("{:?}", doctor.out));
    assert!(doctor.code == Some(1) && bad.contains("belongs to root") && bad.contains("Run ks-pay as root"), "{bad}");
    assert!(doctor.out.iter().any(|line| line.starts_with("bad   writes")), "{:?}", doctor.out);
}

/// Simulates an owner created by root, with the service running as another user.
#[tokio::test(flavor = "multi_thread")]
async fn files_that_another_user_made_are_named_with_the_way_out() {
    if database::is_postgres() || !is_root() {
        return;
    }
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    chown(app.data_dir(), Some(UNPRIVILEGED_UID), Some(UNPRIVILEGED_UID)).unwrap();
    let (file, key) = (app.data_dir().join("ks-pay.db"), app.data_dir().join("master.key"));

    let doctor = app.cli(["doctor"], "").await;
    assert!(
        doctor.code == 1 && doctor.out.contains("bad   files") && doctor.out.contains("Run `chown nobody "),
        "{}",
        doctor.out
    );
    let ended = app.process_without_privileges(&["serve"], &[]).end();
    let sentence = one_sentence(&ended.err);
    assert!(sentence.contains("belongs to root") && sentence.contains("chown nobody"), "{sentence}");
    // Following the advice leaves no file that belongs to root.
    let advice = sentence.split('`').nth(1).unwrap();
    assert!(std::process::Command::new("sh").args(["-c", advice]).status().unwrap().success(), "{advice}");
    for name in fs::read_dir(app.data_dir()).unwrap() {
        let path = name.unwrap().path();
        assert_eq!(fs::metadata(&path).unwrap().uid(), UNPRIVILEGED_UID, "{advice} omits {}", path.display());
    }
    chown(&key, Some(0), Some(0)).unwrap();
    let ended = app.process_without_privileges(&["serve"], &[]).end();
    let sentence = one_sentence(&ended.err);
    assert!(sentence.contains("master key") && sentence.contains("belongs to root"), "{sentence}");
    chown(&key, Some(UNPRIVILEGED_UID), Some(UNPRIVILEGED_UID)).unwrap();
    let mut process = app.process_without_privileges(&["serve"], &[]);
    process.line("listening on http://");
    assert_eq!(process.terminate().code, Some(0));
    assert!(file.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_that_takes_no_files_is_named() {
    if database::is_postgres() || !is_root() {
        return;
    }
    let mut app = TestApp::start().await;
    app.stop().await;
    for path in fs::read_dir(app.data_dir()).unwrap() {
        chown(path.unwrap().path(), Some(UNPRIVILEGED_UID), Some(UNPRIVILEGED_UID)).unwrap();
    }
    chown(app.data_dir(), Some(UNPRIVILEGED_UID), Some(UNPRIVILEGED_UID)).unwrap();
    set_mode(&app.data_dir(), 0o500);
    let doctor = app.process_without_privileges(&["doctor"], &[]).end();
    let bad = doctor.out.iter().find(|line| line.starts_with("bad   files")).unwrap_or_else(|| panic!("{:?}", doctor.out));
    assert!(bad.contains("mode 500") && bad.contains("chmod u+rwX"), "{bad}");
    let ended = app.process_without_privileges(&["serve"], &[]).end();
    assert!(one_sentence(&ended.err).contains("chmod u+rwX"), "{}", ended.err);
}

//! `ks-pay doctor`: one line per check, good or with advice; exit 1 when one is bad.

use crate::support::{Installation, TestApp, cli::Output, database};

/// Returns the label of each line, and whether the line is good, bad or a note.
fn findings(output: &Output) -> Vec<(&str, &str)> {
    output
        .out
        .lines()
        .map(|line| {
            let (verdict, rest) = line.split_once(' ').unwrap();
            (rest.trim().split(':').next().unwrap(), verdict)
        })
        .collect()
}

fn verdict<'a>(output: &'a Output, what: &str) -> &'a str {
    findings(output).into_iter().find(|(known, _)| *known == what).unwrap_or_else(|| panic!("{what}: {}", output.out)).1
}

#[tokio::test(flavor = "multi_thread")]
async fn an_installation_in_order_is_good_with_the_server_up_or_down() {
    let mut app = TestApp::start().await;
    app.razorpay().await;
    for _ in ["up", "down"] {
        let output = app.cli_with(&["doctor"], "", &[("KS_PAY_PUBLIC_URL", "https://pay.example.com")]).await;
        for what in ["configuration", "database", "master key", "public URL"] {
            assert_eq!(verdict(&output, what), "ok", "{}", output.out);
        }
        let is_bad = findings(&output).iter().any(|(_, verdict)| *verdict == "bad");
        assert_eq!(output.code, u8::from(is_bad));
        if !database::is_postgres() {
            output.assert_done();
            assert_eq!(verdict(&output, "synchronous"), "ok");
            assert_eq!(verdict(&output, "SQLite version"), "ok");
        }
        app.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_made_where_there_is_nothing_yet() {
    let at = Installation::new().await;
    let output = at.cli(["doctor"], "").await;
    assert_eq!(verdict(&output, "configuration"), "ok");
    assert!(!at.data_dir().exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_cannot_be_reached_is_bad_and_the_rest_is_told() {
    let at = Installation::new().await;
    let url = [("DATABASE_URL", "postgres://nobody:hush@127.0.0.1:1/none")];
    let output = at.cli_with(&["doctor"], "", &url).await;
    assert_eq!(output.code, 1);
    assert_eq!((verdict(&output, "configuration"), verdict(&output, "database")), ("ok", "bad"));
    assert!(!output.out.contains("hush") && !output.err.contains("hush"));
    crate::support::cli::one_sentence(&output.err);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_value_that_cannot_be_right_is_bad() {
    let at = Installation::new().await;
    for (name, value) in [("KS_PAY_LISTEN", "hush"), ("KS_PAY_PUBLIC_URL", "https://x/y"), ("DATABASE_URL", "mysql://hush")] {
        let output = at.cli_with(&["doctor"], "", &[(name, value)]).await;
        assert_eq!((output.code, verdict(&output, "configuration")), (1, "bad"));
        assert!(output.out.contains(name) && !output.out.contains("hush"), "{}", output.out);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_gone_or_another_is_bad() {
    let mut app = TestApp::start().await;
    app.razorpay().await;
    app.stop().await;
    let other = [("KS_PAY_MASTER_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")];
    let output = app.cli_with(&["doctor"], "", &other).await;
    assert_eq!((output.code, verdict(&output, "master key")), (1, "bad"));
    std::fs::remove_file(app.data_dir().join("master.key")).unwrap();
    let output = app.cli(["doctor"], "").await;
    assert_eq!((output.code, verdict(&output, "master key")), (1, "bad"));
    assert!(!app.data_dir().join("master.key").exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_newer_than_the_binary_is_bad() {
    let mut app = TestApp::start().await;
    app.stop().await;
    app.make_newer().await;
    let output = app.cli(["doctor"], "").await;
    assert_eq!((output.code, verdict(&output, "database")), (1, "bad"), "{}", output.out);
}

/// `ks-pay backup` refuses such a database, so `doctor` must not report it as good.
#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_damaged_in_the_middle_is_bad() {
    if database::is_postgres() {
        return;
    }
    let mut app = TestApp::start().await;
    let sound = app.cli(["doctor"], "").await;
    assert_eq!(verdict(&sound, "integrity"), "ok", "{}", sound.out);
    let page = app.count("SELECT rootpage FROM sqlite_schema WHERE name = 'rejections'").await;
    app.stop().await;
    let (file, at) = (app.data_dir().join("ks-pay.db"), usize::try_from(page - 1).unwrap() * 4096);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[at..at + 4096].fill(b'h');
    std::fs::write(&file, bytes).unwrap();
    let output = app.cli(["doctor"], "").await;
    assert_eq!((output.code, verdict(&output, "integrity"), verdict(&output, "database")), (1, "bad", "ok"), "{}", output.out);
    let line = output.out.lines().find(|line| line.starts_with("bad   integrity")).unwrap();
    assert!(line.contains("is damaged") && line.contains("restore the newest good backup") && line.len() < 600, "{line}");
    assert!(!output.out.contains("hhhh"), "{}", output.out);
}

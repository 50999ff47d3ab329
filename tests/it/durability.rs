//! A setting that breaks the durability guarantee stops startup; where an operator accepts it, every page says so.

use crate::support::{Installation, TestApp, bodies, cli::one_sentence, database, process::Ended};

/// SQLite creates an empty file of that name in the test's own folder: the database is in memory.
const IN_MEMORY: &str = "sqlite:file::memory:";
const AT_RISK: &str = "Events may be lost in a power cut: ";

/// Returns a database that loses acknowledged events, and the name of the setting. On PostgreSQL it is the server of
/// `scripts/with-postgres`.
fn forgetful(at: &Installation) -> (Vec<(&'static str, String)>, &'static str) {
    if database::is_postgres() {
        let url = at.variables().into_iter().filter(|(name, _)| *name == "DATABASE_URL");
        return (url.collect(), "fsync is off in PostgreSQL");
    }
    (vec![("DATABASE_URL", IN_MEMORY.to_owned())], "journal_mode is memory in SQLite")
}

/// Starts on it, in a process whose working directory is the test's own folder.
fn start(at: &Installation, args: &[&str], accept: &str) -> Ended {
    let (mut variables, _) = forgetful(at);
    variables.push(("KS_PAY_ACCEPT_DATA_LOSS", accept.to_owned()));
    let variables: Vec<_> = variables.iter().map(|(name, value)| (*name, value.as_str())).collect();
    at.process(args, &variables).end()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_forgets_what_it_acknowledged_stops_the_start() {
    let at = Installation::new().await;
    let (_, fault) = forgetful(&at);
    for args in [&[][..], &["serve"]] {
        let ended = start(&at, args, "false");
        assert_eq!((ended.code, ended.out.len()), (Some(1), 0), "{}", ended.err);
        let sentence = one_sentence(&ended.err);
        assert!(sentence.contains(fault) && sentence.contains("--accept-data-loss"), "{sentence}");
        // Our sessions set it, whichever default the server has.
        assert!(!sentence.contains("synchronous_commit is"), "{sentence}");
        assert!(!at.data_dir().join("master.key").exists(), "a start that is refused makes no key");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_keeps_what_it_acknowledged_needs_no_word_of_it() {
    if database::is_postgres() {
        return;
    }
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    for page in [app.visitor().get("/login").await, app.owner("Neem Tree Retail").await.get("/").await] {
        assert!(page.lacks("durability-at-risk"));
    }
    let needless = app.cli_with(&["doctor"], "", &[("KS_PAY_ACCEPT_DATA_LOSS", "true")]).await;
    assert!(needless.code == 0 && needless.out.contains("note  data loss: accepted, but not needed"), "{}", needless.out);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_data_loss_is_accepted_every_page_the_log_and_the_doctor_say_so() {
    if !database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let (mut process, address) =
        at.serve_in_process(&[("KS_PAY_ACCEPT_DATA_LOSS", "false"), ("KS_PAY_ACCEPT_DATA_LOSS", "true")]);
    let link = process.line("set up here");
    let set_up = link.split(&address.to_string()).nth(1).unwrap().to_owned();
    let visitor = crate::support::browser::Browser::at(address);
    assert_says(&visitor.open_setup(&set_up).await, &set_up);
    for path in ["/setup?token=gone", "/login", "/login/forgotten", "/nowhere", "/logout"] {
        assert_says(&visitor.get(path).await, path);
    }
    let connection = at.razorpay().await.at(address);
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let target = visitor.sign_in("owner@neem-tree-retail.example", crate::support::builders::PASSWORD, "/").await;
    assert_eq!(target.location(), "/");
    let app = format!("/ks-pay/apps/{}", connection.app_id);
    let webhook = format!("{app}/settings/payment-gateways/razorpay/test/webhook");
    for path in ["/", "/personal-info", "/applications", "/ks-pay", &app, &format!("{app}/events"), &webhook, "/ks-pay/nowhere"] {
        assert_says(&visitor.get(path).await, path);
    }
    let doctor = at.cli(["doctor"], "").await;
    assert!(doctor.code == 1 && doctor.out.contains("bad   data loss: accepted"), "{}", doctor.out);
    assert!(doctor.out.contains("ok    synchronous_commit: on"), "the session's, not the server's: {}", doctor.out);
    let ended = process.terminate();
    assert!(ended.err.lines().any(|line| line.contains("WARN") && line.contains(AT_RISK)), "{}", ended.err);
}

#[track_caller]
fn assert_says(page: &crate::support::browser::Page, path: &str) {
    assert!(page.text_of("durability-at-risk").contains("fsync"), "{path}: {}", page.body);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_flag_accepts_it_as_the_variable_does() {
    if !database::is_postgres() {
        return;
    }
    let at = Installation::new().await;
    let mut process = at.process(&["serve", "--accept-data-loss"], &[("KS_PAY_ACCEPT_DATA_LOSS", "")]);
    process.line("listening on http://");
    assert_eq!(process.terminate().code, Some(0));
}

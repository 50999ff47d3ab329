//! `ks-pay demo`: alive by itself, and nobody's business but its own.

use std::fs;

use crate::support::{Installation, process::Process, visitor::Visitor};

const SET: &[(&str, &str)] = &[
    ("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none"),
    ("KS_PAY_DATA_DIR", "/nonexistent/data"),
    ("KS_PAY_MASTER_KEY", "no key at all"),
    ("KS_PAY_MASTER_KEY_FILE", "/nonexistent/key"),
];

/// The running demo, and its owner signed in with the printed password.
async fn demo(at: &Installation) -> (Process, Visitor, String) {
    let mut process = at.process(&["demo"], SET);
    let word = |line: String| line.split_whitespace().last().unwrap().to_owned();
    let address = word(process.line("listening on http://")).replace("http://", "");
    let email = word(process.line("  e-mail"));
    let password = word(process.line("  password"));
    let visitor = Visitor::at(address.parse().unwrap());
    assert_eq!(visitor.sign_in(&email, &password, "/ks-pay").await.location(), "/ks-pay");
    (process, visitor, password)
}

/// Waits until a page says one of these.
async fn until(visitor: &Visitor, path: &str, wanted: &str) {
    for _ in 0..600 {
        if visitor.get(path).await.has(wanted) {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} never said {wanted:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_payments_and_a_refusal_with_its_reason() {
    let at = Installation::new().await;
    let (process, visitor, _) = demo(&at).await;
    until(&visitor, "/ks-pay", "Verified").await;
    until(&visitor, "/ks-pay", "Failing").await;
    until(&visitor, "/", "the signature matches no secret of this webhook").await;
    let ended = process.terminate();
    assert_eq!(ended.code, Some(0), "{}", ended.err);
    assert!(!at.data_dir().exists(), "an operator's data directory is left alone");
}

/// The ids of the demo's apps, as its dashboard links to them.
async fn apps(visitor: &Visitor) -> Vec<String> {
    let page = visitor.get("/ks-pay").await;
    let ids = page.body.split("/ks-pay/apps/").skip(1).filter_map(|rest| rest.split(['"', '/', '?']).next());
    let ids: std::collections::BTreeSet<_> = ids.filter(|id| id.starts_with("ap_")).map(str::to_owned).collect();
    ids.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_a_second_secret_and_a_slip_of_it() {
    let at = Installation::new().await;
    let (process, visitor, _) = demo(&at).await;
    let mut app = None;
    for _ in 0..600 {
        for id in apps(&visitor).await {
            let list = visitor.get(&format!("/ks-pay/apps/{id}/rejections?mode=live")).await;
            app = app.or(list.has("pasted with a line end").then_some(id));
        }
        if app.is_some() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let app = app.expect("a slip of the SECRET among the rejections");
    let webhook = format!("/ks-pay/apps/{app}/settings/payment-gateways/razorpay/live/webhook");
    until(&visitor, &webhook, "Still accepted").await;
    process.terminate();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_is_made_anew_with_another_password_and_removes_nothing_else() {
    let at = Installation::new().await;
    let (process, _, first) = demo(&at).await;
    process.terminate();
    let mark = at.beside("data-demo").join("left-over");
    fs::write(&mark, "").unwrap();
    let (process, _, second) = demo(&at).await;
    process.terminate();
    assert!(first != second && !mark.exists());

    fs::remove_dir_all(at.beside("data-demo")).unwrap();
    fs::create_dir(at.beside("data-demo")).unwrap();
    fs::write(at.beside("data-demo").join("mine.txt"), "mine").unwrap();
    let refused = at.process(&["demo"], SET).end();
    assert_eq!((refused.code, refused.err.lines().count()), (Some(1), 1), "{}", refused.err);
    assert_eq!(fs::read_to_string(at.beside("data-demo").join("mine.txt")).unwrap(), "mine");
}

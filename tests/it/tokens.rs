//! Tokens: what is stored of them, who may use one for what, and their page.

use std::time::Duration;

use reqwest::{StatusCode, header::AUTHORIZATION};
use serde_json::{Value, json};

use crate::support::{
    TestApp, bodies, browser::Browser, builders::Connection, cli::lines, eventually, files, webhook_request::client,
};

const EMAIL: &str = "owner@neem-tree-retail.example";

/// A server with a connection, and an event that was received.
async fn shop() -> (TestApp, Connection) {
    let app = TestApp::start().await;
    let connection = app.razorpay().await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    (app, connection)
}

/// Adds a token.
pub(crate) async fn add(app: &TestApp, id: &str, more: &[&str]) -> String {
    let args = [&["token", "add", "--email", EMAIL, "--app", id], more].concat();
    app.cli_with(&args, "", &[]).await.line().to_owned()
}

async fn list(app: &TestApp, id: &str) -> Vec<Value> {
    let output = app.cli(["token", "list", "--app", id, "--json"], "").await;
    output.assert_done();
    lines(&output.out)
}

/// Asks for events with these values of the header `Authorization`.
async fn ask(app: &TestApp, authorization: &[&str], body: &Value) -> reqwest::Response {
    let mut request = client().post(format!("http://{}/api/listen", app.address)).body(body.to_string());
    for value in authorization {
        request = request.header(AUTHORIZATION, *value);
    }
    request.send().await.unwrap()
}

/// Asks for the events of an app in a mode, from the first one on.
pub(crate) async fn poll(app: &TestApp, token: &str, (id, mode): (&str, &str)) -> reqwest::Response {
    ask(app, &[&format!("Bearer {token}")], &json!({ "app": id, "mode": mode, "start": { "since": 0 } })).await
}

async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

async fn status(app: &TestApp, token: &str, of: (&str, &str)) -> u16 {
    poll(app, token, of).await.status().as_u16()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_printed_once_and_only_its_digest_is_stored() {
    let (app, connection) = shop().await;
    let token = add(&app, &connection.app_id, &["--name", "Meera's laptop"]).await;
    let [stored] = list(&app, &connection.app_id).await.try_into().unwrap();
    assert!(token.starts_with(&format!("{}_", stored["id"].as_str().unwrap())) && token.len() == 14 + 1 + 43, "{token}");
    assert_eq!((&stored["name"], &stored["user"], &stored["live"]), (&json!("Meera's laptop"), &json!(EMAIL), &json!(false)));
    assert_eq!(stored["last_used_at"], Value::Null);
    let random = &token[15..];
    assert!(!files(&app.data_dir()).iter().any(|(_, content)| content.windows(43).any(|part| part == random.as_bytes())));
    let digests = app.texts("SELECT name || ' ' || LENGTH(digest) FROM tokens").await;
    assert_eq!(digests, ["Meera's laptop 32"]);
    assert_eq!(app.count("SELECT COUNT(*) FROM security_log WHERE action = 'token_added'").await, 1);

    let again = app.cli(["token", "add", "--email", EMAIL, "--app", &connection.app_id, "--name", "Meera's laptop"], "").await;
    assert!(again.failure().contains("name"));
    let stranger = app.cli(["token", "add", "--email", "nobody@else.example", "--app", &connection.app_id], "").await;
    assert!(stranger.failure().contains("email"));
    let id = stored["id"].as_str().unwrap();
    app.cli(["token", "remove", "--token", id], "").await.assert_done();
    assert!(list(&app, &connection.app_id).await.is_empty());
    assert!(app.cli(["token", "remove", "--token", id], "").await.failure().contains("not found"));
    assert_eq!(app.count("SELECT COUNT(*) FROM security_log WHERE action = 'token_removed'").await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_token_that_is_not_valid_gets_the_same_response() {
    let (app, connection) = shop().await;
    let of = (connection.app_id.as_str(), "test");
    let [valid, removed] = [add(&app, of.0, &[]).await, add(&app, of.0, &[]).await];
    app.cli(["token", "remove", "--token", &removed[..14]], "").await.assert_done();
    assert_eq!(status(&app, &valid, of).await, 200);
    let wrong = format!("{}{}", &valid[..57], if valid.ends_with('0') { '1' } else { '0' });
    let unknown = valid.replace(&valid[..14], "tk_AzL8n0Y58m6");
    let bearer = |token: &str| format!("Bearer {token}");
    let body = json!({ "app": of.0, "mode": "test", "start": { "since": 0 } });
    let mut responses = Vec::new();
    for authorization in [
        vec![],
        vec!["Bearer".to_owned()],
        vec![bearer(&wrong)],
        vec![bearer(&unknown)],
        vec![bearer(&removed)],
        vec![format!("Basic {valid}")],
        vec![bearer(&valid), bearer(&valid)],
    ] {
        let values: Vec<&str> = authorization.iter().map(String::as_str).collect();
        responses.push(ask(&app, &values, &body).await);
    }
    // Commands take the time from the system, so a little later than the test.
    app.clock.advance(Duration::from_hours(90 * 24 + 1));
    responses.push(poll(&app, &valid, of).await);
    let mut seen = Vec::new();
    for response in responses {
        let mut headers = response.headers().clone();
        headers.remove("date");
        let mut headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value:?}")).collect();
        headers.sort();
        seen.push((response.status(), headers.join("\n"), response.text().await.unwrap()));
    }
    assert!(seen.iter().all(|one| *one == seen[0]) && seen[0].0 == StatusCode::UNAUTHORIZED, "{seen:#?}");
    assert!(seen[0].1.contains("no-store"), "{seen:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_are_limited_also_for_the_right_one() {
    let (app, connection) = shop().await;
    let of = (connection.app_id.as_str(), "test");
    let token = add(&app, of.0, &[]).await;
    for _ in 0..10 {
        assert_eq!(status(&app, "tk_guess", of).await, 401);
    }
    let denied = poll(&app, &token, of).await;
    assert_eq!(denied.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(denied.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() <= 60);
    app.clock.advance(Duration::from_mins(1));
    assert_eq!(status(&app, &token, of).await, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_reads_one_app_and_live_mode_only_if_that_is_allowed() {
    let (app, connection) = shop().await;
    let other = app.company("Neem Tree Retail Two").await.app("Another").await;
    let own = connection.app_id.as_str();
    let live = crate::support::builders::App::at(&app, own).razorpay("live").await;
    live.post(bodies::payment("payment.captured", "pay_live", 0)).stored().await;
    let [test, both] = [add(&app, own, &[]).await, add(&app, own, &["--live"]).await];
    for id in [other.id.as_str(), "ap_AzL8n0Y58m6", "ap"] {
        let refused = poll(&app, &test, (id, "test")).await;
        assert_eq!(
            (refused.status().as_u16(), refused.text().await.unwrap()),
            (404, json!({ "error": "unknown_app" }).to_string())
        );
    }
    assert_eq!((status(&app, &test, (own, "live")).await, status(&app, &both, (own, "live")).await), (403, 200));
    let events = json_of(poll(&app, &both, (own, "test")).await).await;
    assert_eq!((events["events"].as_array().unwrap().len(), &events["events"][0]["mode"]), (1, &json!("test")));
    let response = poll(&app, &both, (own, "test")).await;
    assert!(response.headers().contains_key("content-length") && response.headers()["cache-control"] == "no-store");
    for malformed in [json!({}), json!({ "app": own, "mode": "both", "start": "now" }), json!("x")] {
        assert_eq!(ask(&app, &[&format!("Bearer {both}")], &malformed).await.status(), StatusCode::BAD_REQUEST, "{malformed}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_ends_with_the_permission_of_its_user() {
    let (app, connection) = shop().await;
    let of = (connection.app_id.as_str(), "test");
    let token = add(&app, of.0, &[]).await;
    assert_eq!(status(&app, &token, of).await, 200);
    app.sql("UPDATE users SET role = 'viewer'").await;
    assert_eq!(status(&app, &token, of).await, 401);
    app.sql("UPDATE users SET role = 'owner'").await;
    assert_eq!(status(&app, &token, of).await, 200);
    app.company("Banyan Books").await;
    app.sql("UPDATE users SET company_id = (SELECT MAX(id) FROM companies)").await;
    assert_eq!(status(&app, &token, of).await, 401);
}

/// Returns what asks for the events after those that are stored.
async fn waiting(app: &TestApp, connection: &Connection, authorization: &str) -> Value {
    let now = json!({ "app": connection.app_id, "mode": "test", "start": "now" });
    let batch = json_of(ask(app, &[authorization], &now).await).await;
    assert_eq!(batch["events"], json!([]));
    json!({ "app": connection.app_id, "mode": "test", "start": { "after": batch["cursor"] } })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_that_waits_ends_when_its_token_is_removed() {
    let (app, connection) = shop().await;
    let token = add(&app, &connection.app_id, &[]).await;
    let authorization = format!("Bearer {token}");
    let body = waiting(&app, &connection, &authorization).await;
    let used = async || list(&app, &connection.app_id).await[0]["last_used_at"].clone();
    let before = used().await;
    app.clock.advance(Duration::from_mins(1));
    let authorization = [authorization.as_str()];
    let waiting = ask(&app, &authorization, &body);
    let removing = async {
        // The request has begun once it used the token.
        eventually(async || used().await != before).await;
        app.cli(["token", "remove", "--token", &token[..14]], "").await.assert_done();
    };
    let (response, ()) = tokio::join!(waiting, removing);
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_use_is_stored_at_most_once_a_minute() {
    let (app, connection) = shop().await;
    let of = (connection.app_id.as_str(), "test");
    let token = add(&app, of.0, &[]).await;
    let used = async || list(&app, of.0).await[0]["last_used_at"].clone();
    let mut seen = Vec::new();
    for seconds in [0, 59, 1] {
        app.clock.advance(Duration::from_secs(seconds));
        assert_eq!(status(&app, &token, of).await, 200);
        seen.push(used().await);
    }
    assert!(seen[0].is_string() && seen[0] == seen[1] && seen[1] != seen[2], "{seen:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_wait_hold_no_connection_to_the_database() {
    let (app, connection) = shop().await;
    let owner = app.owner("Neem Tree Retail").await;
    let body = waiting(&app, &connection, &format!("Bearer {}", add(&app, &connection.app_id, &[]).await)).await;
    // More than there are connections to either database.
    let mut waiting = Vec::new();
    for _ in 0..5 {
        let authorization = format!("Bearer {}", add(&app, &connection.app_id, &[]).await);
        for _ in 0..4 {
            let (url, body) = (format!("http://{}/api/listen", app.address), body.to_string());
            let request = client().post(url).header(AUTHORIZATION, &authorization).body(body);
            waiting.push(tokio::spawn(request.send()));
        }
    }
    eventually(async || list(&app, &connection.app_id).await.iter().all(|token| token["last_used_at"].is_string())).await;
    for _ in 0..5 {
        assert_eq!(owner.get("/ks-pay").await.status, StatusCode::OK);
    }
    assert!(waiting.iter().any(|request| !request.is_finished()), "they wait");
    connection.post(bodies::payment("payment.captured", "pay_2", 0)).stored().await;
    for request in waiting {
        let response = json_of(request.await.unwrap().unwrap()).await;
        assert_eq!(response["events"].as_array().map(Vec::len), Some(1), "{response}");
    }
}

async fn create(owner: &Browser, path: &str, fields: &[(&str, &str)]) -> crate::support::browser::Page {
    owner.post(path, fields).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_shows_a_new_token_once_with_the_command_and_removes_it_after_a_question() {
    let (app, connection) = shop().await;
    let owner = app.owner("Neem Tree Retail").await;
    let path = format!("/ks-pay/apps/{}/settings/tokens", connection.app_id);
    assert!(owner.get(&path).await.shows("no-token"));
    let created = create(&owner, &path, &[("name", "Meera's laptop"), ("live", "true")]).await;
    assert!(created.status == StatusCode::OK && created.shows("created"), "{}", created.body);
    let token = created.inside("token").unwrap();
    let command = created.inside("command").unwrap();
    let wanted = format!("--app {} --forward-to http://localhost:3000/webhooks --live", connection.app_id);
    assert!(
        command.starts_with("ks-pay listen --url http") && command.ends_with(&wanted) && !command.contains(&token),
        "{command}"
    );
    assert_eq!(status(&app, &token, (&connection.app_id, "test")).await, 200);
    let page = owner.get(&path).await;
    assert!(page.shows("token") && page.lacks("created") && !page.has(&token[15..]), "{}", page.body);

    for (name, reason) in [("", "empty"), (&*"x".repeat(81), "too-long"), ("Meera's laptop", "known")] {
        let refused = create(&owner, &path, &[("name", name)]).await;
        assert_eq!((refused.status, refused.reason_of("name-error")), (StatusCode::UNPROCESSABLE_ENTITY, reason));
    }
    let removal = format!("{path}/{}/removal", &token[..14]);
    let asked = owner.get(&removal).await;
    assert!(asked.status == StatusCode::OK && asked.shows("effect"), "{}", asked.body);
    app.company("Banyan Books").await;
    let stranger = app.owner("Banyan Books").await;
    assert_eq!(stranger.get(&removal).await.status, StatusCode::NOT_FOUND);
    assert_eq!(stranger.post(&removal, &[]).await.status, StatusCode::NOT_FOUND);
    assert_eq!(owner.post_exactly(&removal, &[]).await.status, StatusCode::FORBIDDEN);
    assert_eq!(owner.post(&removal, &[]).await.location(), path);
    assert!(owner.get(&path).await.shows("no-token"));
    assert_eq!(status(&app, &token, (&connection.app_id, "test")).await, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_app_has_no_more_than_twenty_tokens_and_expired_ones_make_room() {
    let (app, connection) = shop().await;
    let path = format!("/ks-pay/apps/{}/settings/tokens", connection.app_id);
    for _ in 0..20 {
        add(&app, &connection.app_id, &[]).await;
    }
    let full = create(&app.owner("Neem Tree Retail").await, &path, &[("name", "One more")]).await;
    assert_eq!((full.status, full.reason_of("name-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many"));
    app.clock.advance(Duration::from_hours(90 * 24 + 1));
    assert_eq!(create(&app.owner("Neem Tree Retail").await, &path, &[("name", "One more")]).await.status, StatusCode::OK);
    assert_eq!(app.count("SELECT COUNT(*) FROM tokens").await, 1);
}

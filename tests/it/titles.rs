//! The title of a form with errors says so, in the language of the page.

use reqwest::{Method, StatusCode};

use crate::support::{
    browser::{Browser, Page},
    builders::connected,
};

async fn get_in(browser: &Browser, language: &str, path: &str) -> Page {
    browser.send(Method::GET, path, None, &[("accept-language", language)]).await
}

async fn post_in(browser: &Browser, language: &str, path: &str, body: String) -> Page {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept-language", language)];
    browser.send(Method::POST, path, Some(body), &headers).await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_title_of_a_form_with_errors_says_so_in_the_language_of_the_page() {
    let (app, _connection, owner) = connected().await;
    let visitor = app.visitor();
    for (language, title) in [("en", "<title>Error: "), ("hi", "<title>गड़बड़ी: ")] {
        let token = visitor.get("/login").await.field("csrf_token").unwrap();
        let wrong =
            post_in(&visitor, language, "/login", format!("csrf_token={token}&email=x%40example.com&password=wrong")).await;
        assert!(wrong.status == StatusCode::UNPROCESSABLE_ENTITY && wrong.has(title), "{}", wrong.body);
        assert!(!get_in(&visitor, language, "/login").await.has(title));

        let token = owner.token().await;
        let empty = post_in(&owner, language, "/settings", format!("csrf_token={token}&name=")).await;
        assert!(empty.has(title) && empty.reason_of("name-error") == "empty", "{}", empty.body);
        assert!(!get_in(&owner, language, "/settings").await.has(title));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_asks_to_confirm_has_no_errors() {
    let (_app, connection, owner) = connected().await;
    let path = format!("/ks-pay/apps/{}/enabled", connection.app_id);
    let asked = owner.post(&path, &[("is_enabled", "false")]).await;
    assert!(asked.status == StatusCode::UNPROCESSABLE_ENTITY && !asked.has("<title>Error: "), "{}", asked.body);
}

//! The languages of pages: what a page in Hindi shows, and that the title of a form with errors says so.

use reqwest::{Method, StatusCode};

use crate::support::{
    browser::{Browser, Page},
    builders::connected,
};

/// Texts of three or more Latin words that a page in Hindi may have.
const NAMES: &[&str] = &["Neem Tree Retail", "Neem Tree Store", "Razorpay Dashboard URL"];
/// Attributes that are read to users.
const ATTRIBUTES: &[&str] =
    &[" aria-label=\"", " title=\"", " placeholder=\"", " data-copied=\"", " data-copy-failed=\"", " alt=\""];

async fn get_in(browser: &Browser, language: &str, path: &str) -> Page {
    browser.send(Method::GET, path, None, &[("accept-language", language)]).await
}

async fn post_in(browser: &Browser, language: &str, path: &str, body: String) -> Page {
    let headers = [("content-type", "application/x-www-form-urlencoded"), ("accept-language", language)];
    browser.send(Method::POST, path, Some(body), &headers).await
}

/// Returns the texts of a page outside `translate="no"`, and the attributes that are read to users.
fn texts(html: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for part in html.split('<').skip(1) {
        let Some((tag, text)) = part.split_once('>') else { continue };
        let is_code = tag.contains("translate=\"no\"") || tag.starts_with("code") || tag.starts_with("script");
        if !is_code {
            texts.push(text.to_owned());
        }
        for attribute in ATTRIBUTES {
            texts.extend(tag.split(attribute).skip(1).filter_map(|rest| Some(rest.split_once('"')?.0.to_owned())));
        }
    }
    texts
}

/// True for a text with three or more Latin words in a row, which is a sentence or a label in English.
fn is_english(text: &str) -> bool {
    let text = NAMES.iter().fold(text.to_owned(), |text, name| text.replace(name, "–"));
    let is_latin = |word: &&str| {
        let word = word.trim_matches(|letter: char| ".,:;?!()“”".contains(letter));
        word.len() > 1 && word.chars().all(|letter| letter.is_ascii_alphabetic() || "’'-".contains(letter))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    words.windows(3).any(|words| words.iter().all(is_latin))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_pages_of_apps_accounts_and_company_have_no_english_sentence_in_hindi() {
    let (app, connection, owner) = connected().await;
    let visitor = app.visitor();
    let own = format!("/ks-pay/apps/{}", connection.app_id);
    let paths = [
        "/",
        "/applications",
        "/settings",
        "/personal-info",
        "/ks-pay",
        "/ks-pay?q=none",
        "/ks-pay/apps/new",
        "/ks-pay/settings",
    ];
    let of_app = ["/settings", "/settings/domain"].map(|rest| format!("{own}{rest}"));
    let signed_in = paths.into_iter().map(|path| (&owner, path.to_owned())).chain(of_app.into_iter().map(|path| (&owner, path)));
    let signed_out = ["/login", "/login/forgotten", "/setup"].map(|path| (&visitor, path.to_owned()));
    for (browser, path) in signed_in.chain(signed_out) {
        let page = get_in(browser, "hi-IN,hi;q=0.9,en;q=0.5", &path).await;
        assert!(page.has("lang=\"hi-IN\""), "{path}: {}", page.body);
        let english: Vec<String> = texts(&page.body).into_iter().filter(|text| is_english(text)).collect();
        assert!(english.is_empty(), "{path}: {english:?}");
    }
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

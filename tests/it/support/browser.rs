//! Browser without scripts: cookies, forms with their token, and the pages it received.

use std::{collections::BTreeMap, sync::Mutex, time::Duration};

use reqwest::{Method, StatusCode, header};

use super::{TestApp, builders::PASSWORD, webhook_request::client};

/// Timeout, only to keep a failing test from hanging.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(30);

/// Visitor of the site, signed in or not.
pub(crate) struct Browser {
    base: String,
    cookies: Mutex<BTreeMap<String, String>>,
}

/// Response that has been read completely.
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) headers: header::HeaderMap,
    /// With absolute links, as a browser reads them.
    pub(crate) body: String,
    /// The length of the body as received.
    pub(crate) length: usize,
}

impl Page {
    /// Returns the target of a redirect.
    pub(crate) fn location(&self) -> &str {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "{}", self.body);
        self.headers[header::LOCATION].to_str().unwrap()
    }

    /// Whether the page's source has that text: an id, a URL, an amount, an attribute. A sentence may be reworded or translated,
    /// so what a page says is asserted by [`Self::shows`] and [`Self::text_of`].
    pub(crate) fn has(&self, text: &str) -> bool {
        self.body.contains(text) || collapsed(&self.body).contains(&collapsed(text))
    }

    /// Whether an element has that hook: its `data-testid` or its id.
    pub(crate) fn shows(&self, hook: &str) -> bool {
        !self.places(hook).is_empty()
    }

    /// Whether no element has that hook. `tests/it/prose.rs` requires that another assertion finds it, so that a renamed
    /// hook fails.
    pub(crate) fn lacks(&self, hook: &str) -> bool {
        self.places(hook).is_empty()
    }

    /// Returns the text of the first element with that hook.
    pub(crate) fn text_of(&self, hook: &str) -> String {
        self.texts_of(hook).into_iter().next().unwrap_or_else(|| panic!("no element has the hook {hook}: {}", self.body))
    }

    /// Returns the text of each element with that hook.
    pub(crate) fn texts_of(&self, hook: &str) -> Vec<String> {
        self.places(hook).into_iter().map(|at| text(element(&self.body, at))).collect()
    }

    /// Returns the reason of the first element with that hook, an error or a warning: its `data-reason`.
    pub(crate) fn reason_of(&self, hook: &str) -> &str {
        let place = self.places(hook).into_iter().next();
        let at = place.unwrap_or_else(|| panic!("no element has the hook {hook}: {}", self.body));
        let start = self.body[..at].rfind('<').unwrap();
        let tag = self.body[start..].split('>').next().unwrap();
        let reason = tag.split_once("data-reason=\"").unwrap_or_else(|| panic!("{tag} has no reason")).1;
        reason.split('"').next().unwrap()
    }

    /// Returns where the attributes with that hook are.
    fn places(&self, hook: &str) -> Vec<usize> {
        let of = |attribute: &str| {
            let hook = format!("{attribute}=\"{hook}\"");
            let is_attribute = |at: usize| self.body[..at].ends_with(|before: char| before.is_ascii_whitespace());
            self.body.match_indices(&hook).map(|(at, _)| at).filter(|at| is_attribute(*at)).collect::<Vec<_>>()
        };
        [of("data-testid"), of("id")].concat()
    }

    /// Returns the value of the first element whose tag has that attribute.
    pub(crate) fn field(&self, name: &str) -> Option<String> {
        let at = self.body.find(&format!("name=\"{name}\""))?;
        let rest = &self.body[at..];
        let value = rest.split_once("value=\"")?.1;
        Some(value.split_once('"')?.0.to_owned())
    }

    /// Returns the tag of the first control with that name.
    pub(crate) fn field_tag(&self, name: &str) -> &str {
        let at = self.body.find(&format!("name=\"{name}\"")).unwrap();
        let start = self.body[..at].rfind('<').unwrap();
        self.body[start..].split('>').next().unwrap()
    }

    /// Returns the text inside the element with that id.
    pub(crate) fn inside(&self, id: &str) -> Option<String> {
        let rest = self.body.split_once(&format!("id=\"{id}\""))?.1;
        Some(rest.split_once('>')?.1.split_once('<')?.0.trim().to_owned())
    }
}

/// Server-sent events as they arrive.
pub(crate) struct Stream(pub(crate) reqwest::Response);

impl Stream {
    /// Waits until the stream contains the text.
    pub(crate) async fn says(&mut self, text: &str) {
        let mut heard = Vec::new();
        let hearing = async {
            while !String::from_utf8_lossy(&heard).contains(text) {
                heard.extend(self.0.chunk().await.unwrap().expect("the stream goes on"));
            }
        };
        let is_heard = tokio::time::timeout(RESPONSE_TIMEOUT, hearing).await.is_ok();
        assert!(is_heard, "{text:?} was never said: {:?}", String::from_utf8_lossy(&heard));
    }
}

impl Stream {
    /// Waits until the stream ends.
    pub(crate) async fn ends(&mut self) {
        let ending = async { while let Ok(Some(_)) = self.0.chunk().await {} };
        tokio::time::timeout(RESPONSE_TIMEOUT, ending).await.expect("the stream ends");
    }
}

impl TestApp {
    /// Returns a browser without a session.
    pub(crate) fn visitor(&self) -> Browser {
        Browser { base: format!("http://{}", self.address), cookies: Mutex::default() }
    }

    /// Returns a browser signed in as the owner of a company that `company(name)` created.
    pub(crate) async fn owner(&self, company: &str) -> Browser {
        let visitor = self.visitor();
        let email = format!("owner@{}.example", company.to_lowercase().replace(' ', "-"));
        let answer = visitor.sign_in(&email, PASSWORD, "/").await;
        assert_eq!(answer.location(), "/");
        visitor
    }
}

impl Browser {
    /// Returns a browser for another server.
    pub(crate) fn at(address: std::net::SocketAddr) -> Self {
        Self { base: format!("http://{address}"), cookies: Mutex::default() }
    }

    /// Returns the same browser for another server.
    pub(crate) fn elsewhere(&self, address: std::net::SocketAddr) -> Self {
        Self { base: format!("http://{address}"), cookies: Mutex::new(self.cookies.lock().unwrap().clone()) }
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, None, &[]).await
    }

    /// Opens the one-time link to set up, as a browser does: it redirects to the form.
    pub(crate) async fn open_setup(&self, link: &str) -> Page {
        let path = &link[link.find("/setup").unwrap_or_default()..];
        let opened = self.get(path).await;
        if opened.status == StatusCode::SEE_OTHER { self.get(opened.location()).await } else { opened }
    }

    /// Requests the page until an element has that hook.
    pub(crate) async fn sees(&self, path: &str, hook: &str) -> Page {
        self.sees_that(path, |page| page.shows(hook)).await.unwrap_or_else(|| panic!("{path} never showed {hook}"))
    }

    /// Requests the page until the text of an element with that hook contains a value.
    pub(crate) async fn sees_in(&self, path: &str, hook: &str, value: &str) -> Page {
        let has_value = |page: &Page| page.texts_of(hook).iter().any(|text| text.contains(value));
        self.sees_that(path, has_value).await.unwrap_or_else(|| panic!("{path} never showed {value} in {hook}"))
    }

    async fn sees_that(&self, path: &str, is_seen: impl Fn(&Page) -> bool) -> Option<Page> {
        let looking = async {
            loop {
                let page = self.get(path).await;
                if is_seen(&page) {
                    return page;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(RESPONSE_TIMEOUT, looking).await.ok()
    }

    pub(crate) async fn sign_in(&self, email: &str, password: &str, target: &str) -> Page {
        let form = self.get("/login").await;
        let token = form.field("csrf_token").unwrap();
        self.post_exactly("/login", &[("csrf_token", &token), ("email", email), ("password", password), ("redirect_url", target)])
            .await
    }

    /// Posts a form with the session's token.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let token = self.token().await;
        self.post_exactly(path, &[&[("csrf_token", token.as_str())], fields].concat()).await
    }

    /// Enters the password on the page that asks for it, and continues with the interrupted request at `path`.
    pub(crate) async fn confirm(&self, path: &str, asked: &Page, password: &str) -> Page {
        let interrupted = asked.field("interrupted").expect("the page carries the interrupted form");
        self.post(path, &[("interrupted", &interrupted), ("current_password", password)]).await
    }

    /// Posts exactly these fields.
    pub(crate) async fn post_exactly(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = url_encoded(fields);
        self.send(Method::POST, path, Some(body), &[(header::CONTENT_TYPE.as_str(), "application/x-www-form-urlencoded")]).await
    }

    /// Returns the token of a page of this session.
    pub(crate) async fn token(&self) -> String {
        self.get("/personal-info").await.field("csrf_token").unwrap()
    }

    /// Opens a stream of server-sent events.
    pub(crate) async fn listen(&self, path: &str) -> Stream {
        Stream(self.request(Method::GET, path).send().await.unwrap())
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let cookies: Vec<String> = self.cookies.lock().unwrap().iter().map(|(name, value)| format!("{name}={value}")).collect();
        client().request(method, format!("{}{path}", self.base)).header(header::COOKIE, cookies.join("; "))
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: Option<String>, headers: &[(&str, &str)]) -> Page {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.read(request.body(body.unwrap_or_default()).send().await.unwrap()).await
    }

    /// Posts a form as if through a proxy, which adds the client's address.
    pub(crate) async fn send_from(&self, from: &[u8], path: &str, body: String) -> Page {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header("x-forwarded-for", header::HeaderValue::from_bytes(from).unwrap());
        self.read(request.body(body).send().await.unwrap()).await
    }

    async fn read(&self, answer: reqwest::Response) -> Page {
        self.keep(answer.headers());
        let (status, headers, path) = (answer.status(), answer.headers().clone(), answer.url().path().to_owned());
        let received = answer.text().await.unwrap();
        let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
        let body = ["transactions", "events"]
            .iter()
            .fold(received.clone(), |body, list| body.replace(&format!("href=\"{list}/"), &format!("href=\"{folder}/{list}/")));
        Page { status, headers, body, length: received.len() }
    }

    fn keep(&self, headers: &header::HeaderMap) {
        let mut cookies = self.cookies.lock().unwrap();
        for line in headers.get_all(header::SET_COOKIE) {
            let (pair, rest) = line.to_str().unwrap().split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if rest.contains("Max-Age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    /// Returns every cookie of the browser.
    pub(crate) fn cookies(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// Sets a cookie in this browser, as an attacker with access to it would.
    pub(crate) fn plant(&self, name: &str, value: &str) {
        self.cookies.lock().unwrap().insert(name.to_owned(), value.to_owned());
    }

    /// Returns another browser with the same cookies.
    pub(crate) fn twin(&self) -> Self {
        Self { base: self.base.clone(), cookies: Mutex::new(self.cookies()) }
    }
}

fn url_encoded(fields: &[(&str, &str)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.extend_pairs(fields).finish()
}

/// Returns a text with one space for each run of white space, as browsers show it.
fn collapsed(text: &str) -> String {
    let mut words = text.split_ascii_whitespace();
    let first = words.next().unwrap_or_default().to_owned();
    let inner = words.fold(first, |text, word| text + " " + word);
    let edge = |is_space: bool| if is_space { " " } else { "" };
    let is_space = |character: char| character.is_ascii_whitespace();
    format!("{}{inner}{}", edge(text.starts_with(is_space)), edge(text.ends_with(is_space)))
}

/// Returns what is between the tags of the element whose attributes are at that place.
fn element(html: &str, at: usize) -> &str {
    let start = html[..at].rfind('<').unwrap();
    let name = html[start + 1..].split(|letter: char| !letter.is_ascii_alphanumeric()).next().unwrap();
    let inner = &html[at..][html[at..].find('>').unwrap() + 1..];
    let mut depth = 1;
    for (at, _) in inner.match_indices('<') {
        let (is_end, tag) = inner[at + 1..].strip_prefix('/').map_or((false, &inner[at + 1..]), |tag| (true, tag));
        let is_same = tag.strip_prefix(name).is_some_and(|rest| rest.starts_with(|next: char| !next.is_ascii_alphanumeric()));
        depth += i32::from(is_same && !is_end) - i32::from(is_same && is_end);
        if depth == 0 {
            return &inner[..at];
        }
    }
    panic!("the element {name} has no end: {inner}")
}

/// Returns the text without tags and character references, with one space for each run of white space.
fn text(html: &str) -> String {
    let parts = html.split('<').enumerate().map(|(index, part)| match index {
        0 => part,
        _ => part.split_once('>').map_or("", |(_, text)| text),
    });
    let text = collapsed(parts.collect::<String>().trim());
    [("&#60;", "<"), ("&#62;", ">"), ("&#34;", "\""), ("&#39;", "'"), ("&#38;", "&")]
        .into_iter()
        .fold(text, |text, (reference, character)| text.replace(reference, character))
}

#[test]
fn the_text_of_an_element_ends_with_it() {
    let body = "<p data-testid=\"a\" data-reason=\"why\">One <svg><use/></svg><b>&#60;b&#62;</b>\n  two</p><p class=\"x\"\n id=\"b\"><p>in</p></p>three";
    let page = Page { status: StatusCode::OK, headers: header::HeaderMap::new(), body: body.to_owned(), length: body.len() };
    assert_eq!((page.text_of("a").as_str(), page.text_of("b").as_str()), ("One <b> two", "in"));
    let missing = "c";
    assert!(page.lacks(missing) && page.shows("a"));
    assert_eq!(page.reason_of("a"), "why");
}

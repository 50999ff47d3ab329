//! Pages, requested with a session.

use std::{cell::Cell, io::BufRead as _, path::PathBuf, rc::Rc};

use clap::Args;

use crate::{
    Failure, Label, Watched, Window,
    client::Connection,
    load::{Crowd, Next, Tally, target},
    say,
};

/// Site and session.
#[derive(Args)]
struct Visitor {
    /// Base URL of the site, http://127.0.0.1:PORT.
    #[arg(long)]
    base: String,
    /// Session cookie, as `sign-in` prints it.
    #[arg(long, env = "KS_PAY_BENCH_COOKIE", hide_env_values = true, default_value = "")]
    cookie: String,
}

/// Requests pages and prints the results.
#[derive(Args)]
pub(crate) struct Options {
    #[command(flatten)]
    visitor: Visitor,
    /// Paths to request, in turn.
    #[arg(long = "path")]
    paths: Vec<String>,
    /// File of words, one of which replaces `{}` in each request.
    #[arg(long)]
    words: Option<PathBuf>,
    #[command(flatten)]
    window: Window,
    #[command(flatten)]
    watched: Watched,
    #[command(flatten)]
    label: Label,
}

/// Signs in with a password from stdin.
#[derive(Args)]
pub(crate) struct SignIn {
    #[command(flatten)]
    visitor: Visitor,
    /// Email address of the user.
    #[arg(long)]
    email: String,
}

/// Follows the link to the next page.
#[derive(Args)]
pub(crate) struct Walk {
    #[command(flatten)]
    visitor: Visitor,
    /// Path of the first page.
    #[arg(long)]
    path: String,
    /// Number of the page to reach; the last page if there are fewer.
    #[arg(long)]
    page: usize,
}

/// Builds the request for a page.
pub(crate) fn get(host: &str, path: &str, cookie: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\nAccept: text/html\r\n\r\n").into_bytes()
}

/// Runs the load and prints one line.
pub(crate) async fn run(options: Options) -> Result<(), Failure> {
    let (address, host, _) = target(&options.visitor.base)?;
    let words = match &options.words {
        None => vec![String::new()],
        Some(file) => std::fs::read_to_string(file)?.lines().map(str::to_owned).collect(),
    };
    let paths = options.paths.iter().flat_map(|path| words.iter().map(move |word| path.replace("{}", word)));
    let requests: Rc<Vec<Vec<u8>>> = Rc::new(paths.map(|path| get(&host, &path, &options.visitor.cookie)).collect());
    if requests.is_empty() {
        return Err("nothing to ask for: give --path".into());
    }
    if options.words.is_some() {
        // Each path reads other rows: request it once before the measurement, so that the caches are warm.
        let mut connection = Connection::open(address).await?;
        for request in requests.iter() {
            let answer = connection.exchange(request).await?;
            if answer.status != 200 {
                return Err(format!("a page was answered {} before it counted", answer.status).into());
            }
        }
    }
    let (turn, tally, mut crowd) = (Rc::new(Cell::new(0)), Tally::new(200), Crowd::default());
    for _ in 0..options.window.connections {
        let (turn, requests) = (turn.clone(), requests.clone());
        let next: Next = Box::new(move |buffer| {
            buffer.clear();
            buffer.extend_from_slice(&requests[turn.get() % requests.len()]);
            turn.set(turn.get() + 1);
        });
        crowd.join(address, next, None, &tally);
    }
    let measured = crowd.measure(&options.window, &options.watched, &tally).await?;
    options.label.print(measured)
}

/// Signs in as a browser without scripts does, and prints the cookie.
pub(crate) async fn sign_in(options: SignIn) -> Result<(), Failure> {
    let mut password = String::new();
    std::io::stdin().lock().read_line(&mut password)?;
    let (address, host, _) = target(&options.visitor.base)?;
    let mut connection = Connection::open(address).await?;
    let form = connection.exchange(&get(&host, "/login", "")).await?;
    let (head, body) = connection.texts(form);
    let token = field(&body, "csrf_token").ok_or("the sign-in page has no token")?;
    let typed =
        [("csrf_token", token.as_str()), ("email", &options.email), ("password", password.trim_end()), ("redirect_url", "/")];
    let typed: Vec<String> = typed.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
    let typed = typed.join("&");
    let request = format!(
        "POST /login HTTP/1.1\r\nHost: {host}\r\nCookie: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         Content-Length: {}\r\n\r\n{typed}",
        cookies(&head),
        typed.len()
    );
    let answer = connection.exchange(request.as_bytes()).await?;
    let (head, _) = connection.texts(answer);
    if answer.status != 303 {
        return Err(format!("signing in was answered {}", answer.status).into());
    }
    say(&cookies(&head))
}

/// Prints the path of a later page of a list.
pub(crate) async fn walk(options: Walk) -> Result<(), Failure> {
    let (address, host, _) = target(&options.visitor.base)?;
    let mut connection = Connection::open(address).await?;
    let mut path = options.path;
    for _ in 1..options.page {
        let answer = connection.exchange(&get(&host, &path, &options.visitor.cookie)).await?;
        let (_, body) = connection.texts(answer);
        if answer.status != 200 {
            return Err(format!("{path} was answered {}", answer.status).into());
        }
        match next_page(&body) {
            Some(next) => path = next,
            None => break,
        }
    }
    say(&path)
}

/// Returns the address of the link that is marked as the next page.
fn next_page(body: &str) -> Option<String> {
    let before = &body[..body.find("rel=\"next\"")?];
    let (_, link) = before.rsplit_once("href=\"")?;
    Some(link.split_once('"')?.0.replace("&amp;", "&").replace("&#38;", "&"))
}

/// Returns the value of the first field with that name.
fn field(body: &str, name: &str) -> Option<String> {
    let (_, rest) = body.split_once(&format!("name=\"{name}\""))?;
    Some(rest.split_once("value=\"")?.1.split_once('"')?.0.to_owned())
}

/// Returns the `Cookie` header value that a browser would send after this head.
fn cookies(head: &str) -> String {
    let set = head.lines().filter_map(|line| line.split_once(':')).filter(|(name, _)| name.eq_ignore_ascii_case("set-cookie"));
    let kept = set.filter(|(_, value)| !value.contains("Max-Age=0"));
    kept.filter_map(|(_, value)| value.split(';').next()).map(str::trim).collect::<Vec<_>>().join("; ")
}

/// Encodes a value for a form.
fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    text.bytes().map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read_and_filled_in() {
        let page = r#"<input type="hidden" name="csrf_token" value="abc"><input name="email" value="">"#;
        assert_eq!(field(page, "csrf_token").as_deref(), Some("abc"));
        assert_eq!(encoded("a b+c@d.example"), "a%20b%2Bc%40d.example");
        let head = "HTTP/1.1 303 See Other\r\nset-cookie: old=; Max-Age=0\r\nSet-Cookie: s=1; HttpOnly\r\nset-cookie: t=2\r\n";
        assert_eq!(cookies(head), "s=1; t=2");
    }

    #[test]
    fn the_next_page_is_the_link_that_says_so() {
        let body =
            r#"<a href="/newer" rel="prev">Newer</a><a class="b" href="/l?mode=test&#38;before=ev_1" rel="next">Older</a>"#;
        assert_eq!(next_page(body).as_deref(), Some("/l?mode=test&before=ev_1"));
        assert_eq!(next_page("<a href=\"/newer\" rel=\"prev\">"), None);
    }
}

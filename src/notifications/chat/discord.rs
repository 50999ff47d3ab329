//! Discord: webhooks. Texts are Markdown, so that foreign ones are escaped, and mentions are off.

use serde_json::{Value, json};
use url::Url;

use super::{Answer, Credential, Invalid, Post, Problem, Response, Service, address, fit, own_words, pause, read_status};
use crate::notifications::Content;

pub(super) const HOSTS: &[&str] = &["discord.com", "discordapp.com", "canary.discord.com", "ptb.discord.com"];

/// The limit of a message before its escapes, which at most double it; an embed has 4,096 in its text and 6,000 in all.
const MAX_MESSAGE: usize = 1_800;
/// The limits of an embed, in characters.
const MAX_TITLE: usize = 120;
const MAX_FIELDS: usize = 10;
const MAX_FIELD_NAME: usize = 60;
const MAX_FIELD_VALUE: usize = 200;

pub(super) fn parse(pasted: &str) -> Result<Credential, Invalid> {
    let (url, credential) = address::parse(Service::Discord, pasted)?;
    let segments = address::segments(&url).unwrap_or_default();
    let is_version = |text: &str| text.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
    let own = match segments.as_slice() {
        ["api", version, rest @ ..] if is_version(version) => rest,
        ["api", rest @ ..] => rest,
        _ => &[],
    };
    match own {
        ["webhooks", id, token] if id.bytes().all(|byte| byte.is_ascii_digit()) && address::is_token(token) => Ok(credential),
        _ => Err(Invalid::DiscordNotWebhook),
    }
}

/// Waits for the message, since a webhook hides otherwise that none was posted. Keeps the thread that the URL names.
pub(super) fn post(credential: &Credential, content: &Content) -> Option<Post> {
    let mut url = Url::parse(credential.expose()).ok()?;
    let thread = url.query_pairs().find(|(name, _)| name == "thread_id").map(|(_, value)| value.into_owned());
    url.set_query(Some("wait=true"));
    if let Some(thread) = thread {
        url.query_pairs_mut().append_pair("thread_id", &thread);
    }
    Some(Post::new(url.as_str(), &body(content)))
}

fn body(content: &Content) -> Value {
    let content = fit::shortened(content, MAX_MESSAGE);
    let mut text = content.paragraphs.iter().map(|paragraph| escaped(paragraph)).collect::<Vec<_>>();
    text.extend(content.action.iter().map(|action| format!("{}: {}", escaped(&action.label), action.url)));
    let field = |(label, value): &(String, String)| json!({ "name": escaped(&fit::cut(label, MAX_FIELD_NAME)), "value": escaped(&fit::cut(value, MAX_FIELD_VALUE)), "inline": true });
    let mut embed = json!({
        "title": escaped(&fit::cut(&content.subject, MAX_TITLE)),
        "description": text.join("\n\n"),
        "fields": content.facts.iter().take(MAX_FIELDS).map(field).collect::<Vec<_>>(),
    });
    if let Some(footer) = &content.footer {
        embed["footer"] = json!({ "text": footer });
    }
    if let Some(action) = &content.action {
        embed["url"] = json!(action.url);
    }
    json!({ "embeds": [embed], "allowed_mentions": { "parse": [] } })
}

/// Escapes what Markdown, links and mentions consist of.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    let mut is_line_start = true;
    for character in text.chars() {
        let is_markup = matches!(character, '\\' | '*' | '_' | '~' | '`' | '|' | '[' | ']' | '<' | '@');
        if is_markup || (is_line_start && matches!(character, '#' | '>' | '-')) {
            escaped.push('\\');
        }
        escaped.push(character);
        is_line_start = character == '\n';
    }
    escaped
}

pub(super) fn read(response: &Response<'_>) -> Answer {
    let json: Value = serde_json::from_slice(response.body).unwrap_or_default();
    let words = json["message"].as_str().map_or_else(|| own_words(response.body), |message| own_words(message.as_bytes()));
    match response.status {
        // Without `wait`, a message that was not posted has this status too.
        200 | 204 => Answer::Accepted,
        429 => {
            let precise = json["retry_after"].as_f64().map(|seconds| seconds.to_string());
            Answer::Later { pause: pause(precise.as_deref().or(response.retry_after)), problem: Problem::RateLimited, words }
        }
        _ => read_status(response, &words),
    }
}

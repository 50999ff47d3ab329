//! Slack: incoming webhooks. What is foreign in a message is in `plain_text`, which Slack does not interpret.

use serde_json::{Value, json};

use super::{Answer, Credential, Invalid, Problem, Response, Service, address, fit, own_words, read_status};
use crate::notifications::Content;

pub(super) const HOST: &str = "hooks.slack.com";

/// The limits of a block's text, in UTF-16 units; those of Slack are in characters.
const MAX_HEADER: usize = 150;
const MAX_SECTION: usize = 3_000;
/// The limit of a message, below that of all its blocks.
const MAX_MESSAGE: usize = 9_000;

pub(super) fn parse(pasted: &str) -> Result<Credential, Invalid> {
    let (url, credential) = address::parse(Service::Slack, pasted)?;
    match address::segments(&url).as_deref() {
        Some(["services", team, webhook, secret])
            if url.query().is_none() && [team, webhook, secret].into_iter().all(|part| address::is_token(part)) =>
        {
            Ok(credential)
        }
        _ => Err(Invalid::SlackNotIncoming),
    }
}

pub(super) fn body(content: &Content) -> Value {
    let content = fit::shortened(content, MAX_MESSAGE);
    let mut blocks = vec![json!({ "type": "header", "text": plain(&content.subject, MAX_HEADER) })];
    blocks.extend(content.paragraphs.iter().map(|text| section(text)));
    if !content.facts.is_empty() {
        let lines: Vec<String> = content.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect();
        blocks.push(section(&lines.join("\n")));
    }
    if let Some(action) = &content.action {
        let link = format!("<{}|{}>", escaped(&action.url).replace('|', "%7C"), escaped(&action.label).replace('|', "/"));
        blocks.push(json!({ "type": "section", "text": { "type": "mrkdwn", "text": link } }));
    }
    if let Some(footer) = &content.footer {
        blocks.push(json!({ "type": "context", "elements": [plain(footer, MAX_SECTION)] }));
    }
    // What a notification shows, which has no plain_text.
    json!({ "text": escaped(&content.subject), "mrkdwn": false, "blocks": blocks })
}

fn section(text: &str) -> Value {
    json!({ "type": "section", "text": plain(text, MAX_SECTION) })
}

fn plain(text: &str, max: usize) -> Value {
    json!({ "type": "plain_text", "text": fit::cut(text, max), "emoji": false })
}

/// Replaces the three characters with which Slack begins links and mentions.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Slack responds in one word, of which only the status is documented.
pub(super) fn read(response: &Response<'_>) -> Answer {
    let words = own_words(response.body);
    match response.status {
        200 => Answer::Accepted,
        // Anything else that looks like success has not posted.
        201..=299 => Answer::Never { problem: Problem::MessageRejected, words },
        // The channel of a webhook was archived.
        410 => Answer::Never { problem: Problem::NotAllowed, words },
        _ => read_status(response, &words),
    }
}

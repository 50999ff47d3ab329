//! Telegram: a bot that posts to a chat. Texts are sent without `parse_mode`, so that nothing in them is markup.

use serde_json::{Value, json};
use zeroize::Zeroizing;

use super::{Answer, Credential, Invalid, Post, Problem, Response, address, fit, own_words, pause, read_status};
use crate::notifications::Content;

pub(super) const HOST: &str = "api.telegram.org";

/// The limit of a message, in UTF-16 units, below the 4,096 characters of Telegram.
const MAX_MESSAGE: usize = 3_600;
/// The shortest random part of a token.
const MIN_TOKEN_CHARS: usize = 30;
const MAX_TOKEN_CHARS: usize = 100;
/// The lengths of a public name.
const MIN_NAME_CHARS: usize = 4;
const MAX_NAME_CHARS: usize = 32;

/// Parses a bot's token, `<digits>:<characters>`, and a chat, its number or its public name. They are sealed as two lines.
pub(super) fn parse(token: &str, chat: &str) -> Result<Credential, Invalid> {
    let (token, chat) = (token.trim(), chat.trim());
    if token.is_empty() {
        return Err(Invalid::Empty);
    }
    let is_random = |text: &str| address::is_token(text) && (MIN_TOKEN_CHARS..=MAX_TOKEN_CHARS).contains(&text.len());
    let is_number = |text: &str| (3..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if !token.split_once(':').is_some_and(|(bot, random)| is_number(bot) && is_random(random)) {
        return Err(Invalid::TelegramToken);
    }
    if !is_chat(chat) {
        return Err(Invalid::TelegramChat);
    }
    Ok(credential(token, chat))
}

fn credential(token: &str, chat: &str) -> Credential {
    Credential(Zeroizing::new(format!("{token}\n{chat}")))
}

fn is_chat(text: &str) -> bool {
    let is_name = |name: &str| {
        let is_of_chars = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        is_of_chars
            && (MIN_NAME_CHARS..=MAX_NAME_CHARS).contains(&name.len())
            && !name.starts_with(|first: char| first.is_ascii_digit())
    };
    text.strip_prefix('@').map_or_else(|| text.parse::<i64>().is_ok_and(|number| number != 0), is_name)
}

/// The same bot with another chat.
pub(crate) fn moved(old: &Credential, chat: i64) -> Option<Credential> {
    let (token, _) = old.expose().split_once('\n')?;
    Some(credential(token, &chat.to_string()))
}

pub(super) fn post(own: &Credential, content: &Content) -> Option<Post> {
    let (token, chat) = own.expose().split_once('\n')?;
    let chat = chat.parse::<i64>().map_or_else(|_| json!(chat), |number| json!(number));
    let url = Zeroizing::new(format!("https://{HOST}/bot{token}/sendMessage"));
    let body = json!({ "chat_id": chat, "text": text(content), "link_preview_options": { "is_disabled": true } });
    Some(Post::new(&url, &body))
}

fn text(content: &Content) -> String {
    let content = fit::shortened(content, MAX_MESSAGE);
    let mut parts = vec![content.subject];
    parts.extend(content.paragraphs);
    if !content.facts.is_empty() {
        parts.push(content.facts.iter().map(|(label, value)| format!("{label}: {value}")).collect::<Vec<_>>().join("\n"));
    }
    parts.extend(content.action.map(|action| format!("{}: {}", action.label, action.url)));
    parts.extend(content.footer);
    parts.join("\n\n")
}

/// Reads the body, which says more than the status. A group that became a supergroup has another id.
pub(super) fn read(response: &Response<'_>) -> Answer {
    let json: Value = serde_json::from_slice(response.body).unwrap_or_default();
    let words = json["description"].as_str().map_or_else(|| own_words(response.body), |text| own_words(text.as_bytes()));
    let parameters = &json["parameters"];
    match response.status {
        200 if json["ok"] == true => Answer::Accepted,
        400 | 403 if parameters["migrate_to_chat_id"].is_i64() => {
            Answer::Moved { chat: parameters["migrate_to_chat_id"].as_i64().unwrap_or_default() }
        }
        429 => {
            let seconds = parameters["retry_after"].as_u64().map(|seconds| seconds.to_string());
            Answer::Later { pause: pause(seconds.as_deref().or(response.retry_after)), problem: Problem::RateLimited, words }
        }
        400 if words.contains("chat not found") => Answer::Never { problem: Problem::ChatNotFound, words },
        // The token is revoked, or no bot has it.
        401 | 404 => Answer::Never { problem: Problem::Removed, words },
        200..=299 => Answer::Never { problem: Problem::MessageRejected, words },
        _ => read_status(response, &words),
    }
}

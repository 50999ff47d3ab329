//! What each service accepts, the requests in the shapes it documents, and its responses.

use serde_json::{Value, json};

use super::*;
use crate::notifications::Action;

const SLACK: &str = "https://hooks.slack.com/services/T0AAAAAAA/B0BBBBBBB/abcdefghijklmnopqrstuvwx";
const DISCORD: &str = "https://discord.com/api/webhooks/123456789012345678/abc-DEF_123456789012345678901234567890";
const TEAMS: &str = "https://default0a.1b.environment.api.powerplatform.com:443/powerautomate/automations/direct/workflows/9f/\
                     triggers/manual/paths/invoke?api-version=1&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=secret-sig";
const OLD_TEAMS: &str =
    "https://prod-12.centralindia.logic.azure.com:443/workflows/9f/triggers/manual/paths/invoke?api-version=1&sig=x";
const TOKEN: &str = "123456789:AAabcdefghijklmnopqrstuvwxyz_123456";

fn url(service: Service, url: &str) -> Result<String, Invalid> {
    service.parse(&Pasted { url, ..Pasted::default() }).map(|credential| credential.expose().to_owned())
}

fn telegram(token: &str, chat: &str) -> Result<Credential, Invalid> {
    Service::Telegram.parse(&Pasted { token, chat, ..Pasted::default() })
}

fn content() -> Content {
    Content {
        subject: "Neem <Tree> & *Co*".to_owned(),
        paragraphs: vec!["<!channel> [a](http://x.example) @everyone".to_owned(), "> नीम".to_owned()],
        body: Vec::new(),
        facts: vec![("Amount".to_owned(), "₹2,499.00 _a_".to_owned())],
        action: Some(Action { label: "Open <alert>".to_owned(), url: "https://pay.example/a?b=1&c=2".to_owned() }),
        footer: Some("KS Pay".to_owned()),
        language: crate::i18n::Locale::English,
        sender: None,
    }
}

fn posted(service: Service, credential: &Credential) -> (String, Value) {
    let post = service.post(credential, &content()).unwrap();
    (post.url.to_string(), serde_json::from_slice(&post.body).unwrap())
}

fn read(service: Service, status: u16, body: &str) -> Answer {
    service.read(&Response { status, retry_after: Some("7"), body: body.as_bytes() })
}

fn later(seconds: u64, problem: Problem, words: &str) -> Answer {
    Answer::Later { pause: Some(Duration::from_secs(seconds)), problem, words: words.to_owned() }
}

fn never(problem: Problem, words: &str) -> Answer {
    Answer::Never { problem, words: words.to_owned() }
}

#[test]
fn a_url_is_one_of_its_service_and_is_sealed_as_it_was_pasted() {
    for (service, text) in [
        (Service::Slack, SLACK),
        (Service::Teams, TEAMS),
        (Service::Teams, OLD_TEAMS),
        (Service::Discord, DISCORD),
        (Service::Discord, "https://discord.com/api/v10/webhooks/1/tok"),
        (Service::Discord, "https://ptb.discord.com/api/webhooks/1/tok?thread_id=5"),
    ] {
        assert_eq!(url(service, &format!(" {text}\n")).as_deref(), Ok(text));
    }
}

#[test]
fn what_is_wrong_with_a_url_is_named() {
    for (service, text, invalid) in [
        (Service::Slack, " ", Invalid::Empty),
        (Service::Slack, "hooks.slack.com/services/T/B/x", Invalid::NotAUrl),
        (Service::Slack, "http://hooks.slack.com/services/T/B/x", Invalid::NotHttps),
        (Service::Slack, "https://hooks.slack.com/triggers/T/1/x", Invalid::SlackNotIncoming),
        (Service::Slack, "https://hooks.slack.com/services/T/B", Invalid::SlackNotIncoming),
        (Service::Slack, "https://hooks.slack.com/services/T/B/x/", Invalid::SlackNotIncoming),
        (Service::Slack, "https://hooks.slack.com.evil.example/services/T/B/x", Invalid::OtherHost),
        (Service::Slack, "https://hooks.slack.com:8443/services/T/B/x", Invalid::NotAUrl),
        (Service::Slack, "https://a@hooks.slack.com/services/T/B/x", Invalid::NotAUrl),
        (Service::Slack, "https://a.slack.com@evil.example/services/T/B/x", Invalid::OtherHost),
        (Service::Slack, "https://127.0.0.1/services/T/B/x", Invalid::OtherHost),
        (Service::Slack, "https://hooks.slack.com/services/T/B/x\u{202e}", Invalid::NotAUrl),
        (Service::Slack, DISCORD, Invalid::OtherService(Service::Discord)),
        (Service::Discord, SLACK, Invalid::OtherService(Service::Slack)),
        (Service::Discord, "https://discord.com/api/webhooks/1/tok/slack", Invalid::DiscordNotWebhook),
        (Service::Discord, "https://discord.com/channels/1/2", Invalid::DiscordNotWebhook),
        (Service::Teams, "https://a.webhook.office.com/webhookb2/x", Invalid::TeamsConnector),
        (Service::Teams, "https://outlook.office.com/webhook/x", Invalid::TeamsConnector),
        (Service::Teams, "https://evil-logic.azure.com/workflows/9f/triggers/manual/paths/invoke?sig=x", Invalid::OtherHost),
        (Service::Teams, &TEAMS[..TEAMS.len() - 10], Invalid::TeamsIncomplete),
        (Service::Teams, "https://prod-1.x.logic.azure.com/workflows/9f?sig=x", Invalid::TeamsIncomplete),
    ] {
        assert_eq!(url(service, text), Err(invalid), "{text}");
    }
    assert_eq!(url(Service::Slack, &format!("{SLACK}{}", "x".repeat(2048))), Err(Invalid::TooLong));
}

#[test]
fn a_bot_has_a_token_and_a_chat() {
    for chat in ["-1001234567890", "42", "@neem_payments"] {
        assert_eq!(telegram(TOKEN, chat).unwrap().expose(), format!("{TOKEN}\n{chat}"));
    }
    for (token, chat, invalid) in [
        ("", "1", Invalid::Empty),
        ("123", "1", Invalid::TelegramToken),
        ("123456789:short", "1", Invalid::TelegramToken),
        ("https://api.telegram.org/bot1:x/sendMessage", "1", Invalid::TelegramToken),
        (TOKEN, "", Invalid::TelegramChat),
        (TOKEN, "0", Invalid::TelegramChat),
        (TOKEN, "@1abc", Invalid::TelegramChat),
        (TOKEN, "neem", Invalid::TelegramChat),
        (TOKEN, "1/../x", Invalid::TelegramChat),
    ] {
        assert_eq!(telegram(token, chat).map(drop), Err(invalid), "{token} {chat}");
    }
    assert!(Invalid::TelegramChat.is_of_chat() && !Invalid::TelegramToken.is_of_chat());
}

#[test]
fn only_the_last_characters_of_the_secret_are_shown() {
    let credential = telegram(TOKEN, "42").unwrap();
    assert_eq!((credential.last_chars().as_str(), format!("{credential:?}").as_str()), ("3456", "Credential(…)"));
}

#[test]
fn slack_gets_plain_text_and_escaped_links() {
    let credential = Credential::from_stored(SLACK);
    let (url, body) = posted(Service::Slack, &credential);
    assert_eq!(url, SLACK);
    let plain = |text: &str| json!({ "type": "plain_text", "text": text, "emoji": false });
    let section = |text: &str| json!({ "type": "section", "text": plain(text) });
    assert_eq!(
        body,
        json!({
            "text": "Neem &lt;Tree&gt; &amp; *Co*",
            "mrkdwn": false,
            "blocks": [
                { "type": "header", "text": plain("Neem <Tree> & *Co*") },
                section("<!channel> [a](http://x.example) @everyone"),
                section("> नीम"),
                section("Amount: ₹2,499.00 _a_"),
                { "type": "section", "text": { "type": "mrkdwn", "text": "<https://pay.example/a?b=1&amp;c=2|Open &lt;alert&gt;>" } },
                { "type": "context", "elements": [plain("KS Pay")] },
            ],
        })
    );
}

#[test]
fn teams_gets_a_card_without_markdown() {
    let (url, body) = posted(Service::Teams, &Credential::from_stored(TEAMS));
    assert_eq!(url, TEAMS);
    let attachment = &body["attachments"][0];
    assert_eq!((&body["type"], &attachment["contentUrl"]), (&json!("message"), &Value::Null));
    assert_eq!(attachment["contentType"], "application/vnd.microsoft.card.adaptive");
    let card = &attachment["content"];
    assert_eq!((&card["type"], &card["version"]), (&json!("AdaptiveCard"), &json!("1.2")));
    assert_eq!(
        card["actions"],
        json!([{ "type": "Action.OpenUrl", "title": "Open <alert>", "url": "https://pay.example/a?b=1&c=2" }])
    );
    let blocks = card["body"].as_array().unwrap();
    assert!(blocks.len() == 5 && blocks.iter().all(|block| block["type"] == "RichTextBlock"));
    assert_eq!(blocks[1]["inlines"][0]["text"], "<!channel> [a](http://x.example) @everyone");
}

#[test]
fn discord_gets_escaped_markdown_without_mentions() {
    let (url, body) = posted(Service::Discord, &Credential::from_stored(&format!("{DISCORD}?thread_id=5&wait=false")));
    assert_eq!(url, format!("{DISCORD}?wait=true&thread_id=5"));
    assert_eq!(body["allowed_mentions"], json!({ "parse": [] }));
    let embed = &body["embeds"][0];
    assert_eq!(embed["title"], "Neem \\<Tree> & \\*Co\\*");
    assert_eq!(
        embed["description"],
        "\\<!channel> \\[a\\](http://x.example) \\@everyone\n\n\\> नीम\n\nOpen \\<alert>: https://pay.example/a?b=1&c=2"
    );
    assert_eq!(embed["fields"], json!([{ "name": "Amount", "value": "₹2,499.00 \\_a\\_", "inline": true }]));
}

#[test]
fn telegram_gets_plain_text_without_a_preview() {
    let (url, body) = posted(Service::Telegram, &telegram(TOKEN, "-1001234567890").unwrap());
    assert_eq!(url, format!("https://api.telegram.org/bot{TOKEN}/sendMessage"));
    assert_eq!(body["chat_id"], -1_001_234_567_890_i64);
    assert!(body.get("parse_mode").is_none() && body["link_preview_options"] == json!({ "is_disabled": true }));
    assert!(body["text"].as_str().unwrap().starts_with("Neem <Tree> & *Co*\n\n<!channel> [a]"));
    let (_, named) = posted(Service::Telegram, &telegram(TOKEN, "@neem_payments").unwrap());
    assert_eq!(named["chat_id"], "@neem_payments");
}

#[test]
fn a_long_message_is_within_the_limits_of_every_service() {
    let long = |character: &str| character.repeat(20_000);
    let content = Content {
        subject: long("_"),
        paragraphs: vec![long("नी"), long("*")],
        body: Vec::new(),
        facts: (0..60).map(|number| (format!("{number}"), long("~"))).collect(),
        ..content()
    };
    let text = |value: &Value| value.as_str().unwrap().encode_utf16().count();
    let body = |service: Service, credential: &Credential| service.post(credential, &content).unwrap().body;
    let discord: Value = serde_json::from_slice(&body(Service::Discord, &Credential::from_stored(DISCORD))).unwrap();
    let embed = &discord["embeds"][0];
    let fields = embed["fields"].as_array().unwrap();
    let all = text(&embed["title"]) + text(&embed["description"]) + text(&embed["footer"]["text"]);
    assert!(text(&embed["title"]) <= 256 && text(&embed["description"]) <= 4_096 && all < 6_000 && fields.len() <= 25);
    let slack: Value = serde_json::from_slice(&body(Service::Slack, &Credential::from_stored(SLACK))).unwrap();
    let blocks = slack["blocks"].as_array().unwrap();
    assert!(blocks.len() <= 50 && text(&blocks[0]["text"]["text"]) <= 150);
    assert!(blocks.iter().filter(|block| block["type"] == "section").all(|block| text(&block["text"]["text"]) <= 3_000));
    assert!(body(Service::Teams, &Credential::from_stored(TEAMS)).len() < 28_000);
    let telegram: Value = serde_json::from_slice(&body(Service::Telegram, &telegram(TOKEN, "42").unwrap())).unwrap();
    assert!(text(&telegram["text"]) <= 4_096);
}

#[test]
fn a_response_is_read_as_its_service_documents_it() {
    for (service, status, body, answer) in [
        (Service::Slack, 200, "ok", Answer::Accepted),
        (Service::Slack, 429, "", later(7, Problem::RateLimited, "")),
        (Service::Slack, 500, "rollup_error", later(7, Problem::ServiceFault, "rollup_error")),
        (Service::Slack, 400, "invalid_payload", never(Problem::MessageRejected, "invalid_payload")),
        (Service::Slack, 403, "action_prohibited", never(Problem::NotAllowed, "action_prohibited")),
        (Service::Slack, 404, "no_service", never(Problem::Removed, "no_service")),
        (Service::Slack, 410, "channel_is_archived", never(Problem::NotAllowed, "channel_is_archived")),
        (Service::Slack, 302, "", never(Problem::MessageRejected, "")),
        (Service::Teams, 202, "", Answer::Accepted),
        (Service::Teams, 401, "", never(Problem::NotAllowed, "")),
        (Service::Discord, 200, "{}", Answer::Accepted),
        (
            Service::Discord,
            429,
            r#"{"message":"You are being rate limited.","retry_after":64.57}"#,
            later(65, Problem::RateLimited, "You are being rate limited."),
        ),
        (Service::Discord, 404, r#"{"code":10015,"message":"Unknown Webhook"}"#, never(Problem::Removed, "Unknown Webhook")),
        (
            Service::Discord,
            400,
            r#"{"code":50035,"message":"Invalid Form Body"}"#,
            never(Problem::MessageRejected, "Invalid Form Body"),
        ),
        (Service::Telegram, 200, r#"{"ok":true,"result":{}}"#, Answer::Accepted),
        (
            Service::Telegram,
            429,
            r#"{"ok":false,"description":"Too Many Requests: retry after 12","parameters":{"retry_after":12}}"#,
            later(12, Problem::RateLimited, "Too Many Requests: retry after 12"),
        ),
        (
            Service::Telegram,
            400,
            r#"{"ok":false,"description":"Bad Request: group chat was upgraded to a supergroup chat","parameters":{"migrate_to_chat_id":-1001}}"#,
            Answer::Moved { chat: -1001 },
        ),
        (
            Service::Telegram,
            403,
            r#"{"ok":false,"description":"Forbidden: bot was kicked from the group chat"}"#,
            never(Problem::NotAllowed, "Forbidden: bot was kicked from the group chat"),
        ),
        (
            Service::Telegram,
            400,
            r#"{"ok":false,"description":"Bad Request: chat not found"}"#,
            never(Problem::ChatNotFound, "Bad Request: chat not found"),
        ),
        (Service::Telegram, 401, r#"{"ok":false,"description":"Unauthorized"}"#, never(Problem::Removed, "Unauthorized")),
        (Service::Telegram, 200, "<html>", never(Problem::MessageRejected, "<html>")),
    ] {
        assert_eq!(read(service, status, body), answer, "{service} {status} {body}");
    }
}

#[test]
fn a_responses_own_words_are_short_and_clean() {
    let words = own_words(format!("a\u{202e}\r\n b\0{}", "x".repeat(500)).as_bytes());
    assert!(words.starts_with("a b") && words.chars().count() == 300 && !words.chars().any(char::is_control));
    assert_eq!(pause(Some("1e9")), Some(MAX_PAUSE));
    assert_eq!((pause(Some("-1")), pause(Some("soon")), pause(None)), (None, None, None));
}

#[test]
fn a_chat_that_moved_keeps_its_bot() {
    let moved = telegram::moved(&telegram(TOKEN, "-5").unwrap(), -1001).unwrap();
    assert_eq!(moved.expose(), format!("{TOKEN}\n-1001"));
}

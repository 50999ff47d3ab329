//! Microsoft Teams: the workflow "When a Teams webhook request is received". Texts are in `TextRun`s, where Teams reads no Markdown.
//!
//! A workflow accepts a message before it posts it, so that success means only that it was accepted.

use serde_json::{Value, json};

use super::{Answer, Credential, Invalid, Response, Service, address, fit, own_words, read_status};
use crate::notifications::Content;

/// The limit of a message, in UTF-16 units: three bytes each are less than the 28 KB of a card.
const MAX_MESSAGE: usize = 6_000;
/// The ends of the hosts of workflows, on a label boundary.
const WORKFLOW_HOSTS: &[&str] = &[".logic.azure.com", ".environment.api.powerplatform.com"];
/// The end of the path of a workflow's trigger.
const TRIGGER: &str = "/triggers/manual/paths/invoke";

pub(super) fn is_workflow_host(host: &str) -> bool {
    WORKFLOW_HOSTS.iter().any(|end| host.strip_suffix(end).is_some_and(|label| !label.is_empty()))
}

/// True for the hosts of connectors, which no longer post.
pub(super) fn is_connector_host(host: &str) -> bool {
    host == "outlook.office.com" || host == "webhook.office.com" || host.ends_with(".webhook.office.com")
}

pub(super) fn parse(pasted: &str) -> Result<Credential, Invalid> {
    let (url, credential) = address::parse(Service::Teams, pasted)?;
    if url.host_str().is_some_and(is_connector_host) {
        return Err(Invalid::TeamsConnector);
    }
    let is_signed = url.query_pairs().any(|(name, value)| name == "sig" && !value.is_empty());
    if url.path().contains("/workflows/") && url.path().ends_with(TRIGGER) && is_signed {
        Ok(credential)
    } else {
        Err(Invalid::TeamsIncomplete)
    }
}

pub(super) fn body(content: &Content) -> Value {
    let content = fit::shortened(content, MAX_MESSAGE);
    let mut body = vec![text(&[json!({ "type": "TextRun", "text": content.subject, "size": "Large", "weight": "Bolder" })])];
    body.extend(content.paragraphs.iter().map(|paragraph| text(&[run(paragraph)])));
    body.extend(content.facts.iter().map(|(label, value)| {
        text(&[json!({ "type": "TextRun", "text": format!("{label}: "), "weight": "Bolder" }), run(value)])
    }));
    body.extend(content.footer.iter().map(|footer| text(&[json!({ "type": "TextRun", "text": footer, "isSubtle": true })])));
    let open =
        |action: &crate::notifications::Action| json!({ "type": "Action.OpenUrl", "title": action.label, "url": action.url });
    let actions: Vec<Value> = content.action.iter().map(open).collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.2",
                "body": body,
                "actions": actions,
            },
        }],
    })
}

fn text(runs: &[Value]) -> Value {
    json!({ "type": "RichTextBlock", "inlines": runs })
}

fn run(text: &str) -> Value {
    json!({ "type": "TextRun", "text": text })
}

pub(super) fn read(response: &Response<'_>) -> Answer {
    read_status(response, &own_words(response.body))
}

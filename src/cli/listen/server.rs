//! Asks KS Pay for events, and decides which failures end the command.

use std::time::Duration;

use reqwest::{StatusCode, header};

use super::target::Endpoint;
use crate::{
    listening::protocol::{Batch, Poll},
    tokens::TokenValue,
};

/// The maximum size of a response: one event of 1 MiB in base64, or some smaller ones.
const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;
/// The pauses after consecutive failures, in seconds.
const PAUSES: [u64; 6] = [1, 2, 4, 8, 15, 30];
/// The longest `Retry-After` that is followed, in seconds; a longer one is shortened.
const MAX_RETRY_AFTER: u64 = 300;

/// KS Pay, with the token.
pub(super) struct Console {
    pub(super) endpoint: Endpoint,
    pub(super) token: TokenValue,
    /// The number of consecutive failures.
    pub(super) failures: usize,
}

/// The result of a request.
pub(super) enum Answer {
    Batch(Batch),
    /// Repeating the request cannot help: a sentence that says what to do.
    Refused(String),
    /// The request is repeated after a pause.
    Failed {
        sentence: String,
        pause: Duration,
    },
}

impl Console {
    /// Asks for events.
    pub(super) async fn poll(&mut self, poll: &Poll) -> Answer {
        let answer = self.ask(poll).await;
        match answer {
            Ok(batch) => {
                self.failures = 0;
                Answer::Batch(batch)
            }
            Err(Fault::Final(sentence)) => Answer::Refused(sentence),
            Err(Fault::Transient { sentence, retry_after }) => {
                let usual = PAUSES[self.failures.min(PAUSES.len() - 1)];
                self.failures += 1;
                let seconds = retry_after.map_or(usual, |asked| asked.clamp(1, MAX_RETRY_AFTER));
                Answer::Failed { sentence, pause: Duration::from_secs(seconds) }
            }
        }
    }

    async fn ask(&self, poll: &Poll) -> Result<Batch, Fault> {
        let Endpoint { url, client } = &self.endpoint;
        let body = serde_json::to_vec(poll).map_err(|_| Fault::Final("The request could not be created.".to_owned()))?;
        let request = client.post(url.clone()).bearer_auth(self.token.expose()).header(header::CONTENT_TYPE, "application/json");
        let response = request.body(body).send().await.map_err(|error| unreachable(&error))?;
        let (status, retry_after) = (response.status(), retry_after(&response));
        let body = read(response).await?;
        if status == StatusCode::OK {
            let malformed = || Fault::later("The response is not from KS Pay. Check --url.".to_owned());
            return serde_json::from_slice(&body).map_err(|_| malformed());
        }
        Err(of(status, &body, retry_after))
    }
}

enum Fault {
    Final(String),
    Transient { sentence: String, retry_after: Option<u64> },
}

impl Fault {
    const fn later(sentence: String) -> Self {
        Self::Transient { sentence, retry_after: None }
    }
}

/// Reads a response up to its maximum size.
async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Fault> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| unreachable(&error))? {
        if body.len() + chunk.len() > MAX_RESPONSE_BYTES {
            return Err(Fault::later("The response is too large to be from KS Pay. Check --url.".to_owned()));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn retry_after(response: &reqwest::Response) -> Option<u64> {
    response.headers().get(header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()
}

fn unreachable(error: &reqwest::Error) -> Fault {
    Fault::later(if error.is_timeout() {
        "KS Pay did not respond in time.".to_owned()
    } else if error.is_connect() {
        format!("Cannot connect to KS Pay: {}.", super::report::root_cause(error))
    } else {
        "The connection to KS Pay was cut.".to_owned()
    })
}

/// Returns what a status means. Only KS Pay's own responses name a reason.
fn of(status: StatusCode, body: &[u8], retry_after: Option<u64>) -> Fault {
    let parsed: Option<serde_json::Value> = serde_json::from_slice(body).ok();
    let reason = parsed.as_ref().and_then(|parsed| parsed["error"].as_str()).unwrap_or_default();
    let sentence = match (status.as_u16(), reason) {
        (401, _) => "The token is invalid, has expired or was removed. Create one on the app's settings page, under Tokens.",
        (403, "test_mode_only") => "The token is for Test mode only. Create one for Live mode too, or omit --live.",
        (403, _) => "A server in front of KS Pay denied access. Check --url and the proxy.",
        (404, "unknown_app") => "The token belongs to another app. Check --app.",
        (404 | 405, _) => {
            "KS Pay was not found at this address, or its version is too old. Check --url, then the version of the server."
        }
        (422, "too_far") => "Too many events have been stored since that time. Choose a later --since.",
        (400 | 413 | 422, _) => "The server does not understand this version of ks-pay. Use the same version as the server.",
        (301..=308, _) => {
            return Fault::Final(format!(
                "The server redirects (status {status}). Set --url to the address that it redirects to."
            ));
        }
        _ => return Fault::Transient { sentence: format!("KS Pay responded with status {}.", status.as_u16()), retry_after },
    };
    Fault::Final(sentence.to_owned())
}

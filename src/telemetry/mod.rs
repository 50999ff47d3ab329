//! Logs to stderr only, one line per event, never a secret, body, query or cookie. The rate is bounded, so that strangers
//! cannot fill the log.

mod repeats;

use std::panic::PanicHookInfo;

use serde_json::json;
use tracing_subscriber::{EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use self::repeats::Repeats;
use crate::primitives::time::Clock;

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Human-readable text.
    Text,
    /// One JSON object per line.
    Json,
}

/// The target of lines that a stranger can cause: each is written once a second, with the count of similar lines.
pub(crate) const OUTSIDE: &str = "ks_pay::outside";

const DEFAULT_FILTER: &str = "info,sqlx=warn,actix_server=warn";
/// Libraries log as errors what others cause: input that is not HTTP, and the names in a certificate that is refused.
const QUIET_LIBRARIES: &str = ",actix_http=off,rustls_platform_verifier=off";

/// Starts logging; a second call changes nothing.
pub(crate) fn start(format: LogFormat, filter: Option<&str>) {
    let filter = EnvFilter::builder()
        .with_default_directive(tracing::level_filters::LevelFilter::INFO.into())
        .parse_lossy(directives(filter.unwrap_or(DEFAULT_FILTER)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    let registry = tracing_subscriber::registry().with(filter);
    let repeats = Repeats::default();
    let started = match format {
        LogFormat::Json => registry.with(lines.json().with_filter(repeats.clone())).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false).with_filter(repeats.clone())).try_init(),
    };
    // The error means that logging has already started, as in tests.
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
        repeats.report_every_second();
    }
}

/// Logs a panic. A message that was formatted is withheld, since it can quote a secret.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let at = panic.location().map(ToString::to_string).unwrap_or_default();
    let message = panic.payload().downcast_ref::<&'static str>().copied().unwrap_or("withheld, since it can quote a secret");
    tracing::error!(at, message, "a thread panicked");
}

/// Returns the filter directives, with HTTP parse errors silenced unless debugging is requested.
fn directives(filter: &str) -> String {
    let wants_them = ["debug", "trace", "actix_http"].iter().any(|word| filter.to_lowercase().contains(word));
    if wants_them { filter.to_owned() } else { format!("{filter}{QUIET_LIBRARIES}") }
}

/// Formats a message of the CLI in the log's format.
pub(crate) fn line(format: LogFormat, level: &str, text: &str) -> String {
    match format {
        LogFormat::Text => text.to_owned(),
        LogFormat::Json => {
            json!({ "timestamp": Clock::system().now().rfc3339(), "level": level, "fields": { "message": text } }).to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parse_errors_are_logged_only_at_the_debug_level() {
        assert_eq!(directives("info"), "info,actix_http=off,rustls_platform_verifier=off");
        for asked in ["debug", "info,actix_http=warn", "ks_pay=TRACE"] {
            assert_eq!(directives(asked), asked);
        }
    }

    #[test]
    fn a_line_of_the_command_line_is_an_object_where_the_log_is() {
        assert_eq!(line(LogFormat::Text, "INFO", "listening"), "listening");
        let object: serde_json::Value = serde_json::from_str(&line(LogFormat::Json, "INFO", "listening")).unwrap();
        assert_eq!((&object["level"], &object["fields"]["message"]), (&"INFO".into(), &"listening".into()));
    }
}

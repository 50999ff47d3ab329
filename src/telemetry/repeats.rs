//! Limits the rate of log lines: within a second each line is written once, followed by a count of the repeats.
//!
//! Invariant: per second a call site writes a limited number of different lines, and a single line if anyone can trigger it.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    hash::{BuildHasher as _, RandomState},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tracing::{
    Event, Level, Metadata,
    callsite::Identifier,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Filter};

use super::OUTSIDE;

/// The target of the summaries themselves, which are not limited.
const SUMMARY: &str = "ks_pay::repeated";
const INTERVAL: Duration = Duration::from_secs(1);
/// The maximum number of different lines per second from a call site that only the server itself can trigger.
const MAX_DIFFERENT: usize = 8;
/// The same for lines about actions of users.
const MAX_DIFFERENT_INFO: usize = 100;
/// The maximum number of characters of a line that a summary repeats.
const MAX_SHOWN: usize = 200;

/// Counts the lines of the current second. Cheap to clone.
#[derive(Clone, Default)]
pub(super) struct Repeats(Arc<Counts>);

#[derive(Default)]
struct Counts {
    hasher: RandomState,
    places: Mutex<HashMap<Identifier, CallSite>>,
}

/// The lines of one call site within the second.
struct CallSite {
    level: Level,
    /// Hashes of the lines written.
    written: Vec<u64>,
    /// The first line that was suppressed, and the number of suppressed lines.
    unwritten: Option<(String, u64)>,
}

/// The summary of a call site's suppressed lines.
struct Summary {
    level: Level,
    text: String,
}

impl Repeats {
    /// Returns whether to write the line; counts it if not.
    fn admit(&self, metadata: &Metadata<'_>, line: impl FnOnce() -> Line) -> bool {
        let level = *metadata.level();
        if level > Level::INFO || metadata.target() == SUMMARY {
            return true;
        }
        let line = line();
        let hash = self.0.hasher.hash_one(&line.all);
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(metadata.callsite()).or_insert_with(|| CallSite { level, written: Vec::new(), unwritten: None });
        if place.written.len() < max_different(metadata) && !place.written.contains(&hash) {
            place.written.push(hash);
            return true;
        }
        place.unwritten.get_or_insert((line.message, 0)).1 += 1;
        false
    }

    /// Returns the summaries since the last call, and resets the counts.
    fn take(&self) -> Vec<Summary> {
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        let summaries = places.drain().filter_map(|(_, place)| {
            let (text, count) = place.unwritten?;
            let shown: String = text.chars().take(MAX_SHOWN).collect();
            Some(Summary { level: place.level, text: format!("{shown} ({count} more within a second)") })
        });
        summaries.collect()
    }

    /// Starts a thread that writes the summaries.
    pub(super) fn report_every_second(self) {
        let report = move || loop {
            std::thread::park_timeout(INTERVAL);
            for Summary { level, text } in self.take() {
                match level {
                    Level::ERROR => tracing::error!(target: SUMMARY, "{text}"),
                    Level::WARN => tracing::warn!(target: SUMMARY, "{text}"),
                    _ => tracing::info!(target: SUMMARY, "{text}"),
                }
            }
        };
        let _ = std::thread::Builder::new().name("log-summary".to_owned()).spawn(report);
    }
}

/// Returns the limit on different lines. Lines of libraries get the lowest, because anyone may trigger them.
fn max_different(metadata: &Metadata<'_>) -> usize {
    let target = metadata.target();
    if target == OUTSIDE || !target.starts_with("ks_pay") {
        return 1;
    }
    if *metadata.level() == Level::INFO { MAX_DIFFERENT_INFO } else { MAX_DIFFERENT }
}

impl<S> Filter<S> for Repeats {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        self.admit(event.metadata(), || {
            let mut line = Line::default();
            event.record(&mut line);
            line
        })
    }
}

/// The fields of an event.
#[derive(Default)]
struct Line {
    message: String,
    all: String,
}

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            let _ = write!(self.message, "{value:?}");
        }
        let _ = write!(self.all, "{}={value:?} ", field.name());
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::{Layer as _, layer::SubscriberExt as _};

    use super::*;

    /// Collects the output.
    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Returns the number of lines written for what `log` logs within a second, and the summaries.
    fn written(log: impl FnOnce()) -> (usize, Vec<String>) {
        let (out, repeats) = (Written::default(), Repeats::default());
        let writer = out.clone();
        let layer = tracing_subscriber::fmt::layer().with_writer(move || writer.clone()).with_filter(repeats.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), log);
        let lines = out.0.lock().unwrap().split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count();
        (lines, repeats.take().into_iter().map(|summary| summary.text).collect())
    }

    #[test]
    fn what_a_stranger_causes_is_written_once_and_counted() {
        let (lines, summaries) = written(|| {
            for number in 0..5000 {
                tracing::warn!(target: OUTSIDE, number, "a sign-in failed");
            }
        });
        assert_eq!((lines, summaries), (1, vec!["a sign-in failed (4999 more within a second)".to_owned()]));
    }

    #[test]
    fn libraries_and_equal_lines_are_written_once_and_a_few_different_ones_each() {
        let (lines, summaries) = written(|| {
            for number in 0..100 {
                tracing::error!(target: "sqlx::query", number, "slow");
                tracing::error!("the same");
                tracing::error!(number, "different");
            }
        });
        assert_eq!(lines, 2 + MAX_DIFFERENT);
        assert_eq!(summaries.len(), 3);
    }

    #[test]
    fn a_new_second_begins_anew_and_debug_lines_are_not_counted() {
        let repeats = Repeats::default();
        let layer = tracing_subscriber::fmt::layer().with_writer(std::io::sink).with_filter(repeats.clone());
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            for _ in 0..10 {
                tracing::debug!("detail");
                tracing::info!(target: SUMMARY, "more");
                tracing::warn!("once");
                assert!(repeats.take().is_empty());
            }
        });
    }
}

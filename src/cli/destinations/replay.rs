//! `ks-pay destination replay`: sends the events of a time range again.

use jiff::{Span, SpanRelativeTo};
use serde_json::json;

use super::{Failure, Installation, Io, Which, find};
use crate::{
    accounts::authz::Actor,
    primitives::time::Timestamp,
    replays::{self, Plan, Range, ReplayError, Scope},
};

/// The range to replay.
#[derive(clap::Args)]
pub(in crate::cli) struct Replay {
    #[command(flatten)]
    which: Which,
    /// Start of the range: RFC 3339, or how long ago, such as 2h
    #[arg(long, value_name = "T")]
    since: String,
    /// End of the range, not included: RFC 3339, or how long ago [default: now]
    #[arg(long, value_name = "T")]
    until: Option<String>,
    /// Send only failed and canceled deliveries
    #[arg(long)]
    failed: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Starts the replay, and prints how many events it will send.
pub(super) async fn run(at: &Installation, io: &mut Io<'_>, wanted: &Replay) -> Result<(), Failure> {
    let ((destination, app), now) = (find(at, &wanted.which).await?, at.clock.now());
    let range = range((&wanted.since, wanted.until.as_deref()), (at, now))?;
    let scope = if wanted.failed { Scope::Failed } else { Scope::Every };
    let plan = Plan::make(&mut at.db.reader().await?, &destination, (scope, range)).await?;
    let mut tx = at.db.begin().await?;
    let id = replays::start(&mut tx, &destination, &plan, (&Actor::command(app.company_id), now)).await?;
    tx.commit().await?;
    let (events, is_exact) = plan.count.map_or((0, false), |count| (count.events, count.is_complete));
    if wanted.json {
        return io.say(json!({ "replay": id.to_string(), "events": events, "is_exact": is_exact }));
    }
    io.say(format_args!("{events}{}", if is_exact { "" } else { " or more" }))
}

/// Parses a range, and limits it to the time for which bodies are stored.
pub(super) fn range((since, until): (&str, Option<&str>), (at, now): (&Installation, Timestamp)) -> Result<Range, Failure> {
    let since = moment("--since", since, now)?;
    let until = until.map(|until| moment("--until", until, now)).transpose()?;
    if until.is_some_and(|until| until <= since) {
        return Err(Failure::Failed("--until must be later than --since.".to_owned()));
    }
    let range = Range::until_now(Some(since), now);
    let range = Range { until: until.unwrap_or(range.until), ..range };
    Ok(range.with_bodies(at.config.body_retention, now))
}

/// Parses a time, or a duration before now.
fn moment(option: &str, typed: &str, now: Timestamp) -> Result<Timestamp, Failure> {
    let at = match (typed.parse::<jiff::Timestamp>(), typed.parse::<Span>()) {
        (Ok(at), _) => Timestamp::from_millis(at.as_millisecond()),
        (_, Ok(span)) => {
            let ago = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| wrong(option))?;
            now.minus(ago.try_into().map_err(|_| wrong(option))?)
        }
        _ => return Err(wrong(option)),
    };
    if at > now {
        return Err(Failure::Failed(format!("{option} is in the future. Use a time in the past.")));
    }
    Ok(at)
}

fn wrong(option: &str) -> Failure {
    Failure::Failed(format!("{option} must be a time such as 2026-11-22T14:30:00+05:30, or how long ago, such as 2h."))
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        match error {
            ReplayError::UseCase(error) => error.into(),
            ReplayError::IsRunning => Self::Failed(
                "A replay to this destination is still running. Wait until it ends, or cancel it on the destination's page."
                    .to_owned(),
            ),
        }
    }
}

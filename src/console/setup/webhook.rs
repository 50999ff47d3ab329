//! Step 2, Webhook: the URL and the secret to copy, and the panel with the webhook's activity.
//!
//! Invariant: no page contains the secret before Reveal, and *Mark as done* never changes what the panel shows.

use std::time::Duration;

use actix_web::HttpResponse;
use askama::Template;

use super::{
    account_mismatch::AccountMismatch,
    guide::{self, ShownStep},
    secrets_view::{self, SecretsView},
    test_event::{self, TestEventView},
    wizard::{ConnectionPath, StepChrome, Wizard},
};
use crate::{
    clock_check::SignedTimes,
    connections::{Connection, ConnectionState, MarkedStep, Step, activity::Activity, baseline, secret_set::SecretSet, secrets},
    console::{
        http::{
            error::AppError,
            layout::Layout,
            page::{RequestContext, see_other},
            signed_form::{EmptyForm, SignedForm},
        },
        read_models::rejection_summary,
    },
    db::{DbError, Reader},
    events::{self, Event},
    gateways::{Mode, guide::Guide},
    i18n::{Text, code, strong},
    messages::{
        self, DisplayTime, Notice,
        rejections::Explanation,
        text::{setup as t, shared, test_event as test_text, url_check as check_text},
    },
    primitives::{secret::Secret, time::Timestamp},
    rejections::{
        advice::{Finding, Start},
        store::recoveries,
    },
    test_events::{self, TestEvent},
    url_check, urls,
};

/// Number of events shown in the panel.
const MAX_FEED_ROWS: i64 = 3;
/// How long the report of a URL check is unfolded.
const FRESH_CHECK: Duration = Duration::from_mins(1);

/// One of the latest events.
pub(crate) struct FeedRow {
    pub(crate) id: String,
    pub(crate) name: Text,
    pub(crate) url: String,
    pub(crate) when: DisplayTime,
    /// True if its request was rejected before the event was recovered.
    pub(crate) is_recovered: bool,
    pub(crate) is_test: bool,
}

/// The Evidence panel.
pub(crate) struct EvidenceView {
    pub(crate) said: Notice,
    /// What is read aloud when it changes.
    pub(crate) news: Text,
    /// Until when the webhook worked, if it does not work now.
    pub(crate) worked: Option<Text>,
    /// True once a request arrived.
    pub(crate) has_facts: bool,
    /// URL to enable the connection, if only the connection is disabled.
    pub(crate) enable_url: Option<String>,
    pub(crate) first: Option<DisplayTime>,
    pub(crate) last: Option<DisplayTime>,
    pub(crate) verified: String,
    /// The number of rejected requests in all, with the time of the last.
    pub(crate) rejected_total: Text,
    pub(crate) failing_since: Option<DisplayTime>,
    pub(crate) failing: String,
    /// A sentence on requests rejected while the webhook works, and their URL.
    pub(crate) rejected: Option<(Text, String)>,
    /// True if the fix begins with the secret of this page.
    pub(crate) is_fixed_by_secret: bool,
    /// How long the gateway tolerates the failures.
    pub(crate) countdown: Option<(&'static str, Text)>,
    /// The expected gateway accounts.
    pub(crate) accounts: Vec<String>,
    /// The latest unexpected account, with its time.
    pub(crate) other_account: Option<Text>,
    /// The typical rate of events.
    pub(crate) pace: Option<Text>,
    /// URL of the rejection that the panel describes.
    pub(crate) rejection: Option<String>,
    /// True if its requests can be recovered with the secret they were signed with.
    pub(crate) is_recoverable: bool,
    pub(crate) feed: Vec<FeedRow>,
    pub(crate) all_url: String,
}

/// What the form of the URL shows; nothing once the webhook is verified.
#[derive(Default)]
pub(crate) struct UrlFindings {
    /// Why the gateway can't reach the URL.
    pub(crate) objections: Vec<Text>,
    pub(crate) advice: Option<Text>,
    /// States that the URL is within the gateway's limits, if it has any.
    pub(crate) allowed: Option<Text>,
}

/// `…/webhook`
#[derive(Template)]
#[template(path = "setup/webhook.html")]
pub(crate) struct Webhook {
    pub(crate) layout: Layout,
    pub(crate) chrome: StepChrome,
    pub(crate) url: String,
    pub(crate) findings: UrlFindings,
    /// The report of the last check of this URL, and its time.
    pub(crate) check: Option<(messages::url_check::Report, DisplayTime)>,
    pub(crate) test_event: Option<TestEventView>,
    pub(crate) secret: Option<String>,
    pub(crate) secret_created: Option<DisplayTime>,
    pub(crate) secrets: SecretsView,
    /// True if the URL was checked just now: the report is then in sight.
    pub(crate) is_check_fresh: bool,
    pub(crate) guide: &'static Guide,
    pub(crate) steps: Vec<ShownStep>,
    pub(crate) mode: Mode,
    pub(crate) state: ConnectionState,
    /// The latest unexpected account, and what to do about it.
    pub(crate) other_account: Option<(String, Notice)>,
    pub(crate) both_modes: Option<Notice>,
    /// Deviation of the server's clock from the times in this webhook's events.
    pub(crate) clock: Option<Notice>,
    pub(crate) activity: EvidenceView,
    pub(crate) done: Option<(String, DisplayTime)>,
    pub(crate) stream: String,
}

impl Webhook {
    pub(crate) fn is_failing(&self) -> bool {
        self.state == ConnectionState::Failing
    }

    pub(crate) fn is_off(&self) -> bool {
        self.state == ConnectionState::Off
    }

    /// True if the page has a hidden secret to copy.
    fn can_copy_secret(&self) -> bool {
        self.secret.is_none() && self.secrets.entry.is_none() && self.secrets.can_reveal()
    }

    /// True once an event was verified: what is needed for the set-up then folds.
    fn is_folded(&self) -> bool {
        self.activity.first.is_some()
    }

    fn whose_account(&self, account: &str) -> Text {
        messages::account_mismatch::whose_account(self.chrome.gateway, account, self.mode)
    }

    /// What verified events mean for a step that is marked, with what identifies it in tests.
    fn step_note(&self) -> Option<(&'static str, Text)> {
        match self.state {
            ConnectionState::Off => None,
            ConnectionState::Failing => Some(("step-failing", t::step_failing())),
            _ if self.is_proven() => Some(("step-proven", t::step_proven())),
            _ => Some(("step-marked-unproven", t::step_marked_unproven())),
        }
    }

    /// True if it has verified an event and is not failing.
    pub(crate) fn is_proven(&self) -> bool {
        self.activity.first.is_some() && self.state != ConnectionState::Failing
    }
}

/// `GET …/webhook`
pub(crate) async fn show(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(page, &names).await?;
    let view = view(&wizard, None).await?;
    wizard.page.ok(&view)
}

/// `GET` of the step's form actions: redirects to the step, with the secret hidden.
pub(crate) async fn form_page(page: RequestContext, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Ok(see_other(&Wizard::open(page, &names).await?.url(Step::Webhook)))
}

/// `POST …/webhook/reveal`: the only POST that responds 200 with a page. The Copy button next to the hidden secret also posts
/// it, with `then=copy`: without scripts the page has no other way to copy it, so both reveal it.
pub(crate) async fn reveal(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    let wizard = Wizard::open(posted.page, &names).await?;
    wizard.require_own_secret()?;
    wizard.confirm(Step::Webhook, &posted.action, messages::access::REVEAL).await?;
    let (page, connection) = (&wizard.page, &wizard.connection);
    let mut tx = page.state.db.begin().await?;
    let secret = secrets::reveal(&mut tx, &page.state.vault, connection, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    let view = view(&wizard, secret).await?;
    tracing::info!(connection = %connection.id, user = %page.signed_in.user.id, "a secret was revealed");
    page.ok(&view)
}

/// `POST …/webhook/completion`: **Mark as done**. Keeps the first name and time.
pub(crate) async fn complete(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Wizard::open(posted.page, &names).await?.set_step_done(MarkedStep::Webhook, true).await
}

/// `POST …/webhook/completion/removal`
pub(crate) async fn reopen(posted: SignedForm<EmptyForm>, names: ConnectionPath) -> Result<HttpResponse, AppError> {
    Wizard::open(posted.page, &names).await?.set_step_done(MarkedStep::Webhook, false).await
}

/// Judges the URL of a webhook that is not verified: events that arrive are better proof than the form of the URL.
fn url_findings(connection: &Connection, url: &str, state: ConnectionState) -> UrlFindings {
    if state == ConnectionState::Verified {
        return UrlFindings::default();
    }
    let (gateway, adapter) = (connection.gateway, connection.gateway.adapter());
    let allowed = |max| t::url_allowed(gateway.label(), url.chars().count(), max);
    UrlFindings {
        objections: url_check::objections(gateway, url).into_iter().map(Text::verbatim).collect(),
        advice: adapter.url_advice(url).map(Text::verbatim),
        allowed: adapter.max_url_chars().map(allowed),
    }
}

/// A secret that does not open is not revealed; the page explains what to do.
async fn view(wizard: &Wizard, revealed: Option<Secret>) -> Result<Webhook, AppError> {
    let (page, connection) = (&wizard.page, &wizard.connection);
    let state = wizard.setup().state(page.now);
    let mut reader = page.state.db.page_reader().await?;
    let secrets = SecretSet::load(&mut reader, connection, page.now).await?;
    let last = last(&mut reader, wizard).await?;
    let mismatch = AccountMismatch::find(&mut reader, wizard).await?;
    let check = url_check::store::find(&mut reader, connection.id).await?;
    let last_test = test_events::store::find_last(&mut reader, connection.id).await?;
    let rejected = rejected(&mut reader, wizard).await?;
    let signed_times = SignedTimes::load(&mut reader, page.now).await?;
    drop(reader);
    let active = secrets.active().map(|held| &held.stored);
    let secret = revealed.map(|secret| connection.gateway.adapter().format_secret(&secret));
    let url = urls::webhook_url(page.state.base(), &connection.endpoint);
    let profile = connection.gateway.profile();
    let check = check.filter(|check| check.url == url);
    let is_check_fresh = check.as_ref().is_some_and(|check| page.now.since(check.checked_at) < FRESH_CHECK);
    let (layout, chrome) = wizard.chrome(Step::Webhook, profile.texts.setup.webhook_heading.clone());
    let steps = guide::steps(connection, &wizard.app.email, &wizard.url(Step::Integration));
    Ok(Webhook {
        layout,
        check: check
            .map(|check| (messages::url_check::report(connection.gateway, &check), messages::when(check.checked_at, page.now))),
        test_event: test_event::view(wizard, &secrets, last_test),
        findings: url_findings(connection, &url, state),
        url,
        secret,
        secrets: secrets_view::view(wizard, &secrets, &chrome.url),
        secret_created: active.map(|secret| DisplayTime::of_day(secret.created_at, page.now)),
        guide: &profile.guide,
        steps,
        is_check_fresh,
        mode: connection.mode,
        state,
        other_account: mismatch.account.clone().zip(messages::account_mismatch::other_account(
            connection.gateway,
            &wizard.activity,
            page.now,
        )),
        both_modes: mismatch
            .payment
            .as_deref()
            .map(|payment| messages::account_mismatch::both_modes(connection.gateway, payment)),
        clock: signed_times.difference(page.now).map(messages::clock::for_merchant),
        activity: evidence_view(wizard, state, &last, rejected),
        done: connection.webhook_done_by.clone().zip(connection.webhook_done_at.map(|at| DisplayTime::of_day(at, page.now))),
        stream: urls::evidence_stream(&chrome.url),
        chrome,
    })
}

/// One of the latest events.
struct LastEvent {
    event: Event,
    /// True if it was recovered, which means that the gateway's own request did not verify.
    is_recovered: bool,
    test: Option<TestEvent>,
}

impl LastEvent {
    /// True if the gateway's own request verified.
    const fn is_of_gateway(&self) -> bool {
        !self.is_recovered && self.test.is_none()
    }
}

/// URL and start of the fix, and the explanation of a rejected request.
type Rejected = ((String, Finding), Explanation);

async fn last(reader: &mut Reader, wizard: &Wizard) -> Result<Vec<LastEvent>, DbError> {
    let last = events::store::list_last(&mut *reader, wizard.connection.id, MAX_FEED_ROWS).await?;
    let ids = || last.iter().map(|event| event.id);
    let recovered = recoveries::list_among(&mut *reader, wizard.app.id, ids()).await?;
    let tests = test_events::store::list_among(reader, wizard.app.id, ids()).await?;
    let with_origin = |event: Event| LastEvent {
        is_recovered: recovered.contains(&event.id),
        test: tests.iter().find(|test| test.event_id == event.id).copied(),
        event,
    };
    Ok(last.into_iter().map(with_origin).collect())
}

/// Returns the latest request rejected since the last verified event: its URL, what is known of it, and its explanation.
async fn rejected(reader: &mut Reader, wizard: &Wizard) -> Result<Option<Rejected>, DbError> {
    let cause = rejection_summary::cause(reader, &wizard.app, &wizard.activity).await?;
    let of = |(rejection, explanation)| {
        let finding = Finding::from(&rejection);
        ((urls::rejection(wizard.app.id, rejection.id), finding), explanation)
    };
    Ok(cause.map(of))
}

fn evidence_view(wizard: &Wizard, state: ConnectionState, last: &[LastEvent], rejected: Option<Rejected>) -> EvidenceView {
    let (activity, now) = (&wizard.activity, wizard.page.now);
    let (rejection, explanation) = rejected.unzip();
    let (rejection, finding) = rejection.unzip();
    let verified = last.iter().find(|last| last.is_of_gateway()).map(|last| &last.event);
    let is_failing = state == ConnectionState::Failing;
    let proven_since = activity.failing_since.filter(|_| is_failing);
    let when = |at: Option<Timestamp>| at.map(|at| messages::when(at, now));
    let latest = (verified, explanation.as_ref());
    let said = messages::sentence_of_connection(&wizard.connection, (state, wizard.app.is_enabled), activity, latest, now);
    EvidenceView {
        news: messages::news(&said, (wizard.connection.gateway, state), activity, latest),
        said,
        worked: worked(state, activity, now),
        has_facts: activity.verified_count > 0 || activity.rejected_count > 0 || !last.is_empty(),
        enable_url: wizard.enable_url(),
        is_fixed_by_secret: is_failing && finding.is_some_and(|finding| finding.start() == Start::Secret),
        is_recoverable: finding.is_some_and(Finding::is_recoverable_by_secret),
        rejection: rejection.filter(|_| state != ConnectionState::Verified),
        first: when(activity.first_verified_at),
        last: when(activity.last_verified_at),
        verified: messages::number_text(activity.verified_count),
        rejected_total: match (activity.rejected_count, when(activity.last_rejected_at)) {
            (0, _) => t::none(),
            (count, None) => Text::verbatim(count),
            (count, Some(last)) => t::rejected_last(count, last),
        },
        failing_since: when(proven_since),
        failing: messages::number_text(activity.failing_count),
        rejected: messages::rejected_meanwhile(state, activity, now)
            .map(|said| (Text::verbatim(said), urls::in_mode(&urls::rejections(wizard.app.id), wizard.connection.mode))),
        countdown: proven_since.and_then(|since| messages::countdown(wizard.connection.gateway, since, now)),
        accounts: activity.accounts().map(str::to_owned).collect(),
        other_account: activity.other_account.as_ref().map(|account| match when(activity.other_account_at) {
            Some(when) => t::account_at(code(account), when),
            None => Text::verbatim(code(account)),
        }),
        pace: baseline::typical_traffic(activity).map(|usual| Text::verbatim(messages::pace(&usual))),
        feed: last.iter().map(|last| row(wizard, last)).collect(),
        all_url: urls::in_mode(&urls::events(wizard.app.id), wizard.connection.mode),
    }
}

/// States until when a webhook worked that is disabled, or whose requests are rejected.
fn worked(state: ConnectionState, activity: &Activity, now: Timestamp) -> Option<Text> {
    let (first, last) = activity.first_verified_at.zip(activity.last_verified_at)?;
    let [first, last] = [first, last].map(|at| DisplayTime::of_day(at, now));
    matches!(state, ConnectionState::Failing | ConnectionState::Off)
        .then(|| t::worked_until(activity.verified_count, strong(), first, last))
}

fn row(wizard: &Wizard, LastEvent { event, is_recovered, test }: &LastEvent) -> FeedRow {
    FeedRow {
        id: event.id.to_string(),
        name: match test {
            Some(test) => messages::test_events::name(test),
            None => event.event_type.as_ref().map_or_else(t::unread_event, Text::verbatim),
        },
        url: urls::event(wizard.app.id, event.id),
        when: messages::when(event.last_received_at, wizard.page.now),
        is_recovered: *is_recovered,
        is_test: test.is_some(),
    }
}

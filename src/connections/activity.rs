//! The webhook activity of a connection: counts and times of verified and rejected requests, from which every state is
//! derived. Only this module accesses the `evidence` table.

mod rejected;

use std::collections::BTreeMap;

pub(crate) use self::rejected::{ProvenRequests, RejectedRequests};
use super::baseline::Baseline;
use crate::{
    db::{
        DbError, Exec, Tx,
        batch::{execute_rows, rows},
        execute, run, sql,
    },
    gateways::adapter::SignatureError,
    primitives::{
        id::{AppId, CompanyId, ConnectionId, RejectionId},
        time::{CLOCK_TOLERANCE, Timestamp},
    },
};

/// The selected columns, in the same order in every query.
macro_rules! columns {
    () => {
        "e.connection_id, e.verified_count, e.first_verified_at, e.last_verified_at, e.rejected_count, e.last_rejected_at, \
         e.last_reason, e.failing_since, e.failing_count, e.last_proven_at, e.failing_rejection_id, e.rejected_since, e.rejected_streak, e.version, e.baseline_since, e.baseline_minutes, e.baseline_pause, \
         e.previous_since, e.previous_minutes, e.previous_pause, \
         e.accounts, e.other_account, e.other_account_at"
    };
}

/// True if the added request ends the baseline's window: it is two weeks old and has enough active minutes. See
/// `baseline.rs`.
macro_rules! is_over {
    () => {
        "excluded.first_verified_at - activity.baseline_since >= 1209600000 AND activity.baseline_minutes >= 10"
    };
}

/// The pause that the added request ends, in milliseconds.
macro_rules! pause {
    () => {
        "CASE WHEN excluded.first_verified_at > activity.last_verified_at \
         THEN excluded.first_verified_at - activity.last_verified_at ELSE 0 END"
    };
}

/// True if the account is not an expected one. Ids contain no space, so a match is always a whole id. For an unknown account
/// the result is NULL, which is not true.
macro_rules! is_other {
    ($account:literal) => {
        concat!(
            "REPLACE(' ' || COALESCE(activity.accounts, excluded.accounts) || ' ', ' ' || ",
            $account,
            " || ' ', '') \
             = ' ' || COALESCE(activity.accounts, excluded.accounts) || ' '"
        )
    };
}

/// The time of the first added rejection, or of the last one if a request was verified in between.
macro_rules! begin {
    ($first:literal, $last:literal) => {
        concat!(
            "CASE WHEN activity.last_verified_at > excluded.",
            $first,
            " THEN excluded.",
            $last,
            " ELSE excluded.",
            $first,
            " END"
        )
    };
}

/// Start of the current run of rejections after adding some: requests rejected with no verified one in between. The earliest
/// time wins, independent of the order in which servers write.
macro_rules! since {
    ($first:literal, $last:literal) => {
        concat!(
            "CASE WHEN excluded.",
            $last,
            " IS NULL OR activity.last_verified_at > excluded.",
            $last,
            " OR activity.",
            $first,
            " <= ",
            begin!($first, $last),
            " THEN activity.",
            $first,
            " ELSE ",
            begin!($first, $last),
            " END"
        )
    };
}

/// Sets a column to the value of the most recently rejected request, independent of the order in which servers write.
macro_rules! of_latest {
    ($column:literal, $at:literal) => {
        concat!(
            $column,
            " = CASE WHEN excluded.",
            $at,
            " IS NULL OR activity.",
            $at,
            " > excluded.",
            $at,
            " THEN activity.",
            $column,
            " ELSE excluded.",
            $column,
            " END"
        )
    };
}

/// The number of requests in that run. Ignores added ones that precede the last verified request.
macro_rules! counted {
    ($count:literal, $last:literal) => {
        concat!(
            "activity.",
            $count,
            " + CASE WHEN excluded.",
            $last,
            " IS NULL OR activity.last_verified_at > excluded.",
            $last,
            " THEN 0 ELSE excluded.",
            $count,
            " END"
        )
    };
}

/// True if any time of the row is later than $1.
macro_rules! is_later {
    () => {
        "first_verified_at > $1 OR last_verified_at > $1 OR last_rejected_at > $1 OR failing_since > $1 OR last_proven_at > $1 \
         OR rejected_since > $1 OR other_account_at > $1 OR baseline_since > $1 OR previous_since > $1"
    };
}

/// Sets each of the columns to $2 if it is later than $1.
macro_rules! bounded {
    ($($time:literal),+) => {
        concat!($($time, " = CASE WHEN ", $time, " > $1 THEN $2 ELSE ", $time, " END, "),+)
    };
}

/// Resets a column of the baseline if any of its times is later than $1: it was recorded by a clock that was ahead.
macro_rules! begun_anew {
    ($column:literal, $first:literal) => {
        concat!(
            $column,
            " = CASE WHEN last_verified_at > $1 OR baseline_since > $1 OR previous_since > $1 THEN ",
            $first,
            " ELSE ",
            $column,
            " END, "
        )
    };
}

sql! {
    INSERT = "INSERT INTO activity (connection_id, verified_count, rejected_count, failing_count, version) VALUES ($1, 0, 0, 0, 0)";
    FIND = concat!("SELECT ", columns!(), " FROM activity e WHERE e.connection_id = $1");
    FIND_VERSION = "SELECT version FROM activity WHERE connection_id = $1";
    LIST_OF_COMPANY = concat!("SELECT ", columns!(), " FROM activity e JOIN connections c ON c.id = e.connection_id WHERE c.company_id = $1");
    /// Accepts only the account that the page showed, and limits the list: past the limit no account is added.
    ACCEPT_ACCOUNT = "UPDATE activity SET accounts = accounts || ' ' || other_account, other_account = NULL, other_account_at = NULL, \
                      version = version + 1 WHERE connection_id = $1 AND other_account = $2 AND LENGTH(accounts) < 1000";
    HAS_LATER = concat!("SELECT EXISTS (SELECT 1 FROM activity WHERE ", is_later!(), ")");
    /// Resets the baseline: its pauses were measured by a clock that jumped.
    BOUND = concat!("UPDATE activity SET ", bounded!("first_verified_at", "last_verified_at", "last_rejected_at", "failing_since",
             "last_proven_at", "rejected_since", "other_account_at"),
             begun_anew!("baseline_since", "$2"), begun_anew!("baseline_minutes", "0"), begun_anew!("baseline_pause", "0"),
             begun_anew!("previous_since", "NULL"), begun_anew!("previous_minutes", "0"), begun_anew!("previous_pause", "0"),
             "version = version + 1 WHERE ", is_later!());
    /// $2 is NULL where nothing more is proven. What came before the last verified event counts no more: of copies of which some
    /// came before it, at least one came later.
    ADD_PROVEN = "UPDATE activity SET \
                  failing_since = CASE WHEN CAST($2 AS BIGINT) IS NULL OR last_verified_at > $3 OR failing_since < $2 THEN failing_since \
                  WHEN last_verified_at > $2 THEN COALESCE(failing_since, $3) ELSE $2 END, \
                  failing_count = failing_count + CASE WHEN $2 IS NULL OR last_verified_at > $3 THEN 0 \
                  WHEN last_verified_at > $2 AND $4 > 1 THEN 1 ELSE $4 END, \
                  failing_rejection_id = CASE WHEN $2 IS NULL OR last_proven_at > $3 THEN failing_rejection_id ELSE $5 END, \
                  last_proven_at = CASE WHEN $2 IS NULL OR last_proven_at > $3 THEN last_proven_at ELSE $3 END, \
                  version = version + 1 WHERE connection_id = $1";
    LIST_OF_APP = concat!("SELECT ", columns!(), " FROM activity e JOIN connections c ON c.id = e.connection_id WHERE c.app_id = $1");
}

rows! {
    VERIFIED = "INSERT INTO activity (connection_id, verified_count, first_verified_at, last_verified_at, accounts, other_account, \
                rejected_count, failing_count, version) VALUES",
               "(?, ?, ?, ?, ?, ?, 0, 0, 1)",
               concat!("ON CONFLICT (connection_id) DO UPDATE SET verified_count = activity.verified_count + excluded.verified_count, \
                first_verified_at = COALESCE(activity.first_verified_at, excluded.first_verified_at), \
                last_verified_at = CASE WHEN activity.last_verified_at > excluded.last_verified_at THEN activity.last_verified_at ELSE excluded.last_verified_at END, \
                failing_since = CASE WHEN activity.last_proven_at > excluded.last_verified_at THEN activity.failing_since END, \
                failing_count = CASE WHEN activity.last_proven_at > excluded.last_verified_at THEN activity.failing_count ELSE 0 END, \
                rejected_since = CASE WHEN activity.last_rejected_at > excluded.last_verified_at THEN activity.rejected_since END, \
                rejected_streak = CASE WHEN activity.last_rejected_at > excluded.last_verified_at THEN activity.rejected_streak ELSE 0 END, \
                baseline_since = CASE WHEN activity.baseline_since IS NULL OR ", is_over!(), " THEN excluded.first_verified_at ELSE activity.baseline_since END, \
                baseline_minutes = CASE WHEN ", is_over!(), " THEN 0 ELSE activity.baseline_minutes END \
                + CASE WHEN activity.last_verified_at / 60000 >= excluded.last_verified_at / 60000 THEN 0 ELSE 1 END, \
                baseline_pause = CASE WHEN NOT (", is_over!(), ") AND activity.baseline_pause > ", pause!(), " THEN activity.baseline_pause ELSE ", pause!(), " END, \
                previous_since = CASE WHEN ", is_over!(), " THEN activity.baseline_since ELSE activity.previous_since END, \
                previous_minutes = CASE WHEN ", is_over!(), " THEN activity.baseline_minutes ELSE activity.previous_minutes END, \
                previous_pause = CASE WHEN ", is_over!(), " THEN activity.baseline_pause ELSE activity.previous_pause END, \
                accounts = COALESCE(activity.accounts, excluded.accounts), \
                other_account = CASE WHEN ", is_other!("excluded.other_account"), " THEN excluded.other_account \
                WHEN ", is_other!("excluded.accounts"), " THEN excluded.accounts ELSE activity.other_account END, \
                other_account_at = CASE WHEN ", is_other!("excluded.other_account"), " OR ", is_other!("excluded.accounts"), " \
                THEN excluded.last_verified_at ELSE activity.other_account_at END, \
                version = activity.version + 1");
    /// Written after the response, so a verification may have been stored meanwhile: earlier rejections are then ignored.
    /// `rejected_since` and `failing_since` receive the time of the first added request.
    REFUSED = "INSERT INTO activity (connection_id, verified_count, rejected_count, last_rejected_at, last_reason, rejected_since, \
               rejected_streak, failing_since, failing_count, last_proven_at, failing_rejection_id, version) VALUES",
              "(?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
              concat!("ON CONFLICT (connection_id) DO UPDATE SET rejected_count = activity.rejected_count + excluded.rejected_count, \
               ", of_latest!("last_rejected_at", "last_rejected_at"), ", ", of_latest!("last_reason", "last_rejected_at"), ", \
               rejected_since = ", since!("rejected_since", "last_rejected_at"), ", \
               rejected_streak = ", counted!("rejected_streak", "last_rejected_at"), ", \
               failing_since = ", since!("failing_since", "last_proven_at"), ", \
               failing_count = ", counted!("failing_count", "last_proven_at"), ", \
               ", of_latest!("last_proven_at", "last_proven_at"), ", ", of_latest!("failing_rejection_id", "last_proven_at"), ", \
               version = activity.version + 1");
}

/// The stored activity of one connection.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Activity {
    pub(crate) connection_id: ConnectionId,
    pub(crate) verified_count: i64,
    pub(crate) first_verified_at: Option<Timestamp>,
    pub(crate) last_verified_at: Option<Timestamp>,
    pub(crate) rejected_count: i64,
    pub(crate) last_rejected_at: Option<Timestamp>,
    last_reason: Option<String>,
    /// Time of the first proven request rejected since the last verified event.
    pub(crate) failing_since: Option<Timestamp>,
    /// Lower bound on the number of those requests: not every rejected request is diagnosed.
    pub(crate) failing_count: i64,
    /// Time of the latest proven request that was rejected.
    pub(crate) last_proven_at: Option<Timestamp>,
    /// The rejection of that request. It may have been deleted.
    failing_rejection_id: Option<RejectionId>,
    /// Time of the first request rejected since the last verified event, from any sender.
    pub(crate) rejected_since: Option<Timestamp>,
    /// Number of requests rejected since then.
    pub(crate) rejected_streak: i64,
    /// Incremented with every change.
    pub(crate) version: i64,
    #[sqlx(flatten)]
    pub(crate) habit: Baseline,
    /// The expected gateway accounts, separated by spaces.
    accounts: Option<String>,
    /// The latest unexpected account that an event named.
    pub(crate) other_account: Option<String>,
    pub(crate) other_account_at: Option<Timestamp>,
}

impl Activity {
    /// Returns why the last rejected request was rejected.
    pub(crate) fn last_reason(&self) -> Option<SignatureError> {
        self.last_reason.clone().and_then(|text| text.try_into().ok())
    }

    /// Returns the rejection that pages show for a failing webhook: the latest of a proven request, while any are failing.
    pub(crate) fn failing_rejection(&self) -> Option<RejectionId> {
        self.failing_rejection_id.filter(|_| self.failing_since.is_some())
    }

    /// Returns the expected gateway accounts: the one of the first event, and those accepted since.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.as_deref().unwrap_or_default().split(' ').filter(|account| !account.is_empty())
    }

    /// True if the connection has expected accounts and `account` is not one of them.
    pub(crate) fn is_unexpected(&self, account: &str) -> bool {
        self.accounts().next().is_some() && self.accounts().all(|known| known != account)
    }
}

/// True if a stored time is in the future, which means that the clock was ahead.
pub(crate) async fn has_later(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Caps stored times at now. `now` is from a clock known to be correct.
pub(crate) async fn clamp_future_times(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(BOUND).bind(now.plus(CLOCK_TOLERANCE)).bind(now))
}

#[cfg(test)]
impl Default for Activity {
    fn default() -> Self {
        Self {
            connection_id: ConnectionId::new(Timestamp::from_millis(0)),
            verified_count: 0,
            first_verified_at: None,
            last_verified_at: None,
            rejected_count: 0,
            last_rejected_at: None,
            last_reason: None,
            failing_since: None,
            failing_count: 0,
            last_proven_at: None,
            failing_rejection_id: None,
            rejected_since: None,
            rejected_streak: 0,
            version: 0,
            habit: Baseline::default(),
            accounts: None,
            other_account: None,
            other_account_at: None,
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, connection: ConnectionId) -> Result<(), DbError> {
    execute!(tx, sqlx::query(INSERT).bind(connection))?;
    Ok(())
}

/// Returns the activity of a connection. The caller has checked access to `connection`.
pub(crate) async fn get(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Activity, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(connection).fetch_one(conn).await)
}

/// Returns only the version: cheap enough to poll every second.
pub(crate) async fn version(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).bind(connection).fetch_one(conn).await)
}

/// Returns the activity of every connection of a company.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Activity>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)
}

/// Returns the activity of every connection of an app.
pub(crate) async fn list_of_app(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<Activity>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_APP).bind(app).fetch_all(conn).await)
}

/// Verified requests of one connection that are stored in one batch.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verifications<'a> {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The first gateway account that the requests name.
    pub(crate) account: Option<&'a str>,
    /// A different account that a later request names.
    pub(crate) other_account: Option<&'a str>,
}

impl<'a> Verifications<'a> {
    /// Records the account of a request, if the body names one.
    pub(crate) fn add_account(&mut self, account: Option<&'a str>) {
        if self.account.is_none() {
            self.account = account;
        } else if account.is_some() && account != self.account {
            self.other_account = account;
        }
    }
}

/// Records verified requests, in the order of their connections, so that concurrent servers cannot deadlock.
pub(crate) async fn add_verified(tx: &mut Tx, verified: &BTreeMap<ConnectionId, Verifications<'_>>) -> Result<(), DbError> {
    let rows: Vec<_> = verified.iter().collect();
    execute_rows!(tx, VERIFIED, &rows, |query, row| query
        .bind(row.0)
        .bind(row.1.count)
        .bind(row.1.first_at)
        .bind(row.1.last_at)
        .bind(row.1.account)
        .bind(row.1.other_account))?;
    Ok(())
}

/// Adds an account to the expected ones, if it is the unexpected one currently recorded. The caller has checked write access
/// to `connection`.
pub(crate) async fn accept_account(tx: &mut Tx, connection: ConnectionId, account: &str) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(ACCEPT_ACCOUNT).bind(connection).bind(account))? > 0)
}

/// Records rejected requests, and which of them are proven, in the order of their connections, so that concurrent servers
/// cannot deadlock.
pub(crate) async fn add_rejected(
    tx: &mut Tx,
    refused: &BTreeMap<ConnectionId, RejectedRequests>,
    proven: &BTreeMap<ConnectionId, ProvenRequests>,
) -> Result<(), DbError> {
    let rows: Vec<_> = refused.iter().map(|(connection, refusals)| (connection, refusals, proven.get(connection))).collect();
    execute_rows!(tx, REFUSED, &rows, |query, row| query
        .bind(row.0)
        .bind(row.1.count)
        .bind(row.1.last_at)
        .bind(row.1.reason.as_str())
        .bind(row.1.first_at)
        .bind(row.1.count)
        .bind(row.2.map(|proven| proven.first_at))
        .bind(row.2.map_or(0, |proven| proven.count))
        .bind(row.2.map(|proven| proven.last_at))
        .bind(row.2.map(|proven| proven.rejection)))?;
    Ok(())
}

/// Records which of the requests already counted are proven, and increments the version, since pages show a new result.
pub(crate) async fn add_proven(tx: &mut Tx, connection: ConnectionId, proven: Option<ProvenRequests>) -> Result<(), DbError> {
    execute!(
        tx,
        sqlx::query(ADD_PROVEN)
            .bind(connection)
            .bind(proven.map(|proven| proven.first_at))
            .bind(proven.map(|proven| proven.last_at))
            .bind(proven.map_or(0, |proven| proven.count))
            .bind(proven.map(|proven| proven.rejection))
    )?;
    Ok(())
}

//! What was seen at a connection's endpoint: the facts behind every "done". The `evidence` table is this file's alone.

mod rejected;

use std::collections::BTreeMap;

pub(crate) use self::rejected::{Proven, Refusals};
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

/// What is read of a row, everywhere in the same order.
macro_rules! columns {
    () => {
        "e.connection_id, e.verified_count, e.first_verified_at, e.last_verified_at, e.refused_count, e.last_refused_at, \
         e.last_refusal, e.failing_since, e.failing_count, e.last_proven_at, e.failing_rejection_id, e.rejected_since, e.rejected_count, e.version, e.habit_since, e.habit_minutes, e.habit_pause, \
         e.earlier_since, e.earlier_minutes, e.earlier_pause, \
         e.accounts, e.other_account, e.other_account_at"
    };
}

/// The window of the habit is over with what comes now: two weeks, and enough came in it. See `habit.rs`.
macro_rules! is_over {
    () => {
        "excluded.first_verified_at - evidence.habit_since >= 1209600000 AND evidence.habit_minutes >= 10"
    };
}

/// The pause that ends with what comes now.
macro_rules! pause {
    () => {
        "CASE WHEN excluded.first_verified_at > evidence.last_verified_at \
         THEN excluded.first_verified_at - evidence.last_verified_at ELSE 0 END"
    };
}

/// Whether an account is none of those that events may be of. Names hold no space, so none is part of another; an account
/// that is not told is none of these either, since nothing is equal to NULL.
macro_rules! is_other {
    ($account:literal) => {
        concat!(
            "REPLACE(' ' || COALESCE(evidence.accounts, excluded.accounts) || ' ', ' ' || ",
            $account,
            " || ' ', '') \
             = ' ' || COALESCE(evidence.accounts, excluded.accounts) || ' '"
        )
    };
}

/// When the first of the added requests was rejected, or the last of them if a request was verified in between.
macro_rules! begin {
    ($first:literal, $last:literal) => {
        concat!(
            "CASE WHEN evidence.last_verified_at > excluded.",
            $first,
            " THEN excluded.",
            $last,
            " ELSE excluded.",
            $first,
            " END"
        )
    };
}

/// Since when requests are rejected without a verified one in between, once those are added of which the last came then. The
/// earliest wins, whichever server writes first.
macro_rules! since {
    ($first:literal, $last:literal) => {
        concat!(
            "CASE WHEN excluded.",
            $last,
            " IS NULL OR evidence.last_verified_at > excluded.",
            $last,
            " OR evidence.",
            $first,
            " <= ",
            begin!($first, $last),
            " THEN evidence.",
            $first,
            " ELSE ",
            begin!($first, $last),
            " END"
        )
    };
}

/// Sets a column to that of the request rejected latest, whichever server writes last.
macro_rules! of_latest {
    ($column:literal, $at:literal) => {
        concat!(
            $column,
            " = CASE WHEN excluded.",
            $at,
            " IS NULL OR evidence.",
            $at,
            " > excluded.",
            $at,
            " THEN evidence.",
            $column,
            " ELSE excluded.",
            $column,
            " END"
        )
    };
}

/// How many that are.
macro_rules! counted {
    ($count:literal, $last:literal) => {
        concat!(
            "evidence.",
            $count,
            " + CASE WHEN excluded.",
            $last,
            " IS NULL OR evidence.last_verified_at > excluded.",
            $last,
            " THEN 0 ELSE excluded.",
            $count,
            " END"
        )
    };
}

/// Whether a time of the row is later than $1.
macro_rules! is_later {
    () => {
        "first_verified_at > $1 OR last_verified_at > $1 OR last_refused_at > $1 OR failing_since > $1 OR last_proven_at > $1 \
         OR rejected_since > $1 OR other_account_at > $1 OR habit_since > $1 OR earlier_since > $1"
    };
}

/// Sets each of the times to $2 if it is later than $1.
macro_rules! bounded {
    ($($time:literal),+) => {
        concat!($($time, " = CASE WHEN ", $time, " > $1 THEN $2 ELSE ", $time, " END, "),+)
    };
}

/// Sets a column of the habit to its first value if the habit was recorded by a clock that is later than $1.
macro_rules! begun_anew {
    ($column:literal, $first:literal) => {
        concat!(
            $column,
            " = CASE WHEN last_verified_at > $1 OR habit_since > $1 OR earlier_since > $1 THEN ",
            $first,
            " ELSE ",
            $column,
            " END, "
        )
    };
}

sql! {
    INSERT = "INSERT INTO evidence (connection_id, verified_count, refused_count, failing_count, version) VALUES ($1, 0, 0, 0, 0)";
    FIND = concat!("SELECT ", columns!(), " FROM evidence e WHERE e.connection_id = $1");
    FIND_VERSION = "SELECT version FROM evidence WHERE connection_id = $1";
    LIST_OF_COMPANY = concat!("SELECT ", columns!(), " FROM evidence e JOIN connections c ON c.id = e.connection_id WHERE c.company_id = $1");
    /// Only what was shown is accepted, and never so many that nothing would be another one.
    ACCEPT_ACCOUNT = "UPDATE evidence SET accounts = accounts || ' ' || other_account, other_account = NULL, other_account_at = NULL, \
                      version = version + 1 WHERE connection_id = $1 AND other_account = $2 AND LENGTH(accounts) < 1000";
    HAS_LATER = concat!("SELECT EXISTS (SELECT 1 FROM evidence WHERE ", is_later!(), ")");
    /// The habit begins anew: its pauses are of a clock that jumped.
    BOUND = concat!("UPDATE evidence SET ", bounded!("first_verified_at", "last_verified_at", "last_refused_at", "failing_since",
             "last_proven_at", "rejected_since", "other_account_at"),
             begun_anew!("habit_since", "$2"), begun_anew!("habit_minutes", "0"), begun_anew!("habit_pause", "0"),
             begun_anew!("earlier_since", "NULL"), begun_anew!("earlier_minutes", "0"), begun_anew!("earlier_pause", "0"),
             "version = version + 1 WHERE ", is_later!());
    /// $2 is NULL where nothing more is proven. What came before the last verified event counts no more: of copies of which some
    /// came before it, at least one came later.
    ADD_PROVEN = "UPDATE evidence SET \
                  failing_since = CASE WHEN CAST($2 AS BIGINT) IS NULL OR last_verified_at > $3 OR failing_since < $2 THEN failing_since \
                  WHEN last_verified_at > $2 THEN COALESCE(failing_since, $3) ELSE $2 END, \
                  failing_count = failing_count + CASE WHEN $2 IS NULL OR last_verified_at > $3 THEN 0 \
                  WHEN last_verified_at > $2 AND $4 > 1 THEN 1 ELSE $4 END, \
                  failing_rejection_id = CASE WHEN $2 IS NULL OR last_proven_at > $3 THEN failing_rejection_id ELSE $5 END, \
                  last_proven_at = CASE WHEN $2 IS NULL OR last_proven_at > $3 THEN last_proven_at ELSE $3 END, \
                  version = version + 1 WHERE connection_id = $1";
    LIST_OF_APP = concat!("SELECT ", columns!(), " FROM evidence e JOIN connections c ON c.id = e.connection_id WHERE c.app_id = $1");
}

rows! {
    VERIFIED = "INSERT INTO evidence (connection_id, verified_count, first_verified_at, last_verified_at, accounts, other_account, \
                refused_count, failing_count, version) VALUES",
               "(?, ?, ?, ?, ?, ?, 0, 0, 1)",
               concat!("ON CONFLICT (connection_id) DO UPDATE SET verified_count = evidence.verified_count + excluded.verified_count, \
                first_verified_at = COALESCE(evidence.first_verified_at, excluded.first_verified_at), \
                last_verified_at = CASE WHEN evidence.last_verified_at > excluded.last_verified_at THEN evidence.last_verified_at ELSE excluded.last_verified_at END, \
                failing_since = CASE WHEN evidence.last_proven_at > excluded.last_verified_at THEN evidence.failing_since END, \
                failing_count = CASE WHEN evidence.last_proven_at > excluded.last_verified_at THEN evidence.failing_count ELSE 0 END, \
                rejected_since = CASE WHEN evidence.last_refused_at > excluded.last_verified_at THEN evidence.rejected_since END, \
                rejected_count = CASE WHEN evidence.last_refused_at > excluded.last_verified_at THEN evidence.rejected_count ELSE 0 END, \
                habit_since = CASE WHEN evidence.habit_since IS NULL OR ", is_over!(), " THEN excluded.first_verified_at ELSE evidence.habit_since END, \
                habit_minutes = CASE WHEN ", is_over!(), " THEN 0 ELSE evidence.habit_minutes END \
                + CASE WHEN evidence.last_verified_at / 60000 >= excluded.last_verified_at / 60000 THEN 0 ELSE 1 END, \
                habit_pause = CASE WHEN NOT (", is_over!(), ") AND evidence.habit_pause > ", pause!(), " THEN evidence.habit_pause ELSE ", pause!(), " END, \
                earlier_since = CASE WHEN ", is_over!(), " THEN evidence.habit_since ELSE evidence.earlier_since END, \
                earlier_minutes = CASE WHEN ", is_over!(), " THEN evidence.habit_minutes ELSE evidence.earlier_minutes END, \
                earlier_pause = CASE WHEN ", is_over!(), " THEN evidence.habit_pause ELSE evidence.earlier_pause END, \
                accounts = COALESCE(evidence.accounts, excluded.accounts), \
                other_account = CASE WHEN ", is_other!("excluded.other_account"), " THEN excluded.other_account \
                WHEN ", is_other!("excluded.accounts"), " THEN excluded.accounts ELSE evidence.other_account END, \
                other_account_at = CASE WHEN ", is_other!("excluded.other_account"), " OR ", is_other!("excluded.accounts"), " \
                THEN excluded.last_verified_at ELSE evidence.other_account_at END, \
                version = evidence.version + 1");
    /// Written after the response, so a verification may have been stored meanwhile: earlier rejections are then ignored.
    /// The first of `rejected_since` and `failing_since` is passed.
    REFUSED = "INSERT INTO evidence (connection_id, verified_count, refused_count, last_refused_at, last_refusal, rejected_since, \
               rejected_count, failing_since, failing_count, last_proven_at, failing_rejection_id, version) VALUES",
              "(?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
              concat!("ON CONFLICT (connection_id) DO UPDATE SET refused_count = evidence.refused_count + excluded.refused_count, \
               ", of_latest!("last_refused_at", "last_refused_at"), ", ", of_latest!("last_refusal", "last_refused_at"), ", \
               rejected_since = ", since!("rejected_since", "last_refused_at"), ", \
               rejected_count = ", counted!("rejected_count", "last_refused_at"), ", \
               failing_since = ", since!("failing_since", "last_proven_at"), ", \
               failing_count = ", counted!("failing_count", "last_proven_at"), ", \
               ", of_latest!("last_proven_at", "last_proven_at"), ", ", of_latest!("failing_rejection_id", "last_proven_at"), ", \
               version = evidence.version + 1");
}

/// The facts.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct Evidence {
    pub(crate) connection_id: ConnectionId,
    pub(crate) verified_count: i64,
    pub(crate) first_verified_at: Option<Timestamp>,
    pub(crate) last_verified_at: Option<Timestamp>,
    pub(crate) refused_count: i64,
    pub(crate) last_refused_at: Option<Timestamp>,
    last_refusal: Option<String>,
    /// The first proven request that was rejected since the last verified event.
    pub(crate) failing_since: Option<Timestamp>,
    /// How many of those there are at least: not every rejected request is examined.
    pub(crate) failing_count: i64,
    /// The newest proven request that was rejected.
    pub(crate) last_proven_at: Option<Timestamp>,
    /// The rejection of the newest of them. It may have been deleted.
    failing_rejection_id: Option<RejectionId>,
    /// The first request that was rejected since the last verified event, from any sender.
    pub(crate) rejected_since: Option<Timestamp>,
    /// How many were.
    pub(crate) rejected_count: i64,
    /// Rises with every change.
    pub(crate) version: i64,
    #[sqlx(flatten)]
    pub(crate) habit: Baseline,
    /// The gateway's accounts that events may be of, with a space between two.
    accounts: Option<String>,
    /// The last other account that an event was of.
    pub(crate) other_account: Option<String>,
    pub(crate) other_account_at: Option<Timestamp>,
}

impl Evidence {
    /// Why the last refused request was refused.
    pub(crate) fn last_refusal(&self) -> Option<SignatureError> {
        self.last_refusal.clone().and_then(|text| text.try_into().ok())
    }

    /// The rejection that pages show of a webhook that fails: of proven requests, while there are any.
    pub(crate) fn failing_rejection(&self) -> Option<RejectionId> {
        self.failing_rejection_id.filter(|_| self.failing_since.is_some())
    }

    /// The gateway's accounts that events may be of: that of the first event, and those accepted since.
    pub(crate) fn accounts(&self) -> impl Iterator<Item = &str> {
        self.accounts.as_deref().unwrap_or_default().split(' ').filter(|account| !account.is_empty())
    }
}

/// Whether any time is later than now, as it was stored while the clock was ahead.
pub(crate) async fn has_later(on: impl Into<Exec<'_>>, now: Timestamp) -> Result<bool, DbError> {
    run!(on, |conn| sqlx::query_scalar(HAS_LATER).bind(now.plus(CLOCK_TOLERANCE)).fetch_one(conn).await)
}

/// Caps stored times at now. `now` is from a clock known to be correct.
pub(crate) async fn bound(tx: &mut Tx, now: Timestamp) -> Result<u64, DbError> {
    execute!(tx, sqlx::query(BOUND).bind(now.plus(CLOCK_TOLERANCE)).bind(now))
}

#[cfg(test)]
impl Default for Evidence {
    fn default() -> Self {
        Self {
            connection_id: ConnectionId::new(Timestamp::from_millis(0)),
            verified_count: 0,
            first_verified_at: None,
            last_verified_at: None,
            refused_count: 0,
            last_refused_at: None,
            last_refusal: None,
            failing_since: None,
            failing_count: 0,
            last_proven_at: None,
            failing_rejection_id: None,
            rejected_since: None,
            rejected_count: 0,
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

/// The connection's evidence. `connection` is one the caller was allowed to see.
pub(crate) async fn get(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<Evidence, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(connection).fetch_one(conn).await)
}

/// Only its version: cheap enough to ask once a second.
pub(crate) async fn version(on: impl Into<Exec<'_>>, connection: ConnectionId) -> Result<i64, DbError> {
    run!(on, |conn| sqlx::query_scalar(FIND_VERSION).bind(connection).fetch_one(conn).await)
}

/// That of all connections of a company.
pub(crate) async fn list_of_company(on: impl Into<Exec<'_>>, company: CompanyId) -> Result<Vec<Evidence>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_COMPANY).bind(company).fetch_all(conn).await)
}

/// That of all connections of an app.
pub(crate) async fn list_of_app(on: impl Into<Exec<'_>>, app: AppId) -> Result<Vec<Evidence>, DbError> {
    run!(on, |conn| sqlx::query_as(LIST_OF_APP).bind(app).fetch_all(conn).await)
}

/// Verified requests of one connection that are kept together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verifications<'a> {
    pub(crate) count: i64,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// The gateway's account that the first of them is of.
    pub(crate) account: Option<&'a str>,
    /// Another one among them.
    pub(crate) other_account: Option<&'a str>,
}

impl<'a> Verifications<'a> {
    /// Notes whose a request is, where it says so.
    pub(crate) fn add_account(&mut self, account: Option<&'a str>) {
        if self.account.is_none() {
            self.account = account;
        } else if account.is_some() && account != self.account {
            self.other_account = account;
        }
    }
}

/// Notes that requests were verified. In the order of their connections, so that two servers cannot lock up.
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

/// Counts an account among those that events may be of, if it is the one that was told. `connection` is one the caller was
/// allowed to change.
pub(super) async fn accept_account(tx: &mut Tx, connection: ConnectionId, account: &str) -> Result<bool, DbError> {
    Ok(execute!(tx, sqlx::query(ACCEPT_ACCOUNT).bind(connection).bind(account))? > 0)
}

/// Notes rejected requests, and which of them are proven. In the order of their connections, so that two servers cannot
/// deadlock.
pub(crate) async fn add_refused(
    tx: &mut Tx,
    refused: &BTreeMap<ConnectionId, Refusals>,
    proven: &BTreeMap<ConnectionId, Proven>,
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

/// Notes what was found to be proven of requests that were counted before, and that what pages show of them has changed.
pub(crate) async fn add_proven(tx: &mut Tx, connection: ConnectionId, proven: Option<Proven>) -> Result<(), DbError> {
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

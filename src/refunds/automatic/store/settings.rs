//! The `refund_settings` table.

use sqlx::FromRow;

use crate::{
    db::{DbError, Exec, Tx, execute, run, sql},
    gateways::Mode,
    primitives::{id::AppId, money::Money, time::Timestamp},
    refunds::automatic::settings::RefundSettings,
};

sql! {
    FIND = "SELECT is_stopped, max_unconfirmed, daily_count, daily_amount, currency FROM refund_settings \
            WHERE app_id = $1 AND mode = $2";
    /// Inserts the defaults, if there is no row: an update that changes nothing still locks the row on PostgreSQL.
    LOCK = "INSERT INTO refund_settings (app_id, mode, is_stopped, max_unconfirmed, daily_count, daily_amount, currency, changed_at) \
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (app_id, mode) DO UPDATE SET changed_at = refund_settings.changed_at \
            RETURNING is_stopped, max_unconfirmed, daily_count, daily_amount, currency";
    SET_STOPPED = "INSERT INTO refund_settings (app_id, mode, is_stopped, max_unconfirmed, daily_count, daily_amount, currency, \
                   changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (app_id, mode) DO UPDATE SET \
                   is_stopped = excluded.is_stopped, changed_at = excluded.changed_at";
    SET_LIMITS = "INSERT INTO refund_settings (app_id, mode, is_stopped, max_unconfirmed, daily_count, daily_amount, currency, \
                  changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (app_id, mode) DO UPDATE SET \
                  max_unconfirmed = excluded.max_unconfirmed, daily_count = excluded.daily_count, \
                  daily_amount = excluded.daily_amount, currency = excluded.currency, changed_at = excluded.changed_at";
}

#[derive(FromRow)]
struct Row {
    is_stopped: bool,
    max_unconfirmed: Option<i64>,
    daily_count: i64,
    daily_amount: i64,
    currency: String,
}

impl Row {
    /// Returns the settings. A currency that this version does not know stops refunds: no limit could be compared.
    fn read(self) -> RefundSettings {
        let Ok(currency) = self.currency.parse() else {
            return RefundSettings { is_stopped: true, ..RefundSettings::default() };
        };
        RefundSettings {
            is_stopped: self.is_stopped,
            max_unconfirmed: self.max_unconfirmed.map(|subunits| Money::new(subunits, currency)),
            daily_count: self.daily_count,
            daily_amount: Money::new(self.daily_amount, currency),
        }
    }
}

/// Returns the settings of an app in a mode. The caller has checked access to the app.
pub(crate) async fn find(on: impl Into<Exec<'_>>, (app, mode): (AppId, Mode)) -> Result<RefundSettings, DbError> {
    let row: Option<Row> = run!(on, |conn| sqlx::query_as(FIND).bind(app).bind(mode).fetch_optional(conn).await)?;
    Ok(row.map(Row::read).unwrap_or_default())
}

/// Binds the settings of an app.
macro_rules! bind {
    ($query:expr, $app:expr, $mode:expr, $settings:expr, $now:expr) => {
        $query
            .bind($app)
            .bind($mode)
            .bind($settings.is_stopped)
            .bind($settings.max_unconfirmed.map(|money| money.subunits))
            .bind($settings.daily_count)
            .bind($settings.daily_amount.subunits)
            .bind($settings.daily_amount.currency.as_str())
            .bind($now)
    };
}

/// Returns the settings of an app in a mode, and locks them until the unit of work ends: its automatic refunds are reserved one after the
/// other.
pub(in crate::refunds::automatic) async fn lock(
    tx: &mut Tx,
    (app, mode): (AppId, Mode),
    now: Timestamp,
) -> Result<RefundSettings, DbError> {
    let defaults = RefundSettings::default();
    let row: Row = run!(tx, |conn| bind!(sqlx::query_as(LOCK), app, mode, defaults, now).fetch_one(conn).await)?;
    Ok(row.read())
}

/// Stops or starts the refunds of an app; its limits stay. The caller has checked access to the app.
pub(in crate::refunds::automatic) async fn set_stopped(
    tx: &mut Tx,
    (app, mode): (AppId, Mode),
    is_stopped: bool,
    now: Timestamp,
) -> Result<(), DbError> {
    let new = RefundSettings { is_stopped, ..RefundSettings::default() };
    execute!(tx, bind!(sqlx::query(SET_STOPPED), app, mode, new, now))?;
    Ok(())
}

/// Stores the limits of an app; whether its refunds are stopped stays. The caller has checked access to the app.
pub(in crate::refunds::automatic) async fn set_limits(
    tx: &mut Tx,
    (app, mode): (AppId, Mode),
    new: &RefundSettings,
    now: Timestamp,
) -> Result<(), DbError> {
    execute!(tx, bind!(sqlx::query(SET_LIMITS), app, mode, new, now))?;
    Ok(())
}

//! The `refund_settings` table.

use sqlx::FromRow;

use crate::{
    db::{DbError, Exec, run, sql},
    gateways::Mode,
    primitives::{id::AppId, money::Money},
    refunds::automatic::settings::RefundSettings,
};

sql! {
    FIND = "SELECT is_stopped, max_unconfirmed, daily_count, daily_amount, currency FROM refund_settings \
            WHERE app_id = $1 AND mode = $2";
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

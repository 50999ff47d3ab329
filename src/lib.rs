//! KS Pay Console: an open, self-hosted merchant admin console.
//!
//! A merchant copies a webhook URL and secret into a payment gateway, sees live proof that it works, and marks the step as
//! done. From then on the gateway's events are verified, stored unchanged and explained in plain words. ARCHITECTURE.md
//! describes the structure.

#[cfg(all(feature = "fictitious-gateway", not(debug_assertions)))]
compile_error!("the fictitious gateway is for tests only: build without the feature fictitious-gateway");

mod accounts;
mod alerting;
mod alerts;
mod apps;
mod automating;
mod automations;
pub mod cli;
mod clock_check;
mod companies;
mod connections;
mod console;
pub mod db;
mod deliveries;
mod demo;
mod events;
#[cfg(any(fuzzing, test))]
#[doc(hidden)]
pub mod fuzzing;
mod gateways;
mod i18n;
mod ingestion;
mod jobs;
mod ledger;
mod listening;
mod messages;
mod net;
mod notifications;
mod pipeline;
pub mod primitives;
mod refunds;
mod rejections;
mod replays;
pub mod server;
mod settings_store;
mod telemetry;
mod test_events;
mod tokens;
mod url_check;
mod urls;

pub use gateways::samples;

/// Returns every SQL statement in the dialect of that database, with its name, so that a test can prepare each on both
/// engines; those that only PostgreSQL runs for PostgreSQL alone. Of a multi-row statement, returns the shortest and the longest form.
#[must_use]
pub fn statements(db: &db::Db) -> Vec<(&'static str, &'static str)> {
    let is_sqlite = matches!(db, db::Db::Sqlite { .. });
    let single = [
        accounts::security_log::STATEMENTS,
        accounts::store::STATEMENTS,
        alerts::store::alerts::STATEMENTS,
        alerts::store::digests::STATEMENTS,
        alerts::store::messages::STATEMENTS,
        alerts::store::operators::STATEMENTS,
        alerts::store::settings::STATEMENTS,
        apps::store::STATEMENTS,
        automations::store::automations::STATEMENTS,
        automations::store::messages::STATEMENTS,
        automations::store::runs::STATEMENTS,
        companies::store::STATEMENTS,
        connections::activity::store::STATEMENTS,
        connections::credentials::store::STATEMENTS,
        connections::secrets::STATEMENTS,
        connections::store::STATEMENTS,
        connections::secret_usage::STATEMENTS,
        deliveries::store::attempts::STATEMENTS,
        deliveries::store::bodies::STATEMENTS,
        deliveries::store::claims::STATEMENTS,
        deliveries::store::deliveries::STATEMENTS,
        deliveries::store::destinations::STATEMENTS,
        deliveries::store::headers::STATEMENTS,
        deliveries::store::secrets::STATEMENTS,
        events::store::STATEMENTS,
        events::store::by_time::STATEMENTS,
        events::store::dictionaries::STATEMENTS,
        events::store::log::STATEMENTS,
        events::store::search::STATEMENTS,
        ingestion::store::STATEMENTS,
        jobs::store::STATEMENTS,
        settings_store::STATEMENTS,
        refunds::automatic::store::STATEMENTS,
        refunds::automatic::store::pages::STATEMENTS,
        refunds::automatic::store::settings::STATEMENTS,
        refunds::automatic::store::write::STATEMENTS,
        refunds::store::STATEMENTS,
        replays::store::STATEMENTS,
        url_check::store::STATEMENTS,
        tokens::store::STATEMENTS,
        notifications::channels::store::STATEMENTS,
        notifications::store::STATEMENTS,
        test_events::store::STATEMENTS,
        rejections::store::STATEMENTS,
        rejections::store::copies::STATEMENTS,
        rejections::store::deferred::STATEMENTS,
        rejections::store::later::STATEMENTS,
        rejections::store::list::STATEMENTS,
        rejections::store::recoveries::STATEMENTS,
        rejections::store::search::STATEMENTS,
        rejections::store::streak::STATEMENTS,
        rejections::store::evictions::STATEMENTS,
        ledger::orders::store::STATEMENTS,
        ledger::payments::store::STATEMENTS,
        ledger::payments::store::recount::STATEMENTS,
        ledger::payments::store::daily_totals::STATEMENTS,
        ledger::payments::store::references::STATEMENTS,
        ledger::payments::store::search::STATEMENTS,
        ledger::payments::store::open_disputes::STATEMENTS,
        ledger::payments::store::cross_mode::STATEMENTS,
    ];
    let many = [
        alerts::store::messages::ROWS,
        automations::store::automations::ROWS,
        automations::store::runs::ROWS,
        connections::activity::store::ROWS,
        connections::secret_usage::ROWS,
        deliveries::store::deliveries::ROWS,
        deliveries::store::destinations::ROWS,
        events::store::log::ROWS,
        rejections::store::evictions::ROWS,
        ledger::orders::store::ROWS,
        ledger::payments::store::references::ROWS,
        ledger::payments::store::write::ROWS,
        ledger::payments::store::daily_totals::ROWS,
    ];
    let many = many.concat().into_iter().flat_map(|(name, rows)| rows.texts(db).map(|text| (name, text)));
    let all = single.concat().into_iter().chain(many).chain(db::ids::statements(db)).chain(db::settled::statements(is_sqlite));
    all.filter(|(name, _)| !(is_sqlite && name.ends_with("_ON_POSTGRES"))).collect()
}

//! KS Pay Console: an open, self-hosted merchant admin console.
//!
//! A merchant copies a webhook URL and SECRET into a payment gateway, sees with their own eyes that it works, and marks
//! it done; from then on the gateway's events are verified, kept to the byte and told in plain words. ARCHITECTURE.md
//! has the map.

mod accounts;
mod apps;
mod byte_budget;
pub mod cli;
mod clock_check;
mod companies;
pub mod config;
mod connections;
mod dashboard;
pub mod db;
mod demo;
mod descriptors;
mod events;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzing;
mod gateways;
mod http;
mod ingestion;
mod installation;
pub mod kernel;
mod keys;
mod overview;
mod preflight;
mod rejections;
pub mod samples;
pub mod server;
mod site;
mod sockets;
mod startup;
mod state;
mod telemetry;
mod transactions;
mod turns;
mod unread;
mod urls;
mod web;
mod words;

/// Every statement of every store as that database reads it, with its name: a test prepares each on both. Of one over
/// many rows the shortest and the longest.
#[must_use]
pub fn statements(db: &db::Db) -> Vec<(&'static str, &'static str)> {
    let single = [
        accounts::store::STATEMENTS,
        apps::store::STATEMENTS,
        companies::store::STATEMENTS,
        connections::evidence::STATEMENTS,
        connections::secrets::STATEMENTS,
        connections::store::STATEMENTS,
        connections::uses::STATEMENTS,
        events::store::STATEMENTS,
        events::store::log::STATEMENTS,
        ingestion::store::STATEMENTS,
        installation::STATEMENTS,
        preflight::store::STATEMENTS,
        rejections::store::STATEMENTS,
        rejections::store::deferred::STATEMENTS,
        rejections::store::later::STATEMENTS,
        rejections::store::recoveries::STATEMENTS,
        rejections::store::room::STATEMENTS,
        transactions::store::STATEMENTS,
        transactions::store::recount::STATEMENTS,
        transactions::store::sums::STATEMENTS,
        transactions::store::references::STATEMENTS,
        transactions::store::twins::STATEMENTS,
    ];
    let many = [
        connections::evidence::ROWS,
        connections::uses::ROWS,
        events::store::log::ROWS,
        rejections::store::room::ROWS,
        transactions::store::references::ROWS,
        transactions::store::stories::ROWS,
        transactions::store::sums::ROWS,
    ];
    let many = many.concat().into_iter().flat_map(|(name, rows)| rows.texts(db).map(|text| (name, text)));
    single.concat().into_iter().chain(many).collect()
}

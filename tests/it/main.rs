//! The product from outside: HTTP, the command line, and what both leave behind.
//!
//! `TEST_DATABASE` is `sqlite` (the default) or `postgres`; the latter takes a server from `TEST_POSTGRES_URL` and makes a
//! database a test on it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod ahead;
mod architecture;
mod at_rest;
mod backup;
mod bringing;
mod byte_budget;
mod cases;
mod causes;
mod cli;
mod cli_doctor;
mod cli_simulate;
mod clock;
mod confirmation;
mod connections;
mod credentials;
mod csrf;
mod demo;
mod docs;
mod doctor;
mod doctor_forgeries;
mod durability;
mod habits;
mod histories;
mod ingestion_answers;
mod ingestion_batches;
mod ingestion_changes;
mod ingestion_duplicates;
mod ingestion_limits;
mod ingestion_outages;
mod ingestion_overload;
mod ingestion_signed_ids;
mod ingestion_stopping;
mod ingestion_trouble;
mod life_cycles;
mod lists;
mod migrations;
mod mixups;
mod modes;
mod origins;
mod pages;
mod payment_details;
mod plans;
mod preflight;
mod projection;
mod reading;
mod recount;
mod rejections;
mod rejections_flood;
mod rejections_recovered;
mod rejections_room;
mod replaced;
mod retention;
mod rotation;
mod running;
mod sign_in;
mod startup;
mod statements;
mod stories;
mod support;
mod switched_off;
mod tenancy;

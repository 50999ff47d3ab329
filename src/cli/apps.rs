//! `ks-pay app`: registers apps.

use clap::Subcommand;

use super::{Failure, Installation, Io};
use crate::{
    accounts::authz::{Actor, UseCaseError},
    apps, companies,
    console::apps::forms::AppForm,
    db::DbError,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Register an app, and print its id
    Add {
        /// Exact name of the company
        #[arg(long, value_name = "NAME")]
        company: String,
        /// Name of the app, unique within the company
        #[arg(long, value_name = "NAME")]
        name: String,
        /// Contact email address of the app
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Two-letter country code, for example IN
        #[arg(long, value_name = "CC")]
        country: String,
        /// Time zone of the app's days, for example Asia/Kolkata; by default the country's if it has one, else the company's
        #[arg(long, value_name = "ZONE")]
        time_zone: Option<String>,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Add { company, name, email, country, time_zone, json } = command;
    let form =
        AppForm { name, email, country: country.to_uppercase(), time_zone: time_zone.unwrap_or_default(), ..AppForm::default() };
    let result = add(at, io, &company, &form, json).await;
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, company: &str, form: &AppForm, json: bool) -> Result<(), Failure> {
    let details = form.parse().map_err(|errors| Failure::Failed(errors.first().in_english()))?;
    let mut tx = at.db.begin().await?;
    let Some(company) = companies::find_by_name(&mut tx, company.trim()).await? else {
        return Err(Failure::Failed("No company has this name. `ks-pay user add` creates one with its owner.".to_owned()));
    };
    let by = (&Actor::command(company.id), at.clock.now());
    let id = match apps::create(&mut tx, company.id, &details, by).await {
        Err(UseCaseError::Db(DbError::NotUnique)) => {
            return Err(Failure::Failed("The company already has an app with this name. Choose another name.".to_owned()));
        }
        other => other?,
    };
    tx.commit().await?;
    if json { io.say(serde_json::json!({ "app": id.to_string() })) } else { io.say(id) }
}

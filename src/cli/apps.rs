//! `ks-pay app`: registers apps.

use clap::Subcommand;

use super::{Failure, Installation, Io, email_error, line_error};
use crate::{
    accounts::authz::{Actor, UseCaseError},
    apps::{
        self, Details,
        details::{Detail, DetailFault, EnteredDetails, Invalid},
    },
    companies,
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
    let (country, time_zone) = (country.to_uppercase(), time_zone.unwrap_or_default());
    let entered =
        EnteredDetails { name: &name, email: &email, country: &country, time_zone: &time_zone, ..EnteredDetails::default() };
    let result = add(at, io, (&company, &entered), json).await;
    at.db.close().await;
    result
}

async fn add(
    at: &Installation,
    io: &mut Io<'_>,
    (company, entered): (&str, &EnteredDetails<'_>),
    json: bool,
) -> Result<(), Failure> {
    let details = parse(entered)?;
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

fn parse(entered: &EnteredDetails<'_>) -> Result<Details, String> {
    entered.parse().map_err(|faults| faults.first().map(|fault| sentence(*fault)).unwrap_or_default())
}

fn sentence(DetailFault { field, fault }: DetailFault) -> String {
    let option = format!("--{}", field.name().replace('_', "-"));
    match (fault, field) {
        (Invalid::Line(fault), _) => line_error(&option, fault),
        (Invalid::Email(fault), _) => email_error(fault),
        (Invalid::Unknown, Detail::Country) => format!("{option} must be the two-letter code of a country, for example IN."),
        (Invalid::Unknown, Detail::TimeZone) => format!("{option} must be the name of a time zone, for example Asia/Kolkata."),
        (Invalid::Unknown, _) => format!("{option} is invalid."),
    }
}

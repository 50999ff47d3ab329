//! `ks-pay app`: apps of a company.

use clap::Subcommand;

use super::{Failure, Installation, Io};
use crate::{
    apps::{self, forms::AppForm},
    companies,
    db::DbError,
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Register an app; prints its id
    Add {
        /// The company's exact name
        #[arg(long, value_name = "NAME")]
        company: String,
        /// The app's name, unique within the company
        #[arg(long, value_name = "NAME")]
        name: String,
        /// The app's e-mail
        #[arg(long, value_name = "ADDRESS")]
        email: String,
        /// Two letters, for example IN
        #[arg(long, value_name = "CC")]
        country: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let Command::Add { company, name, email, country, json } = command;
    let form = AppForm { name, email, country: country.to_uppercase(), ..AppForm::default() };
    let result = add(at, io, &company, &form, json).await;
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, company: &str, form: &AppForm, json: bool) -> Result<(), Failure> {
    let details = form.parse().map_err(|errors| Failure::Failed(errors.first().to_owned()))?;
    let mut tx = at.db.begin().await?;
    let Some(company) = companies::find_by_name(&mut tx, company.trim()).await? else {
        return Err(Failure::Failed("No company has this name. `ks-pay user add` makes one with its owner.".to_owned()));
    };
    let id = match apps::create(&mut tx, company.id, &details, at.clock.now()).await {
        Err(DbError::NotUnique) => {
            return Err(Failure::Failed("The company has an app of this name. Choose another.".to_owned()));
        }
        other => other?,
    };
    tx.commit().await?;
    if json { io.say(serde_json::json!({ "app": id.to_string() })) } else { io.say(id) }
}

//! `ks-pay user`: people who sign in.

use clap::Subcommand;

use super::{Failure, Installation, Io};
use crate::{
    accounts::{
        self, NewUser, Role,
        password::{self, PasswordHasher, Who},
    },
    companies,
    db::DbError,
    primitives::text_input,
    web::form::sentence,
};

/// A person to be added, as typed.
#[derive(clap::Args)]
pub(super) struct Add {
    /// The company's name; made if none has exactly this name
    #[arg(long, value_name = "NAME")]
    company: String,
    /// Unique in the installation
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// The person's name
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Only owner is supported so far; required if the company exists
    #[arg(long, value_name = "ROLE", value_parser = available_role)]
    role: Option<Role>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A role that a person can be given today.
fn available_role(text: &str) -> Result<Role, &'static str> {
    text.parse().ok().filter(|role| *role == Role::Owner).ok_or("only the role owner is supported so far")
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a person; the password is the first line of stdin
    Add(Add),
    /// Give a person a new password, the first line of stdin, and end their sessions
    Password {
        /// The person's e-mail
        #[arg(long, value_name = "ADDRESS")]
        email: String,
    },
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let result = match command {
        Command::Add(typed) => add(at, io, &typed).await,
        Command::Password { email } => change_password(at, io, &email).await,
    };
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, typed: &Add) -> Result<(), Failure> {
    let company = text_input::line(&typed.company, companies::NAME_LEAST, companies::NAME_MOST)
        .map_err(|fault| sentence("The company's name", fault))?;
    let name = text_input::line(&typed.name, 1, 100).map_err(|fault| sentence("The name", fault))?;
    let email = text_input::email(&typed.email).map_err(|_| "--email is no e-mail address.".to_owned())?;
    let password_hash = read_password(io, &email).await?;
    let now = at.clock.now();
    let mut tx = at.db.begin().await?;
    let (company, is_new) = companies::find_or_create(&mut tx, &company, now).await?;
    if typed.role.is_none() && !is_new {
        return Err(Failure::Usage(
            "The company already exists. Set this person's role with --role, for example --role owner.".to_owned(),
        ));
    }
    let role = typed.role.unwrap_or(Role::Owner);
    let new = NewUser { company: company.id, email, name, role, password_hash };
    let id = match accounts::create(&mut tx, &new, now).await {
        Err(DbError::NotUnique) => {
            return Err(Failure::Failed(
                "Somebody has this e-mail already. `ks-pay user password` gives them a new password.".to_owned(),
            ));
        }
        other => other?,
    };
    tx.commit().await?;
    if typed.json { io.say(serde_json::json!({ "user": id.to_string() })) } else { io.say(id) }
}

async fn change_password(at: &Installation, io: &mut Io<'_>, email: &str) -> Result<(), Failure> {
    let email = text_input::email(email).map_err(|_| "--email is no e-mail address.".to_owned())?;
    let hash = read_password(io, &email).await?;
    let mut tx = at.db.begin().await?;
    let Some(user) = accounts::store::find_by_email(&mut tx, &email).await? else {
        return Err(Failure::Failed("Nobody has this e-mail. `ks-pay user add` adds a person.".to_owned()));
    };
    accounts::change_password(&mut tx, user.id, &hash).await?;
    tx.commit().await?;
    Ok(())
}

async fn read_password(io: &mut Io<'_>, email: &str) -> Result<String, Failure> {
    let password = io.secret_line("Password: ")?;
    if let Some(sentence) = password::refusal(&password, email) {
        return Err(Failure::Failed(sentence.to_owned()));
    }
    PasswordHasher::new().hash(Who::New, &password).await.map_err(|error| Failure::Failed(error.to_string()))
}

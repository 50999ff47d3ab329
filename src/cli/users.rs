//! `ks-pay user`: adds users and changes passwords.

use clap::Subcommand;
use zeroize::Zeroizing;

use super::{Failure, Installation, Io, email_error, line_error};
use crate::{
    accounts::{
        self, Role,
        authz::Actor,
        password::{HasherUnavailable, PasswordHasher, PasswordOwner, Requester},
    },
    companies::{
        self,
        users::{self, AddError, Joining},
    },
    messages::access,
    primitives::{email, text_input},
};

/// A user to be added, as entered.
#[derive(clap::Args)]
pub(super) struct Add {
    /// Name of the company; created if no company has exactly this name
    #[arg(long, value_name = "NAME")]
    company: String,
    /// Email address of the user, unique in the installation
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// Name of the user
    #[arg(long, value_name = "NAME")]
    name: String,
    /// Role of the user, required if the company exists; only owner is supported so far
    #[arg(long, value_name = "ROLE", value_parser = available_role)]
    role: Option<Role>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Parses a role that users can have today.
fn available_role(text: &str) -> Result<Role, &'static str> {
    text.parse().ok().filter(|role| *role == Role::Owner).ok_or("only the owner role is supported so far")
}

#[derive(Subcommand)]
pub(super) enum Command {
    /// Add a user, and print the id; reads the password from the terminal or the first line of stdin
    Add(Add),
    /// Set a user's password, read from the terminal or the first line of stdin, and end all of the user's sessions
    Password {
        /// Email address of the user
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
    let company = text_input::line(&typed.company, companies::MIN_NAME_CHARS, companies::MAX_NAME_CHARS)
        .map_err(|fault| line_error("--company", fault))?;
    let name = text_input::line(&typed.name, 1, 100).map_err(|fault| line_error("--name", fault))?;
    let email = email::parse(&typed.email).map_err(email_error)?;
    let owner = PasswordOwner { email: &email, name: &name, company: &company };
    let password_hash = hash_password(&read_password(io)?, &owner).await?;
    let mut tx = at.db.begin().await?;
    let joining = Joining { company, name, email, password_hash };
    let id = users::add(&mut tx, joining, typed.role, at.clock.now()).await.map_err(add_error)?;
    tx.commit().await?;
    if typed.json { io.say(serde_json::json!({ "user": id.to_string() })) } else { io.say(id) }
}

fn add_error(error: AddError) -> Failure {
    match error {
        AddError::Db(error) => error.into(),
        AddError::Name(error) => error.into(),
        AddError::RoleMissing => {
            Failure::Usage("The company already exists. Set the user's role with --role, for example --role owner.".to_owned())
        }
        AddError::EmailTaken => Failure::Failed(
            "A user with this email address already exists. `ks-pay user password` sets a new password.".to_owned(),
        ),
    }
}

async fn change_password(at: &Installation, io: &mut Io<'_>, email: &str) -> Result<(), Failure> {
    let email = email::normalize(email).map_err(email_error)?;
    let password = read_password(io)?;
    let mut reader = at.db.reader().await?;
    let Some(user) = accounts::store::find_by_email(&mut reader, &email).await? else {
        return Err(Failure::Failed("No user has this email address. `ks-pay user add` adds one.".to_owned()));
    };
    let company = companies::store::get(&mut reader, user.company_id).await?;
    drop(reader);
    let owner = PasswordOwner { email: &email, name: &user.name, company: &company.name };
    let hash = hash_password(&password, &owner).await?;
    let mut tx = at.db.begin().await?;
    let actor = Actor::command(user.company_id);
    accounts::change_password(&mut tx, (&user, &hash), (&actor, at.clock.now())).await?;
    tx.commit().await?;
    Ok(())
}

fn read_password(io: &mut Io<'_>) -> Result<Zeroizing<String>, Failure> {
    io.secret_line("Password: ")
}

async fn hash_password(password: &str, owner: &PasswordOwner<'_>) -> Result<String, Failure> {
    let unavailable = |error: HasherUnavailable| Failure::Failed(error.to_string());
    let hasher = PasswordHasher::new();
    if let Some(fault) = hasher.password_fault(Requester::New, password, owner).await.map_err(unavailable)? {
        return Err(Failure::Failed(access::password_fault(fault).in_english()));
    }
    hasher.hash(Requester::New, password).await.map_err(unavailable)
}

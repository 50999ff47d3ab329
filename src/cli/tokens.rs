//! `ks-pay token`: the tokens with which `ks-pay listen` reads an app's events.

use clap::Subcommand;
use serde_json::json;

use super::{Failure, Installation, Io, email_error, line_error};
use crate::{
    accounts::{
        self,
        authz::{Actor, UseCaseError},
    },
    apps,
    db::DbError,
    primitives::{email, id::TokenId, text_input, time::Timestamp},
    tokens::{self, MAX_NAME_CHARS, MAX_TOKENS, NewToken, TokenError},
};

#[derive(Subcommand)]
pub(super) enum Command {
    /// Create a token for a user, and print it; it cannot be shown again, and expires after 90 days
    Add(Add),
    /// List the tokens of an app, one JSON object per line, newest first
    List {
        /// App id, ap_…
        #[arg(long, value_name = "ID")]
        app: String,
        /// Print JSON
        #[arg(long, required = true)]
        json: bool,
    },
    /// Remove a token, so that it is no longer valid
    Remove {
        /// Token id, tk_…
        #[arg(long, value_name = "ID")]
        token: String,
    },
}

/// A token to be added, as entered.
#[derive(clap::Args)]
pub(super) struct Add {
    /// Email address of the user for whom the token acts
    #[arg(long, value_name = "ADDRESS")]
    email: String,
    /// App id, ap_…
    #[arg(long, value_name = "ID")]
    app: String,
    /// Name of the token, unique in the app [default: its id]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also allow events of Live mode
    #[arg(long)]
    live: bool,
}

impl Command {
    /// True if the command changes nothing.
    pub(super) const fn only_reads(&self) -> bool {
        matches!(self, Self::List { .. })
    }
}

pub(super) async fn run(command: Command, at: &Installation, io: &mut Io<'_>) -> Result<(), Failure> {
    let result = match command {
        Command::Add(typed) => add(at, io, &typed).await,
        Command::List { app, .. } => list(at, io, &app).await,
        Command::Remove { token } => remove(at, &token).await,
    };
    at.db.close().await;
    result
}

async fn add(at: &Installation, io: &mut Io<'_>, typed: &Add) -> Result<(), Failure> {
    let email = email::normalize(&typed.email).map_err(email_error)?;
    let name = typed.name.as_deref().map(|name| text_input::line(name, 1, MAX_NAME_CHARS)).transpose();
    let name = name.map_err(|fault| line_error("--name", fault))?;
    let app = at.app(&typed.app).await?;
    let user = accounts::store::find_by_email(&mut at.db.reader().await?, &email).await?;
    let user = user.filter(|user| user.company_id == app.company_id).ok_or_else(|| {
        Failure::Failed("No user of the app's company has this email address. `ks-pay user add` adds a user.".to_owned())
    })?;
    let mut tx = at.db.begin().await?;
    let new = NewToken { user: &user, name: name.as_deref(), is_live: typed.live };
    let (_, value) = tokens::create(&mut tx, &app, &new, (&Actor::command(app.company_id), at.clock.now())).await?;
    tx.commit().await?;
    io.say(value.expose())
}

async fn list(at: &Installation, io: &mut Io<'_>, app: &str) -> Result<(), Failure> {
    let app = at.app(app).await?;
    let mut reader = at.db.reader().await?;
    for token in tokens::list(&mut reader, &app, &Actor::command(app.company_id)).await? {
        let user = accounts::store::find(&mut reader, token.user_id).await?;
        io.say(json!({
            "id": token.id.to_string(),
            "name": token.name,
            "user": user.map(|user| user.email),
            "live": token.is_live,
            "created_at": token.created_at.rfc3339(),
            "last_used_at": token.last_used_at.map(Timestamp::rfc3339),
            "expires_at": token.expires_at.rfc3339(),
        }))?;
    }
    Ok(())
}

async fn remove(at: &Installation, token: &str) -> Result<(), Failure> {
    let none = || {
        Failure::Failed(format!(
            "Token \"{}\" not found. `ks-pay token list` prints the ids of an app's tokens.",
            token.escape_debug()
        ))
    };
    let id: TokenId = token.parse().map_err(|_| none())?;
    let mut reader = at.db.reader().await?;
    let token = tokens::store::find_any(&mut reader, id).await?.ok_or_else(none)?;
    let app = apps::store::find_any(&mut reader, token.app_id).await?.ok_or_else(none)?;
    drop(reader);
    let mut tx = at.db.begin().await?;
    tokens::remove(&mut tx, &token, (&Actor::command(app.company_id), at.clock.now())).await?;
    Ok(tx.commit().await?)
}

impl From<TokenError> for Failure {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::UseCase(UseCaseError::Db(DbError::NotUnique)) => {
                Self::Failed("The app already has a token with this name. Choose another name.".to_owned())
            }
            TokenError::UseCase(error) => error.into(),
            TokenError::TooMany => Self::Failed(format!("The app has {MAX_TOKENS} valid tokens. Remove one first.")),
        }
    }
}

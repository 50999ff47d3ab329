//! Explanations of rejected requests for pages: whose secret was used, and the latest cause since the last verified event.

use std::collections::HashMap;

use crate::{
    apps::{self, App},
    connections::{self, Connection, Step, activity::Activity},
    db::{DbError, Reader},
    i18n::Text,
    messages::rejections::{self, Causes, Explanation},
    primitives::id::ConnectionId,
    rejections::{Cause, Rejection, advice::Attempts, latest, store},
    urls,
};

/// Returns the explanations for these connections. The caller has checked access to them.
pub(crate) async fn causes<'a>(
    reader: &mut Reader,
    failing: impl IntoIterator<Item = (&'a App, &'a Activity)>,
) -> Result<Causes, DbError> {
    let mut causes = Causes::new();
    for (app, activity) in failing {
        if let Some((_, explanation)) = cause(&mut *reader, app, activity).await? {
            causes.insert(activity.connection_id, explanation);
        }
    }
    Ok(causes)
}

/// Returns the newest rejection since a connection's last verified event, a proven one first, and its explanation.
pub(crate) async fn cause(
    reader: &mut Reader,
    app: &App,
    activity: &Activity,
) -> Result<Option<(Rejection, Explanation)>, DbError> {
    let Some(rejection) = latest::find(&mut *reader, app.id, activity).await? else { return Ok(None) };
    let other = other(reader, app, &rejection).await?;
    let explanation = explanation(reader, &rejection, other.as_ref()).await?;
    Ok(Some((rejection, explanation)))
}

/// Explains a rejection; `other` is the name of the connection whose secret was used.
pub(crate) async fn explanation(
    reader: &mut Reader,
    rejection: &Rejection,
    other: Option<&Text>,
) -> Result<Explanation, DbError> {
    let explained = explanations(reader, std::slice::from_ref(rejection), |_| other).await?;
    Ok(explained.into_iter().next().unwrap_or_else(|| rejections::explanation(rejection, other)))
}

/// Explains rejections of an app, at most a page; `other` returns the name of the connection whose secret was used. A later
/// diagnosis is announced only if a request is stored whole.
pub(crate) async fn explanations<'a>(
    reader: &mut Reader,
    rows: &[Rejection],
    other: impl Fn(&Rejection) -> Option<&'a Text>,
) -> Result<Vec<Explanation>, DbError> {
    let undiagnosed = || rows.iter().filter(|row| row.cause == Cause::NotDiagnosed);
    let waiting = match undiagnosed().next() {
        Some(first) => store::list_with_recoverable(reader, first.app_id, undiagnosed().map(|row| row.id)).await?,
        None => Vec::new(),
    };
    let is_final = |row: &Rejection| row.cause == Cause::NotDiagnosed && !waiting.contains(&row.id);
    let explain = |row: &Rejection| {
        if is_final(row) { rejections::never_diagnosed(row.gateway) } else { rejections::explanation(row, other(row)) }
    };
    Ok(rows.iter().map(explain).collect())
}

/// Returns the display names of the connections whose secrets were used.
pub(crate) async fn others(reader: &mut Reader, app: &App, rows: &[Rejection]) -> Result<HashMap<ConnectionId, Text>, DbError> {
    if rows.iter().all(|row| row.other_connection_id.is_none()) {
        return Ok(HashMap::new());
    }
    let apps = apps::store::list(&mut *reader, app.company_id).await?;
    let connections = connections::store::list_of_company(reader, app.company_id).await?;
    let name = |connection: &Connection| {
        let of = apps.iter().find(|one| one.id == connection.app_id).map_or("", |one| one.name.as_str());
        rejections::other(of, connection.gateway, connection.mode, connection.app_id == app.id)
    };
    Ok(connections.iter().map(|connection| (connection.id, name(connection))).collect())
}

/// Returns the display name of the connection whose secret was used.
pub(crate) async fn other(reader: &mut Reader, app: &App, rejection: &Rejection) -> Result<Option<Text>, DbError> {
    let mut others = others(reader, app, std::slice::from_ref(rejection)).await?;
    Ok(rejection.other_connection_id.and_then(|id| others.remove(&id)))
}

/// Returns the URL of the webhook whose secret was used, if that webhook may be the intended one.
pub(crate) async fn other_webhook(reader: &mut Reader, app: &App, rejection: &Rejection) -> Result<Option<String>, DbError> {
    let is_elsewhere = rejection.cause.attempts(rejection.gateway) == Attempts::Elsewhere;
    let Some(id) = rejection.other_connection_id.filter(|_| is_elsewhere) else { return Ok(None) };
    let connections = connections::store::list_of_company(reader, app.company_id).await?;
    let other = connections.iter().find(|connection| connection.id == id);
    Ok(other.map(|other| urls::step(other.app_id, other.gateway, other.mode, Step::Webhook)))
}

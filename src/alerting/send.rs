//! Renders messages of alerts and queues them.

use crate::{
    alerts::{Alert, Condition, Event, Kind, MESSAGE_LIFETIME, store::messages},
    apps::App,
    db::{DbError, Tx},
    gateways::Mode,
    i18n::{Locale, Reader},
    messages::alerts::{self, Subject},
    notifications::{self, NewNotification, Purpose, Recipient, channels::sender},
    primitives::{
        id::{AlertId, NotificationId},
        time::Timestamp,
        vault::Vault,
    },
    urls,
};

use super::recipients::Reachable;

/// What messages are rendered with.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) vault: &'a Vault,
    /// The base of the console's URLs.
    pub(crate) base: &'a str,
    pub(crate) app: &'a App,
    pub(crate) mode: Mode,
    pub(crate) now: Timestamp,
}

/// Queues one message for each recipient, which reports these alerts: one, or several of a kind.
pub(crate) async fn queue_alerts(
    tx: &mut Tx,
    context: Context<'_>,
    (reported, event): (&[Alert], Event),
    (to, is_fallback): (&[Reachable<'_>], bool),
) -> Result<(), DbError> {
    let seen: Vec<_> = reported.iter().map(alerts::condition_of).collect();
    let path = match reported {
        // Where it is confirmed.
        [alert] if alert.kind == Kind::RefundToConfirm => {
            alerts::way_out(alert).map_or_else(|| urls::alert(context.app.id, alert.id), |(url, _)| url)
        }
        [alert] => urls::alert(context.app.id, alert.id),
        [alert, ..] if alert.kind == Kind::RefundToConfirm => {
            urls::in_mode(&urls::automatic_refunds(context.app.id), context.mode)
        }
        _ => urls::in_mode(&urls::alerts(context.app.id), context.mode),
    };
    let first = reported.first().map(|alert| alert.id);
    for one in to {
        let notification = queue(tx, context, (&seen, event, false), (*one, path.clone(), first)).await?;
        let is_watched = matches!(one, Reachable::Channel(_));
        messages::insert(tx, (notification, reported), (event, one.id()), (is_fallback, is_watched), context.now).await?;
    }
    Ok(())
}

/// Queues a test of a kind for each recipient.
pub(crate) async fn queue_test(tx: &mut Tx, context: Context<'_>, seen: &Condition, to: &[Reachable<'_>]) -> Result<(), DbError> {
    let path = urls::in_mode(&urls::alerts(context.app.id), context.mode);
    for one in to {
        queue(tx, context, (std::slice::from_ref(seen), Event::Problem, true), (*one, path.clone(), None)).await?;
    }
    Ok(())
}

/// Returns who reads what is sent to a recipient, and where it is sent.
pub(super) fn address<'a>(to: &Reachable<'a>, app: &App) -> (Reader, Recipient<'a>) {
    match to {
        Reachable::User(user) => {
            let reader = Reader { locale: user.language.unwrap_or(Locale::English), zone: user.zone.unwrap_or(app.zone) };
            (reader, Recipient::Email(&user.email))
        }
        Reachable::Channel(channel) => {
            let reader = Reader { locale: channel.language, zone: app.zone };
            (reader, Recipient::Channel(sender::kind(channel.service), channel.id))
        }
    }
}

async fn queue(
    tx: &mut Tx,
    context: Context<'_>,
    (seen, event, is_test): (&[Condition], Event, bool),
    (to, path, alert): (Reachable<'_>, String, Option<AlertId>),
) -> Result<NotificationId, DbError> {
    let Context { vault, base, app, mode, now } = context;
    let (reader, recipient) = address(&to, app);
    let subject = Subject { app_name: &app.name, mode, event, base, path, is_test };
    let rendered = match seen {
        [one] => alerts::content(one, &subject, reader, now),
        _ => alerts::content_of_many(seen, &subject, reader, now),
    };
    let purpose = if is_test { Purpose::Test } else { Purpose::Alert };
    let new = NewNotification {
        company: Some(app.company_id),
        recipient,
        purpose,
        content: &rendered,
        valid_for: MESSAGE_LIFETIME,
        alert,
        run: None,
    };
    notifications::queue(tx, &new, (vault, now)).await
}

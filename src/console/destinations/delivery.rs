//! A delivery with its attempts, and its actions.

use actix_web::{HttpResponse, web::Path};
use askama::Template;

use super::{scope::Found, sent::Sent};
use crate::{
    console::http::{
        error::AppError,
        layout::Layout,
        page::{RequestContext, see_other},
        payload::Payload,
        signed_form::{EmptyForm, SignedForm},
    },
    db::Reader,
    deliveries::{
        Attempt, Delivery, DeliveryState, manage,
        store::{attempts, deliveries, destinations, headers},
    },
    i18n::{Text, code},
    messages::{self, Badge, DisplayTime, deliveries::Hold, text::deliveries as t},
    primitives::{id::DeliveryId, time::Timestamp},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `{app}/{destination}/{delivery}` of a path.
pub(crate) type DeliveryPath = Path<(String, String, String)>;

/// `…/{destination}/deliveries/{delivery}`
#[derive(Template)]
#[template(path = "destinations/delivery.html")]
struct Show {
    layout: Layout,
    zones_note: Option<Text>,
    url: String,
    destination_url: String,
    name: String,
    sent: Sent,
    /// Unless it is the original one, or no longer stored.
    body: Option<Payload>,
    body_note: Text,
    delivery: Delivery,
    attempts: Vec<AttemptRow>,
    attempts_in_all: Option<i64>,
    /// Each header of a request, and what it is.
    headers: Vec<(String, Text)>,
    sentence: Text,
    hold: Hold,
    /// The delivery that is sent first, if this one waits for it.
    first: Option<DeliveryId>,
    now: Timestamp,
}

/// An attempt of the list.
struct AttemptRow {
    icon: &'static str,
    class: &'static str,
    began: DisplayTime,
    result: Text,
    took: Text,
    /// The beginning of the response's body, as far as it is text.
    response: Option<String>,
    is_cut: bool,
    /// True if there was a response whose body is not stored.
    is_not_stored: bool,
}

impl AttemptRow {
    fn new(attempt: &Attempt, now: Timestamp) -> Self {
        let is_success = attempt.status.is_some_and(|status| (200..300).contains(&status));
        let duration = t::millis(attempt.millis);
        Self {
            icon: if is_success { "good" } else { "bad" },
            class: if is_success { "is-paid" } else { "is-lost" },
            began: DisplayTime::of_moment(attempt.began_at, now),
            result: messages::deliveries::attempt(attempt),
            took: match &attempt.address {
                Some(address) => t::took(duration, code(address)),
                None => duration,
            },
            response: attempt.response.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned()),
            is_cut: attempt.is_response_cut,
            is_not_stored: attempt.status.is_some() && attempt.response.is_none(),
        }
    }
}

/// A delivery of a destination of the user's company.
struct FoundDelivery {
    found: Found,
    id: DeliveryId,
    delivery: Delivery,
}

impl FoundDelivery {
    async fn open(page: RequestContext, (app, destination, delivery): &(String, String, String)) -> Result<Self, AppError> {
        let found = Found::open(page, (app, destination)).await?;
        let id: DeliveryId = delivery.parse().map_err(|_| AppError::NotFound)?;
        let mut reader = found.page.state.db.page_reader().await?;
        let delivery = deliveries::find(&mut reader, found.destination.id, id).await?.ok_or(AppError::NotFound)?;
        drop(reader);
        Ok(Self { found, id, delivery })
    }

    fn url(&self) -> String {
        urls::delivery(&self.found.url(), self.id)
    }
}

/// `GET` of the delivery's form actions.
pub(crate) async fn form_page(page: RequestContext, path: DeliveryPath) -> Answer {
    Ok(see_other(&FoundDelivery::open(page, &path).await?.url()))
}

/// `GET …/{destination}/deliveries/{delivery}`
pub(crate) async fn show(page: RequestContext, path: DeliveryPath) -> Answer {
    let of = FoundDelivery::open(page, &path).await?;
    let url = of.url();
    let FoundDelivery { found, delivery, .. } = of;
    let now = found.page.now;
    let mut reader = found.page.state.db.page_reader().await?;
    let sent = Sent::find(&mut reader, found.app.id, &delivery).await?;
    let attempts = attempts::list(&mut reader, delivery.id).await?;
    let (hold, first) = hold(&mut reader, &found, delivery.id).await?;
    let body = sent.body(&mut reader, &found, &delivery).await?;
    let settings = &found.destination.settings;
    let fixed = headers::list(&mut reader, found.destination.id).await?;
    drop(reader);
    let title = sent.event_type().map_or_else(t::unknown_type, Text::verbatim);
    found.page.ok(&Show {
        layout: found.layout_below(title),
        zones_note: found.page.zones_note(&found.app),
        url,
        destination_url: found.url(),
        name: found.name().to_owned(),
        body,
        body_note: sent.body_note(settings),
        headers: sent.headers(settings, &fixed),
        sent,
        sentence: messages::deliveries::sentence(&delivery, hold, (found.name(), now)),
        attempts_in_all: attempts.first().map(|newest| newest.number),
        attempts: attempts.iter().map(|attempt| AttemptRow::new(attempt, now)).collect(),
        delivery,
        hold,
        first,
        now,
    })
}

/// Returns what keeps a delivery from being sent, and the one that is sent first if it waits for that.
async fn hold(reader: &mut Reader, found: &Found, delivery: DeliveryId) -> Result<(Hold, Option<DeliveryId>), AppError> {
    let id = found.destination.id;
    let health = destinations::health(&mut *reader, id).await?;
    let oldest = if found.destination.settings.is_fifo { deliveries::oldest_open(&mut *reader, id).await? } else { None };
    let first = oldest.map(|oldest| oldest.id);
    let hold = Hold::of(&found.destination, &health, found.page.now).of_delivery(delivery, first);
    Ok((hold, first.filter(|_| hold == Hold::BehindAnother)))
}

impl Show {
    fn badge(&self) -> Badge {
        messages::deliveries::badge_of(&self.delivery)
    }

    /// Returns the number of all attempts, also of those before a replay.
    fn attempts_made(&self) -> i64 {
        self.attempts_in_all.unwrap_or(self.delivery.attempts)
    }

    /// True if a retry would be sent.
    fn can_retry(&self) -> bool {
        self.has_ended() || self.hold != Hold::Paused && self.hold != Hold::BehindAnother
    }

    /// Returns the delivery that is sent first, if this one waits for it.
    fn first_url(&self) -> Option<String> {
        self.first.map(|first| urls::delivery(&self.destination_url, first))
    }

    fn has_ended(&self) -> bool {
        !self.delivery.state.is_open()
    }

    fn is_sending(&self) -> bool {
        self.delivery.state == DeliveryState::Sending
    }

    fn created(&self) -> DisplayTime {
        DisplayTime::of_moment(self.delivery.created_at, self.now)
    }

    fn ended(&self) -> Option<DisplayTime> {
        self.delivery.ended_at.map(|at| DisplayTime::of_moment(at, self.now))
    }

    /// Returns the number of attempts that are listed, if the oldest are not.
    fn cut_at(&self) -> Option<usize> {
        let listed = self.attempts.len();
        (i64::try_from(listed) == Ok(attempts::MAX_LISTED)).then_some(listed)
    }
}

/// `POST …/deliveries/{delivery}/replay`
pub(crate) async fn replay(posted: SignedForm<EmptyForm>, path: DeliveryPath) -> Answer {
    let of = FoundDelivery::open(posted.page, &path).await?;
    let (page, url) = (&of.found.page, of.url());
    let mut tx = page.state.db.begin().await?;
    let is_replayed = manage::replay(&mut tx, &of.found.destination, of.id, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    if !is_replayed {
        return Ok(page.redirect_warning(&url, "being-sent", t::is_being_sent()));
    }
    tracing::info!(delivery = %of.id, user = %page.signed_in.user.id, "a delivery was replayed");
    let (hold, _) = hold(&mut page.state.db.page_reader().await?, &of.found, of.id).await?;
    Ok(match hold {
        Hold::None => page.redirect(&url, t::now_replayed()),
        Hold::Paused => page.redirect_warning(&url, "destination-paused", t::now_waiting()),
        Hold::NotResponding => page.redirect(&url, t::now_on_hold()),
        Hold::BehindAnother => page.redirect(&url, t::now_behind()),
    })
}

/// `POST …/deliveries/{delivery}/skip`
pub(crate) async fn skip(posted: SignedForm<EmptyForm>, path: DeliveryPath) -> Answer {
    let of = FoundDelivery::open(posted.page, &path).await?;
    let (page, url) = (&of.found.page, of.url());
    let mut tx = page.state.db.begin().await?;
    let is_skipped = manage::skip(&mut tx, &of.found.destination, of.id, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    if !is_skipped {
        return Ok(page.redirect_warning(&url, "has-ended", t::has_ended()));
    }
    tracing::info!(delivery = %of.id, user = %page.signed_in.user.id, "a delivery was skipped");
    Ok(page.redirect(&url, t::now_skipped()))
}

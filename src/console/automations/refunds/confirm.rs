//! The page of an automatic refund: what would be refunded now, with the form that confirms or declines it, or how it has ended.
//!
//! Invariant: what is confirmed is the amount that the page has shown. If the gateway says something else by then, the page shows that and
//! asks again.

use actix_web::{HttpResponse, web::Path};
use serde::Deserialize;

use super::{Context, Source, layout, list_url};
use crate::{
    apps::App,
    connections::Step,
    console::http::{
        error::AppError, form::FieldErrors, layout::Layout, own_password, page::RequestContext, signed_form::SignedForm,
    },
    gateways::{Gateway, refunds::ApiPayment},
    i18n::Text,
    ledger::payments::Transaction,
    messages::{
        self, Badge, DisplayTime, NO_VALUE, Notice, automatic_refunds, refunds as texts,
        text::{automatic_refunds as t, refunds as of_refunds, transactions as payment_text},
    },
    primitives::{id::AutomaticRefundId, money::Money},
    refunds::{
        RefundError,
        automatic::{
            AutomaticRefund, State,
            decide::{self, Confirmed, OrderAmounts, Proposal},
            manage,
        },
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `/ks-pay/apps/{app}/automations/refunds/{refund}`
#[derive(askama::Template)]
#[template(path = "automations/refunds/show.html")]
struct View {
    layout: Layout,
    refund: AutomaticRefund,
    badge: Badge,
    sentence: Text,
    source: Source,
    at: DisplayTime,
    expires: Option<Text>,
    /// Who decided, and when.
    decided: Option<Text>,
    /// The payment that is refunded, or that changed, with its page.
    payment: Option<(String, String)>,
    notices: Vec<Notice>,
    /// What can be confirmed now.
    offer: Option<Offer>,
    /// The page on which a user refunds, if the amount cannot be known here.
    by_hand: Option<String>,
    errors: FieldErrors,
    email: String,
    action: String,
    list: String,
}

/// What would be refunded, as the gateway says now.
struct Offer {
    gateway: Gateway,
    payment_id: String,
    api: Box<ApiPayment>,
    order: Option<OrderAmounts>,
    amount: Money,
}

/// The form as submitted.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DecisionForm {
    /// `confirm` or `decline`.
    intent: String,
    /// The amount that was shown.
    amount: String,
    currency: String,
    current_password: String,
}

/// The refund that the page is about.
struct Target {
    app: App,
    refund: AutomaticRefund,
    context: Context,
}

/// What the page shows besides the refund.
#[derive(Default)]
struct Shown {
    notices: Vec<Notice>,
    offer: Option<Offer>,
    is_by_hand: bool,
    errors: FieldErrors,
}

impl Offer {
    fn refunded(&self) -> Option<Money> {
        (self.api.refunded > 0).then_some(Money { subunits: self.api.refunded, ..self.api.amount })
    }
}

/// `GET …/{refund}`
pub(crate) async fn show(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let target = Target::find(&page, &path).await?;
    let shown = target.read(&page).await?;
    page.ok(&target.view(&page, shown))
}

/// `POST …/{refund}`
pub(crate) async fn decide(posted: SignedForm<DecisionForm>, path: Path<(String, String)>) -> Answer {
    let (page, form) = (posted.page, posted.form);
    let target = Target::find(&page, &path).await?;
    match form.intent.as_str() {
        "decline" => target.decline(&page).await,
        "confirm" => target.confirm(&page, &form).await,
        _ => Err(AppError::BadRequest),
    }
}

impl Target {
    async fn find(page: &RequestContext, (app, id): &(String, String)) -> Result<Self, AppError> {
        let app = page.app(app).await?;
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let target = Self::of(page, app, id).await?;
        page.remember_mode(target.app.id, target.refund.mode);
        Ok(target)
    }

    async fn of(page: &RequestContext, app: App, id: AutomaticRefundId) -> Result<Self, AppError> {
        let mut reader = page.state.db.page_reader().await?;
        let refund = decide::find(&mut reader, &app, id, &page.actor()).await?;
        let context = Context::read(&mut reader, page, (&app, refund.mode), &[&refund]).await?;
        Ok(Self { app, refund, context })
    }

    fn url(&self) -> String {
        urls::automatic_refund(self.app.id, self.refund.id)
    }

    fn gateway(&self) -> &'static str {
        self.context.gateway(&self.refund).map_or(NO_VALUE, Gateway::label)
    }

    async fn decline(&self, page: &RequestContext) -> Answer {
        let mut tx = page.state.db.begin().await?;
        let is_declined = decide::decline(&mut tx, &self.app, &self.refund, (&page.actor(), page.now)).await?;
        tx.commit().await?;
        if !is_declined {
            return Ok(page.redirect_warning(&self.url(), "not-open", t::not_open()));
        }
        Ok(page.redirect(&list_url(&self.app, self.refund.mode), t::now_declined()))
    }

    async fn confirm(&self, page: &RequestContext, form: &DecisionForm) -> Answer {
        let currency = form.currency.parse().map_err(|_| AppError::BadRequest)?;
        let shown = Money::parse(&form.amount, currency).ok_or(AppError::BadRequest)?;
        if self.refund.state != State::ToConfirm {
            return Ok(page.redirect_warning(&self.url(), "not-open", t::not_open()));
        }
        if let Some(unconfirmed) = own_password::check(page, &form.current_password).await? {
            let again = Shown { errors: unconfirmed.errors(), ..self.read(page).await? };
            return unconfirmed.answer(page, &self.view(page, again));
        }
        let again = match page.state.refunder.confirm_automatic(&self.app, &self.refund, shown, &page.actor()).await {
            Ok(Confirmed::Requested(request)) => {
                return Ok(match texts::submitted(&request) {
                    (None, sentence) => page.redirect(&self.url(), sentence),
                    (Some(reason), sentence) => page.redirect_warning(&self.url(), reason, sentence),
                });
            }
            Ok(Confirmed::NotOpen) => return Ok(page.redirect_warning(&self.url(), "not-open", t::not_open())),
            Ok(Confirmed::Changed(proposal)) => return self.changed(page, proposal).await,
            Ok(Confirmed::DailyLimit) => {
                Shown { notices: vec![automatic_refunds::daily_limit()], is_by_hand: true, ..Shown::default() }
            }
            Ok(Confirmed::Stopped) => Shown { notices: vec![automatic_refunds::stopped_confirm()], ..Shown::default() },
            Err(error) => Shown { notices: vec![self.obstacle(error)?], ..Shown::default() },
        };
        page.unprocessable(&self.view(page, again))
    }

    /// Shows what the gateway says now, with the refund as it has become.
    async fn changed(&self, page: &RequestContext, proposal: Proposal) -> Answer {
        let fresh = Self::of(page, self.app.clone(), self.refund.id).await?;
        let mut again = fresh.proposed(proposal);
        if again.offer.is_some() {
            again.notices.insert(0, automatic_refunds::changed(fresh.gateway()));
        }
        page.unprocessable(&fresh.view(page, again))
    }

    /// Reads from the gateway what would be refunded, unless the refund has ended or its amount cannot be known.
    async fn read(&self, page: &RequestContext) -> Result<Shown, AppError> {
        if self.refund.state != State::ToConfirm {
            return Ok(Shown::default());
        }
        if let (None, Some(reason)) = (self.refund.amount, self.refund.reason) {
            return Ok(self.proposed(Proposal::Person(reason)));
        }
        let notice = |notice| Ok(Shown { notices: vec![notice], ..Shown::default() });
        let mut reader = page.state.db.page_reader().await?;
        let settings = manage::settings(&mut reader, (&self.app, self.refund.mode), &page.actor()).await?;
        drop(reader);
        if settings.is_stopped {
            return notice(automatic_refunds::stopped());
        }
        if page.state.refund_reads.check(&self.app.company_id).is_err() {
            return match self.context.gateway(&self.refund) {
                Some(gateway) => notice(texts::too_many_reads(gateway)),
                None => Err(AppError::NotFound),
            };
        }
        match page.state.refunder.propose(&self.app, &self.refund, &page.actor()).await {
            Ok(proposal) => {
                let mut shown = self.proposed(proposal);
                let is_other = |offer: &Offer| self.refund.amount.is_some_and(|amount| amount != offer.amount);
                if shown.offer.as_ref().is_some_and(is_other) {
                    shown.notices.insert(0, automatic_refunds::changed(self.gateway()));
                }
                Ok(shown)
            }
            Err(error) => notice(self.obstacle(error)?),
        }
    }

    fn proposed(&self, proposal: Proposal) -> Shown {
        match proposal {
            Proposal::Refund { payment, amount, api, order } => {
                let offer = Offer { gateway: payment.gateway, payment_id: payment.payment_id.clone(), api, order, amount };
                Shown { offer: Some(offer), ..Shown::default() }
            }
            Proposal::Nothing(reason) => {
                Shown { notices: vec![automatic_refunds::nothing(reason, self.gateway())], ..Shown::default() }
            }
            Proposal::Person(reason) => {
                Shown { notices: vec![automatic_refunds::person(reason, self.gateway())], is_by_hand: true, ..Shown::default() }
            }
        }
    }

    /// Says why the gateway was not asked, or gave no result.
    fn obstacle(&self, error: RefundError) -> Result<Notice, AppError> {
        let found = self.context.gateway(&self.refund).and_then(|gateway| {
            let keys = urls::step(self.app.id, gateway, self.refund.mode, Step::Credentials);
            texts::obstacle(gateway, &error, (self.refund.mode.label(), &keys))
        });
        match found {
            Some(notice) => Ok(notice),
            None => Err(match error {
                RefundError::Db(error) => error.into(),
                RefundError::Denied(denied) => denied.into(),
                _ => AppError::NotFound,
            }),
        }
    }

    fn view(&self, page: &RequestContext, shown: Shown) -> View {
        let refund = &self.refund;
        let list = list_url(&self.app, refund.mode);
        let layout = layout(page, (&self.app, refund.mode), t::confirm_title()).crumb(t::title(), list.clone());
        let page_of = |payment: &Transaction| (urls::transaction(self.app.id, payment.id), payment.payment_id.clone());
        let decided = refund.decided_by.as_deref().zip(refund.ended_at.or(Some(refund.created_at)));
        View {
            layout,
            badge: automatic_refunds::state(refund.state),
            sentence: automatic_refunds::sentence(refund, self.context.gateway(refund).map(Gateway::label)),
            source: self.context.source(&self.app, refund),
            at: messages::when(refund.created_at, page.now),
            expires: automatic_refunds::expires(refund, page.now),
            decided: decided
                .filter(|_| refund.ended_at.is_some())
                .map(|(name, at)| t::decided_by(crate::i18n::isolate(name), messages::when(at, page.now))),
            payment: self.context.payment(refund).map(page_of),
            by_hand: (shown.is_by_hand && self.context.payment(refund).is_some())
                .then(|| urls::transaction_refund(self.app.id, super::payment_of(refund))),
            notices: shown.notices,
            offer: shown.offer,
            errors: shown.errors,
            email: page.signed_in.user.email.clone(),
            action: self.url(),
            list,
            refund: refund.clone(),
        }
    }
}

impl View {
    fn is_to_confirm(&self) -> bool {
        self.refund.state == State::ToConfirm
    }

    /// True if another payment is refunded than the one that the page names.
    fn is_of_another(&self, offer: &Offer) -> bool {
        self.payment.as_ref().is_none_or(|(_, id)| *id != offer.payment_id)
    }

    fn decline(&self) -> Text {
        if self.by_hand.is_some() { t::decline_person() } else { t::decline() }
    }
}

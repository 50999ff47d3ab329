//! The page that refunds a payment, and its form.
//!
//! Invariant: the page reads the payment from the gateway, and the form requests a refund only after the password, once. What it
//! requests is checked again by `refunds`, with what the gateway says then.

use actix_web::{HttpResponse, web::Path};
use askama::Template;

use super::{
    refund_form::{RefundForm, Wanted},
    show::layout,
};
use crate::{
    apps::App,
    connections::Step,
    console::http::{
        error::AppError,
        form::{FieldError, FieldErrors},
        layout::Layout,
        own_password::{self, Unconfirmed},
        page::RequestContext,
        signed_form::SignedForm,
    },
    gateways::{
        Gateway,
        payment::DisputeStatus,
        refunds::{ApiPayment, RefundApi},
    },
    i18n::Text,
    ledger::{
        orders,
        payments::{
            Transaction,
            disputes::Dispute,
            store::{self, references},
        },
    },
    messages::{
        self, Notice,
        refunds::{self as texts},
        text::{refunds as t, transactions as payment_text},
    },
    primitives::money::Money,
    refunds::{self, NewRequest, Offer, RefundError},
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// `…/transactions/{transaction}/refund`
#[derive(Template)]
#[template(path = "payments/refund.html")]
struct View {
    layout: Layout,
    gateway: Gateway,
    form: RefundForm,
    errors: FieldErrors,
    /// What the gateway says of the payment; `None` if nothing can be refunded now, which a notice explains.
    offer: Option<ShownOffer>,
    notices: Vec<Notice>,
    max_note_chars: usize,
    /// Tells password managers which account the password belongs to.
    email: String,
    action: String,
    back: String,
    /// The payment on the gateway's dashboard.
    at_gateway: Option<String>,
}

/// A payment as the gateway has it, and what is left of it.
struct ShownOffer {
    payment: ApiPayment,
    left: Money,
}

impl ShownOffer {
    fn refunded(&self) -> Option<Money> {
        (self.payment.refunded > 0).then_some(Money { subunits: self.payment.refunded, ..self.payment.amount })
    }
}

/// The payment that the page is about.
struct Target {
    app: App,
    payment: Transaction,
    api: &'static RefundApi,
    disputes: Vec<Dispute>,
    open: Option<refunds::RefundRequest>,
    is_paid_twice: bool,
}

/// `GET …/refund`
pub(crate) async fn ask(page: RequestContext, path: Path<(String, String)>) -> Answer {
    let target = Target::find(&page, &path).await?;
    let view = target.view(&page, RefundForm::new(), FieldErrors::default()).await?;
    page.ok(&view)
}

/// `POST …/refund`: redirects to the payment, which has the outcome.
pub(crate) async fn create(posted: SignedForm<RefundForm>, path: Path<(String, String)>) -> Answer {
    let SignedForm { page, form, .. } = posted;
    let target = Target::find(&page, &path).await?;
    form.check_origin()?;
    let Some(currency) = target.payment.currency else {
        return page.unprocessable(&target.shown(&page, form, FieldErrors::default(), Err(texts::currency_unknown())));
    };
    let parsed = form.parse(currency, target.api.max_note_chars);
    let unconfirmed = match &parsed {
        Ok(_) => own_password::check(&page, &form.current_password).await?,
        // A wrong password counts as an attempt only with a form that could be accepted.
        Err(_) => form.current_password.is_empty().then(Unconfirmed::missing),
    };
    let Wanted { amount, note } = match (parsed, unconfirmed) {
        (Ok(wanted), None) => wanted,
        (parsed, unconfirmed) => return target.invalid(&page, form, (parsed.err().unwrap_or_default(), unconfirmed)).await,
    };
    if page.state.refund_reads.check(&target.app.company_id).is_err() {
        let notice = texts::too_many_reads(target.payment.gateway);
        return page.unprocessable(&target.shown(&page, form, FieldErrors::default(), Err(notice)));
    }
    let by = page.actor();
    let new =
        NewRequest { app: &target.app, payment: &target.payment, amount, note: note.as_deref(), origin: &form.origin, by: &by };
    match page.state.refunder.request(&new).await {
        Ok(request) => Ok(target.submitted(&page, &request, amount)),
        Err(error) => target.refused(&page, form, error).await,
    }
}

impl Target {
    /// Finds the payment. One of a gateway without such an API has no such page.
    async fn find(page: &RequestContext, (app, id): &(String, String)) -> Result<Self, AppError> {
        let app = page.app(app).await?;
        let id = id.parse().map_err(|_| AppError::NotFound)?;
        let mut reader = page.state.db.page_reader().await?;
        let payment = store::find(&mut reader, app.id, id).await?.ok_or(AppError::NotFound)?;
        let api = payment.gateway.profile().refunds.as_ref().ok_or(AppError::NotFound)?;
        let disputes = references::list_disputes(&mut reader, id).await?;
        let open = refunds::store::find_open(&mut reader, id).await?;
        let order = match &payment.order_id {
            Some(id) => orders::store::find(&mut reader, (app.id, payment.mode, payment.gateway), id).await?,
            None => None,
        };
        let is_paid_twice = order.is_some_and(|order| order.state.overpaid_by.is_some());
        Ok(Self { app, payment, api, disputes, open, is_paid_twice })
    }

    fn url(&self) -> String {
        urls::transaction(self.app.id, self.payment.id)
    }

    /// Says on the page of the payment how the request stands.
    fn submitted(&self, page: &RequestContext, request: &refunds::RefundRequest, amount: Money) -> HttpResponse {
        if request.amount != amount {
            return page.redirect_warning(&self.url(), "form-used", t::form_used(request.amount));
        }
        match texts::submitted(request) {
            (None, sentence) => page.redirect(&self.url(), sentence),
            (Some(reason), sentence) => page.redirect_warning(&self.url(), reason, sentence),
        }
    }

    /// Shows the form again, with its errors and that of the password.
    async fn invalid(
        &self,
        page: &RequestContext,
        form: RefundForm,
        (mut errors, unconfirmed): (FieldErrors, Option<Unconfirmed>),
    ) -> Answer {
        let Some(unconfirmed) = unconfirmed else {
            return page.unprocessable(&self.view(page, form, errors).await?);
        };
        unconfirmed.add_to(&mut errors);
        let view = self.view(page, form, errors).await?;
        unconfirmed.answer(page, &view)
    }

    /// Shows the form again, with the reason why nothing was requested.
    async fn refused(&self, page: &RequestContext, form: RefundForm, error: RefundError) -> Answer {
        if let RefundError::Refused(refusal) = &error
            && let Some((reason, sentence)) = texts::amount_error(self.payment.gateway, refusal)
        {
            let errors = FieldError::new(reason, sentence).at("amount");
            return page.unprocessable(&self.view(page, form, errors).await?);
        }
        let notice = self.obstacle(error)?;
        page.unprocessable(&self.shown(page, form, FieldErrors::default(), Err(notice)))
    }

    fn obstacle(&self, error: RefundError) -> Result<Notice, AppError> {
        let gateway = self.payment.gateway;
        let keys = urls::step(self.app.id, gateway, self.payment.mode, Step::Credentials);
        match texts::obstacle(gateway, &error, (self.payment.mode.label(), &keys)) {
            Some(notice) => Ok(notice),
            None => Err(match error {
                RefundError::Db(error) => error.into(),
                RefundError::Denied(denied) => denied.into(),
                _ => AppError::NotFound,
            }),
        }
    }

    /// Reads the payment from the gateway, unless it is clear that nothing can be refunded now.
    async fn view(&self, page: &RequestContext, form: RefundForm, mut errors: FieldErrors) -> Result<View, AppError> {
        let offer = self.offer(page).await?;
        let is_amount_open = !errors.is_empty() && errors.of("amount").is_none();
        if let Some((reason, sentence)) =
            offer.as_ref().ok().filter(|_| is_amount_open).and_then(|offer| self.amount_error(offer, &form))
        {
            errors.add("amount", reason, sentence);
        }
        Ok(self.shown(page, form, errors, offer))
    }

    /// Returns what is wrong with the amount in the form. No other refund is in progress where there is an offer.
    fn amount_error(&self, offer: &ShownOffer, form: &RefundForm) -> Option<(&'static str, Text)> {
        let currency = offer.left.currency;
        let wanted = Money::parse(&form.amount, currency)?;
        let refusal = refunds::rule::check(&offer.payment, &[], (self.api.limits)(currency), wanted).err()?;
        texts::amount_error(self.payment.gateway, &refusal)
    }

    /// True if the gateway has another order or amount than the payment's events reported. What they did not report cannot differ.
    fn is_reported_otherwise(&self, payment: &ApiPayment) -> bool {
        (self.payment.order_id.is_some() && self.payment.order_id != payment.order_id)
            || self.payment.money().is_some_and(|money| money != payment.amount)
    }

    async fn offer(&self, page: &RequestContext) -> Result<Result<ShownOffer, Notice>, AppError> {
        let gateway = self.payment.gateway;
        let Some(currency) = self.payment.currency else { return Ok(Err(texts::currency_unknown())) };
        if let Some(open) = &self.open {
            return Ok(Err(texts::in_progress(open)));
        }
        if page.state.refund_reads.check(&self.app.company_id).is_err() {
            return Ok(Err(texts::too_many_reads(gateway)));
        }
        let offer = match page.state.refunder.offer(&self.app, &self.payment, &page.actor()).await {
            Ok(Offer { payment, left: Ok(left) }) if left.currency == currency => return Ok(Ok(ShownOffer { payment, left })),
            Ok(offer) => offer,
            Err(error) => return Ok(Err(self.obstacle(error)?)),
        };
        let refusal = offer.left.err().unwrap_or(refunds::rule::Refusal::OtherCurrency(offer.payment.amount.currency));
        Ok(Err(self.obstacle(RefundError::Refused(refusal))?))
    }

    fn shown(&self, page: &RequestContext, mut form: RefundForm, errors: FieldErrors, offer: Result<ShownOffer, Notice>) -> View {
        let (gateway, is_asked) = (self.payment.gateway, errors.is_empty());
        let action = urls::transaction_refund(self.app.id, self.payment.id);
        let layout = layout(page, (&self.app, &self.payment), (t::title(), action.clone()));
        let layout = layout.crumb(messages::payment_title(&self.payment), self.url());
        let is_undecided = |dispute: &Dispute| matches!(dispute.status, DisputeStatus::Open | DisputeStatus::UnderReview);
        let disputed = self.disputes.iter().any(is_undecided).then(|| texts::disputed(gateway));
        let paid_twice = self.is_paid_twice.then(texts::paid_twice);
        let (offer, notices) = match offer {
            Ok(offer) => {
                let otherwise = self.is_reported_otherwise(&offer.payment).then(|| texts::reported_otherwise(gateway));
                (Some(offer), otherwise.into_iter().chain(paid_twice).chain(disputed).collect())
            }
            Err(notice) => (None, vec![notice]),
        };
        if let Some(offer) = offer.as_ref().filter(|_| is_asked && form.amount.is_empty()) {
            form.amount = offer.left.plain();
        }
        View {
            layout,
            gateway,
            form,
            errors,
            offer,
            notices,
            max_note_chars: self.api.max_note_chars,
            email: page.signed_in.user.email.clone(),
            action,
            back: self.url(),
            at_gateway: (gateway.profile().payment_url)(&self.payment.payment_id),
        }
    }
}

impl View {
    fn amount_hint(&self) -> Text {
        self.offer.as_ref().map(|offer| t::amount_hint(offer.left)).unwrap_or_default()
    }
}

//! The values of the variables of a text.
//!
//! Invariant: values from customers and gateways are sanitized when they are set.

use std::time::Duration;

use crate::{
    apps::App,
    automations::{
        json_template::JsonValues,
        runs::Run,
        template::{Values, Variable},
    },
    db::{DbError, Reader as DbReader},
    events,
    gateways::{payment::FailureCategory, payment_details::PaymentDetails},
    i18n::{Reader, Text},
    ledger::{
        orders::{self, OrderState},
        payments::{
            Transaction,
            changes::ChangeKind,
            disputes::Dispute,
            store::{self, references},
        },
    },
    messages::{self, DisplayTime},
    primitives::{
        id::TransactionId,
        money::{Currency, Money},
        time::Timestamp,
    },
};

/// The newest events of a payment, among which its customer is looked for.
const MAX_BODIES: i64 = 4;
/// The values of an example.
const EXAMPLE_IDS: [(Variable, &str); 4] = [
    (Variable::PaymentId, "pay_N1exampleX4Y5Z"),
    (Variable::OrderId, "order_N1exampleX4Y"),
    (Variable::RefundId, "rfnd_N1exampleX4Y5"),
    (Variable::DisputeId, "disp_N1exampleX4Y5"),
];
const EXAMPLE_AMOUNT: Money = Money::new(64_900, Currency::INR);
/// Two payments of that amount.
const EXAMPLE_PAID: Money = Money::new(129_800, Currency::INR);
const EXAMPLE_PAYMENTS: usize = 2;
const EXAMPLE_RECEIPT: &str = "1042";
/// How long after the example a dispute can be answered.
const EXAMPLE_DEADLINE: Duration = Duration::from_hours(7 * 24);

/// A change with the stored data of its payment.
pub(crate) struct Occurrence {
    pub(crate) kind: ChangeKind,
    /// The gateway's id of the refund or dispute.
    pub(crate) object: Option<String>,
    /// The amount of what changed.
    pub(crate) money: Option<Money>,
    pub(crate) at: Timestamp,
    pub(crate) payment: Transaction,
    /// `None` for changes of other kinds.
    pub(crate) dispute: Option<Dispute>,
    pub(crate) order: OrderState,
    /// The captured payments of the order; empty for changes of other kinds.
    pub(crate) order_payments: Vec<Transaction>,
    pub(crate) details: PaymentDetails,
}

impl Occurrence {
    /// Loads the change of a run; `None` if its payment no longer exists.
    pub(crate) async fn of_run(reader: &mut DbReader, app: &App, run: &Run) -> Result<Option<Self>, DbError> {
        let Some(kind) = run.kind() else { return Ok(None) };
        let Some(payment) = store::find(&mut *reader, app.id, run.transaction).await? else { return Ok(None) };
        let object = run.object().map(ToOwned::to_owned);
        let dispute = match (kind, &object) {
            (kind, Some(id)) if kind.is_of_dispute() => {
                references::list_disputes(&mut *reader, payment.id).await?.into_iter().find(|dispute| dispute.id == *id)
            }
            _ => None,
        };
        let occurrence = Self { object, money: run.money, at: run.occurred_at, dispute, ..Self::new(kind, payment) };
        occurrence.with_stored_data(reader, app).await.map(Some)
    }

    /// Returns a change of a payment as if it had just happened.
    pub(crate) async fn of_payment(
        reader: &mut DbReader,
        app: &App,
        kind: ChangeKind,
        payment: Transaction,
    ) -> Result<Self, DbError> {
        let mut occurrence = Self::new(kind, payment);
        if kind.is_of_dispute() {
            let disputes = references::list_disputes(&mut *reader, occurrence.payment.id).await?;
            occurrence.dispute = disputes.into_iter().next_back();
            occurrence.object = occurrence.dispute.as_ref().map(|dispute| dispute.id.clone());
            occurrence.money = occurrence.dispute.as_ref().map_or(occurrence.money, |dispute| Some(dispute.money));
        }
        occurrence.with_stored_data(reader, app).await
    }

    fn new(kind: ChangeKind, payment: Transaction) -> Self {
        let money = if kind == ChangeKind::Refunded { payment.processed_refund() } else { payment.money() };
        Self {
            kind,
            object: None,
            money,
            at: payment.updated_at,
            payment,
            dispute: None,
            order: OrderState::default(),
            order_payments: Vec::new(),
            details: PaymentDetails::default(),
        }
    }

    /// Loads the customer's details and the order.
    async fn with_stored_data(mut self, reader: &mut DbReader, app: &App) -> Result<Self, DbError> {
        self.details = details(reader, app, self.payment.id).await?;
        let Some(order) = self.payment.order_id.as_deref() else { return Ok(self) };
        let scope = (app.id, self.payment.mode, self.payment.gateway);
        if let Some(found) = orders::store::find(&mut *reader, scope, order).await? {
            self.order = found.state;
        }
        if self.kind == ChangeKind::OrderPaidTwice {
            self.order_payments = references::list_captured_of_order(&mut *reader, scope, order, orders::MAX_COMPARED).await?;
        }
        Ok(self)
    }

    /// Returns the values for a reader.
    pub(crate) fn values(&self, app: &App, reader: Reader, now: Timestamp) -> Values {
        let plain = |text: Text| text.to_plain(reader);
        let moment = |at: Timestamp| plain(Text::verbatim(DisplayTime::of_expiry(at, now)));
        let mut values = Values::default();
        values.set_own(Variable::AppName, app.name.clone());
        values.set(Variable::PaymentId, &self.payment.payment_id);
        values.set(Variable::OrderId, self.payment.order_id.as_deref().unwrap_or_default());
        values.set(
            Variable::Method,
            &self.payment.method.as_deref().map(|code| plain(messages::method(Some(code)))).unwrap_or_default(),
        );
        values.set_own(Variable::Date, moment(self.at));
        if let Some(money) = self.money.or_else(|| self.payment.money()) {
            values.set_own(Variable::Amount, money.to_string());
            values.set_own(Variable::Currency, money.currency.to_string());
        }
        if let Some(money) = self.payment.money() {
            values.set_own(Variable::PaymentAmount, money.to_string());
        }
        if let Some(reason) = &self.payment.failure {
            values.set_own(Variable::Reason, plain(messages::failure(reason.0)));
        }
        let object = self.object.as_deref().unwrap_or_default();
        values.set(if self.kind == ChangeKind::Refunded { Variable::RefundId } else { Variable::DisputeId }, object);
        self.set_order(&mut values);
        if let Some(at) = self.dispute.as_ref().and_then(|dispute| dispute.respond_by) {
            values.set_own(Variable::RespondBy, moment(at));
        }
        for (name, value) in &self.details.notes {
            values.set_note(name, value);
        }
        values
    }

    fn set_order(&self, values: &mut Values) {
        if let Some(receipt) = &self.order.receipt {
            values.set(Variable::OrderReceipt, receipt);
        }
        if let Some(money) = self.order.money() {
            values.set_own(Variable::OrderAmount, money.to_string());
        }
        if let Some(paid) = self.order_paid() {
            values.set_own(Variable::OrderPaid, paid.to_string());
        }
        values.set_own(Variable::OrderPayments, self.order_payments.len().to_string());
    }

    /// Returns the sum of the order's payments. They have one currency; those in another one, if there are any, are not added.
    fn order_paid(&self) -> Option<Money> {
        let currency = self.payment.currency?;
        let of_currency = self.order_payments.iter().filter_map(Transaction::money).filter(|money| money.currency == currency);
        Some(Money::new(of_currency.fold(0_i64, |sum, money| sum.saturating_add(money.subunits)), currency))
    }

    /// Returns the values for a JSON template: codes and times that programs read.
    pub(crate) fn json_values(&self, app: &App) -> JsonValues {
        let mut values = JsonValues::default();
        let amount = self.money.or_else(|| self.payment.money());
        let currency = amount.map(|money| money.currency.to_string());
        let failure = self.payment.failure.as_ref().and_then(|reason| reason.0).map(FailureCategory::as_str);
        let respond_by = self.dispute.as_ref().and_then(|dispute| dispute.respond_by).map(Timestamp::rfc3339);
        let object = if self.kind == ChangeKind::Refunded { Variable::RefundId } else { Variable::DisputeId };
        values.set(Variable::AppName, Some(&app.name));
        values.set(Variable::PaymentId, Some(&self.payment.payment_id));
        values.set(Variable::OrderId, self.payment.order_id.as_deref());
        values.set(Variable::Method, self.payment.method.as_deref());
        values.set(Variable::Date, Some(&self.at.rfc3339()));
        values.set_amount(Variable::Amount, amount);
        values.set_amount(Variable::PaymentAmount, self.payment.money());
        values.set(Variable::Currency, currency.as_deref());
        values.set(Variable::Reason, failure);
        values.set(object, self.object.as_deref());
        values.set(Variable::RespondBy, respond_by.as_deref());
        values.set(Variable::OrderReceipt, self.order.receipt.as_deref());
        values.set_amount(Variable::OrderAmount, self.order.money());
        values.set_amount(Variable::OrderPaid, self.order_paid());
        values.set_count(Variable::OrderPayments, self.order_payments.len());
        for (name, value) in &self.details.notes {
            values.set_note(name, value);
        }
        values
    }
}

/// Returns example values for the preview of a JSON template.
pub(crate) fn json_example(app: &App, now: Timestamp) -> JsonValues {
    let mut values = JsonValues::default();
    values.set(Variable::AppName, Some(&app.name));
    for (variable, id) in EXAMPLE_IDS {
        values.set(variable, Some(id));
    }
    values.set(Variable::Method, Some("upi"));
    values.set(Variable::Date, Some(&now.rfc3339()));
    values.set_amount(Variable::Amount, Some(EXAMPLE_AMOUNT));
    values.set_amount(Variable::PaymentAmount, Some(EXAMPLE_AMOUNT));
    values.set(Variable::Currency, Some(EXAMPLE_AMOUNT.currency.as_str()));
    values.set(Variable::Reason, Some(FailureCategory::Other.as_str()));
    values.set(Variable::RespondBy, Some(&now.plus(EXAMPLE_DEADLINE).rfc3339()));
    values.set(Variable::OrderReceipt, Some(EXAMPLE_RECEIPT));
    values.set_amount(Variable::OrderAmount, Some(EXAMPLE_AMOUNT));
    values.set_amount(Variable::OrderPaid, Some(EXAMPLE_PAID));
    values.set_count(Variable::OrderPayments, EXAMPLE_PAYMENTS);
    values
}

/// Returns example values, for a preview without a matching payment.
pub(crate) fn example(app: &App, reader: Reader, now: Timestamp) -> Values {
    let plain = |text: Text| text.to_plain(reader);
    let moment = |at: Timestamp| plain(Text::verbatim(DisplayTime::of_expiry(at, now)));
    let mut values = Values::default();
    values.set_own(Variable::AppName, app.name.clone());
    for (variable, id) in EXAMPLE_IDS {
        values.set(variable, id);
    }
    values.set(Variable::Method, &plain(messages::method(Some("upi"))));
    let amount = EXAMPLE_AMOUNT.to_string();
    for variable in [Variable::Amount, Variable::PaymentAmount, Variable::OrderAmount] {
        values.set_own(variable, amount.clone());
    }
    values.set_own(Variable::Currency, EXAMPLE_AMOUNT.currency.to_string());
    values.set(Variable::OrderReceipt, EXAMPLE_RECEIPT);
    values.set_own(Variable::OrderPaid, EXAMPLE_PAID.to_string());
    values.set_own(Variable::OrderPayments, EXAMPLE_PAYMENTS.to_string());
    values.set_own(Variable::Reason, plain(messages::failure(None)));
    values.set_own(Variable::Date, moment(now));
    values.set_own(Variable::RespondBy, moment(now.plus(EXAMPLE_DEADLINE)));
    values
}

/// Returns the customer's details from the newest stored bodies of a payment's events.
pub(super) async fn details(reader: &mut DbReader, app: &App, payment: TransactionId) -> Result<PaymentDetails, DbError> {
    let events = events::store::list_newest_of_transaction(&mut *reader, app.id, payment, MAX_BODIES).await?;
    let mut found = PaymentDetails::default();
    for event in &events {
        let stored = events::store::find_payload(&mut *reader, event).await?;
        let own = stored.body().and_then(|body| event.own_bytes(body).ok());
        if let Some(own) = own {
            found = found.or(event.gateway.adapter().payment_details(own));
        }
        if found.email.is_some() && !found.notes.is_empty() {
            break;
        }
    }
    Ok(found)
}

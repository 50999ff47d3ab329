//! The pages of automatic refunds: the list with the settings, and the page that confirms one.

pub(crate) mod confirm;
pub(crate) mod list;
pub(crate) mod settings;

use crate::{
    accounts::authz::{Denied, UseCaseError},
    apps::App,
    automations::{self, Automation},
    console::http::{
        error::AppError,
        layout::{AppEntry, Layout},
        page::RequestContext,
    },
    db::Reader,
    gateways::{Gateway, Mode},
    i18n::Text,
    ledger::payments::{Transaction, store},
    messages::{
        self, automatic_refunds,
        text::{automatic_refunds as t, automations as of_rules},
    },
    primitives::id::TransactionId,
    refunds::automatic::{AutomaticRefund, manage},
    urls,
};

/// The link to the list, for other pages.
pub(crate) struct ListLink {
    pub(crate) url: String,
    /// How many refunds wait there for a user; `None` if none does.
    pub(crate) waiting: Option<Text>,
}

/// Returns the link to the list; `None` for a user who may not refund.
pub(super) async fn list_link(
    reader: &mut Reader,
    page: &RequestContext,
    (app, mode): (&App, Mode),
) -> Result<Option<ListLink>, AppError> {
    match manage::count_to_confirm(reader, (app, mode), &page.actor()).await {
        Ok(count) => Ok(Some(ListLink { url: list_url(app, mode), waiting: automatic_refunds::waiting(count) })),
        Err(UseCaseError::Denied(_)) => Ok(None),
        Err(other) => Err(other.into()),
    }
}

fn list_url(app: &App, mode: Mode) -> String {
    urls::in_mode(&urls::automatic_refunds(app.id), mode)
}

/// Returns the layout of the list, or of a page below it. The other mode has another list.
fn layout(page: &RequestContext, (app, mode): (&App, Mode), title: Text) -> Layout {
    let layout = page.layout(title).app(app, AppEntry::Automations, Some(mode));
    let layout = layout.with_mode_urls(mode, list_url(app, Mode::Test), list_url(app, Mode::Live)).below_app(app);
    layout.crumb(of_rules::title(), urls::in_mode(&urls::automations(app.id), mode))
}

/// What belongs to a refund: what has proposed it, and the payments.
struct Context {
    automations: Vec<Automation>,
    payments: Vec<Transaction>,
}

impl Context {
    async fn read(
        reader: &mut Reader,
        page: &RequestContext,
        (app, mode): (&App, Mode),
        refunds: &[&AutomaticRefund],
    ) -> Result<Self, AppError> {
        let automations = match automations::manage::list(&mut *reader, (app, mode), &page.actor()).await {
            Ok(all) => all,
            Err(UseCaseError::Denied(Denied::Permission)) => Vec::new(),
            Err(other) => return Err(other.into()),
        };
        let mut ids: Vec<_> = refunds.iter().map(|refund| payment_of(refund)).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut payments = Vec::new();
        for id in ids {
            payments.extend(store::find(&mut *reader, app.id, id).await?);
        }
        Ok(Self { automations, payments })
    }

    fn payment(&self, refund: &AutomaticRefund) -> Option<&Transaction> {
        self.payments.iter().find(|payment| payment.id == payment_of(refund))
    }

    fn gateway(&self, refund: &AutomaticRefund) -> Option<Gateway> {
        self.payment(refund).map(|payment| payment.gateway)
    }

    fn source(&self, app: &App, refund: &AutomaticRefund) -> Source {
        match self.automations.iter().find(|automation| automation.id == refund.automation) {
            Some(found) => Source {
                sentence: messages::automations::sentence(&found.rule),
                url: Some(urls::automation_run(&urls::automation(app.id, found.id), refund.run)),
            },
            None => Source { sentence: t::automation_gone(), url: None },
        }
    }
}

/// The automation that has proposed a refund.
struct Source {
    sentence: Text,
    /// The page of its run; `None` if it no longer exists.
    url: Option<String>,
}

/// Returns the payment that is refunded, or as long as it is not known the one that changed.
fn payment_of(refund: &AutomaticRefund) -> TransactionId {
    refund.refunded.unwrap_or(refund.transaction)
}

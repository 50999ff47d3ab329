//! The routes of the main dashboard and of Applications.

use actix_web::HttpResponse;

use super::views;
use crate::{
    accounts::authz::Permission,
    apps,
    connections::app_health,
    console::{
        http::{error::AppError, layout::ConsoleEntry, page::RequestContext},
        read_models::{
            alerts::{MAX_PAID_TWICE, of_viewers_channels, of_viewers_destinations},
            rejection_summary,
        },
    },
    gateways::Mode,
    ledger::{orders, payments::store::open_disputes},
    messages::text,
};

type Answer = Result<HttpResponse, AppError>;

/// `GET /`
pub(crate) async fn show(page: RequestContext) -> Answer {
    let mut reader = page.state.db.page_reader().await?;
    let all = app_health::list(&mut reader, page.signed_in.company.id, page.now).await?;
    let worst = app_health::list_needing_attention(&all, page.now).into_iter().take(views::MAX_PROBLEMS);
    let causes = rejection_summary::causes(&mut reader, worst.map(|(app, webhook)| (app, &webhook.activity))).await?;
    let company = page.signed_in.company.id;
    let (disputes, paid_twice) = if page.signed_in.user.role.permits(Permission::ViewPayments) {
        let disputes = open_disputes::of_company(&mut reader, company, page.now).await?;
        (disputes, orders::store::list_newest_overpaid(&mut reader, (company, Mode::Live), MAX_PAID_TWICE).await?)
    } else {
        (Vec::new(), Vec::new())
    };
    let mut more = of_viewers_destinations(&page, &mut reader, &all).await?;
    more.extend(of_viewers_channels(&page, &mut reader).await?);
    drop(reader);
    let layout = page.layout(text::dashboard::dashboard()).console(ConsoleEntry::Dashboard);
    page.ok(&views::Dashboard::new(layout, &all, (&causes, (&disputes, &paid_twice), more), page.now))
}

/// `GET /applications`
pub(crate) async fn applications(page: RequestContext) -> Answer {
    let mut reader = page.state.db.page_reader().await?;
    let count = apps::store::count(&mut reader, page.signed_in.company.id).await?;
    drop(reader);
    let layout = page.layout(text::layout::applications()).console(ConsoleEntry::Applications);
    page.ok(&views::Applications { layout, count: usize::try_from(count).unwrap_or_default() })
}

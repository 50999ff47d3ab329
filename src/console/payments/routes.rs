//! Routes of Transaction History and its download.

use std::collections::BTreeMap;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{Method, header},
    web::{Bytes, Path, Query},
};
use futures_util::{StreamExt as _, stream};

use super::{
    export,
    forms::{DEFAULT_DAYS, PaymentParams, PaymentQuery, PaymentSearch},
    list_view::Index,
};
use crate::{
    apps::App,
    console::{
        http::{confirmation, error::AppError, list_query::only_page, page::RequestContext},
        read_models::{
            mode_selection::{ModeSelection, open_list},
            payment_row::{ListStyle, by_day, mark_paid_twice},
            rejection_summary,
        },
    },
    db::{Db, DbError, Reader, list},
    events,
    gateways::Mode,
    i18n::Locale,
    ledger::payments::{
        Transaction, begin_export,
        disputes::OtherCosts,
        store::{
            self, Filter,
            daily_totals::{self, Ledger, Sum},
            references,
        },
    },
    messages::{
        self, EmptyState, Items,
        text::{lists, transactions as t},
    },
    primitives::{
        date_range::DateRange,
        keyset::{Cursor, ListPage as Rows},
        time::Timestamp,
        zone::Zone,
    },
    urls,
};

type Answer = Result<HttpResponse, AppError>;

/// The maximum number of results of a search by gateway id on a page; the download has all that are found.
const MAX_SEARCH_RESULTS: i64 = 200;
/// The number of rows per chunk of the download, which limits its memory.
const ROWS_PER_CHUNK: i64 = 1000;

/// `GET /ks-pay/apps/{app}/transactions`
pub(crate) async fn index(page: RequestContext, app: Path<String>, form: Query<PaymentParams>) -> Answer {
    let (app, shown, context) = open_list(&page, &app, &form.list.mode).await?;
    render(&page, &app, shown, form.into_inner().read(context)).await
}

/// What the list shows of the payments.
#[derive(Default)]
struct FoundPayments {
    rows: Rows<Transaction>,
    sum: Items,
    /// The number of payments that the query finds, if it is known.
    total: Option<i64>,
    /// The sums of the days of the rows, by the number of the day.
    of_days: BTreeMap<i64, Vec<Sum>>,
    /// True if a search has found no more only because it examines no more.
    is_examined_in_part: bool,
}

/// What a search by id has found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Extent {
    All,
    /// The newest of more matches.
    Newest,
    /// The matches among the newest payments with the id; those of the other mode are among them.
    Examined,
}

async fn render(page: &RequestContext, app: &App, shown: ModeSelection, query: PaymentQuery) -> Answer {
    let mut reader = page.state.db.page_reader().await?;
    let FoundPayments { rows, sum, total, of_days, is_examined_in_part } = found_payments(&mut reader, app, &query).await?;
    let mut pager = query.list.pager(&rows);
    // Where the totals tell that there is none, the search need not go on.
    let empty = match query.list.invalid().or_else(|| pager.take_empty().filter(|_| total != Some(0))) {
        None if rows.rows.is_empty() && is_examined_in_part => Some(nothing_among_examined(app, shown.mode)),
        None if rows.rows.is_empty() => Some(empty_state(&mut reader, page, app, &shown, &query).await?),
        of_query => of_query,
    };
    let url = |payment: &Transaction| urls::transaction_from_list(payment.id);
    let style = ListStyle { days: app.zone, times: page.reader().zone, url };
    let mut days = by_day(&rows.rows, |day| Some(messages::day_sum(of_days.get(&day)?)), style, page.now);
    mark_paid_twice(&mut reader, &mut days, &rows.rows).await?;
    drop(reader);
    let (gateways, zones_note) = (shown.gateways(), page.zones_note(app));
    let layout = shown.list_layout(page, app, (t::title(), &query.list));
    let view = Index { layout, query, gateways, days, sum, total, pager, empty, zones_note };
    view.query.list.answer(page, &view)
}

/// Returns what the query finds, nothing while a filter is invalid.
async fn found_payments(reader: &mut Reader, app: &App, query: &PaymentQuery) -> Result<FoundPayments, DbError> {
    let mode = query.list.context.mode;
    if !query.list.is_valid() {
        return Ok(FoundPayments::default());
    }
    if let Some(search) = &query.search {
        let (rows, extent) = find(reader, app, mode, search, MAX_SEARCH_RESULTS).await?;
        let (is_examined_in_part, total) = (extent == Extent::Examined, i64::try_from(rows.len()).ok());
        let sum = match extent {
            Extent::All => Vec::new(),
            Extent::Newest => vec![("more-payments", lists::more_payments(MAX_SEARCH_RESULTS))],
            Extent::Examined => vec![("found-among", lists::found_among(rows.len(), store::MAX_FOUND))],
        };
        let total = total.filter(|_| extent == Extent::All);
        return Ok(FoundPayments { rows: only_page(rows), sum, total, is_examined_in_part, ..FoundPayments::default() });
    }
    let ledger = Ledger { app: app.id, mode, zone: app.zone };
    let sums = daily_totals::sums(&mut *reader, ledger, query.days(), query.kinds).await?;
    let rows = list::page(reader, &query.filter(), query.list.page_request()).await?;
    let of_days = match days_of(&rows.rows, app.zone) {
        Some(days) => daily_totals::sums_of_days(&mut *reader, ledger, days, query.kinds).await?,
        None => BTreeMap::new(),
    };
    let total = Some(sums.iter().map(|sum| sum.payments).sum());
    Ok(FoundPayments { rows, sum: messages::sum(&sums), total, of_days, is_examined_in_part: false })
}

/// Returns the days from the oldest of these rows to the newest.
fn days_of(rows: &[Transaction], zone: Zone) -> Option<DateRange> {
    let (newest, oldest) = (rows.first()?, rows.last()?);
    Some(DateRange { first: zone.date(oldest.created_at), last: zone.date(newest.created_at) })
}

/// Returns the newest matches of a search by id, at most `most`, and which these are.
async fn find(
    reader: &mut Reader,
    app: &App,
    mode: Mode,
    search: &PaymentSearch,
    most: i64,
) -> Result<(Vec<Transaction>, Extent), DbError> {
    match search {
        PaymentSearch::Transaction(id) => {
            let found = store::find(reader, app.id, *id).await?;
            Ok((found.into_iter().filter(|transaction| transaction.mode == mode).collect(), Extent::All))
        }
        PaymentSearch::GatewayId(name) => {
            let mut found = store::find_by_gateway_id(&mut *reader, app.id, mode, name, most + 1).await?;
            let extent = if !i64::try_from(found.len()).is_ok_and(|count| count <= most) {
                Extent::Newest
            } else if store::exceeds_examined(reader, app.id, name).await? {
                Extent::Examined
            } else {
                Extent::All
            };
            found.truncate(usize::try_from(most).unwrap_or_default());
            Ok((found, extent))
        }
    }
}

/// A search that has found nothing among the payments that it examines: there may be others.
fn nothing_among_examined(app: &App, mode: Mode) -> EmptyState {
    let way = (urls::in_mode(&urls::transactions(app.id), mode), lists::clear_search());
    let (title, text) = (lists::no_match_yet(), lists::found_among(0, store::MAX_FOUND));
    EmptyState { hook: "none-among-examined", cause: None, icon: "search", title, text, way: Some(way) }
}

/// Explains why the list is empty, and links to where there are transactions.
async fn empty_state(
    reader: &mut Reader,
    page: &RequestContext,
    app: &App,
    shown: &ModeSelection,
    query: &PaymentQuery,
) -> Result<EmptyState, AppError> {
    let (path, mode) = (urls::transactions(app.id), shown.mode);
    if let Some(search) = &query.search {
        if let PaymentSearch::GatewayId(reference) = search
            && let Some(event) = events::store::find_by_reference(&mut *reader, app.id, mode, reference).await?
        {
            return Ok(messages::settlement_found(&event, urls::event(app.id, event.id), page.now));
        }
        let other = mode.other();
        let is_there = !find(reader, app, other, search, 1).await?.0.is_empty();
        let (name, other) = (query.list.searched(), is_there.then_some(other));
        return Ok(messages::EmptyTransactions::Named { name, mode, other }.at(&path));
    }
    let Some(newest) = crate::ledger::payments::newest(&mut *reader, app.id, mode).await? else {
        let yet = messages::EmptyTransactions::Yet { mode, app: app.id, gateway: shown.gateway() }.at(&path);
        let causes = rejection_summary::causes(reader, shown.connections.iter().map(|(_, activity)| (app, activity))).await?;
        return Ok(messages::nothing_but_refused(yet, &shown.connections, &causes));
    };
    let today = query.list.today;
    if query.kinds.is_any() && messages::past_day(newest.created_at, page.now).is_none() {
        return Ok(messages::nothing_but_later(query.days(), today, urls::transaction(app.id, newest.id)));
    }
    let wider = if query.kinds.is_any() {
        DateRange::ending(app.zone.date(newest.created_at).min(today), DEFAULT_DAYS)
    } else {
        query.days()
    };
    Ok(messages::EmptyTransactions::Between { days: query.days(), kinds: query.kinds, mode, wider, today }.at(&path))
}

/// `GET /ks-pay/apps/{app}/transactions.csv`
pub(crate) async fn download(
    request: HttpRequest,
    page: RequestContext,
    app: Path<String>,
    form: Query<PaymentParams>,
) -> Answer {
    let (app, shown, context) = open_list(&page, &app, &form.list.mode).await?;
    let mode = shown.mode;
    let query = form.into_inner().read(context);
    if !query.list.is_valid() {
        return render(&page, &app, shown, query).await;
    }
    // The confirmation leads back to the list with the same query, so that its download is the same file.
    let list = match request.query_string() {
        "" => urls::in_mode(&urls::transactions(app.id), mode),
        query => format!("{}?{query}", urls::transactions(app.id)),
    };
    confirmation::require_for_download(&page, &request, &list)?;
    let mut reader = page.state.db.page_reader().await?;
    let found = match &query.search {
        Some(search) => Some(find(&mut reader, &app, mode, search, store::MAX_FOUND).await?),
        None => None,
    };
    let is_all = found.as_ref().is_none_or(|(_, extent)| *extent == Extent::All);
    let mut response = HttpResponse::Ok();
    response.content_type("text/csv; charset=utf-8");
    let name = format!("attachment; filename=\"{}\"", export::file_name(&query, mode, is_all));
    response.insert_header((header::CONTENT_DISPOSITION, name));
    if request.method() == Method::HEAD {
        return Ok(response.streaming(stream::empty::<Result<Bytes, DbError>>()));
    }
    // Not open while the commit waits for the disk.
    drop(reader);
    let mut tx = page.state.db.begin().await?;
    begin_export(&mut tx, &app, (&page.actor(), page.now)).await?;
    tx.commit().await?;
    if let Some((rows, _)) = found {
        let rows = with_costs(&mut page.state.db.page_reader().await?, rows).await?;
        let by = (page.locale, app.zone);
        return Ok(response.body([export::header(app.zone), export::lines(&rows, by, page.now)].concat()));
    }
    let head = stream::once(std::future::ready(Ok(Bytes::from(export::header(app.zone)))));
    let context = ((page.locale, app.zone), page.now);
    Ok(response.streaming(head.chain(chunks(page.state.db.clone(), query.filter(), context))))
}

/// How times and names are written in a download, and the time of it.
type ExportContext = ((Locale, Zone), Timestamp);

/// Streams the rows in chunks. No database connection is held between two chunks, however slow the download is.
fn chunks(db: Db, filter: Filter, context: ExportContext) -> impl futures_util::Stream<Item = Result<Bytes, DbError>> {
    stream::try_unfold((db, filter, Some(Cursor::NEWEST), context), async |(db, filter, place, (by, now))| {
        let Some(place) = place else { return Ok(None) };
        let mut reader = db.bulk_reader().await?;
        let (rows, next) = list::chunk(&mut reader, &filter, place, ROWS_PER_CHUNK).await?;
        let rows = with_costs(&mut reader, rows).await?;
        drop(reader);
        Ok(Some((Bytes::from(export::lines(&rows, by, now)), (db, filter, next, (by, now)))))
    })
}

/// Adds the costs of disputes in other currencies. Queries only payments with a dispute, which are few.
async fn with_costs(reader: &mut Reader, payments: Vec<Transaction>) -> Result<Vec<(Transaction, OtherCosts)>, DbError> {
    let mut rows = Vec::with_capacity(payments.len());
    for payment in payments {
        let costs = if payment.state.is_of_dispute() {
            OtherCosts::of(payment.currency, &references::list_disputes(&mut *reader, payment.id).await?)
        } else {
            OtherCosts::default()
        };
        rows.push((payment, costs));
    }
    Ok(rows)
}

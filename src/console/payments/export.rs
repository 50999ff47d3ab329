//! Exports Transaction History as CSV. The header line is in English in every language, because programs read it; states and
//! payment methods are in the reader's.
//!
//! Invariant: spreadsheets evaluate no cell with external data as a formula.

use std::borrow::Cow;

use super::forms::PaymentQuery;
use crate::{
    gateways::Mode,
    i18n::Locale,
    ledger::payments::{Transaction, disputes::OtherCosts, store::MAX_FOUND},
    messages,
    primitives::{money::Money, time::Timestamp, zone::Zone},
};

const COLUMNS: usize = 17;
/// The columns of the list, the amounts of refunds and disputes, and the gateway's ids.
const HEADER: [&str; COLUMNS] = [
    "Transaction ID",
    "Creation Date",
    "Last Update",
    "Payment Mode",
    "Payment Gateway",
    "Mode",
    "Currency",
    "Amount",
    "Refunded",
    "Refund pending",
    "Lost in disputes",
    "Deducted for disputes",
    "Lost in other currencies",
    "Deducted in other currencies",
    "Status",
    "Payment ID",
    "Order ID",
];

/// The columns with times, which are in the zone of the app.
const TIMES: std::ops::RangeInclusive<usize> = 1..=2;

/// Returns the header line, which names the zone of the times.
pub(crate) fn header(zone: Zone) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut cells = HEADER.map(str::to_owned);
    for cell in &mut cells[TIMES] {
        *cell = format!("{cell} ({})", zone.name());
    }
    // Writing to memory does not fail.
    let _ = writer.write_record(cells);
    writer.into_inner().unwrap_or_default()
}

/// Returns one line per transaction. The costs are those of its disputes in other currencies; times are in
/// the zone.
pub(crate) fn lines(transactions: &[(Transaction, OtherCosts)], by: (Locale, Zone), now: Timestamp) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for (transaction, costs) in transactions {
        let _ = writer.write_record(cells(transaction, costs, by, now));
    }
    writer.into_inner().unwrap_or_default()
}

fn cells(transaction: &Transaction, costs: &OtherCosts, (locale, zone): (Locale, Zone), now: Timestamp) -> [String; COLUMNS] {
    let plain = |money: Option<Money>| money.map(Money::plain).unwrap_or_default();
    [
        transaction.id.to_string(),
        moment(transaction.created_at, zone, now),
        moment(transaction.updated_at, zone, now),
        transaction.method.as_deref().map(|code| method(code, locale)).unwrap_or_default(),
        transaction.gateway.label().to_owned(),
        transaction.mode.label().to_owned(),
        transaction.currency.map(|currency| currency.to_string()).unwrap_or_default(),
        // A number formatted by KS Pay: a leading minus is safe.
        plain(transaction.money()),
        plain(transaction.processed_refund()),
        plain(transaction.pending_refund()),
        plain(transaction.part(transaction.lost)),
        plain(transaction.part(transaction.held)),
        with_currencies(&costs.lost),
        with_currencies(&costs.held),
        messages::payment_state(transaction.state).label.to_plain(locale),
        escape_formula(&transaction.payment_id).into_owned(),
        transaction.order_id.as_deref().map(|id| escape_formula(id).into_owned()).unwrap_or_default(),
    ]
}

fn method(code: &str, locale: Locale) -> String {
    escape_formula(&messages::method(Some(code)).to_plain(locale)).into_owned()
}

/// Formats amounts of several currencies in one cell.
fn with_currencies(amounts: &[Money]) -> String {
    amounts.iter().map(|money| format!("{} {}", money.currency, money.plain())).collect::<Vec<_>>().join("; ")
}

/// Formats a time as spreadsheets parse it; empty if the pages show it as unknown.
fn moment(at: Timestamp, zone: Zone, now: Timestamp) -> String {
    messages::past_day(at, now).map(|_| zone.zoned(at).strftime("%Y-%m-%d %H:%M:%S").to_string()).unwrap_or_default()
}

/// Escapes a cell that a spreadsheet would evaluate as a formula.
fn escape_formula(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{cell}").into() } else { cell.into() }
}

/// Returns the file name, which contains no external data. It says if the search has found more than the file contains.
pub(crate) fn file_name(query: &PaymentQuery, mode: Mode, is_all: bool) -> String {
    match (&query.search, is_all) {
        (Some(_), true) => format!("transactions-{mode}.csv"),
        (Some(_), false) => format!("transactions-{mode}-newest-{MAX_FOUND}-only.csv"),
        (None, _) => {
            let days = query.days();
            format!("transactions-{mode}-{}-to-{}.csv", days.first, days.last)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        gateways::{Gateway, payment::Status},
        ledger::payments::state::DisplayState,
        primitives::id::{AppId, ConnectionId, TransactionId},
    };

    #[test]
    fn nothing_from_outside_becomes_a_formula_and_quotes_are_kept() {
        let at = Timestamp::from_seconds(1_795_343_403);
        let transaction = Transaction {
            id: TransactionId::unique(),
            app: AppId::unique(),
            connection: ConnectionId::unique(),
            gateway: Gateway::RAZORPAY,
            mode: Mode::Live,
            payment_id: "=HYPERLINK(\"http://x\")".to_owned(),
            order_id: Some("@a,b".to_owned()),
            failure: None,
            status: Some(Status::Captured),
            state: DisplayState::PartlyRefunded,
            stage: Some(Status::Captured),
            amount: Some(-50_000),
            refunded: 10_000,
            refund_pending: 4_000,
            refund_failed: 0,
            currency: Some(crate::primitives::money::Currency::INR),
            method: Some("+cmd".to_owned()),
            is_disputed: false,
            is_dispute_lost: false,
            settled: None,
            is_captured: true,
            lost: 2_000,
            held: 0,
            created_at: at,
            updated_at: at,
        };
        let costs = || OtherCosts { lost: vec![Money::new(834_500, "USD".parse().unwrap())], held: Vec::new() };
        let english = (Locale::English, Zone::default());
        let text = String::from_utf8(lines(&[(transaction.clone(), costs())], english, at)).unwrap();
        let (_, rest) = text.split_once(',').unwrap();
        let wanted = "2026-11-22 16:00:03,2026-11-22 16:00:03,'+cmd,Razorpay,Live,INR,-500.00,60.00,40.00,20.00,,USD 8345.00,,Partly refunded,";
        assert_eq!(rest, format!("{wanted}\"'=HYPERLINK(\"\"http://x\"\")\",\"'@a,b\"\n"));
        let earlier = at.minus(std::time::Duration::from_hours(1));
        let unknown = String::from_utf8(lines(&[(transaction.clone(), costs())], english, earlier)).unwrap();
        assert!(unknown.contains(",,,'+cmd,Razorpay,") && !unknown.contains("2026"), "a time to come is no time: {unknown}");
        let by_card = Transaction { method: Some("card".to_owned()), ..transaction };
        let elsewhere: Zone = "Asia/Kathmandu".parse().unwrap();
        let hindi = String::from_utf8(lines(&[(by_card, costs())], (Locale::Hindi, elsewhere), at)).unwrap();
        assert!(hindi.contains(",कार्ड,Razorpay,Live,INR,") && hindi.contains(",आंशिक रिफ़ंड,"), "{hindi}");
        assert!(hindi.contains(",2026-11-22 16:15:03,"), "{hindi}");
        let header = String::from_utf8(header(elsewhere)).unwrap();
        assert!(header.starts_with("Transaction ID,Creation Date (Asia/Kathmandu),Last Update (Asia/Kathmandu),Payment Mode,"));
        assert_eq!(escape_formula("\t=1"), "'\t=1");
        assert_eq!(escape_formula("\r=1"), "'\r=1");
        assert_eq!(escape_formula("pay_Q4x"), "pay_Q4x");
    }
}

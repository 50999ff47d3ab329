//! PostgreSQL reads lists in the order of an index, and no further than their limit.

use ks_pay::db::Db;
use serde_json::Value;
use sqlx::{AssertSqlSafe, PgConnection, Row as _};

use crate::support::{Installation, database::is_postgres};

/// The statements of lists, by the ends of their names.
const LISTS: &[&str] = &["::LIST_OLDER", "::LIST_NEWER", "::SEARCH_OLDER", "::SEARCH_NEWER", "::END_OLDER", "::END_NEWER"];
/// What can be expected of the planner with empty tables: the plans that it has to find in large ones.
const PLANNER: &str = "SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off; \
     SET plan_cache_mode = force_generic_plan";

/// Returns an installation with an empty database; `None` on SQLite.
async fn empty() -> Option<(Installation, Db)> {
    if !is_postgres() {
        return None;
    }
    let at = Installation::new().await;
    std::fs::create_dir_all(at.data_dir()).unwrap();
    let db = Db::open(&at.location()).await.unwrap();
    Some((at, db))
}

async fn run(on: &mut PgConnection, text: String) {
    sqlx::raw_sql(AssertSqlSafe(text)).execute(on).await.unwrap();
}

/// Returns the plan of a statement that is planned for any parameters.
async fn plan(on: &mut PgConnection, statement: &str) -> Value {
    let parameters = (1..=99).take_while(|number| statement.contains(&format!("${number}"))).map(|_| "NULL").collect::<Vec<_>>();
    explained(on, statement, "COSTS FALSE", &parameters.join(", ")).await
}

async fn explained(on: &mut PgConnection, statement: &str, options: &str, parameters: &str) -> Value {
    run(on, format!("PREPARE explained AS {statement}")).await;
    let explain = format!("EXPLAIN (FORMAT JSON, {options}) EXECUTE explained({parameters})");
    let row = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut *on).await.unwrap();
    let plan: Value = serde_json::from_str(row.try_get_raw(0).unwrap().as_str().unwrap()).unwrap();
    run(on, "DEALLOCATE explained".to_owned()).await;
    plan[0]["Plan"].clone()
}

/// Returns the scans that may read more rows than a limit above them asks for. `is_limited` is true below such a limit.
fn unbounded(node: &Value, is_limited: bool) -> Vec<String> {
    let (kind, conditions) = (node["Node Type"].as_str().unwrap(), node["Index Cond"].as_str().unwrap_or_default());
    let is_filtered = node.get("Filter").is_some();
    let is_limited = match kind {
        "Limit" => true,
        _ if kind.contains("Sort") || kind.contains("Aggregate") || is_filtered => false,
        _ => is_limited,
    };
    let is_one_row = conditions.starts_with("(id = ");
    let of_disputes = node["Relation Name"].as_str() == Some("disputes");
    let own = (node.get("Relation Name").is_some() && !is_limited && !is_one_row && !of_disputes).then(|| node.to_string());
    let inner = node["Plans"].as_array().into_iter().flatten().flat_map(|plan| unbounded(plan, is_limited));
    own.into_iter().chain(inner).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_read_in_the_order_of_an_index() {
    let Some((_at, db)) = empty().await else { return };
    let Db::Postgres { pool, .. } = &db else { unreachable!() };
    let mut on = pool.acquire().await.unwrap();
    run(&mut on, PLANNER.to_owned()).await;
    let mut checked = 0;
    for (name, text) in ks_pay::statements(&db).into_iter().filter(|(name, _)| LISTS.iter().any(|end| name.ends_with(end))) {
        let found = unbounded(&plan(&mut on, text).await, false);
        assert!(found.is_empty(), "{name}: {}", found.join("\n"));
        checked += 1;
    }
    assert!(checked >= 14, "only {checked} statements are those of lists");
    for wrong in [
        "SELECT SUM(amount_subunits) FROM transactions WHERE app_id = $1 AND mode = $2",
        "SELECT id FROM transactions WHERE app_id = $1 AND mode = $2 AND state = $3 ORDER BY created_at DESC, id DESC LIMIT $4",
        "SELECT id FROM events WHERE connection_id = $1 ORDER BY received_at LIMIT $2",
    ] {
        assert!(!unbounded(&plan(&mut on, wrong).await, false).is_empty(), "{wrong}");
    }
    drop(on);
    db.close().await;
}

/// Reads the events of a connection that received nothing for a long time, while another one received very many: neither an
/// index of all events nor a sort may be used.
#[tokio::test(flavor = "multi_thread")]
async fn the_events_of_a_quiet_connection_are_found_among_those_of_a_busy_one() {
    const FILL: &str = "SET session_replication_role = replica; SET statement_timeout = 0; INSERT INTO events (id, connection_id, dedupe_prefix, dedupe_key, \
        state, secret_id, received_count, is_flagged, is_time_borrowed, received_at, last_received_at) \
        SELECT n, CASE WHEN n <= 12000 THEN 1 ELSE 2 END, '', decode(lpad(to_hex(n), 64, '0'), 'hex'), 'unhandled', 1, 1, FALSE, \
        FALSE, n, n FROM generate_series(1, 150000) AS n; \
        INSERT INTO connections (id, company_id, app_id, gateway, mode, currency, endpoint, is_enabled, payment_modes, created_at) \
        VALUES (1, 1, 1, 'razorpay', 'test', 'INR', 'wh_1', TRUE, '', 0), (2, 1, 1, 'razorpay', 'live', 'INR', 'wh_2', TRUE, '', 0)";
    let Some((_at, db)) = empty().await else { return };
    let Db::Postgres { pool, .. } = &db else { unreachable!() };
    let mut on = pool.acquire().await.unwrap();
    run(&mut on, FILL.to_owned()).await;
    run(&mut on, "ANALYZE events".to_owned()).await;
    let statements = ks_pay::statements(&db).into_iter().filter(|(name, _)| is_list_on_postgres(name));
    let mut checked = 0;
    for (name, text) in statements {
        let from = if name.contains("OLDER") { i64::MAX } else { 0 };
        let rest = if name.contains("SEARCH") {
            ", NULL, NULL, 0, 9000000000000000000, 51"
        } else if name.contains("LIST") {
            ", 51"
        } else {
            ""
        };
        let plan = explained(&mut on, text, "ANALYZE", &format!("1, {from}{rest}")).await;
        let examined = most_examined(&plan);
        assert!((1.0..=5_000.0).contains(&examined), "{name} examines {examined} rows: {plan:#}");
        checked += 1;
    }
    assert_eq!(checked, 6);
    drop(on);
    db.close().await;
}

/// The frame of every page, of a company with very many apps next to another one with as many.
#[tokio::test(flavor = "multi_thread")]
async fn the_frame_of_a_page_examines_few_apps_however_many_a_company_has() {
    const FILL: &str = "SET session_replication_role = replica; SET statement_timeout = 0; \
        INSERT INTO apps (id, company_id, name, email, country, time_zone, is_enabled, created_at) \
        SELECT n, 1 + n % 2, 'app ' || n, 'a@shop.example', 'IN', 'Asia/Kolkata', TRUE, n FROM generate_series(1, 60000) AS n; \
        INSERT INTO apps (id, company_id, name, email, country, time_zone, is_enabled, created_at) \
        SELECT n, 3, 'app ' || n, 'a@shop.example', 'IN', 'Asia/Kolkata', TRUE, n FROM generate_series(60001, 90000) AS n";
    let Some((_at, db)) = empty().await else { return };
    let Db::Postgres { pool, .. } = &db else { unreachable!() };
    let mut on = pool.acquire().await.unwrap();
    run(&mut on, FILL.to_owned()).await;
    run(&mut on, "ANALYZE".to_owned()).await;
    let (_, text) = ks_pay::statements(&db).into_iter().find(|(name, _)| name.ends_with("apps::store::LIST_NEAR")).unwrap();
    for mode in ["custom", "generic"] {
        run(&mut on, format!("SET plan_cache_mode = force_{mode}_plan")).await;
        let plan = explained(&mut on, text, "ANALYZE", "1, 2, 4, 0, 51").await;
        let examined = most_examined(&plan);
        assert!(examined <= 200.0, "it examines {examined} rows: {plan:#}");
    }
    drop(on);
    db.close().await;
}

/// A payment, an order and a receipt of the company, an id that its payment shares with very many of another one, and an unknown
/// id.
const NAMES: [&str; 5] = ["pay_1", "order_2", "receipt-4", "shared", "nothing"];

/// Searches ids of a company among very many payments and events of its own and of another one, also where nothing matches, and
/// where very many of the other one match.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_examines_few_rows_however_many_a_company_has() {
    const FILL: &str = "SET session_replication_role = replica; SET statement_timeout = 0; \
        INSERT INTO transactions (id, app_id, connection_id, gateway, mode, payment_id, order_id, amount_refunded_subunits, \
        amount_refund_pending_subunits, amount_refund_failed_subunits, amount_lost_subunits, amount_held_subunits, is_captured, \
        is_disputed, state, snapshot_digest, reported_refunded_subunits, created_at, updated_at, is_updated_at_received) \
        SELECT n, 1 + n % 2, 1 + n % 2, 'razorpay', 'test', 'pay_' || n, CASE WHEN n % 2 = 1 OR n = 4 THEN 'shared' ELSE 'order_' || n END, 0, 0, 0, 0, 0, TRUE, FALSE, 'captured', 0, 0, n, n, \
        FALSE FROM generate_series(1, 60000) AS n; \
        INSERT INTO payment_references (app_id, search_key, transaction_id) \
        SELECT 1 + n % 2, 'receipt-' || n, n FROM generate_series(1, 60000) AS n; \
        INSERT INTO event_ids (connection_id, gateway_event_id, event_id) \
        SELECT 1 + n % 2, 'evt_' || n, n FROM generate_series(1, 60000) AS n; \
        INSERT INTO connections (id, company_id, app_id, gateway, mode, currency, endpoint, is_enabled, payment_modes, created_at) \
        SELECT n, CASE WHEN n = 1 THEN 1 ELSE 2 END, n, 'razorpay', 'test', 'INR', 'wh_' || n, TRUE, '', 0 \
        FROM generate_series(1, 20000) AS n; \
        INSERT INTO refunds (transaction_id, refund_id, app_id, amount_subunits, currency, status, status_at, digest, \
        reported_refunded_subunits, failed_refunded_subunits) \
        SELECT n, 'shared', CASE WHEN n = 2 THEN 1 ELSE 2 END, 1, 'INR', 'processed', 0, 0, 0, 0 FROM generate_series(1, 60000) AS n; \
        INSERT INTO disputes (transaction_id, dispute_id, company_id, app_id, mode, status, status_at, digest, amount_subunits, \
        currency) SELECT transaction_id, refund_id, app_id, app_id, 'test', 'open', 0, 0, 1, 'INR' FROM refunds; \
        INSERT INTO payment_references (app_id, search_key, transaction_id) \
        SELECT app_id, refund_id, transaction_id FROM refunds; \
        INSERT INTO payment_references (app_id, search_key, transaction_id) \
        SELECT 15001 + n % 5000, 'common-' || n % 2, n FROM generate_series(1, 100000) AS n; \
        INSERT INTO event_ids (connection_id, gateway_event_id, event_id) \
        SELECT 15001 + n % 5000, 'common-' || n, n FROM generate_series(1, 100000) AS n";
    let Some((_at, db)) = empty().await else { return };
    let Db::Postgres { pool, .. } = &db else { unreachable!() };
    let mut on = pool.acquire().await.unwrap();
    run(&mut on, FILL.to_owned()).await;
    run(&mut on, "ANALYZE".to_owned()).await;
    let is_on_postgres = |name: &str| name.ends_with("::FIND") || name.ends_with("_ON_POSTGRES");
    let is_search =
        |name: &str| name.contains("::search::") && is_on_postgres(name) || name.ends_with("payments::store::FIND_NAMED");
    let range = |beginning: &str| format!("'{beginning}', '{beginning}zzzz'");
    let mut checked = 0;
    for (name, text) in ks_pay::statements(&db).into_iter().filter(|(name, _)| is_search(name)) {
        let parameters: Vec<String> = match name.rsplit_once("::store::").unwrap() {
            (_, "FIND_NAMED") => NAMES.map(|text| format!("1, 'test', '{text}', 2001, '{text}'")).to_vec(),
            (_, "search::FIND") => vec!["1, 2".to_owned(), "1, 3".to_owned(), "1, 99999999".to_owned()],
            ("ks_pay::events", _) => {
                [(1, "evt_1"), (1, "nothing"), (2, "common")].map(|(of, text)| format!("{of}, {}, 5", range(text))).to_vec()
            }
            (_, "search::FIND_NAMED_ON_POSTGRES") => {
                let of_many = "2, 'common-1', 'common-1', 5".to_owned();
                NAMES.iter().map(|text| format!("1, '{text}', '{text}', 5")).chain([of_many]).collect()
            }
            _ => [(1, "pay_1"), (1, "order_2"), (1, "receipt-"), (1, "nothing"), (2, "common")]
                .map(|(of, text)| format!("{of}, {0}, {0}, 5", range(text)))
                .to_vec(),
        };
        // A statement with one text is planned for its parameters: a plan for any is chosen only if it costs no more.
        // For the up to 2,001 ids that it expects, it joins a table of this size by a hash of all payments.
        let joins_by_hash = if name.ends_with("_ON_POSTGRES") { "on" } else { "off" };
        run(&mut on, format!("SET enable_hashjoin = {joins_by_hash}; SET enable_mergejoin = {joins_by_hash}")).await;
        let modes: &[&str] = if name.ends_with("_ON_POSTGRES") { &["custom", "generic"] } else { &["custom"] };
        for (parameters, mode) in parameters.iter().flat_map(|one| modes.iter().map(move |mode| (one, mode))) {
            run(&mut on, format!("SET plan_cache_mode = force_{mode}_plan")).await;
            let plan = explained(&mut on, text, "ANALYZE", parameters).await;
            let examined = most_examined(&plan);
            // Of a company with very many connections those that are searched are read, but no more of their matches.
            let most = if parameters.starts_with("2,") { 5_000.0 } else { 500.0 };
            assert!(examined <= most, "{name} ({parameters}) examines {examined} rows: {plan:#}");
            checked += 1;
        }
    }
    assert_eq!(checked, 42);
    drop(on);
    db.close().await;
}

/// True for the lists that have a text for PostgreSQL.
fn is_list_on_postgres(name: &str) -> bool {
    name.contains("::events::store::") && !name.contains("::search::") && name.ends_with("_ON_POSTGRES")
}

/// Returns the most rows that a node of a plan has read: what it passed on, and what it removed. Whether a payment's disputes are
/// lost is left out: PostgreSQL reads all lost disputes where that costs less than a search for each payment.
fn most_examined(node: &Value) -> f64 {
    if node["Parent Relationship"] == "SubPlan" && node["Relation Name"] == "disputes" {
        return 0.0;
    }
    let number = |key: &str| node[key].as_f64().unwrap_or_default();
    let own = (number("Actual Rows") + number("Rows Removed by Filter")) * number("Actual Loops");
    node["Plans"].as_array().into_iter().flatten().map(most_examined).fold(own, f64::max)
}

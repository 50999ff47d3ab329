//! Time zones: days follow the app's, times of day the reader's. A change of an app's zone is asked about first, and its totals
//! are right while events arrive and afterwards.

use std::time::Duration;

use reqwest::StatusCode;
use serde_json::json;
use tokio::time::timeout;

use crate::support::{
    TestApp, bodies,
    browser::{Browser, Page},
    builders::{Connection, connected},
    database, eventually,
};

/// The totals of all zones: zone and day with the number of payments.
const TOTALS: &str = "SELECT zone || ' ' || day || ' ' || CAST(SUM(payments) AS BIGINT) FROM daily_totals WHERE payments > 0 \
     GROUP BY zone, day ORDER BY zone, day";
const ZONES: &str = "SELECT time_zone || ' ' || COALESCE(next_time_zone, '-') || ' ' || COALESCE(past_time_zone, '-') FROM apps";

/// Three other apps of the company whose zones are being changed.
const THREE_CHANGES: &str = "INSERT INTO apps (id, company_id, name, email, country, time_zone, next_time_zone, next_time_zone_at, \
     is_enabled, created_at) SELECT n, company_id, 'Other ' || n, email, country, time_zone, 'Asia/Dubai', 0, TRUE, 0 \
     FROM apps CROSS JOIN (SELECT 1 AS n UNION SELECT 2 UNION SELECT 3) AS numbers";

/// Returns the days from 1970 to that one.
fn number(year: i16, month: i8, day: i8) -> i64 {
    let since = jiff::civil::date(year, month, day).since(jiff::civil::date(1970, 1, 1)).unwrap();
    since.get_days().into()
}

/// Returns a captured payment that was created at that time, in RFC 3339.
fn captured_at(id: &str, at: &str) -> Vec<u8> {
    let seconds = at.parse::<jiff::Timestamp>().unwrap().as_second();
    captured(id, seconds)
}

fn captured(id: &str, seconds: i64) -> Vec<u8> {
    let body = String::from_utf8(bodies::payment("payment.captured", id, 0)).unwrap();
    body.replace(&format!("\"created_at\":{}", bodies::AT), &format!("\"created_at\":{seconds}")).into_bytes()
}

async fn ask(owner: &Browser, connection: &Connection, zone: &str, more: &[(&str, &str)]) -> Page {
    let app = [("name", "Neem Tree Store"), ("email", "shop@example.com"), ("country", "IN"), ("time_zone", zone)];
    owner.post(&settings(connection), &[&app, more].concat()).await
}

fn settings(connection: &Connection) -> String {
    format!("/ks-pay/apps/{}/settings", connection.app_id)
}

/// Changes the zone of the app, and waits until that is complete and the totals of the zone before are deleted.
async fn change(app: &TestApp, owner: &Browser, connection: &Connection, zone: &str) {
    let asked = ask(owner, connection, zone, &[("confirm", "yes")]).await;
    assert_eq!(asked.status, StatusCode::SEE_OTHER, "{}", asked.body);
    eventually(async || app.texts(ZONES).await == [format!("{zone} - -")]).await;
}

async fn assert_right(app: &TestApp) {
    let recounted = app.cli(["transactions", "recount", "--json"], "").await.json();
    assert_eq!((&recounted["repaired"], &recounted["unchecked"]), (&json!(0), &json!(0)), "{:#?}", app.texts(TOTALS).await);
    assert!(app.cli(["doctor"], "").await.out.lines().any(|line| line.starts_with("ok") && line.contains("daily totals")));
}

#[tokio::test(flavor = "multi_thread")]
async fn days_of_23_and_25_hours_and_zones_of_30_and_45_minutes_have_their_own_totals() {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    // New York: 1 Nov 2026 has 25 hours, 8 Mar 2026 has 23.
    let times = [
        "2026-03-08T04:59:59Z",
        "2026-03-08T05:00:00Z",
        "2026-03-09T03:59:59Z",
        "2026-03-09T04:00:00Z",
        "2026-11-01T03:59:59Z",
        "2026-11-01T04:00:00Z",
        "2026-11-02T04:59:59Z",
        "2026-11-02T05:00:00Z",
        // Kathmandu: midnight of 21 Nov.
        "2026-11-20T18:14:59Z",
        "2026-11-20T18:15:00Z",
        // Lord Howe: midnight of 21 and 22 Nov, and the half hour of daylight saving time in April.
        "2026-11-20T12:59:59Z",
        "2026-11-21T13:00:00Z",
        "2026-04-04T12:59:59Z",
        "2026-04-05T13:29:59Z",
        "2026-04-05T13:30:00Z",
    ];
    for (index, at) in times.iter().enumerate() {
        connection.post(captured_at(&format!("pay_{index}"), at)).stored().await;
    }
    for (zone, days) in [
        ("America/New_York", [((2026, 3, 7), 1), ((2026, 3, 8), 2), ((2026, 3, 9), 1), ((2026, 11, 1), 2), ((2026, 11, 2), 1)]),
        ("Asia/Kathmandu", [((2026, 11, 20), 2), ((2026, 11, 21), 2), ((2026, 3, 8), 2), ((2026, 3, 9), 2), ((2026, 11, 2), 2)]),
        (
            "Australia/Lord_Howe",
            [((2026, 4, 4), 1), ((2026, 4, 5), 1), ((2026, 4, 6), 1), ((2026, 11, 20), 1), ((2026, 11, 22), 1)],
        ),
    ] {
        change(&app, &owner, &connection, zone).await;
        let totals = app.texts(TOTALS).await;
        for ((year, month, day), count) in days {
            let line = format!("{zone} {} {count}", number(year, month, day));
            assert!(totals.contains(&line), "{line}: {totals:#?}");
        }
        assert!(totals.iter().all(|line| line.starts_with(zone)), "{totals:#?}");
        assert_right(&app).await;
    }
    // The list has the payments of the day, and so has its sum.
    change(&app, &owner, &connection, "America/New_York").await;
    let list = format!("/ks-pay/apps/{}/transactions?mode=test&from=2026-11-01&to=2026-11-01", connection.app_id);
    let page = owner.get(&list).await;
    assert_eq!(page.body.matches("<th scope=\"row\"").count(), 2, "{}", page.body);
    assert!(page.text_of("sum-payments").starts_with("2 ") && page.text_of("sum-received").contains("₹2,000.00"));
}

#[tokio::test(flavor = "multi_thread")]
async fn totals_are_right_after_changes_during_which_events_arrive() {
    let (app, connection, owner) = connected().await;
    let other = if database::is_postgres() { Some(app.another_server().await) } else { None };
    let mut places = vec![connection.clone()];
    places.extend(other.as_ref().map(|other| connection.at(other.address())));
    for number in 0..40 {
        connection.post(captured(&format!("pay_before{number}"), bodies::AT - number * 25_000)).stored().await;
    }
    let paying = async {
        for number in 0..150_i64 {
            let place = &places[usize::try_from(number).unwrap() % places.len()];
            place.post(captured(&format!("pay_meanwhile{number}"), bodies::AT - number * 9_000)).stored().await;
            // Changes a payment of an earlier day, and one that was just added.
            let of = if number % 2 == 0 { format!("pay_before{}", number % 40) } else { format!("pay_meanwhile{number}") };
            let refund = bodies::refund("refund.processed", &format!("rfnd_{number}"), &of, 1_000, 1_000, 60);
            place.post(refund).stored().await;
        }
    };
    let changing = async {
        for zone in ["Asia/Kathmandu", "America/New_York", "Asia/Kolkata"] {
            change(&app, &owner, &connection, zone).await;
        }
        // A change that replaces one which is not complete, and one that takes it back.
        for zone in ["Pacific/Auckland", "Australia/Lord_Howe", "Pacific/Auckland", "Asia/Kolkata", "Australia/Adelaide"] {
            assert_eq!(ask(&owner, &connection, zone, &[("confirm", "yes")]).await.status, StatusCode::SEE_OTHER);
        }
        eventually(async || app.texts(ZONES).await == ["Australia/Adelaide - -"]).await;
    };
    tokio::join!(paying, changing);
    let totals = app.texts(TOTALS).await;
    assert!(totals.iter().all(|line| line.starts_with("Australia/Adelaide")), "{totals:#?}");
    assert_right(&app).await;
    if let Some(other) = other {
        other.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_asked_about_and_until_it_is_complete_the_zone_before_applies() {
    let (app, connection, owner) = connected().await;
    connection.post(captured_at("pay_1", "2026-11-20T18:20:00Z")).stored().await;
    let asked = ask(&owner, &connection, "Asia/Kathmandu", &[]).await;
    assert_eq!(asked.status, StatusCode::UNPROCESSABLE_ENTITY);
    let text = asked.text_of("time-zone-change");
    assert!(text.contains("Asia/Kolkata") && text.contains("Asia/Kathmandu"), "{text}");
    assert_eq!(asked.field("time_zone").as_deref(), Some("Asia/Kathmandu"));
    assert_eq!(app.texts(ZONES).await, ["Asia/Kolkata - -"], "nothing is changed yet");

    if database::is_postgres() {
        // Another server, which does not go on, has the lease of the job.
        let later =
            "INSERT INTO job_leases (job, holder, expires_at) SELECT 'zone_changes', 1, MAX(received_at) + 60000 FROM events";
        app.sql(later).await;
        assert_eq!(ask(&owner, &connection, "Asia/Kathmandu", &[("confirm", "yes")]).await.status, StatusCode::SEE_OTHER);
        connection.post(captured_at("pay_2", "2026-11-20T18:25:00Z")).stored().await;
        let page = owner.get(&settings(&connection)).await;
        let pending = page.text_of("time-zone-pending");
        assert!(pending.contains("Asia/Kolkata") && pending.contains("Asia/Kathmandu"), "{}", page.body);
        for (rest, is_shown) in [("", true), ("/transactions", true), ("/events", false), ("/settings/domain", false)] {
            let page = owner.get(&format!("/ks-pay/apps/{}{rest}", connection.app_id)).await;
            assert_eq!(page.shows("time-zone-pending"), is_shown, "{rest}: only where days are shown");
        }
        assert_eq!(app.texts(ZONES).await, ["Asia/Kolkata Asia/Kathmandu -"]);
        let list = format!("/ks-pay/apps/{}/transactions?mode=test&from=2026-11-20&to=2026-11-20", connection.app_id);
        assert_eq!(owner.get(&list).await.body.matches("<th scope=\"row\"").count(), 2);
        assert!(app.cli(["doctor"], "").await.out.lines().any(|line| line.starts_with("ok") && line.contains("daily totals")));
        // Settings that were opened before the change do not cancel it.
        let old = [("shown_time_zone", "Asia/Kolkata"), ("city", "Pune")];
        assert_eq!(ask(&owner, &connection, "Asia/Kolkata", &old).await.status, StatusCode::SEE_OTHER);
        assert_eq!(app.texts("SELECT city FROM apps").await, ["Pune"]);
        assert_eq!(app.texts(ZONES).await, ["Asia/Kolkata Asia/Kathmandu -"]);
        assert_eq!(owner.get(&settings(&connection)).await.field("shown_time_zone").as_deref(), Some("Asia/Kathmandu"));
        // No more than a few apps of a company change at the same time.
        app.sql(THREE_CHANGES).await;
        let fourth = ask(&owner, &connection, "Asia/Kolkata", &[]).await;
        assert_eq!(fourth.status, StatusCode::SEE_OTHER, "cancelling is always possible: {}", fourth.body);
        let fourth = ask(&owner, &connection, "Asia/Kathmandu", &[("confirm", "yes"), ("city", "Nashik")]).await;
        assert_eq!((fourth.status, fourth.reason_of("time_zone-error")), (StatusCode::UNPROCESSABLE_ENTITY, "too-many-changes"));
        assert!(app.texts("SELECT city FROM apps WHERE city IS NOT NULL").await.is_empty(), "nothing is saved");
        app.sql("DELETE FROM apps WHERE next_time_zone = 'Asia/Dubai'").await;
        assert_eq!(ask(&owner, &connection, "Asia/Kathmandu", &[("confirm", "yes")]).await.status, StatusCode::SEE_OTHER);
        // The same settings again change nothing, the zone before takes it back.
        assert_eq!(ask(&owner, &connection, "Asia/Kathmandu", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(ask(&owner, &connection, "Asia/Kolkata", &[]).await.status, StatusCode::SEE_OTHER);
        assert_eq!(app.texts(ZONES).await, ["Asia/Kolkata - Asia/Kathmandu"]);
        app.sql("DELETE FROM job_leases").await;
        eventually(async || app.texts(ZONES).await == ["Asia/Kolkata - -"]).await;
        assert_right(&app).await;
    }
    change(&app, &owner, &connection, "Asia/Kathmandu").await;
    assert!(owner.get(&settings(&connection)).await.lacks("time-zone-pending"));
    assert!(owner.get(&settings(&connection)).await.has("<option selected>Asia/Kathmandu</option>"));
    // Settings that were opened before the change do not ask for the zone before.
    assert_eq!(
        ask(&owner, &connection, "Asia/Kolkata", &[("shown_time_zone", "Asia/Kolkata")]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(app.texts(ZONES).await, ["Asia/Kathmandu - -"]);
    let wrong = ask(&owner, &connection, "Asia/Nowhere", &[("confirm", "yes")]).await;
    assert_eq!((wrong.status, wrong.reason_of("time_zone-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown"));
}

/// Units of work overlap on PostgreSQL. One that began before the change knows only the zone before.
#[tokio::test(flavor = "multi_thread")]
async fn a_company_asks_for_other_zones_only_so_often() {
    const ZONES: [&str; 12] = [
        "Africa/Cairo",
        "Africa/Lagos",
        "Africa/Nairobi",
        "Asia/Bangkok",
        "Asia/Dubai",
        "Asia/Jakarta",
        "Asia/Kathmandu",
        "Asia/Manila",
        "Asia/Singapore",
        "Asia/Tokyo",
        "Europe/London",
        "Europe/Paris",
    ];
    let (app, connection, owner) = connected().await;
    for (number, zone) in ZONES.into_iter().enumerate() {
        let asked = ask(&owner, &connection, zone, &[("confirm", "yes")]).await;
        let expected = if number < 10 { StatusCode::SEE_OTHER } else { StatusCode::UNPROCESSABLE_ENTITY };
        assert_eq!(asked.status, expected, "{number}: {}", asked.body);
        if number >= 10 {
            assert_eq!(asked.reason_of("time_zone-error"), "changed-too-often");
        }
    }
    app.clock.advance(Duration::from_secs(30));
    assert_eq!(ask(&owner, &connection, ZONES[11], &[("confirm", "yes")]).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_waits_until_events_that_are_being_stored_are_counted() {
    let (app, connection, owner) = connected().await;
    let token = owner.token().await;
    let form = [
        ("csrf_token", token.as_str()),
        ("name", "Neem Tree Store"),
        ("email", "shop@example.com"),
        ("country", "IN"),
        ("time_zone", "Asia/Kathmandu"),
        ("confirm", "yes"),
    ];
    let at = settings(&connection);
    let request = connection.post(captured("pay_1", bodies::AT));
    let lock = app.lock_events().await;
    let mut storing = Box::pin(request.stored());
    assert!(timeout(Duration::from_millis(300), &mut storing).await.is_err(), "its unit of work has begun");
    let mut asking = Box::pin(owner.post_exactly(&at, &form));
    assert!(timeout(Duration::from_millis(500), &mut asking).await.is_err());
    assert_eq!(app.texts(ZONES).await, ["Asia/Kolkata - -"]);
    lock.release().await;
    storing.await;
    assert_eq!(asking.await.status, StatusCode::SEE_OTHER);
    eventually(async || app.texts(ZONES).await == ["Asia/Kathmandu - -"]).await;
    assert_right(&app).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_app_has_the_zone_of_its_country_or_that_of_the_company() {
    let app = TestApp::start().await;
    app.company("Neem Tree Retail").await;
    let owner = app.owner("Neem Tree Retail").await;
    let zone = async |name: &str| {
        let list = app.texts("SELECT name || ': ' || time_zone FROM apps ORDER BY id").await;
        list.into_iter().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned)).unwrap()
    };
    let add = async |name: &str, country: &str, more: &[&str]| {
        let args = ["app", "add", "--company", "Neem Tree Retail", "--name", name, "--email", "a@shop.example", "--country"];
        app.cli_with(&[&args[..], &[country], more].concat(), "", &[]).await
    };
    add("Nepal", "NP", &[]).await.assert_done();
    add("Chosen", "NP", &["--time-zone", "Asia/Dubai"]).await.assert_done();
    add("States", "US", &[]).await.assert_done();
    assert!(add("Wrong", "NP", &["--time-zone", "Kathmandu"]).await.failure().contains("time zone"));
    assert_eq!(zone("Nepal").await, "Asia/Kathmandu");
    assert_eq!((zone("Chosen").await, zone("States").await), ("Asia/Dubai".to_owned(), "Asia/Kolkata".to_owned()));

    // The company's zone, in its settings.
    assert!(owner.get("/settings").await.has("<option selected>Asia/Kolkata</option>"));
    let company = [("name", "Neem Tree Retail"), ("time_zone", "America/Chicago")];
    assert_eq!(owner.post("/settings", &company).await.status, StatusCode::SEE_OTHER);
    assert!(owner.get("/settings").await.has("<option selected>America/Chicago</option>"));
    let wrong = owner.post("/settings", &[("name", "Neem Tree Retail"), ("time_zone", "IST")]).await;
    assert_eq!((wrong.status, wrong.reason_of("time_zone-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown"));
    assert!(owner.get("/ks-pay/apps/new").await.has("America/Chicago"));
    for (name, country, zone) in [("Web States", "US", ""), ("Web Nepal", "NP", ""), ("Web Chosen", "US", "Asia/Tokyo")] {
        let form = [("name", name), ("email", "a@shop.example"), ("country", country), ("time_zone", zone)];
        assert_eq!(owner.post("/ks-pay/apps", &form).await.status, StatusCode::SEE_OTHER, "{name}");
    }
    assert_eq!((zone("Web States").await, zone("Web Nepal").await), ("America/Chicago".to_owned(), "Asia/Kathmandu".to_owned()));
    assert_eq!(zone("Web Chosen").await, "Asia/Tokyo");
}

#[tokio::test(flavor = "multi_thread")]
async fn times_of_day_follow_the_reader_and_both_zones_are_named() {
    let app = TestApp::start_on_the_day().await;
    let connection = app.razorpay().await;
    let owner = app.owner("Neem Tree Retail").await;
    connection.post(bodies::payment("payment.captured", "pay_1", 0)).stored().await;
    let pages = ["", "/transactions"].map(|rest| format!("/ks-pay/apps/{}{rest}?mode=test", connection.app_id));
    for page in &pages {
        let page = owner.get(page).await;
        // Created at 4 pm in India.
        assert!(page.lacks("zones") && page.has("4:00:00\u{a0}pm IST"), "{}", page.body);
    }
    let choose = async |zone: &str| {
        let person = [("name", "Meera"), ("email", "owner@neem-tree-retail.example"), ("time_zone", zone)];
        owner.post("/personal-info", &person).await
    };
    assert_eq!(choose("Europe/London").await.status, StatusCode::SEE_OTHER);
    assert!(owner.get("/personal-info").await.has("<option selected>Europe/London</option>"));
    for page in &pages {
        let page = owner.get(page).await;
        assert_eq!(page.text_of("zones"), "Days: Asia/Kolkata. Times of day: Europe/London.");
        assert!(page.has("10:30:00\u{a0}am GMT") && !page.has(" IST"), "{}", page.body);
    }
    let wrong = choose("London").await;
    assert_eq!((wrong.status, wrong.reason_of("time_zone-error")), (StatusCode::UNPROCESSABLE_ENTITY, "unknown"));
    // Without a choice it is the app's again, in the app.
    assert_eq!(choose("").await.status, StatusCode::SEE_OTHER);
    assert!(owner.get(&pages[0]).await.has("4:00:00\u{a0}pm IST"));
}

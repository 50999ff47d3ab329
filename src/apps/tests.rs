//! Tests who may change an app.

use super::*;
use crate::{accounts::authz::denial::assert_denied, companies, db::test_db::TestDb};

const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

fn details() -> Details {
    let (name, email, country) = ("Web Store".to_owned(), "shop@neemtree.example".to_owned(), "IN".to_owned());
    Details { name, email, country, address: None, phone: None, state: None, city: None, postal_code: None, zone: None }
}

/// Returns an app that is not stored.
pub(crate) fn app(company_id: CompanyId) -> App {
    let Details { name, email, country, address, phone, state, city, postal_code, .. } = details();
    let (id, zone) = (AppId::unique(), Zone::default());
    App {
        id,
        company_id,
        name,
        email,
        country,
        address,
        phone,
        state,
        city,
        postal_code,
        domain: None,
        zone,
        next_zone: None,
        is_enabled: true,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_user_of_the_company_with_the_permission_sees_and_changes_an_app() {
    let test = TestDb::new("apps_denied").await;
    let mut tx = test.db.begin().await.unwrap();
    let company = companies::create(&mut tx, "Neem Tree Retail", NOW).await.unwrap().id;
    let by = (&Actor::command(company), NOW);
    let id = create(&mut tx, company, &details(), by).await.unwrap();
    let app = find(&mut tx, id, (by.0, Permission::ViewApps)).await.unwrap();
    tx.commit().await.unwrap();
    let (db, app, details) = (&test.db, &app, &details());
    assert_denied(company, async |actor| find(&mut db.reader().await?, id, (&actor, Permission::ViewPayments)).await).await;
    assert_denied(company, async |actor| create(&mut db.begin().await?, company, details, (&actor, NOW)).await).await;
    assert_denied(company, async |actor| update(&mut db.begin().await?, app, details, (&actor, NOW)).await).await;
    assert_denied(company, async |actor| update_domain(&mut db.begin().await?, app, "a.example", (&actor, NOW)).await).await;
    assert_denied(company, async |actor| zones::ask(&mut db.begin().await?, app, app.zone, (&actor, NOW)).await).await;
    assert_denied(company, async |actor| set_enabled(&mut db.begin().await?, app, false, (&actor, NOW)).await).await;
    assert_denied(company, async |actor| {
        companies::update(&mut db.begin().await?, company, ("Other", app.zone), (&actor, NOW)).await
    })
    .await;
    test.end().await;
}

/// Asks for a zone, as a unit of work of its own.
async fn ask(db: &crate::db::Db, (id, company): (AppId, CompanyId), zone: &str) -> zones::AskOutcome {
    let by = (&Actor::command(company), NOW);
    let mut tx = db.begin().await.unwrap();
    let app = find(&mut tx, id, (by.0, Permission::ViewApps)).await.unwrap();
    let outcome = zones::ask(&mut tx, &app, zone.parse().unwrap(), by).await.unwrap();
    tx.commit().await.unwrap();
    outcome
}

#[tokio::test(flavor = "multi_thread")]
async fn few_apps_of_a_company_change_their_zones_at_the_same_time() {
    use zones::AskOutcome::{Accepted, LimitReached};
    let test = TestDb::new("apps_zone_changes").await;
    let mut apps = Vec::new();
    let mut tx = test.db.begin().await.unwrap();
    for (name, count) in [("Neem Tree Retail", zones::MAX_ZONE_CHANGES + 1), ("Banyan Books", 1)] {
        let company = companies::create(&mut tx, name, NOW).await.unwrap().id;
        for number in 0..count {
            let details = Details { name: format!("Web Store {number}"), ..details() };
            apps.push((create(&mut tx, company, &details, (&Actor::command(company), NOW)).await.unwrap(), company));
        }
    }
    tx.commit().await.unwrap();
    let other = apps.pop().unwrap();
    let last = apps.pop().unwrap();
    let (db, zones) = (&test.db, async |app: (AppId, CompanyId)| {
        store::zones(&mut test.db.reader().await.unwrap(), app.0).await.unwrap().next.map(Zone::name)
    });
    for app in &apps {
        assert_eq!(ask(db, *app, "Asia/Kathmandu").await, Accepted);
    }
    assert_eq!(ask(db, last, "Asia/Kathmandu").await, LimitReached);
    assert_eq!(zones(last).await, None, "nothing is stored");
    if db.is_shared() {
        let ingesting = db.begin_ingesting().await.unwrap();
        assert_eq!(ask(db, last, "Asia/Kathmandu").await, LimitReached, "without waiting for those who ingest");
        drop(ingesting);
    }
    assert_eq!(ask(db, last, Zone::default().name()).await, Accepted, "its own zone is no change");
    assert_eq!(ask(db, other, "Asia/Kathmandu").await, Accepted, "another company has its own limit");
    assert_eq!(ask(db, apps[0], "Asia/Dubai").await, Accepted, "a pending change can be replaced");
    assert_eq!((zones(apps[0]).await, ask(db, last, "Asia/Kathmandu").await), (Some("Asia/Dubai"), LimitReached));
    assert_eq!(ask(db, apps[0], Zone::default().name()).await, Accepted, "and cancelled");
    assert_eq!(ask(db, last, "Asia/Kathmandu").await, Accepted);
    assert_eq!((zones(apps[0]).await, zones(last).await), (None, Some("Asia/Kathmandu")));
    test.end().await;
}

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

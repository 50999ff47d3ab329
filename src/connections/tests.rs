//! Tests of the connection state and the current step.

use std::time::Duration;

use super::{credentials::NewCredentials, overlap::Overlap, secrets::Origin, *};
use crate::{
    accounts::authz::denial::{MaybeDenied, assert_denied},
    db::test_db::TestDb,
    gateways::credentials::CredentialValues,
    primitives::{id::SecretId, secret::Secret, vault::MasterKey},
};

pub(crate) fn connection(gateway: Gateway) -> Connection {
    let now = Timestamp::from_millis(0);
    let (company, app) = (CompanyId::unique(), AppId::unique());
    Connection::new(
        ConnectionId::unique(),
        &NewConnection { company, app, gateway, mode: Mode::Test, currency: Currency::INR },
        now,
    )
}

#[test]
fn a_state_is_the_first_that_fits() {
    let now = Timestamp::from_seconds(1_795_356_717);
    let at = Some(now);
    let mut connection = connection(Gateway::RAZORPAY);
    let mut activity = Activity::default();
    let of = |connection: &Connection, activity: &Activity, is_app_enabled| {
        SetupProgress { connection, activity, domain: None, is_app_enabled }.state(now)
    };
    let state = |connection: &Connection, activity: &Activity| of(connection, activity, true);
    assert_eq!(state(&connection, &activity), ConnectionState::NotStarted);
    connection.webhook_done_at = at;
    assert_eq!(state(&connection, &activity), ConnectionState::Pending);
    (activity.failing_since, activity.rejected_since) = (at, at);
    assert_eq!(state(&connection, &activity), ConnectionState::Pending, "not verified yet, whatever was rejected");
    activity.first_verified_at = at;
    assert_eq!(state(&connection, &activity), ConnectionState::Failing);
    activity.failing_since = None;
    assert_eq!(state(&connection, &activity), ConnectionState::Verified, "nothing is proven, and nothing is overdue");
    let mut shop = baseline::tests::Shop::new();
    (1..=300).rev().for_each(|hours| shop.pay(now.minus(Duration::from_hours(24 + hours))));
    activity = shop.activity;
    assert_eq!(state(&connection, &activity), ConnectionState::Silent);
    activity.rejected_since = at;
    assert_eq!(state(&connection, &activity), ConnectionState::Failing);
    (activity.failing_since, activity.rejected_since) = (at, None);
    assert_eq!(state(&connection, &activity), ConnectionState::Failing);
    assert_eq!(of(&connection, &activity, false), ConnectionState::Off, "the app is disabled");
    connection.is_enabled = false;
    assert_eq!(state(&connection, &activity), ConnectionState::Off);
}

#[test]
fn the_current_step_is_the_webhook_until_it_is_verified_then_the_first_that_is_not_done() {
    let now = Timestamp::from_seconds(1_795_356_717);
    let mut razorpay = connection(Gateway::RAZORPAY);
    let mut activity = Activity::default();
    let current = |connection: &Connection, activity: &Activity| {
        SetupProgress { connection, activity, domain: None, is_app_enabled: true }.current_step(now)
    };
    assert_eq!(current(&razorpay, &activity), Step::Webhook);
    razorpay.webhook_done_at = Some(now);
    assert_eq!(current(&razorpay, &activity), Step::Webhook, "marked, not verified");
    activity.first_verified_at = Some(now);
    assert_eq!(current(&razorpay, &activity), Step::Credentials);
    razorpay.keys_state = Some(ApiKeyState::Unchecked);
    assert_eq!(current(&razorpay, &activity), Step::Credentials);
    razorpay.keys_state = Some(ApiKeyState::Accepted);
    assert_eq!(current(&razorpay, &activity), Step::Integration);
    razorpay.integration_done_at = Some(now);
    assert_eq!(current(&razorpay, &activity), Step::Webhook, "a domain is optional");
    activity.failing_since = Some(now);
    assert_eq!(current(&razorpay, &activity), Step::Webhook, "the failing step comes first");
}

#[test]
fn no_account_is_unexpected_before_the_first_is_known() {
    assert!(!Activity::default().is_unexpected("acc_1"));
}

impl MaybeDenied for ConnectError {
    fn denied(self) -> Option<Denied> {
        match self {
            Self::Denied(denied) => Some(denied),
            Self::Db(_) | Self::Vault(_) | Self::WrongMasterKey | Self::TooManySecrets => None,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_user_of_the_company_with_the_permission_changes_a_connection_or_sees_its_secret() {
    let test = TestDb::new("connections_denied").await;
    let (db, vault, now) = (&test.db, &Vault::new(MasterKey::generate()), Timestamp::from_seconds(1_795_343_400));
    let connection = &connection(Gateway::RAZORPAY);
    let (company, app, mode) = (connection.company_id, connection.app_id, Mode::Live);
    let new = &NewConnection { company, app, gateway: connection.gateway, mode, currency: Currency::INR };
    let (secret, id, values) = (&Secret::generate(), SecretId::unique(), &CredentialValues::default());
    let keys = &NewCredentials { values, state: ApiKeyState::Accepted, checked: None };
    assert_denied(company, async |actor| create(&mut db.begin().await?, vault, new, (&actor, now)).await).await;
    assert_denied(company, async |actor| set_enabled(&mut db.begin().await?, connection, false, (&actor, now)).await).await;
    for step in [MarkedStep::Webhook, MarkedStep::Integration] {
        for is_done in [true, false] {
            let set = async |actor: Actor<'static>| {
                set_step_done(&mut db.begin().await?, connection, (step, is_done), (&actor, now)).await
            };
            assert_denied(company, set).await;
        }
    }
    assert_denied(company, async |actor| accept_account(&mut db.begin().await?, connection, "acc_1", (&actor, now)).await).await;
    assert_denied(company, async |actor| {
        credentials::update(&mut db.begin().await?, vault, connection, keys, (&actor, now)).await
    })
    .await;
    assert_denied(company, async |actor| secrets::reveal(&mut db.begin().await?, vault, connection, (&actor, now)).await).await;
    assert_denied(company, async |actor| {
        secrets::rotate(&mut db.begin().await?, vault, connection, (Overlap::CHOICES[0], &actor), now).await
    })
    .await;
    assert_denied(company, async |actor| secrets::enter(&mut db.begin().await?, vault, connection, (secret, &actor), now).await)
        .await;
    assert_denied(company, async |actor| {
        let new = (secret, Origin::Imported, &actor);
        secrets::add_secret(&mut db.begin().await?, vault, connection, new, now).await
    })
    .await;
    assert_denied(company, async |actor| secrets::retire(&mut db.begin().await?, connection, id, &actor, now).await).await;
    test.end().await;
}

//! The leased job that queues the daily digests.
//!
//! Invariant: a digest is queued in the unit of work that claims its day, so there is one for an app, mode and day, also with several
//! servers. One without a recipient who can be reached is not claimed, and is sent later on the same day once there is one.

use std::time::Duration;

use tokio::time::Instant;

use super::{
    recipients::{Everyone, Reachable},
    send::{self, Context},
};
use crate::{
    accounts,
    alerts::{
        digest::{self, Digest, DigestSettings},
        schedule::digest_due,
        store::digests,
    },
    apps::{self, App},
    companies,
    connections::app_health::{self, AppWithWebhooks, Webhook},
    db::{Db, DbError, Tx},
    gateways::Mode,
    i18n::Reader as Audience,
    jobs::{Pace, Periodic},
    messages::digests::{Subject, content},
    notifications::{self, Content, NewNotification, Purpose, channels},
    primitives::{
        id::{AppId, CompanyId},
        time::{Clock, Timestamp},
        vault::Vault,
    },
    urls,
};

/// The shortest interval of the job; a longer one the longer it takes.
const MIN_INTERVAL: Duration = Duration::from_secs(5);
/// The shortest time that a digest is worth sending; otherwise it is until the day ends, since the next day has its own.
const MIN_LIFETIME: Duration = Duration::from_hours(1);

/// Sends the digests of all companies.
pub(crate) struct Digests {
    db: Db,
    vault: Vault,
    clock: Clock,
    /// The base of the console's URLs.
    base: String,
    /// True if email is set up.
    has_email: bool,
    pace: Pace,
}

impl Periodic for Digests {
    const NAME: &'static str = "digests";

    fn interval(&self) -> Duration {
        self.pace.interval()
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let began = Instant::now();
        let outcome = self.send_all().await;
        self.pace.ran_since(began);
        outcome
    }
}

impl Digests {
    pub(crate) fn new((db, vault, clock): (Db, Vault, Clock), base: String, has_email: bool) -> Self {
        Self { db, vault, clock, base, has_email, pace: Pace::at_least(MIN_INTERVAL) }
    }

    /// Sends what is due of every company; one that fails does not keep the others from it.
    async fn send_all(&self) -> Result<(), DbError> {
        let (mut after, mut outcome) = (CompanyId::least(), Ok(()));
        loop {
            let companies = companies::store::list_after(&mut self.db.bulk_reader().await?, after).await?;
            let Some(last) = companies.last() else { return outcome };
            after = last.id;
            for company in companies {
                outcome = self.send_of_company(company.id).await.and(outcome);
            }
        }
    }

    async fn send_of_company(&self, company: CompanyId) -> Result<(), DbError> {
        let now = self.clock.now();
        let due = self.list_due(company, now).await?;
        if due.is_empty() {
            return Ok(());
        }
        let listed = app_health::list(&mut self.db.bulk_reader().await?, company, now).await?;
        let mut outcome = Ok(());
        for (app, mode, settings) in due {
            let Some(found) = listed.iter().find(|listed| listed.app.id == app) else { continue };
            outcome = self.send((found, mode), &settings, now).await.and(outcome);
        }
        outcome
    }

    /// Lists the apps and modes whose digest is due.
    async fn list_due(&self, company: CompanyId, now: Timestamp) -> Result<Vec<(AppId, Mode, DigestSettings)>, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let chosen = digests::list_of_company(&mut reader, company).await?;
        let apps = apps::store::list(&mut reader, company).await?;
        let mut due = Vec::new();
        for app in apps.iter().filter(|app| app.is_enabled) {
            for mode in Mode::ALL {
                let found = chosen.iter().find(|(scope, _)| *scope == (app.id, mode));
                let settings = found.map_or_else(|| DigestSettings::default_of(mode), |(_, settings)| settings.clone());
                if settings.is_on && digest_due(settings.minute, settings.last_day, app.zone, now).is_some() {
                    due.push((app.id, mode, settings));
                }
            }
        }
        Ok(due)
    }

    /// Queues a digest, unless the mode has no enabled webhook that existed on the day before, or another server was faster.
    async fn send(
        &self,
        (listed, mode): (&AppWithWebhooks, Mode),
        settings: &DigestSettings,
        now: Timestamp,
    ) -> Result<(), DbError> {
        let company = listed.app.company_id;
        let webhooks = enabled(listed, mode);
        let everyone = self.everyone(company).await?;
        let to = everyone.of_digest(settings);
        let mut reader = self.db.reader().await?;
        let Some(app) = apps::store::find(&mut reader, company, listed.app.id).await? else { return Ok(()) };
        let today = digest_due(settings.minute, settings.last_day, app.zone, now);
        let Some(today) = today.filter(|_| app.is_enabled && !to.is_empty()) else { return Ok(()) };
        let start_of_today = app.zone.start_of(today);
        if !webhooks.iter().any(|webhook| webhook.connection.created_at < start_of_today) {
            return Ok(());
        }
        let digest = digest::read(&mut reader, (&app, mode), &webhooks, now).await?;
        drop(reader);
        let mut tx = self.db.begin().await?;
        if !is_unchanged(&mut tx, &app).await? || !digests::claim(&mut tx, (company, app.id, mode), settings, today).await? {
            return Ok(());
        }
        let context = Context { vault: &self.vault, base: &self.base, app: &app, mode, now };
        queue(&mut tx, context, &digest, &to).await?;
        tx.commit().await?;
        tracing::info!(app = %app.id, %mode, "a daily digest was queued");
        Ok(())
    }

    async fn everyone(&self, company: CompanyId) -> Result<Everyone, DbError> {
        let mut reader = self.db.bulk_reader().await?;
        let users = accounts::store::list_of_company(&mut reader, company).await?;
        let channels = channels::store::list(&mut reader, company).await?;
        Ok(Everyone { users, channels, has_email: self.has_email })
    }
}

/// True if the app is still enabled, in the same zone. The totals of a zone are deleted after it was replaced, so those that were read before
/// are complete.
async fn is_unchanged(tx: &mut Tx, app: &App) -> Result<bool, DbError> {
    let now = apps::store::find(tx, app.company_id, app.id).await?;
    Ok(now.is_some_and(|now| now.is_enabled && now.zone == app.zone))
}

/// Returns the enabled webhooks of an app in a mode.
fn enabled(listed: &AppWithWebhooks, mode: Mode) -> Vec<&Webhook> {
    let is_enabled = |webhook: &&Webhook| webhook.connection.is_enabled && webhook.connection.mode == mode;
    listed.webhooks.iter().filter(is_enabled).collect()
}

/// Renders a digest of an app for a reader.
pub(crate) fn render(
    digest: &Digest<'_>,
    (app, mode): (&App, Mode),
    (base, reader): (&str, Audience),
    now: Timestamp,
) -> Content {
    let url = format!("{base}{}", urls::in_mode(&urls::app(app.id), mode));
    content(digest, &Subject { app_name: &app.name, mode, zone: app.zone, url }, reader, now)
}

/// Queues a digest for each recipient.
async fn queue(tx: &mut Tx, context: Context<'_>, digest: &Digest<'_>, to: &[Reachable<'_>]) -> Result<(), DbError> {
    let Context { vault, base, app, mode, now } = context;
    let end_of_day = app.zone.end_of(app.zone.date(now));
    for one in to {
        let (reader, recipient) = send::address(one, app);
        let rendered = render(digest, (app, mode), (base, reader), now);
        let new = NewNotification {
            company: Some(app.company_id),
            recipient,
            purpose: Purpose::Digest,
            content: &rendered,
            valid_for: end_of_day.since(now).max(MIN_LIFETIME),
            alert: None,
            run: None,
        };
        notifications::queue(tx, &new, (vault, now)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        accounts::{NewUser, Role, authz::Actor},
        alerts::manage,
        connections::{self, Connection, NewConnection},
        db::{run, test_db::TestDb},
        gateways::Gateway,
        primitives::{money::Currency, vault::MasterKey},
    };

    const HOUR: Duration = Duration::from_hours(1);
    const MINUTE: Duration = Duration::from_mins(1);

    /// An app with a connection in both modes, and two servers without a lease between them.
    struct Shop {
        test: TestDb,
        clock: Clock,
        app: App,
        live: Connection,
        jobs: [Digests; 2],
    }

    impl Shop {
        /// Begins at noon in India, on 1 December 2026.
        async fn new(name: &str) -> Self {
            let (test, vault) = (TestDb::new(name).await, Vault::new(MasterKey::generate()));
            let now = Timestamp::parse_rfc3339("2026-12-01T12:00:00+05:30").unwrap();
            let mut tx = test.db.begin().await.unwrap();
            let company = companies::create(&mut tx, "Neem Tree Retail", now).await.unwrap().id;
            let by = (&Actor::command(company), now);
            let user = NewUser {
                company,
                email: "owner@neemtree.example".to_owned(),
                name: "Ram".to_owned(),
                role: Role::Owner,
                password_hash: String::new(),
            };
            accounts::create(&mut tx, &user, now).await.unwrap();
            let details = apps::Details {
                name: "Web Store".to_owned(),
                email: "shop@neemtree.example".to_owned(),
                country: "IN".to_owned(),
                address: None,
                phone: None,
                state: None,
                city: None,
                postal_code: None,
                zone: None,
            };
            let id = apps::create(&mut tx, company, &details, by).await.unwrap();
            let new = |mode| NewConnection { company, app: id, gateway: Gateway::RAZORPAY, mode, currency: Currency::INR };
            let live = connections::create(&mut tx, &vault, &new(Mode::Live), by).await.unwrap();
            connections::create(&mut tx, &vault, &new(Mode::Test), by).await.unwrap();
            let app = apps::store::find(&mut tx, company, id).await.unwrap().unwrap();
            tx.commit().await.unwrap();
            let clock = Clock::fixed(now);
            let job =
                || Digests::new((test.db.clone(), vault.clone(), clock.clone()), "https://pay.example.com".to_owned(), true);
            Self { jobs: [job(), job()], test, clock, app, live }
        }

        /// Runs both servers at the same time, one of them twice; returns how many messages there are.
        async fn run(&mut self) -> i64 {
            let [one, other] = &mut self.jobs;
            let (first, second) = tokio::join!(one.run(), other.run());
            assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
            one.run().await.unwrap();
            let mut reader = self.test.db.reader().await.unwrap();
            let count = "SELECT COUNT(*) FROM notifications WHERE purpose = 'digest'";
            run!(&mut reader, |conn| sqlx::query_scalar(count).fetch_one(conn).await).unwrap()
        }

        /// Advances the clock to that time of day, which is on the next day unless it is still to come.
        fn advance_to(&self, hour: u64, minute: u64) {
            let clock = self.app.zone.zoned(self.clock.now());
            let passed = u64::try_from(clock.hour()).unwrap() * 60 + u64::try_from(clock.minute()).unwrap();
            let wanted = hour * 60 + minute;
            let left = if wanted > passed { wanted - passed } else { wanted + 24 * 60 - passed };
            self.clock.advance(Duration::from_mins(left));
        }

        async fn set(&self, mode: Mode, is_on: bool, minute: i64) {
            let settings = DigestSettings { is_on, minute, recipients: None, last_day: None };
            let by = (&Actor::command(self.app.company_id), self.clock.now());
            let mut tx = self.test.db.begin().await.unwrap();
            manage::set_digest(&mut tx, (&self.app, mode), &settings, by).await.unwrap();
            tx.commit().await.unwrap();
        }

        async fn enable(&self, app: bool, connection: bool) {
            let by = (&Actor::command(self.app.company_id), self.clock.now());
            let mut tx = self.test.db.begin().await.unwrap();
            apps::set_enabled(&mut tx, &self.app, app, by).await.unwrap();
            connections::set_enabled(&mut tx, &self.live, connection, by).await.unwrap();
            tx.commit().await.unwrap();
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn there_is_one_digest_a_day_with_two_servers_and_none_for_a_day_that_was_missed() {
        let mut shop = Shop::new("digests_once").await;
        assert_eq!(shop.run().await, 0, "the webhook did not exist yesterday");
        shop.advance_to(8, 59);
        assert_eq!(shop.run().await, 0);
        shop.clock.advance(MINUTE);
        assert_eq!(shop.run().await, 1, "Live only");
        shop.clock.advance(HOUR);
        assert_eq!(shop.run().await, 1);
        shop.advance_to(9, 0);
        assert_eq!(shop.run().await, 2);
        shop.clock.advance(HOUR * 2 * 24);
        shop.advance_to(23, 58);
        assert_eq!(shop.run().await, 3, "late on the day itself, and not for those before");
        shop.advance_to(0, 1);
        assert_eq!(shop.run().await, 3);
        shop.test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn an_app_or_a_mode_that_is_off_has_none_and_one_that_is_turned_on_begins_at_its_next_time() {
        let mut shop = Shop::new("digests_off").await;
        for (app, connection) in [(false, true), (true, false)] {
            shop.enable(app, connection).await;
            shop.advance_to(9, 0);
            assert_eq!(shop.run().await, 0);
        }
        shop.enable(true, true).await;
        shop.set(Mode::Live, false, 540).await;
        assert_eq!(shop.run().await, 0);
        shop.clock.advance(MINUTE);
        shop.set(Mode::Live, true, 540).await;
        shop.set(Mode::Test, true, 600).await;
        assert_eq!(shop.run().await, 0, "9:00 has passed, and 10:00 has not come");
        shop.advance_to(10, 0);
        assert_eq!(shop.run().await, 1, "of Test");
        shop.set(Mode::Test, false, 600).await;
        shop.set(Mode::Test, true, 660).await;
        shop.advance_to(11, 0);
        assert_eq!(shop.run().await, 1, "not twice on a day");
        shop.advance_to(9, 0);
        assert_eq!(shop.run().await, 2);
        shop.test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_that_is_moved_to_an_earlier_time_is_still_sent_on_the_day() {
        let mut shop = Shop::new("digests_moved").await;
        shop.advance_to(8, 30);
        shop.set(Mode::Live, true, 480).await;
        assert_eq!(shop.run().await, 1, "8:00 has passed");
        shop.set(Mode::Live, true, 540).await;
        shop.advance_to(9, 0);
        assert_eq!(shop.run().await, 1, "not twice on a day");
        shop.test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_digest_that_was_changed_meanwhile_is_not_claimed_as_it_was() {
        let shop = Shop::new("digests_changed").await;
        shop.advance_to(9, 0);
        let (scope, day) = ((shop.app.company_id, shop.app.id, Mode::Live), shop.app.zone.date(shop.clock.now()));
        let before = DigestSettings::default_of(Mode::Live);
        for (is_on, minute) in [(false, before.minute), (true, before.minute + 1)] {
            shop.set(Mode::Live, is_on, minute).await;
            let mut tx = shop.test.db.begin().await.unwrap();
            assert!(!digests::claim(&mut tx, scope, &before, day).await.unwrap(), "{is_on} {minute}");
        }
        let mut tx = shop.test.db.begin().await.unwrap();
        assert!(is_unchanged(&mut tx, &shop.app).await.unwrap());
        let of_another_zone = App { zone: "UTC".parse().unwrap(), ..shop.app.clone() };
        assert!(!is_unchanged(&mut tx, &of_another_zone).await.unwrap());
        drop(tx);
        shop.enable(false, true).await;
        assert!(!is_unchanged(&mut shop.test.db.begin().await.unwrap(), &shop.app).await.unwrap());
        shop.test.end().await;
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn one_without_a_reachable_recipient_is_sent_later_on_the_day() {
        let mut shop = Shop::new("digests_unreachable").await;
        shop.advance_to(9, 0);
        shop.jobs.iter_mut().for_each(|job| job.has_email = false);
        assert_eq!(shop.run().await, 0);
        shop.jobs.iter_mut().for_each(|job| job.has_email = true);
        shop.clock.advance(HOUR);
        assert_eq!(shop.run().await, 1);
        shop.test.end().await;
    }
}

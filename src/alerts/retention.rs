//! Deletes old alerts with the records of their messages.
//!
//! Invariants: an alert that is open is never deleted. Small units of work, so that ingestion never waits long.

use std::time::Duration;

use super::store::{alerts, messages};
use crate::{
    db::{Db, DbError},
    jobs::{Periodic, delete_in_small_units},
    primitives::time::Clock,
};

/// How long an alert is stored after it began.
const RETENTION: Duration = Duration::from_hours(90 * 24);

/// The periodic job.
pub(crate) struct AlertRetention {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
}

impl Periodic for AlertRetention {
    const NAME: &'static str = "alert_retention";

    fn interval(&self) -> Duration {
        Duration::from_hours(1)
    }

    async fn run(&mut self) -> Result<(), DbError> {
        let before = self.clock.now().minus(RETENTION);
        delete_in_small_units(&self.db, before, async |tx, before, limit| messages::delete_old(tx, before, limit).await).await?;
        delete_in_small_units(&self.db, before, async |tx, before, limit| alerts::delete_old(tx, before, limit).await).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        alerts::{Alert, Condition, Detail, Kind},
        apps, companies,
        db::{execute, test_db::TestDb},
        gateways::Mode,
        primitives::{id::AlertId, time::Timestamp},
    };

    #[tokio::test(flavor = "multi_thread")]
    async fn an_alert_is_deleted_after_90_days_unless_it_is_open() {
        let test = TestDb::new("alert_retention").await;
        let now = Timestamp::from_seconds(1_795_343_400);
        let mut tx = test.db.begin().await.unwrap();
        let company = companies::create(&mut tx, "Neem Tree Retail", now).await.unwrap();
        let app = apps::tests::app(company.id);
        execute!(
            &mut tx,
            sqlx::query("INSERT INTO apps (id, company_id, name, email, country, time_zone, is_enabled, created_at) VALUES ($1, $2, $3, $3, $3, 'UTC', $4, $5)")
                .bind(app.id)
                .bind(company.id)
                .bind("IN")
                .bind(true)
                .bind(now)
        )
        .unwrap();
        let mut all = Vec::new();
        for (days, is_over) in [(91, true), (89, true), (400, false)] {
            let at = now.minus(Duration::from_hours(24 * days));
            let resolved_at = is_over.then_some(at);
            let seen = Condition {
                kind: Kind::Backlog,
                object: days.to_string(),
                since: at,
                count: 1,
                stage: 0,
                detail: Detail::default(),
            };
            let opened = Alert::open((AlertId::unique(), company.id, app.id), Mode::Live, &seen, at);
            let alert = Alert { resolved_at, is_notified: false, ..opened };
            alerts::insert(&mut tx, &alert).await.unwrap();
            all.push(alert.id);
        }
        tx.commit().await.unwrap();
        AlertRetention { db: test.db.clone(), clock: Clock::fixed(now) }.run().await.unwrap();
        let mut reader = test.db.reader().await.unwrap();
        let mut stored = Vec::new();
        for id in all {
            stored.push(alerts::find(&mut reader, id).await.unwrap().is_some());
        }
        drop(reader);
        assert_eq!(stored, [false, true, true]);
        test.end().await;
    }
}

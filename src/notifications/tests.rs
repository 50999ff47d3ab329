//! Tests what is stored of a message and for how long, and what an email says.

use super::*;
use crate::{
    db::{Db, test_db::TestDb},
    jobs::Periodic as _,
    notifications::{email, retention::NotificationRetention},
    primitives::{time::Clock, vault::MasterKey},
};

const NOW: Timestamp = Timestamp::from_seconds(1_795_343_400);

fn content(text: &str) -> Content {
    Content {
        subject: text.to_owned(),
        paragraphs: vec![text.to_owned(), "Second".to_owned()],
        body: Vec::new(),
        facts: vec![("Amount".to_owned(), text.to_owned())],
        action: Some(Action { label: "Open".to_owned(), url: "https://pay.example.com/a?b=1&c=2".to_owned() }),
        footer: Some("Sent by KS Pay".to_owned()),
        language: Locale::Hindi,
        sender: None,
    }
}

async fn queue_one(db: &Db, vault: &Vault, now: Timestamp) -> NotificationId {
    queue_for(db, vault, Purpose::Test, now).await
}

async fn queue_for(db: &Db, vault: &Vault, purpose: Purpose, now: Timestamp) -> NotificationId {
    let new = NewNotification {
        company: None,
        recipient: Recipient::Email("admin@example.com"),
        purpose,
        content: &content("hush"),
        valid_for: Duration::from_hours(1),
        alert: None,
        run: None,
    };
    let mut tx = db.begin().await.unwrap();
    let id = queue(&mut tx, &new, (vault, now)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Claims what is due, with that number.
async fn claim(db: &Db, number: i64, now: Timestamp) -> Vec<store::Claimed> {
    claim_at_most(10, db, number, now).await
}

async fn claim_at_most(limit: i64, db: &Db, number: i64, now: Timestamp) -> Vec<store::Claimed> {
    let claim = store::Claim { kind: Kind::Email, number, now, expires_at: now.plus(worker::MAX_CLAIM) };
    let mut tx = db.begin().await.unwrap();
    let claimed = store::claim(&mut tx, &claim, limit).await.unwrap();
    tx.commit().await.unwrap();
    claimed
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_stored_sealed_and_opens_for_its_own_row_alone() {
    let test = TestDb::new("notifications_sealed").await;
    let vault = Vault::new(MasterKey::generate());
    let (first, second) = (queue_one(&test.db, &vault, NOW).await, queue_one(&test.db, &vault, NOW).await);
    let claimed = claim(&test.db, 1, NOW).await;
    let sealed = |id| claimed.iter().find(|message| message.id == id).unwrap().content.clone().unwrap();
    assert!(!sealed(first).windows(4).any(|part| part == b"hush"));
    let open = |row: NotificationId| vault.open(CONTENT_SEAL_CONTEXT, &row.to_bytes(), &sealed(first));
    let read: Content = serde_json::from_slice(&open(first).unwrap()).unwrap();
    assert_eq!(read, content("hush"));
    assert!(open(second).is_err());
    test.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claimed_message_is_not_claimed_again_before_the_claim_expires_and_then_the_first_claim_decides_nothing() {
    let test = TestDb::new("notifications_claimed").await;
    let (db, vault) = (&test.db, Vault::new(MasterKey::generate()));
    let id = queue_one(db, &vault, NOW).await;
    assert_eq!(claim(db, 1, NOW).await.len(), 1);
    assert_eq!(claim(db, 2, NOW).await.len(), 0);
    let late = NOW.plus(worker::MAX_CLAIM);
    assert_eq!(claim(db, 3, late).await.len(), 1);
    let mut tx = db.begin().await.unwrap();
    store::end_failed(&mut tx, (id, 1), (Failure::Rejected, "no"), late).await.unwrap();
    store::retry(&mut tx, (id, 1), late, (Failure::Deferred, "later")).await.unwrap();
    tx.commit().await.unwrap();
    let retention = worker::MAX_CLAIM;
    assert_eq!(claim(db, 4, late.plus(retention)).await[0].attempts, 0, "still that of the third claim");
    test.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_reset_goes_before_alerts_that_wait() {
    let test = TestDb::new("notifications_order").await;
    let (db, vault) = (&test.db, Vault::new(MasterKey::generate()));
    for minutes in [30, 20, 10] {
        queue_for(db, &vault, Purpose::Alert, NOW.minus(Duration::from_mins(minutes))).await;
    }
    let reset = queue_for(db, &vault, Purpose::PasswordReset, NOW).await;
    let claimed = claim_at_most(1, db, 1, NOW).await;
    assert_eq!(claimed.iter().map(|message| message.id).collect::<Vec<_>>(), [reset]);
    test.end().await;
}

/// Queues messages to a channel of Slack, which need not exist.
async fn queue_to(db: &Db, vault: &Vault, channel: ChannelId, count: u64) -> Vec<NotificationId> {
    let mut ids = Vec::new();
    let mut tx = db.begin().await.unwrap();
    for number in 0..count {
        let new = NewNotification {
            company: None,
            recipient: Recipient::Channel(Kind::Slack, channel),
            purpose: Purpose::Alert,
            content: &content("hush"),
            valid_for: Duration::from_hours(1),
            alert: None,
            run: None,
        };
        ids.push(queue(&mut tx, &new, (vault, NOW.plus(Duration::from_millis(number)))).await.unwrap());
    }
    tx.commit().await.unwrap();
    ids
}

/// Claims up to eight messages to channels of Slack, and counts those of each.
async fn take(db: &Db, turns: &mut turns::Turns, busy: &mut turns::Busy) -> Vec<usize> {
    let now = NOW.plus(Duration::from_mins(1));
    let claim = store::Claim { kind: Kind::Slack, number: 1, now, expires_at: now.plus(worker::MAX_CLAIM) };
    let free = 8 - busy.values().sum::<usize>();
    let taken = turns.claim(db, &claim, (free, busy)).await.unwrap();
    let mut counts = std::collections::BTreeMap::<_, usize>::new();
    for message in taken.messages {
        *counts.entry(message.channel_id.unwrap()).or_default() += 1;
        *busy.entry(message.channel_id.unwrap()).or_default() += 1;
    }
    counts.into_values().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_with_many_messages_takes_two_places_and_the_others_take_turns() {
    let test = TestDb::new("notifications_turns").await;
    let (db, vault) = (&test.db, Vault::new(MasterKey::generate()));
    let [first, second, third, fourth] = std::array::from_fn(|_| ChannelId::unique());
    for (channel, count) in [(first, 300), (second, 1), (third, 3)] {
        queue_to(db, &vault, channel, count).await;
    }
    let (mut turns, mut busy) = (turns::Turns::new(), turns::Busy::new());
    assert_eq!(take(db, &mut turns, &mut busy).await, [2, 1, 2]);
    assert_eq!(take(db, &mut turns, &mut busy).await, [0; 0], "the first has 298 more, the third 1");
    queue_to(db, &vault, fourth, 1).await;
    assert_eq!(take(db, &mut turns, &mut busy).await, [1], "the fourth");
    busy.clear();
    let after_fourth = take(db, &mut turns, &mut busy).await;
    assert_eq!(after_fourth, [2, 1], "the circle begins again");
    test.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_for_a_paused_channel_is_postponed_without_an_attempt() {
    let test = TestDb::new("notifications_paused").await;
    let (db, vault) = (&test.db, Vault::new(MasterKey::generate()));
    let (now, minute) = (NOW.plus(Duration::from_mins(1)), Duration::from_mins(1));
    let mut tx = db.begin().await.unwrap();
    let company = crate::companies::create(&mut tx, "Neem Tree Retail", NOW).await.unwrap();
    let channel = channels::tests::channel(company.id);
    channels::store::insert(&mut tx, &channel).await.unwrap();
    channels::store::set_paused_until(&mut tx, channel.id, now.plus(minute)).await.unwrap();
    tx.commit().await.unwrap();
    let queued = queue_to(db, &vault, channel.id, 3).await;
    let (mut turns, mut busy) = (turns::Turns::new(), turns::Busy::new());
    assert_eq!(take(db, &mut turns, &mut busy).await, [0; 0]);
    for id in queued {
        let waiting = store::find(&mut db.reader().await.unwrap(), id).await.unwrap().unwrap();
        let expected = (0, Some(now.plus(minute)), Some(Failure::Deferred));
        assert_eq!((waiting.attempts, waiting.due_at, waiting.last_failure), expected);
    }
    for (until, is_paused) in [(now, false), (now.plus(minute), true), (now.plus(Duration::from_hours(9)), false)] {
        assert_eq!(channels::is_paused(until, now), is_paused, "a clock that is wrong pauses nothing for long");
    }
    test.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_are_deleted_after_thirty_days_and_absurd_times_become_due() {
    let test = TestDb::new("notifications_retention").await;
    let (db, vault) = (&test.db, Vault::new(MasterKey::generate()));
    let run = async |now| NotificationRetention { db: db.clone(), clock: Clock::fixed(now) }.run().await.unwrap();
    let year = Duration::from_hours(365 * 24);
    queue_one(db, &vault, NOW.plus(year)).await;
    assert_eq!(claim(db, 1, NOW).await.len(), 0, "a clock that was ahead has planned it");
    run(NOW).await;
    let claimed = claim(db, 2, NOW).await;
    assert_eq!(claimed.len(), 1);
    let mut tx = db.begin().await.unwrap();
    store::end_sent(&mut tx, claimed[0].id, NOW).await.unwrap();
    tx.commit().await.unwrap();
    let old = queue_one(db, &vault, NOW).await;
    run(NOW.plus(retention::RETENTION)).await;
    assert_eq!(claim(db, 3, NOW.plus(worker::MAX_CLAIM)).await.iter().map(|own| own.id).collect::<Vec<_>>(), [old]);
    run(NOW.plus(retention::RETENTION + Duration::from_secs(1))).await;
    assert_eq!(claim(db, 4, NOW.plus(retention::RETENTION)).await.len(), 0);
    test.end().await;
}

#[test]
fn an_email_has_the_same_in_both_parts_and_no_markup_of_the_text() {
    let email::Rendered { subject, text, html } = email::render(&content("<b>5 & 6</b>\r\nBcc: x\0")).unwrap();
    assert_eq!(subject, "<b>5 & 6</b>  Bcc: x ");
    assert_eq!(
        text,
        "<b>5 & 6</b>  Bcc: x \n\nSecond\n\nAmount: <b>5 & 6</b>  Bcc: x \n\nOpen:\nhttps://pay.example.com/a?b=1&c=2\n\n-- \nSent by KS Pay\n"
    );
    assert!(html.contains("lang=\"hi-IN\"") && html.contains("href=\"https://pay.example.com/a?b=1&#38;c=2\""), "{html}");
    assert!(html.contains("&#60;b&#62;5 &#38; 6&#60;/b&#62;") && !html.contains("<b>") && html.contains("Sent by KS Pay"));
}

#[test]
fn what_a_server_said_is_one_line_of_at_most_three_hundred_characters() {
    assert_eq!(clean_answer("550 5.1.1 no\r\n such\tmailbox\u{202e}\0"), "550 5.1.1 no such mailbox");
    assert_eq!(clean_answer("a\0b\u{1b}[31mc"), "a b [31mc");
    assert_eq!(clean_answer(&"क".repeat(1000)).chars().count(), MAX_ANSWER_CHARS);
    assert_eq!(clean_answer(""), "");
}

//! Storms, flapping, deadlines, quiet hours and muting, without a database.

use std::time::Duration;

use super::{
    schedule::{Mute, Schedule, digest_due, format_minutes, last_full_day, parse_minutes},
    *,
};
use crate::primitives::{date_range::number, zone::Zone};

const NOW: Timestamp = Timestamp::from_seconds(1_795_356_717);

fn minutes(minutes: u64) -> Duration {
    Duration::from_mins(minutes)
}

fn seen(kind: Kind, count: i64, stage: i64) -> Condition {
    Condition { kind, object: "gc_1".to_owned(), since: NOW, count, stage, detail: Detail::default() }
}

/// An alert with the messages that were sent, as the job works.
struct Run {
    alert: Alert,
    sent: Vec<(u64, Event)>,
    schedule: Schedule,
    rule: Rule,
}

impl Run {
    fn new(kind: Kind) -> Self {
        let ids = (AlertId::unique(), CompanyId::unique(), AppId::unique());
        let mut run = Self {
            alert: Alert::open(ids, Mode::Live, &seen(kind, 1, 0), NOW),
            sent: Vec::new(),
            schedule: Schedule::default(),
            rule: Rule::default_of(kind),
        };
        run.send(0);
        run
    }

    fn send(&mut self, minute: u64) {
        let now = NOW.plus(minutes(minute));
        if let Some(event) = self.alert.message_due(&self.rule, (&self.schedule, Zone::default()), now) {
            self.alert.note_sent(event, now);
            self.sent.push((minute, event));
        }
    }

    /// What is seen at a minute: the count, or `None` once it works again.
    fn see(&mut self, minute: u64, count: Option<i64>, stage: i64) {
        let condition = count.map(|count| seen(self.alert.kind, count, stage));
        self.alert.observe(condition.as_ref(), true, NOW.plus(minutes(minute)));
        self.send(minute);
    }

    fn steps(&self) -> Vec<Step> {
        self.alert.updates.iter().map(|update| update.step).collect()
    }
}

#[test]
fn a_storm_is_one_alert_with_one_message_and_a_count() {
    let mut run = Run::new(Kind::WebhookFailing);
    (2..=10_000).for_each(|count| run.see(1, Some(count), 0));
    assert_eq!((run.alert.count, run.steps(), run.sent), (10_000, vec![Step::Opened], vec![(0, Event::Problem)]));
}

#[test]
fn a_problem_that_flaps_is_reported_once_and_then_at_most_once_an_hour() {
    let mut run = Run::new(Kind::WebhookFailing);
    run.see(5, None, 0);
    assert_eq!(run.sent, [(0, Event::Problem), (5, Event::Resolved)]);
    for minute in (10..60).step_by(10) {
        assert!(run.alert.continues(NOW.plus(minutes(minute))));
        run.see(minute, Some(2), 0);
        run.see(minute + 5, None, 0);
    }
    assert_eq!(run.sent.len(), 2, "nothing was said of it, so nothing is said of its end: {:?}", run.sent);
    run.see(60, Some(3), 0);
    run.see(65, Some(3), 0);
    run.see(66, None, 0);
    assert_eq!(run.sent[2..], [(65, Event::Problem), (66, Event::Resolved)]);
    assert!(!run.alert.continues(NOW.plus(minutes(66 + 30))) && !run.alert.is_active());
}

#[test]
fn reminders_stop_once_it_is_acknowledged() {
    let mut run = Run::new(Kind::DestinationFailing);
    run.see(359, Some(1), 0);
    run.see(360, Some(1), 0);
    run.alert.acknowledged_at = Some(NOW);
    run.see(800, Some(1), 0);
    run.see(900, None, 0);
    assert_eq!(run.sent, [(0, Event::Problem), (360, Event::Reminder), (900, Event::Resolved)]);
    let mut paused = Run::new(Kind::DestinationPaused);
    paused.see(800, Some(1), 0);
    paused.see(900, None, 0);
    assert_eq!(paused.sent, [(0, Event::Problem)], "a user resumed it");
}

#[test]
fn each_stage_of_a_deadline_is_reported_once() {
    let mut run = Run::new(Kind::DisputeDeadline);
    run.alert.acknowledged_at = Some(NOW);
    run.see(120, Some(1), 1);
    run.see(121, Some(1), 1);
    run.see(300, Some(1), 2);
    run.see(999, None, 0);
    assert_eq!(run.sent, [(0, Event::Problem), (120, Event::Nearer), (300, Event::Nearer)]);
    let days = |days: u64| NOW.plus(Duration::from_hours(24 * days));
    let stages = [Duration::from_hours(72), Duration::from_hours(24)];
    assert_eq!([4, 3, 2, 1, 0].map(|left| collect::stage(stages, days(left), NOW)), [0, 1, 1, 2, 2]);
}

#[test]
fn quiet_hours_delay_what_is_not_urgent_and_drop_what_is_over_by_then() {
    // 7:41 pm in India.
    let quiet = Some((19 * 60, 20 * 60));
    let mut run = Run::new(Kind::WebhookSilent);
    run.alert.is_notified = false;
    run.alert.last_message_at = None;
    (run.sent, run.schedule.quiet) = (Vec::new(), quiet);
    run.see(10, Some(0), 0);
    assert!(run.sent.is_empty());
    let mut over = run.alert.clone();
    over.observe(None, true, NOW.plus(minutes(15)));
    assert!(!over.is_active());
    run.see(18, Some(0), 0);
    run.see(19, Some(0), 0);
    assert_eq!(run.sent, [(19, Event::Problem)]);
    let due = |kind, left: u64| {
        let mut alert = Alert { is_notified: false, last_message_at: None, ..Run::new(kind).alert };
        alert.detail.due_at = Some(NOW.plus(minutes(left)).millis());
        alert.message_due(&Rule::default_of(kind), (&Schedule { quiet, muted_until: None }, Zone::default()), NOW).is_some()
    };
    assert!(due(Kind::DisputeDeadline, 9_000) && due(Kind::WebhookFailing, 119) && due(Kind::WebhookDisabling, 0));
    assert!(!due(Kind::WebhookFailing, 121) && !due(Kind::DisputeOpened, 60));
}

#[test]
fn quiet_hours_are_those_of_the_zone_across_midnight_and_a_change_of_clocks() {
    let at = |zone: &str, text: &str| {
        let zone: Zone = zone.parse().unwrap();
        (zone, zone.at(text.parse().unwrap()))
    };
    let is_quiet = |(zone, at): (Zone, Timestamp), quiet| Schedule { quiet: Some(quiet), muted_until: None }.is_quiet(zone, at);
    let night = (22 * 60, 7 * 60);
    for (clock, expected) in [("21:59", false), ("22:00", true), ("00:00", true), ("06:59", true), ("07:00", false)] {
        assert_eq!(is_quiet(at("Asia/Kolkata", &format!("2026-12-02T{clock}")), night), expected, "{clock}");
    }
    // Clocks go from 2 to 3 on 8 March 2026 in New York, and back on 1 November.
    let (zone, before) = at("America/New_York", "2026-03-08T01:59");
    let hours = (60, 3 * 60);
    assert!(is_quiet((zone, before), hours) && !is_quiet((zone, before.plus(minutes(1))), hours));
    let (zone, first) = at("America/New_York", "2026-11-01T01:30");
    assert!([0, 60].iter().all(|later| is_quiet((zone, first.plus(minutes(*later))), (60, 120))));
    assert!(!is_quiet((zone, first), (60, 60)) && !Schedule::default().is_quiet(zone, first));
}

#[test]
fn muting_ends_by_itself_and_never_hides_a_deadline() {
    let zone: Zone = "Asia/Kolkata".parse().unwrap();
    let shown = |mute: Mute, clock: &str| {
        zone.zoned(mute.until(zone, zone.at(clock.parse().unwrap()))).strftime("%a %-d %H:%M").to_string()
    };
    // A Wednesday.
    assert_eq!(shown(Mute::Hour, "2026-12-02T23:30"), "Thu 3 00:30");
    assert_eq!(shown(Mute::Tomorrow, "2026-12-02T00:10"), "Thu 3 09:00");
    assert_eq!(shown(Mute::Monday, "2026-12-02T08:00"), "Mon 7 09:00");
    assert_eq!(shown(Mute::Monday, "2026-12-07T08:00"), "Mon 14 09:00");
    let muted = Schedule { quiet: None, muted_until: Some(NOW.plus(minutes(60))) };
    assert!(muted.is_muted(NOW) && !muted.is_muted(NOW.plus(minutes(60))));
    assert!(!Schedule { muted_until: Some(NOW.plus(Duration::from_hours(9 * 24))), ..muted }.is_muted(NOW), "a wrong clock");
    let is_due = |kind, is_on| {
        let alert = Alert { is_notified: false, last_message_at: None, ..Run::new(kind).alert };
        alert.message_due(&Rule { is_on, ..Rule::default_of(kind) }, (&muted, zone), NOW).is_some()
    };
    assert!(is_due(Kind::DisputeDeadline, true) && !is_due(Kind::DisputeDeadline, false) && !is_due(Kind::WebhookFailing, true));
}

#[test]
fn a_time_of_day_is_read_back() {
    for (text, parsed) in [
        ("00:00", Some(0)),
        (" 22:05 ", Some(1325)),
        ("24:00", None),
        ("7:00", None),
        ("07:60", None),
        ("", None),
        ("+7:00", None),
    ] {
        assert_eq!(parse_minutes(text), parsed, "{text}");
        assert!(parsed.is_none_or(|minutes| format_minutes(minutes) == text.trim()));
    }
}

#[test]
fn a_recipient_is_a_user_or_a_channel() {
    for id in [RecipientId::User(UserId::unique()), RecipientId::Channel(ChannelId::unique())] {
        assert_eq!(id.to_string().parse(), Ok(id));
    }
    assert!("ap_AzL8n0Y58m7".parse::<RecipientId>().is_err() && "".parse::<RecipientId>().is_err());
}

#[test]
fn a_problem_that_returns_is_reported_although_it_was_acknowledged_before() {
    let mut run = Run::new(Kind::WebhookFailing);
    run.alert.acknowledged_at = Some(NOW);
    run.see(400, Some(2), 0);
    run.see(410, None, 0);
    run.see(420, Some(3), 0);
    run.see(480, Some(3), 0);
    assert_eq!(run.sent, [(0, Event::Problem), (410, Event::Resolved), (480, Event::Problem)]);
}

const NINE: i64 = 9 * 60;

#[test]
fn a_digest_is_due_once_a_day_from_its_time_on_and_a_day_that_was_missed_is_not_made_up_for() {
    let zone: Zone = "Asia/Kolkata".parse().unwrap();
    let second = number("2026-12-02".parse().unwrap());
    for (last_day, clock, expected) in [
        (None, "2026-12-02T08:59", None),
        (None, "2026-12-02T09:00", Some(second)),
        (Some(second - 1), "2026-12-02T23:59", Some(second)),
        (Some(second), "2026-12-02T09:00", None),
        (Some(second - 1), "2026-12-03T00:00", None),
        (Some(second - 1), "2026-12-03T09:00", Some(second + 1)),
        // Sent in the zone that the app had before.
        (Some(second + 1), "2026-12-02T09:00", None),
        // Stored by a wrong clock.
        (Some(second + 400), "2026-12-02T09:00", Some(second)),
    ] {
        let due = digest_due(NINE, last_day, zone, zone.at(clock.parse().unwrap()));
        assert_eq!(due.map(number), expected, "{last_day:?} {clock}");
    }
}

/// Clocks skip from 2 to 3 on 8 March 2026 in New York, and show 1 to 2 twice on 1 November; Sao Paulo skipped the first hour of a day,
/// Saint John's showed the last one twice, Samoa skipped a day.
#[test]
fn each_day_has_one_digest_at_its_time_where_clocks_change() {
    for (name, first, days) in [
        ("Asia/Kolkata", "2026-12-01", 3),
        ("America/New_York", "2026-03-07", 3),
        ("America/New_York", "2026-10-31", 3),
        ("Australia/Lord_Howe", "2026-10-03", 3),
        ("America/Sao_Paulo", "2018-11-03", 3),
        ("America/St_Johns", "2006-10-28", 3),
        ("Pacific/Apia", "2011-12-29", 2),
    ] {
        let zone: Zone = name.parse().unwrap();
        let start = zone.start_of(first.parse().unwrap());
        for minute in [0, 30, 90, 150, 1439] {
            let (mut last_day, mut sent, mut seen) = (None, Vec::new(), Vec::new());
            for later in 0..days * 24 * 60 {
                let now = start.plus(minutes(later));
                let today = number(zone.date(now));
                if seen.last() != Some(&today) {
                    seen.push(today);
                }
                if let Some(day) = digest_due(minute, last_day, zone, now) {
                    assert_eq!(number(day), today, "{name}");
                    last_day = Some(today);
                    sent.push(today);
                }
            }
            // The last day may have ended before its time, if days were longer than 24 hours.
            assert!(sent == seen || sent == seen[..seen.len() - 1], "{name} {minute}: {sent:?} of {seen:?}");
        }
    }
    let zone: Zone = "America/New_York".parse().unwrap();
    let at = |clock: &str| zone.at(clock.parse().unwrap());
    assert_eq!(digest_due(150, None, zone, at("2026-03-08T03:29")), None);
    assert!(digest_due(150, None, zone, at("2026-03-08T03:30")).is_some(), "2:30 is skipped");
}

#[test]
fn a_digest_is_about_the_last_day_that_is_over() {
    for (name, clock, expected) in [
        ("Asia/Kolkata", "2026-12-02T00:00", "2026-12-01"),
        ("Asia/Kolkata", "2026-12-02T23:59", "2026-12-01"),
        ("America/New_York", "2026-03-09T09:00", "2026-03-08"),
        ("Pacific/Apia", "2011-12-31T09:00", "2011-12-29"),
    ] {
        let zone: Zone = name.parse().unwrap();
        assert_eq!(last_full_day(zone, zone.at(clock.parse().unwrap())).to_string(), expected, "{name} {clock}");
    }
}

#[test]
fn an_end_that_is_reported_to_no_one_closes_the_alert() {
    let over = |at: u64| {
        let mut run = Run::new(Kind::WebhookFailing);
        run.alert.observe(None, true, NOW.plus(minutes(at)));
        run.alert
    };
    let is_active = |at: u64, (is_on, has_recipient): (bool, bool), later: u64| {
        let mut alert = over(at);
        alert.close_unreported((is_on, has_recipient), NOW.plus(minutes(at + later)));
        alert.is_active()
    };
    assert!(!is_active(5, (false, true), 0), "its kind is off");
    assert!(is_active(5, (true, false), 60) && !is_active(5, (true, false), 24 * 60), "no one can be notified for a day");
    assert!(is_active(5, (true, true), 9 * 24 * 60), "muted");
    let mut open = Run::new(Kind::WebhookFailing).alert;
    open.close_unreported((false, false), NOW.plus(minutes(9000)));
    assert!(open.is_active() && open.is_notified);
}

#[test]
fn quiet_hours_that_a_zone_change_moves_delay_by_the_new_zone() {
    let quiet = Schedule { quiet: Some((22 * 60, 7 * 60)), muted_until: None };
    let (india, york): (Zone, Zone) = ("Asia/Kolkata".parse().unwrap(), "America/New_York".parse().unwrap());
    // 11 pm in India is half past noon in New York.
    let at = india.at("2026-12-02T23:00".parse().unwrap());
    let due = |zone| {
        let alert = Alert { is_notified: false, last_message_at: None, ..Run::new(Kind::WebhookSilent).alert };
        alert.message_due(&Rule::default_of(Kind::WebhookSilent), (&quiet, zone), at)
    };
    assert_eq!((due(india), due(york)), (None, Some(Event::Problem)));
    // Across midnight of a night in which clocks go back: half past one occurs twice and is quiet both times.
    let first = york.at("2026-11-01T01:30".parse().unwrap());
    assert!([0, 60, 5 * 60].iter().all(|later| quiet.is_quiet(york, first.plus(minutes(*later)))));
    assert!(!quiet.is_quiet(york, first.plus(minutes(6 * 60 + 30))), "7 am of the new time");
}

#[test]
fn flapping_across_quiet_hours_is_reported_once_when_they_end() {
    // 7:41 pm in India; quiet until 8 pm.
    let mut run = Run::new(Kind::WebhookFailing);
    (run.sent, run.schedule.quiet) = (Vec::new(), Some((19 * 60, 20 * 60)));
    (run.alert.is_notified, run.alert.last_message_at) = (false, None);
    for minute in [2, 6, 10, 14] {
        run.see(minute, Some(1), 0);
        run.see(minute + 2, None, 0);
    }
    run.see(18, Some(1), 0);
    assert!(run.sent.is_empty(), "{:?}", run.sent);
    run.see(19, Some(1), 0);
    run.see(21, None, 0);
    run.see(23, Some(1), 0);
    assert_eq!(run.sent, [(19, Event::Problem), (21, Event::Resolved)]);
}

//! Assignment of ids to events, checked without knowledge of the processing order.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;

use super::SentEvent;
use crate::support::{builders::text, signing};

/// Number of ids: so few that events of a connection share them.
const IDS: u8 = 12;

/// Generates an id, sometimes none.
pub(super) fn any_id() -> impl Strategy<Value = Option<u8>> {
    prop::option::weighted(0.9, 0..IDS)
}

/// Returns the same text for every connection.
pub(super) fn name(case: u32, id: u8) -> String {
    format!("evt_{case}_{id}")
}

/// By connection number and body digest: the id of an event, and the digest of the event that had the id before.
pub(super) type Firsts = BTreeMap<(usize, String), (Option<String>, Option<String>)>;

pub(super) fn firsts(exported: &[Value], number: impl Fn(&Value) -> usize) -> Firsts {
    let key = |event: &Value| (number(event), text(&event["body_sha256"]));
    let known: BTreeMap<&str, _> = exported.iter().map(|event| (event["event"].as_str().unwrap(), key(event))).collect();
    let first = |event: &Value| {
        let (connection, sha256) = key(event);
        let before = event["conflict_with"].as_str().map(|id| known[id].clone());
        assert!(before.as_ref().is_none_or(|before| before.0 == connection), "it is of the same connection");
        ((connection, sha256), (event["gateway_event_id"].as_str().map(str::to_owned), before.map(|before| before.1)))
    };
    exported.iter().map(first).collect()
}

/// Asserts that each event has an id under which it was sent; and that among events with the same id one alone has no
/// predecessor, and the others name an event that was sent under it too.
pub(super) fn check(case: u32, sent: Vec<SentEvent>, firsts: &Firsts) {
    let mut bodies: BTreeMap<(usize, Option<String>), BTreeSet<String>> = BTreeMap::new();
    for SentEvent { event, id } in sent {
        let sha256 = signing::sha256(&event.body(case));
        bodies.entry((event.connection, id.map(|id| name(case, id)))).or_default().insert(sha256);
    }
    let mut held = BTreeSet::new();
    for ((connection, sha256), (id, before)) in firsts {
        let under = &bodies[&(*connection, id.clone())];
        assert!(under.contains(sha256), "{sha256} did not come under {id:?}");
        match before {
            Some(before) => {
                assert!(id.is_some() && before != sha256 && under.contains(before), "{before} did not come under {id:?}");
            }
            None => assert!(id.is_none() || held.insert((connection, id)), "two events had {id:?} first"),
        }
    }
}

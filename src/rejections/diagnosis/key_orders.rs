//! The order in which gateways write the keys of each entity, from their profiles.
//!
//! A line of a profile's `key_orders` is the name of an entity and its keys. A name with a full stop in front is that of a
//! member that is no entity. Several lines with one name are variants of its order.

use std::{collections::HashMap, sync::LazyLock};

use super::json_variants::Node;
use crate::gateways::json_conventions;

/// The orders of one entity: the position of each key.
type Variants = Vec<HashMap<&'static str, usize>>;

static ORDERS: LazyLock<HashMap<&'static str, Variants>> = LazyLock::new(|| {
    let mut orders: HashMap<&str, Variants> = HashMap::new();
    for (name, keys) in json_conventions::key_orders().filter_map(|line| line.split_once(": ")) {
        orders.entry(name).or_default().push(keys.split(' ').zip(0..).collect());
    }
    orders
});

/// The most variants of one entity.
pub(super) const MAX_VARIANTS: u8 = 3;
/// The position of unlisted keys: after the listed ones.
const LAST: usize = usize::MAX;

/// The positions of the keys of one map.
pub(super) struct Places<'a> {
    /// The keys of an event's content that another member lists are first, in its order.
    first: &'a [&'a str],
    listed: Option<&'static HashMap<&'static str, usize>>,
}

impl<'a> Places<'a> {
    /// `member` is the key of the map; `content_order` are the listed keys of the event's content.
    pub(super) fn of(map: &[(&str, Node<'_>)], member: &str, content_order: &'a [&'a str], variant: u8) -> Self {
        let listed = variants(map, member).and_then(|variants| variants.get(usize::from(variant)).or(variants.last()));
        Self { first: if json_conventions::is_ordered_content(member) { content_order } else { &[] }, listed }
    }

    /// Returns the position of a key. Unlisted keys are equal, so that a stable sort leaves their order.
    pub(super) fn of_key(&self, key: &str) -> usize {
        let first = self.first.iter().position(|name| *name == key);
        let listed = || self.listed.and_then(|listed| listed.get(key)).map(|place| self.first.len() + place);
        first.or_else(listed).unwrap_or(LAST)
    }
}

/// Returns the number of orders to try for a body: that of its entity with the most variants.
pub(super) fn count(node: &Node<'_>) -> u8 {
    let of_member = |(name, member): &(&str, Node<'_>)| match member {
        Node::Map(map) => own_count(map, name.trim_matches('"')).max(count(member)),
        _ => count(member),
    };
    let most = match node {
        Node::Map(members) => members.iter().map(of_member).max(),
        Node::List(members) => members.iter().map(count).max(),
        Node::Word(_) | Node::Text(_) => None,
    };
    most.unwrap_or(1).clamp(1, MAX_VARIANTS)
}

fn own_count(map: &[(&str, Node<'_>)], member: &str) -> u8 {
    variants(map, member).and_then(|variants| u8::try_from(variants.len()).ok()).unwrap_or(1)
}

fn variants(map: &[(&str, Node<'_>)], member: &str) -> Option<&'static Variants> {
    let entity = map.iter().find(|(key, _)| json_conventions::is_entity_type(key.trim_matches('"'))).map(|(_, value)| value);
    match entity {
        Some(Node::Text(name)) => ORDERS.get(name.trim_matches('"')),
        _ => ORDERS.get(format!(".{member}").as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_an_order() {
        let lines: Vec<&str> = json_conventions::key_orders().collect();
        assert_eq!(ORDERS.values().map(Vec::len).sum::<usize>(), lines.len());
        for line in lines {
            let (name, keys) = line.split_once(": ").unwrap();
            let keys: Vec<&str> = keys.split(' ').collect();
            assert!(
                keys.len() > 1 && ORDERS[name].iter().any(|order| order.len() == keys.len()),
                "{name}: a key is listed twice"
            );
        }
        assert!(ORDERS.values().all(|variants| variants.len() <= usize::from(MAX_VARIANTS)));
        assert!(
            ["event", "payment", "order", "refund", "dispute", "settlement", "card"].iter().all(|name| ORDERS.contains_key(name))
        );
    }
}

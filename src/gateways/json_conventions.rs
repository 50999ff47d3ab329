//! How gateways write the JSON of their bodies, from their profiles: diagnosis reconstructs bodies by it that were changed in
//! transit.
//!
//! Invariant: a question is asked of all gateways together, because a rejected body may be that of another gateway.

use super::Gateway;

/// The conventions of one gateway.
pub(crate) struct JsonConventions {
    /// The order of the keys of each entity: a line per entity, see `rejections/diagnosis/key_orders.rs`.
    pub(crate) key_orders: &'static str,
    /// The member whose value is the type of the entity.
    pub(crate) entity_type: Option<&'static str>,
    /// The member with the data of the event, which some senders sign in place of the body.
    pub(crate) content: Option<&'static str>,
    /// The member that lists the first keys of the content in their order.
    pub(crate) content_order: Option<&'static str>,
    /// The members whose empty value is a list in the gateway's own bodies; other empty lists were maps.
    pub(crate) empty_lists: &'static [&'static str],
    /// The beginning of the names of members that are empty together.
    pub(crate) empty_together: &'static [&'static str],
}

impl JsonConventions {
    /// Those of a gateway of which nothing is known.
    pub(crate) const UNKNOWN: Self =
        Self { key_orders: "", entity_type: None, content: None, content_order: None, empty_lists: &[], empty_together: &[] };
}

fn all() -> impl Iterator<Item = &'static JsonConventions> {
    Gateway::all().map(|gateway| &gateway.profile().json)
}

/// Returns the lines of all gateways' `key_orders`.
pub(crate) fn key_orders() -> impl Iterator<Item = &'static str> {
    all().flat_map(|json| json.key_orders.lines())
}

/// True if the value of a member of that name is the type of its entity.
pub(crate) fn is_entity_type(name: &str) -> bool {
    all().any(|json| json.entity_type == Some(name))
}

/// True if a member of that name has the data of the event.
pub(crate) fn is_content(name: &str) -> bool {
    all().any(|json| json.content == Some(name))
}

/// True if a member of that name has the data of the event, and another one the order of its keys.
pub(crate) fn is_ordered_content(name: &str) -> bool {
    all().any(|json| json.content == Some(name) && json.content_order.is_some())
}

/// True if a member of that name lists the keys of the content.
pub(crate) fn is_content_order(name: &str) -> bool {
    all().any(|json| json.content_order == Some(name))
}

/// True if a member of that name is a list also if it is empty.
pub(crate) fn is_empty_list(name: &str) -> bool {
    all().any(|json| json.empty_lists.contains(&name))
}

/// True if a member of that name is empty together with others.
pub(crate) fn is_empty_together(name: &str) -> bool {
    all().any(|json| json.empty_together.iter().any(|start| name.starts_with(start)))
}

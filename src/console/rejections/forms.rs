//! The query of the list of rejections, and its validation.

use std::net::IpAddr;

use serde::Deserialize;

use crate::{
    console::http::list_query::{ListContext, ListParams, ListQuery},
    gateways::Gateway,
    messages::text::{lists, rejections as t},
    primitives::id::RejectionId,
    rejections::{
        Reason,
        store::{Filter, list::Selection},
    },
    urls,
};

/// The query as received.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(default)]
pub(crate) struct RejectionParams {
    #[serde(flatten)]
    pub(crate) list: ListParams,
    pub(crate) reason: String,
}

/// The search of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RejectionSearch {
    Rejection(RejectionId),
    /// The address from which the last request came.
    Address(IpAddr),
}

/// The validated query. The days are those of the last request.
#[derive(Debug)]
pub(crate) struct RejectionQuery {
    pub(crate) list: ListQuery,
    pub(crate) reason: Option<Reason>,
    pub(crate) gateway: Option<Gateway>,
    pub(crate) search: Option<RejectionSearch>,
}

impl RejectionParams {
    pub(crate) fn read(self, context: ListContext) -> RejectionQuery {
        let path = urls::rejections(context.app);
        let (mut list, search) = ListQuery::read(self.list, path, context, None, (search, t::id_or_address()));
        let reason = list.filter("reason", &self.reason, self.reason.parse().ok(), lists::no_reason());
        let gateway = list.gateway();
        RejectionQuery { list, reason, gateway, search }
    }
}

fn search(typed: &str) -> Option<RejectionSearch> {
    let id = typed.parse().map(RejectionSearch::Rejection).ok();
    id.or_else(|| typed.parse().map(RejectionSearch::Address).ok())
}

impl RejectionQuery {
    /// Returns which rejections of an app the list has, unless one is searched by its id.
    pub(crate) fn selection(&self, filter: Filter) -> Selection {
        match self.search {
            Some(RejectionSearch::Address(address)) => Selection { address: Some(address.to_string()), ..Selection::all(filter) },
            Some(RejectionSearch::Rejection(_)) => Selection::all(filter),
            None => Selection { last: self.list.times(), reason: self.reason, gateway: self.gateway, ..Selection::all(filter) },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_or_an_address_is_looked_for_and_anything_else_is_an_error() {
        let read = |q: &str| {
            let list = ListParams { q: q.to_owned(), ..ListParams::default() };
            RejectionParams { list, ..RejectionParams::default() }.read(ListContext::of_tests())
        };
        let id = RejectionId::unique();
        assert_eq!(read(&format!(" {id} ")).search, Some(RejectionSearch::Rejection(id)));
        assert_eq!(read("2001:DB8::1").search, Some(RejectionSearch::Address("2001:db8::1".parse().unwrap())));
        assert!(read("").search.is_none() && read("").list.is_valid());
        for wrong in ["rj_", "10.0.0", "pay_1", "10.0.0.1/8"] {
            assert!(read(wrong).search.is_none() && read(wrong).list.errors.of("q").is_some(), "{wrong}");
        }
    }
}

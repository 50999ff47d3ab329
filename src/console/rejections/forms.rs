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
pub(crate) struct ListForm {
    #[serde(flatten)]
    pub(crate) list: ListParams,
    pub(crate) reason: String,
}

/// The search of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Search {
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
    pub(crate) search: Option<Search>,
}

impl ListForm {
    pub(crate) fn read(self, of: ListContext) -> RejectionQuery {
        let path = urls::rejections(of.app);
        let (mut list, search) = ListQuery::read(self.list, path, of, None, (search, t::id_or_address()));
        let reason = list.filter("reason", &self.reason, self.reason.parse().ok(), lists::no_reason());
        let gateway = list.gateway();
        RejectionQuery { list, reason, gateway, search }
    }
}

fn search(typed: &str) -> Option<Search> {
    let id = typed.parse().map(Search::Rejection).ok();
    id.or_else(|| typed.parse().map(Search::Address).ok())
}

impl RejectionQuery {
    /// Returns which rejections of an app the list has, unless one is searched by its id.
    pub(crate) fn selection(&self, of: Filter) -> Selection {
        match self.search {
            Some(Search::Address(address)) => Selection { address: Some(address.to_string()), ..Selection::all(of) },
            Some(Search::Rejection(_)) => Selection::all(of),
            None => Selection { last: self.list.times(), reason: self.reason, gateway: self.gateway, ..Selection::all(of) },
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
            ListForm { list, ..ListForm::default() }.read(ListContext::of_tests())
        };
        let id = RejectionId::unique();
        assert_eq!(read(&format!(" {id} ")).search, Some(Search::Rejection(id)));
        assert_eq!(read("2001:DB8::1").search, Some(Search::Address("2001:db8::1".parse().unwrap())));
        assert!(read("").search.is_none() && read("").list.is_valid());
        for wrong in ["rj_", "10.0.0", "pay_1", "10.0.0.1/8"] {
            assert!(read(wrong).search.is_none() && read(wrong).list.errors.of("q").is_some(), "{wrong}");
        }
    }
}

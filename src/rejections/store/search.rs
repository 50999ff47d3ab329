//! The search of a company's rejections by their id.

use super::columns;
use crate::{
    db::{DbError, Exec, run, sql},
    primitives::id::{CompanyId, RejectionId},
    rejections::Rejection,
};

sql! {
    FIND = concat!("SELECT ", columns!(), " FROM rejections WHERE company_id = $1 AND id = $2");
}

/// Finds a rejection of the company.
pub(crate) async fn find(on: impl Into<Exec<'_>>, company: CompanyId, id: RejectionId) -> Result<Option<Rejection>, DbError> {
    run!(on, |conn| sqlx::query_as(FIND).bind(company).bind(id).fetch_optional(conn).await)
}

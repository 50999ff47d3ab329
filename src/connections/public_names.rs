//! Public names of a company: its name, its apps' names and domains, and the ids that pages and URLs show.
//!
//! Invariant: the strength of a secret is what remains without them, whether it is imported or found by diagnosis.

use crate::{
    apps, companies,
    connections::{credentials, store},
    db::{DbError, Reader},
    primitives::id::CompanyId,
};

/// Lists all of them. The caller has checked access to the company.
pub(crate) async fn list(reader: &mut Reader, company: CompanyId) -> Result<Vec<String>, DbError> {
    let mut names = vec![companies::store::get(&mut *reader, company).await?.name];
    for app in apps::store::list(&mut *reader, company).await? {
        names.extend([app.name, app.email, app.id.to_string()]);
        names.extend(app.domain);
    }
    for connection in store::list_of_company(&mut *reader, company).await? {
        names.extend([connection.endpoint, connection.id.to_string()]);
    }
    names.extend(credentials::all_shown(credentials::store::list_shown(reader, company).await?));
    Ok(names)
}

//! The rejection that pages show for a failing webhook.

use super::{Rejection, store};
use crate::{
    connections::activity::Activity,
    db::{DbError, Reader},
    primitives::id::AppId,
};

/// Returns the rejection of the newest proven request since the last verified event; if none is proven, of the newest
/// request. The caller has checked access to the app.
pub(crate) async fn find(reader: &mut Reader, app: AppId, activity: &Activity) -> Result<Option<Rejection>, DbError> {
    if let Some(id) = activity.failing_rejection() {
        return store::find(reader, app, id).await;
    }
    match activity.last_reason.filter(|_| activity.rejected_since.is_some()) {
        Some(reason) => store::find_newest(reader, activity.connection_id, reason.into()).await,
        None => Ok(None),
    }
}

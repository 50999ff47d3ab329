//! The one mode that App Overview, transactions and events show.

use super::{Connection, evidence, evidence::Evidence, store};
use crate::{
    apps::App,
    db::{DbError, Reader},
    gateways::Mode,
    rejections::newest,
};

/// An app's connections with what was seen at them, and the mode to show.
pub(crate) struct Shown {
    pub(crate) mode: Mode,
    /// Those of the mode.
    pub(crate) connections: Vec<(Connection, Evidence)>,
}

/// The mode that was asked for; else live once live has a verified event, else test.
pub(crate) async fn shown(reader: &mut Reader, app: &App, asked: &str) -> Result<Shown, DbError> {
    let connections = store::list_of_app(&mut *reader, app.company_id, app.id).await?;
    let mut seen = evidence::list_of_app(&mut *reader, app.id).await?;
    newest::mark_strays(reader, &mut seen).await?;
    let mut known: Vec<(Connection, Evidence)> = connections
        .into_iter()
        .filter_map(|connection| {
            let evidence = seen.iter().find(|evidence| evidence.connection_id == connection.id)?.clone();
            Some((connection, evidence))
        })
        .collect();
    let mode = choose(asked, known.iter().map(|(connection, evidence)| (connection.mode, evidence)));
    known.retain(|(connection, _)| connection.mode == mode);
    Ok(Shown { mode, connections: known })
}

fn choose<'a>(asked: &str, mut known: impl Iterator<Item = (Mode, &'a Evidence)>) -> Mode {
    asked.parse().unwrap_or_else(|_| {
        let is_live = known.any(|(mode, evidence)| mode == Mode::Live && evidence.first_verified_at.is_some());
        if is_live { Mode::Live } else { Mode::Test }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Timestamp;

    #[test]
    fn live_is_shown_once_live_has_a_verified_event() {
        let nothing = Evidence::default();
        let mut verified = Evidence::default();
        verified.first_verified_at = Some(Timestamp::from_millis(1));
        let of = |asked, known: &[(Mode, &Evidence)]| choose(asked, known.iter().copied());
        assert_eq!(of("", &[]), Mode::Test);
        assert_eq!(of("", &[(Mode::Test, &verified), (Mode::Live, &nothing)]), Mode::Test);
        assert_eq!(of("", &[(Mode::Live, &nothing), (Mode::Live, &verified)]), Mode::Live);
        assert_eq!(of("test", &[(Mode::Live, &verified)]), Mode::Test);
        assert_eq!(of("live", &[]), Mode::Live);
        assert_eq!(of("LIVE'", &[(Mode::Test, &verified)]), Mode::Test);
    }
}

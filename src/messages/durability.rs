//! Messages on database settings that risk data loss: at startup and, if the risk was accepted, on every page.

use super::text::server as t;
use crate::{
    db::Setting,
    i18n::{self, Text},
    messages::Warning,
};

fn bad(settings: &[Setting]) -> impl Iterator<Item = (&Setting, &'static str)> {
    settings.iter().filter_map(|setting| setting.remedy.map(|remedy| (setting, remedy)))
}

/// Returns the warning about unsafe settings; `None` if there is none.
pub(crate) fn at_risk(engine: &str, settings: &[Setting]) -> Option<Text> {
    let unsafe_settings: Vec<_> = bad(settings).map(|(setting, _)| format!("{} = {}", setting.name, setting.value)).collect();
    (!unsafe_settings.is_empty()).then(|| t::data_loss(i18n::code(unsafe_settings.join(", ")), engine))
}

/// The same as a warning on every page.
pub(crate) fn accepted(said: Text) -> Warning {
    Warning { hook: "durability-at-risk", headline: said, advice: t::data_loss_accepted() }
}

/// Returns why the server does not start; `None` if no setting is unsafe.
pub(crate) fn refusal(engine: &str, settings: &[Setting]) -> Option<String> {
    let sentences: Vec<_> =
        bad(settings).map(|(setting, remedy)| format!("{} is {} in {engine}. {remedy}", setting.name, setting.value)).collect();
    (!sentences.is_empty())
        .then(|| format!("{} Only where events may be lost, start with --accept-data-loss.", sentences.join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &'static str, value: &str, remedy: Option<&'static str>) -> Setting {
        Setting { name, value: value.to_owned(), remedy }
    }

    #[test]
    fn only_what_breaks_the_promise_is_told_and_each_with_its_remedy() {
        let good = setting("synchronous_commit", "on", None);
        let (fsync, pages) = (setting("fsync", "off", Some("Do this.")), setting("full_page_writes", "off", Some("Do that.")));
        assert_eq!(at_risk("PostgreSQL", std::slice::from_ref(&good)), None);
        assert_eq!(refusal("PostgreSQL", std::slice::from_ref(&good)), None);
        assert_eq!(
            at_risk("PostgreSQL", &[good.clone(), fsync.clone()]).unwrap(),
            "Events may be lost in a power cut: fsync = off in PostgreSQL."
        );
        let all = [fsync, good, pages];
        assert_eq!(
            at_risk("PostgreSQL", &all).unwrap(),
            "Events may be lost in a power cut: fsync = off, full_page_writes = off in PostgreSQL."
        );
        assert_eq!(
            refusal("PostgreSQL", &all).unwrap(),
            "fsync is off in PostgreSQL. Do this. full_page_writes is off in PostgreSQL. Do that. \
             Only where events may be lost, start with --accept-data-loss."
        );
    }
}

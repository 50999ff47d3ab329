//! Messages on database settings that risk data loss: at startup and, if the risk was accepted, on every page.

use crate::{db::Setting, messages::Warning};

/// Returns the unsafe settings as a clause; settings with the same value are combined.
fn faults(engine: &str, settings: &[Setting]) -> Option<String> {
    let sentences: Vec<_> = bad(settings).map(|(setting, _)| setting).collect();
    let (first, rest) = sentences.split_first()?;
    let is_one_value = rest.iter().all(|setting| setting.value == first.value);
    let clause = if rest.is_empty() || !is_one_value {
        sentences.iter().map(|setting| format!("{} is {}", setting.name, setting.value)).collect::<Vec<_>>().join(" and ")
    } else {
        let names: Vec<_> = sentences.iter().map(|setting| setting.name).collect();
        format!("{} are {}", names.join(" and "), first.value)
    };
    Some(format!("{clause} in {engine}"))
}

fn bad(settings: &[Setting]) -> impl Iterator<Item = (&Setting, &'static str)> {
    settings.iter().filter_map(|setting| setting.remedy.map(|remedy| (setting, remedy)))
}

/// Returns the warning about unsafe settings; `None` if there is none.
pub(crate) fn at_risk(engine: &str, settings: &[Setting]) -> Option<String> {
    faults(engine, settings).map(|faults| format!("Events may be lost in a power cut: {faults}."))
}

/// The same as a warning on every page.
pub(crate) fn accepted(said: String) -> Warning {
    Warning { hook: "durability-at-risk", headline: said.into(), advice: "Your server administrator accepted this risk:".into() }
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
            "Events may be lost in a power cut: fsync is off in PostgreSQL."
        );
        let all = [fsync, good, pages];
        assert_eq!(
            at_risk("PostgreSQL", &all).unwrap(),
            "Events may be lost in a power cut: fsync and full_page_writes are off in PostgreSQL."
        );
        assert_eq!(
            refusal("PostgreSQL", &all).unwrap(),
            "fsync is off in PostgreSQL. Do this. full_page_writes is off in PostgreSQL. Do that. \
             Only where events may be lost, start with --accept-data-loss."
        );
    }
}

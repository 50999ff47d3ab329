//! The references of a payment that an event reports, as they are stored with the event: JSON pairs of kind and text.

use crate::gateways::payment::{Reference, ReferenceKind};

/// Returns the stored form of references, if there are any.
pub(crate) fn to_json(references: &[Reference]) -> Option<String> {
    let pairs = || references.iter().map(|reference| (reference.kind.as_str(), &reference.text)).collect::<Vec<_>>();
    // Texts are always written without errors.
    (!references.is_empty()).then(|| serde_json::to_string(&pairs()).unwrap_or_default())
}

/// Returns stored references, without those of a kind that this version does not know.
pub(crate) fn from_json(stored: &str) -> Vec<Reference> {
    let pairs: Vec<(String, String)> = serde_json::from_str(stored).unwrap_or_default();
    let reference = |(kind, text): (String, String)| Some(Reference { kind: kind.parse::<ReferenceKind>().ok()?, text });
    pairs.into_iter().filter_map(reference).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_as_they_were_stored() {
        let reference = |kind, text: &str| Reference { kind, text: text.to_owned() };
        let all = vec![reference(ReferenceKind::Receipt, "Order \"7\" – चाय"), reference(ReferenceKind::Bank, "632711904815")];
        assert_eq!(from_json(&to_json(&all).unwrap()), all);
    }

    #[test]
    fn no_references_are_not_stored_and_a_kind_of_another_version_is_left_out() {
        assert_eq!(to_json(&[]), None);
        assert_eq!(from_json(r#"[["bank","1"],["of_a_later_version","2"]]"#).len(), 1);
        assert_eq!(from_json("{"), []);
    }
}

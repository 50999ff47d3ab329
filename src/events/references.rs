//! The references of a payment that an event reports, as they are stored with the event: JSON pairs of kind and text.

use crate::gateways::{
    adapter::EventContent,
    payment::{Reference, ReferenceKind},
};

/// Returns the stored form of an event's references, if it reports any.
pub(crate) fn to_json(content: &EventContent) -> Option<String> {
    let EventContent::Observation(facts) = content else { return None };
    let references = &facts.details.references;
    let pairs = || references.iter().map(|reference| (reference.kind.as_str(), &reference.text)).collect::<Vec<_>>();
    // Texts are always written without errors.
    (!references.is_empty()).then(|| serde_json::to_string(&pairs()).unwrap_or_default())
}

/// Returns stored references; none of a text that this version has not written.
pub(crate) fn from_json(stored: &str) -> Vec<Reference> {
    let pairs: Vec<(String, String)> = serde_json::from_str(stored).unwrap_or_default();
    let reference = |(kind, text): (String, String)| Some(Reference { kind: kind.parse::<ReferenceKind>().ok()?, text });
    pairs.into_iter().filter_map(reference).collect()
}

//! The settings that decide whether a commit survives a power cut.
//!
//! The rule: a value is good because it is known to keep what was acknowledged, never because it is not known to lose it.

/// One setting that [`Db::durability`](super::Db::durability) found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What to do, when the value does not keep what was acknowledged.
    pub remedy: Option<&'static str>,
}

impl Setting {
    /// A value that is fine whatever it is.
    pub(super) fn informational(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), remedy: None }
    }

    /// A value that must be one of those that keep the promise.
    pub(super) fn required(name: &'static str, value: impl Into<String>, keeps: bool, remedy: &'static str) -> Self {
        Self { name, value: value.into(), remedy: (!keeps).then_some(remedy) }
    }
}

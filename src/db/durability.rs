//! The settings that decide whether a commit survives a power failure.
//!
//! Invariant: allow-list. A value passes only if it is known to keep acknowledged commits; unknown values fail.

/// A setting reported by [`Db::durability`](super::Db::durability).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting {
    /// The name of the setting.
    pub name: &'static str,
    /// The current value.
    pub value: String,
    /// The remedy, if the value may lose acknowledged commits.
    pub remedy: Option<&'static str>,
}

impl Setting {
    /// Creates a setting of which every value passes.
    pub(super) fn informational(name: &'static str, value: impl Into<String>) -> Self {
        Self { name, value: value.into(), remedy: None }
    }

    /// Creates a setting that passes only if `keeps`.
    pub(super) fn required(name: &'static str, value: impl Into<String>, keeps: bool, remedy: &'static str) -> Self {
        Self { name, value: value.into(), remedy: (!keeps).then_some(remedy) }
    }
}

//! Key fields as data: what `body.rs` parses strictly, for the search for a faulty one.
//!
//! Invariant: a field is declared once, as a field of a struct; what it must hold follows from its type.

/// A key field, and what it must hold.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// Whether it must be there, and not null.
    pub(super) is_required: bool,
}

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Anything: only duplicates are faulty.
    Any,
    Text,
    Integer,
    Object(&'static [Field]),
}

pub(super) const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: true }
}

pub(super) const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: false }
}

/// An object with key fields.
pub(super) trait KeyFields {
    const FIELDS: &'static [Field];
}

/// The type of a key field.
pub(super) trait KeyValue {
    const KIND: Kind;
    const IS_REQUIRED: bool = true;
}

impl KeyValue for String {
    const KIND: Kind = Kind::Text;
}

impl KeyValue for i64 {
    const KIND: Kind = Kind::Integer;
}

impl<T: KeyValue> KeyValue for Option<T> {
    const KIND: Kind = T::KIND;
    const IS_REQUIRED: bool = false;
}

/// Returns the field of that name and type.
pub(super) const fn field<T: KeyValue>(name: &'static str) -> Field {
    Field { name, kind: T::KIND, is_required: T::IS_REQUIRED }
}

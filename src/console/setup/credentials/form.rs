//! The form of the credentials, as the gateway's profile declares its fields.
//!
//! Invariant: a submitted secret is wiped after the request and never shown again, whether it is accepted or not.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{Error, MapAccess, Visitor},
};
use zeroize::Zeroizing;

use crate::{
    connections::{
        Connection,
        credentials::{self, StoredCredential},
    },
    console::http::form::{FieldErrors, reason, sentence},
    gateways::credentials::{ApiKeys, CredentialField, CredentialValues},
    i18n::Text,
    messages::text::credentials as t,
    primitives::text_input::{self, Fault},
};

/// The fields as submitted, by name.
#[derive(Default)]
pub(crate) struct CredentialsForm(BTreeMap<String, Zeroizing<String>>);

/// An input of the form.
pub(crate) struct ShownField {
    pub(crate) label: Text,
    pub(crate) name: &'static str,
    /// The type of the input.
    pub(crate) kind: &'static str,
    /// Empty if the field is secret.
    pub(crate) value: String,
    pub(crate) hint: Text,
    pub(crate) is_required: bool,
}

impl CredentialsForm {
    /// Returns the form with the stored values that are shown.
    pub(super) fn of(stored: &[StoredCredential]) -> Self {
        let mut values = BTreeMap::new();
        for one in stored {
            if let Some(value) = credentials::shown(stored, &one.field) {
                values.insert(one.field.clone(), value.to_owned().into());
            }
        }
        Self(values)
    }

    fn text(&self, name: &str) -> &str {
        self.0.get(name).map_or("", |value| value)
    }

    /// Returns the inputs with the submitted values of the fields that are shown.
    pub(super) fn inputs(&self, connection: &Connection, keys: &'static ApiKeys, stored: &[StoredCredential]) -> Vec<ShownField> {
        let shown = |field: &'static CredentialField| {
            let is_kept = field.is_secret && credentials::find(stored, field.name).is_some();
            ShownField {
                label: Text::verbatim(field.label),
                name: field.name,
                kind: if field.is_secret { "password" } else { "text" },
                value: if field.is_secret { String::new() } else { self.text(field.name).to_owned() },
                hint: if is_kept { t::key_kept(field.label) } else { (field.hint)(connection.mode) },
                is_required: !is_kept,
            }
        };
        keys.fields.iter().map(shown).collect()
    }

    /// Parses the values. An empty secret field has none: the stored value is kept, which is possible as long as the fields
    /// that are shown are the same, since a secret goes with them.
    pub(super) fn parse(
        &self,
        connection: &Connection,
        keys: &'static ApiKeys,
        stored: &[StoredCredential],
    ) -> Result<CredentialValues, FieldErrors> {
        let mut errors = FieldErrors::default();
        let mut values = CredentialValues::default();
        let is_same = |field: &CredentialField| {
            field.is_secret || self.line(field).ok().as_deref() == credentials::shown(stored, field.name)
        };
        let are_same = keys.fields.iter().all(is_same);
        for field in keys.fields {
            match self.line(field) {
                Ok(value) => match (field.fault)(&value, connection.mode) {
                    None => values.add(field, value.into()),
                    Some(sentence) => errors.add(field.name, "wrong-form", sentence),
                },
                Err(Fault::Empty) if field.is_secret && are_same && credentials::find(stored, field.name).is_some() => {}
                Err(fault) => errors.add(field.name, reason(fault), sentence(field.label, fault)),
            }
        }
        if errors.is_empty() { Ok(values) } else { Err(errors) }
    }

    fn line(&self, field: &CredentialField) -> Result<String, Fault> {
        text_input::line(self.text(field.name), *field.length.start(), *field.length.end())
    }
}

/// As for other forms, a duplicate field is an error.
impl<'de> Deserialize<'de> for CredentialsForm {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Fields;

        impl<'de> Visitor<'de> for Fields {
            type Value = CredentialsForm;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the fields of a form")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<CredentialsForm, A::Error> {
                let mut fields = BTreeMap::new();
                while let Some((name, value)) = from.next_entry::<String, String>()? {
                    if fields.insert(name, Zeroizing::new(value)).is_some() {
                        return Err(A::Error::custom("a field is repeated"));
                    }
                }
                Ok(CredentialsForm(fields))
            }
        }

        from.deserialize_map(Fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(body: &str) -> Result<CredentialsForm, serde_urlencoded::de::Error> {
        serde_urlencoded::from_str(body)
    }

    #[test]
    fn a_repeated_field_is_refused() {
        assert!(read("key_id=a&key_secret=b&key_id=c").is_err());
        let form = read("key_id=a&upi=true").unwrap();
        assert_eq!((form.text("key_id"), form.text("key_secret")), ("a", ""));
    }
}

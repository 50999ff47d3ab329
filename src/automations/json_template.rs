//! The JSON template of an automation: what destinations receive instead of the normalized change.
//!
//! Invariants: pure. Values are substituted only within the strings of a valid document, in one pass, and each string is encoded again.
//! So whatever a value contains, the result is valid and has the shape of the template. All else, names too, stays byte for byte.

use std::collections::BTreeMap;

use super::template::{self, NOTE, Piece, Variable, pieces};
use crate::{ledger::payments::changes::ChangeKind, primitives::money::Money};

/// The most bytes of a template.
pub(crate) const MAX_TEMPLATE_BYTES: usize = 16 * 1024;
/// The most bytes of a body.
pub(crate) const MAX_BODY_BYTES: usize = 64 * 1024;
/// The most characters of a variable's name that an error repeats.
const MAX_SHOWN_CHARS: usize = 60;

/// Why a template is invalid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum JsonFault {
    TooLarge,
    NotJson {
        line: usize,
        column: usize,
    },
    /// Changes of that kind have no such variable.
    UnknownVariable(String),
    /// A variable in a string is not closed; the string.
    Unclosed(String),
    /// The name of a member has a variable.
    VariableInName(String),
}

/// A value that is not sanitized: it is encoded as JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
enum JsonValue {
    Text(String),
    Amount(Money),
    Count(usize),
}

/// The values of variables, by name.
#[derive(Debug, Default)]
pub(crate) struct JsonValues(BTreeMap<String, JsonValue>);

impl JsonValues {
    pub(crate) fn set(&mut self, variable: Variable, value: Option<&str>) {
        if let Some(value) = value {
            self.0.insert(variable.as_str().to_owned(), JsonValue::Text(value.to_owned()));
        }
    }

    pub(crate) fn set_amount(&mut self, variable: Variable, amount: Option<Money>) {
        if let Some(amount) = amount {
            self.0.insert(variable.as_str().to_owned(), JsonValue::Amount(amount));
        }
    }

    pub(crate) fn set_count(&mut self, variable: Variable, count: usize) {
        self.0.insert(variable.as_str().to_owned(), JsonValue::Count(count));
    }

    pub(crate) fn set_note(&mut self, name: &str, value: &str) {
        self.0.insert(format!("{NOTE}{name}"), JsonValue::Text(value.to_owned()));
    }

    /// Returns a value as JSON of its own; null for one that is unknown.
    fn alone(&self, name: &str) -> String {
        match self.0.get(name) {
            None => "null".to_owned(),
            Some(JsonValue::Text(text)) => encoded(text),
            Some(JsonValue::Amount(amount)) => amount.subunits.to_string(),
            Some(JsonValue::Count(count)) => count.to_string(),
        }
    }

    /// Returns a value within a text; nothing for one that is unknown.
    fn within(&self, name: &str) -> String {
        match self.0.get(name) {
            None => String::new(),
            Some(JsonValue::Text(text)) => text.clone(),
            Some(JsonValue::Amount(amount)) => amount.to_string(),
            Some(JsonValue::Count(count)) => count.to_string(),
        }
    }
}

fn encoded(text: &str) -> String {
    // Texts are always written without errors.
    serde_json::to_string(text).unwrap_or_default()
}

/// A part of a valid document.
#[derive(Debug, PartialEq, Eq)]
enum Part<'a> {
    /// What is between strings, and the names of members.
    Verbatim(&'a str),
    Name(&'a str),
    /// A string that is a value, with its quotation marks.
    Text(&'a str),
}

/// Splits a valid document at its strings.
fn parts(json: &str) -> Vec<Part<'_>> {
    let (mut parts, mut rest) = (Vec::new(), json);
    while let Some(start) = rest.find('"') {
        let end = start + string_length(&rest[start..]);
        let (text, after) = (&rest[start..end], &rest[end..]);
        parts.push(Part::Verbatim(&rest[..start]));
        parts.push(if after.trim_start().starts_with(':') { Part::Name(text) } else { Part::Text(text) });
        rest = after;
    }
    parts.push(Part::Verbatim(rest));
    parts
}

/// Returns the length of the string with which a valid text begins, with its quotation marks.
fn string_length(text: &str) -> usize {
    let mut is_escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

fn decoded(text: &str) -> String {
    // The document is valid, so its strings are.
    serde_json::from_str(text).unwrap_or_default()
}

/// Returns the column in characters of a column in bytes.
fn characters(json: &str, line: usize, column: usize) -> usize {
    let before = json.split('\n').nth(line.saturating_sub(1)).unwrap_or_default().char_indices();
    before.take_while(|(at, _)| *at < column).count()
}

/// Validates a template for changes of a kind.
pub(crate) fn check(json: &str, kind: ChangeKind) -> Result<(), JsonFault> {
    if json.len() > MAX_TEMPLATE_BYTES {
        return Err(JsonFault::TooLarge);
    }
    if let Err(error) = serde_json::from_str::<serde_json::Value>(json) {
        return Err(JsonFault::NotJson { line: error.line(), column: characters(json, error.line(), error.column()) });
    }
    let shown = |text: &str| text.chars().take(MAX_SHOWN_CHARS).collect();
    for part in parts(json) {
        let text = match part {
            Part::Name(name) if decoded(name).contains("{{") => return Err(JsonFault::VariableInName(shown(&decoded(name)))),
            Part::Verbatim(_) | Part::Name(_) => continue,
            Part::Text(text) => decoded(text),
        };
        let Some(found) = pieces(&text) else { return Err(JsonFault::Unclosed(shown(&text))) };
        for piece in found {
            if let Piece::Variable(name) = piece
                && !template::is_known(name, kind)
            {
                return Err(JsonFault::UnknownVariable(shown(name)));
            }
        }
    }
    Ok(())
}

/// Returns the body for these values; `None` if it is larger than [`MAX_BODY_BYTES`].
pub(crate) fn render(json: &str, values: &JsonValues) -> Option<String> {
    let mut body = String::new();
    for part in parts(json) {
        match part {
            Part::Verbatim(text) | Part::Name(text) => body.push_str(text),
            Part::Text(text) => body.push_str(&filled(text, values)),
        }
        if body.len() > MAX_BODY_BYTES {
            return None;
        }
    }
    Some(body)
}

/// Substitutes the variables of a string; one that is nothing but a variable becomes the value itself.
fn filled(text: &str, values: &JsonValues) -> String {
    let plain = decoded(text);
    match pieces(&plain).as_deref() {
        None | Some([Piece::Text(_)]) => text.to_owned(),
        Some([Piece::Text(""), Piece::Variable(name), Piece::Text("")]) => values.alone(name),
        Some(found) => {
            let mut text = String::new();
            for piece in found {
                match piece {
                    Piece::Text(piece) => text.push_str(piece),
                    Piece::Variable(name) => text.push_str(&values.within(name)),
                }
                // The rest would only use memory.
                if text.len() > MAX_BODY_BYTES {
                    break;
                }
            }
            encoded(&text)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::primitives::money::Currency;

    const EVIL: &str = "K\"a}v{ya\\ {{amount}} \u{2028}\n\u{0}\", \"paid\": false";

    fn values() -> JsonValues {
        let mut values = JsonValues::default();
        values.set(Variable::OrderId, Some("order_N7"));
        values.set(Variable::Method, None);
        values.set_amount(Variable::Amount, Some(Money::new(64_900, Currency::INR)));
        values.set_note("name", EVIL);
        values
    }

    fn parsed(template: &str) -> Value {
        serde_json::from_str(&render(template, &values()).unwrap()).unwrap()
    }

    #[test]
    fn a_lone_variable_becomes_its_value_and_any_other_is_part_of_its_string() {
        let template = r#"{ "order": "{{order_id}}", "paid": "{{ amount }}", "by": "{{method}}", "note": "Paid {{amount}} by {{method}}.",
            "customer": "{{note.name}}", "is": [true, 1.50, null, "{{order_id}}-{{order_id}}"], "a\"}": {"b": "\\\"{{order_id}}\u00e9"} }"#;
        assert_eq!(
            parsed(template),
            json!({ "order": "order_N7", "paid": 64_900, "by": null, "note": "Paid ₹649.00 by .", "customer": EVIL,
                "is": [true, 1.5, null, "order_N7-order_N7"], "a\"}": { "b": "\\\"order_N7é" } })
        );
        let body = render(template, &values()).unwrap();
        assert!(
            body.starts_with("{ \"order\": \"order_N7\", \"paid\": 64900, ") && body.contains("[true, 1.50, null,"),
            "{body}"
        );
        assert_eq!(render(r#"{"b":1,"a":"x\u0041","b":2}"#, &values()).unwrap(), r#"{"b":1,"a":"x\u0041","b":2}"#);
        assert_eq!(parsed(r#""{{amount}}""#), json!(64_900));
    }

    #[test]
    fn a_template_is_valid_json_whose_variables_are_those_of_its_change() {
        let check = |json: &str| check(json, ChangeKind::Captured);
        let not_json = |line, column| Err(JsonFault::NotJson { line, column });
        assert_eq!(check(r#"{"a": ["{{amount}}", "{{note.size}}", "{x} }} {"]}"#), Ok(()));
        assert_eq!(check("{\n  \"a\": {{amount}}\n}"), not_json(2, 9));
        assert_eq!(check(""), not_json(1, 0));
        assert_eq!(check("{\"नाम\": x}"), not_json(1, 9));
        assert_eq!(check("{} {}"), not_json(1, 4));
        assert_eq!(check(r#"["\ud800"]"#), not_json(1, 9));
        assert_eq!(check("{'a': 1}"), not_json(1, 2));
        assert_eq!(check(r#"["{{refund_id}}"]"#), Err(JsonFault::UnknownVariable("refund_id".to_owned())));
        assert_eq!(check(r#"["\u007b{price}}"]"#), Err(JsonFault::UnknownVariable("price".to_owned())));
        assert_eq!(check(r#"["a {{amount"]"#), Err(JsonFault::Unclosed("a {{amount".to_owned())));
        assert_eq!(check(r#"{"{{order_id}}" : 1}"#), Err(JsonFault::VariableInName("{{order_id}}".to_owned())));
        let large = |bytes: usize| format!("\"{}\"", "x".repeat(bytes - 2));
        assert_eq!(check(&large(MAX_TEMPLATE_BYTES)), Ok(()));
        assert_eq!(check(&large(MAX_TEMPLATE_BYTES + 1)), Err(JsonFault::TooLarge));
    }

    #[test]
    fn a_body_has_a_limit() {
        let mut values = JsonValues::default();
        values.set_note("long", &"x".repeat(MAX_BODY_BYTES - 2));
        assert_eq!(render(r#""{{note.long}}""#, &values).map(|body| body.len()), Some(MAX_BODY_BYTES));
        assert_eq!(render(r#" "{{note.long}}""#, &values), None);
    }

    /// Documents with variables in some of their strings.
    fn documents() -> impl Strategy<Value = Value> {
        let text = prop_oneof![
            Just("{{order_id}}".to_owned()),
            Just("{{amount}}".to_owned()),
            "(\\PC|[\"\\\\\n{} ]){0,8}".prop_map(|text| format!("{text}{{{{note.name}}}}")),
            "\\PC{0,8}".prop_map(|text| text.replace("{{", "")),
        ];
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            text.prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 32, 5, |inner| {
            let name = "[a-z\"\\\\:,é]{0,4}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
                prop::collection::hash_map(name, inner, 0..5).prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// True if both are the same but for strings, which may have become another string, a number or null.
    fn has_shape(template: &Value, body: &Value) -> bool {
        match (template, body) {
            (Value::Array(one), Value::Array(other)) => {
                one.len() == other.len() && one.iter().zip(other).all(|(one, other)| has_shape(one, other))
            }
            (Value::Object(one), Value::Object(other)) => {
                one.len() == other.len()
                    && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| has_shape(one, other)))
            }
            (Value::String(text), Value::String(_) | Value::Number(_) | Value::Null) if text.contains("{{") => true,
            (one, other) => one == other,
        }
    }

    proptest! {
        #[test]
        fn whatever_the_values_are_a_body_has_the_shape_of_its_template(
            template in documents(), is_pretty: bool, order in any::<String>(), name in any::<String>(), subunits: i64,
        ) {
            let text = if is_pretty { serde_json::to_string_pretty(&template) } else { serde_json::to_string(&template) }.unwrap();
            let mut values = JsonValues::default();
            values.set(Variable::OrderId, Some(&order));
            values.set_note("name", &name);
            values.set_amount(Variable::Amount, Some(Money::new(subunits, Currency::INR)));
            let body = render(&text, &values).unwrap();
            let body: Value = serde_json::from_str(&body).map_err(|error| TestCaseError::fail(format!("{error}: {body}")))?;
            prop_assert!(has_shape(&template, &body), "{template} {body}");
        }

        #[test]
        fn any_text_can_be_checked(text in "(\\PC|[\"\\\\{}\\[\\]:,\n]){0,60}") {
            let _ = check(&text, ChangeKind::Captured);
        }
    }
}

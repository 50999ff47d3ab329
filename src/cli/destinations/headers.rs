//! `--header` of `ks-pay destination add`: names are arguments, values are lines of stdin.

use super::{Failure, Io};
use crate::deliveries::fixed_headers::{InvalidName, InvalidValue, MAX_HEADERS, MAX_NAME_BYTES, MAX_VALUE_BYTES, Name, Value};

/// Reads the value of each header.
pub(super) fn read(names: &[String], io: &mut Io<'_>) -> Result<Vec<(Name, Value)>, Failure> {
    if names.len() > MAX_HEADERS {
        return Err(Failure::Failed(format!("A destination can have at most {MAX_HEADERS} headers. Omit some.")));
    }
    let mut headers: Vec<(Name, Value)> = Vec::new();
    for typed in names {
        let name = Name::parse(typed).map_err(|invalid| Failure::Failed(name_error(typed, invalid)))?;
        if headers.iter().any(|(known, _)| *known == name) {
            return Err(Failure::Failed(format!("--header names {} twice. Name each header once.", name.as_str())));
        }
        let line = io.secret_line(&format!("{}: ", name.as_str()))?;
        let value = Value::parse(&line).map_err(|invalid| Failure::Failed(value_error(&name, invalid)))?;
        headers.push((name, value));
    }
    Ok(headers)
}

fn name_error(typed: &str, invalid: InvalidName) -> String {
    let shown: String = typed.chars().take(MAX_NAME_BYTES).collect();
    match invalid {
        InvalidName::Empty => "--header is empty. Enter the name of a header.".to_owned(),
        InvalidName::TooLong => format!("--header must have at most {MAX_NAME_BYTES} characters."),
        InvalidName::NotAToken => {
            format!("--header \"{}\" is not a valid header name. Use letters, digits and hyphens.", shown.escape_debug())
        }
        InvalidName::Reserved => {
            format!(
                "The header {} cannot be set, because KS Pay, a gateway or HTTP itself uses it. Use another name.",
                shown.escape_debug()
            )
        }
    }
}

fn value_error(name: &Name, invalid: InvalidValue) -> String {
    let name = name.as_str();
    match invalid {
        InvalidValue::Empty => format!("The value of {name} is missing. Write a line to stdin for each --header."),
        InvalidValue::TooLong => format!("The value of {name} must have at most {MAX_VALUE_BYTES} characters."),
        InvalidValue::NotAscii => format!("The value of {name} must have only English letters, digits, punctuation and spaces."),
    }
}

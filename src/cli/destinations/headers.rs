//! `--header` of `ks-pay destination add`: the names are arguments, the values lines of stdin.

use super::{Failure, Io};
use crate::deliveries::fixed_headers::{InvalidName, InvalidValue, MAX_HEADERS, MAX_NAME_BYTES, MAX_VALUE_BYTES, Name, Value};

/// Reads the value of each header.
pub(super) fn read(names: &[String], io: &mut Io<'_>) -> Result<Vec<(Name, Value)>, Failure> {
    if names.len() > MAX_HEADERS {
        return Err(Failure::Failed(format!("A destination can have {MAX_HEADERS} headers.")));
    }
    let mut headers: Vec<(Name, Value)> = Vec::new();
    for typed in names {
        let name = Name::parse(typed).map_err(|invalid| Failure::Failed(name_error(typed, invalid)))?;
        if headers.iter().any(|(known, _)| *known == name) {
            return Err(Failure::Failed(format!("--header names {} twice.", name.as_str())));
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
        InvalidName::Empty => "--header must not be empty.".to_owned(),
        InvalidName::TooLong => format!("--header may have at most {MAX_NAME_BYTES} characters."),
        InvalidName::NotAToken => format!("--header \"{}\" is no name of a header.", shown.escape_debug()),
        InvalidName::Reserved => {
            format!("The header {} cannot be set: KS Pay, a gateway or the connection uses it.", shown.escape_debug())
        }
    }
}

fn value_error(name: &Name, invalid: InvalidValue) -> String {
    let name = name.as_str();
    match invalid {
        InvalidValue::Empty => format!("The value of {name} is missing: stdin must have a line for each --header."),
        InvalidValue::TooLong => format!("The value of {name} may have at most {MAX_VALUE_BYTES} characters."),
        InvalidValue::NotAscii => format!("The value of {name} may have only English letters, digits, signs and spaces."),
    }
}

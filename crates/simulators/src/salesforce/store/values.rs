//! Whether a value fits a field, and how it is kept.

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};

use super::ids;
use super::rows::RowError;
use crate::salesforce::metadata::{Field, Kind, Nature, Object};

/// What is being done with the fields given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::salesforce) enum Purpose {
    /// A new record or event.
    Create,
    /// A change of a record.
    Update,
}

/// Checks the fields a client gave, and returns them under their exact names as they are kept.
pub(in crate::salesforce) fn accept(
    object: &Object,
    given: &Map<String, Value>,
    purpose: Purpose,
) -> Result<Map<String, Value>, RowError> {
    let mut accepted = Map::new();
    for (name, value) in given.iter().filter(|(name, _)| *name != "attributes") {
        let field = object
            .field(name)
            .ok_or_else(|| RowError::no_such_field(&object.name, name))?;
        let writable = if purpose == Purpose::Create {
            field.createable
        } else {
            field.updateable
        };
        if !writable {
            return Err(RowError::new(
                "INVALID_FIELD_FOR_INSERT_UPDATE",
                format!(
                    "Unable to create/update fields: {}. Please check the security settings of this field and verify that it \
                     is read/write for your profile or permission set.",
                    field.name
                ),
            )
            .on(&field.name));
        }
        accepted.insert(field.name.clone(), fit(field, value)?);
    }
    let absent = |field: &&Field| match accepted.get(&field.name) {
        None => purpose == Purpose::Create,
        Some(value) => value.is_null(),
    };
    let missing: Vec<String> = object
        .fields
        .iter()
        .filter(|field| field.required)
        .filter(absent)
        .map(|field| field.name.clone())
        .collect();
    if missing.is_empty() {
        Ok(accepted)
    } else {
        Err(RowError::missing(missing))
    }
}

/// Returns every field of a new record: what was given, and the defaults.
pub(in crate::salesforce) fn complete(object: &Object, given: Map<String, Value>) -> Map<String, Value> {
    let mut record: Map<String, Value> = match object.nature {
        Nature::Event => Map::new(),
        Nature::Record | Nature::ReadOnly => object
            .fields
            .iter()
            .map(|field| (field.name.clone(), field.default.clone()))
            .collect(),
    };
    record.extend(given);
    record
}

/// A moment as REST writes it.
pub(in crate::salesforce) fn moment(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3f+0000").to_string()
}

/// Reads a moment as REST accepts it.
pub(in crate::salesforce) fn read_moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    // `+0000`, as REST writes it, is not what RFC 3339 reads.
    let (front, minutes) = text.split_at_checked(text.len().checked_sub(2)?)?;
    format!("{front}:{minutes}").parse().ok()
}

/// Checks one value against its field.
fn fit(field: &Field, value: &Value) -> Result<Value, RowError> {
    if value.is_null() {
        return Ok(if field.kind == Kind::Checkbox {
            Value::Bool(false)
        } else {
            Value::Null
        });
    }
    match &field.kind {
        Kind::Id | Kind::Reference(_) => fit_id(field, value),
        Kind::Text(length) => fit_text(field, value, *length),
        Kind::Url => fit_text(field, value, 255),
        Kind::Email => fit_email(field, value),
        Kind::Picklist { values, restricted } => fit_picklist(field, value, values, *restricted),
        Kind::Number { whole, scale } => fit_number(field, value, *whole, *scale),
        Kind::Checkbox => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) if text == "true" || text == "false" => Ok(Value::Bool(text == "true")),
            _ => Err(unreadable("boolean", field, value)),
        },
        Kind::Date => {
            let date = value
                .as_str()
                .and_then(|text| text.get(..10).unwrap_or(text).parse::<Date>().ok());
            date.map(|date| Value::String(date.to_string()))
                .ok_or_else(|| unreadable("date", field, value))
        }
        Kind::DateTime => {
            let at = value.as_str().and_then(read_moment);
            at.map(|at| Value::String(moment(at)))
                .ok_or_else(|| unreadable("datetime", field, value))
        }
    }
}

fn fit_id(field: &Field, value: &Value) -> Result<Value, RowError> {
    let text = value.as_str().ok_or_else(|| unreadable("reference", field, value))?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    ids::read(text).map(Value::String).ok_or_else(|| {
        RowError::new(
            "MALFORMED_ID",
            format!("{}: id value of incorrect type: {text}", field.label),
        )
        .on(&field.name)
    })
}

/// Text is kept without white space around it, and empty text is null.
fn fit_text(field: &Field, value: &Value, length: usize) -> Result<Value, RowError> {
    let text = value
        .as_str()
        .ok_or_else(|| unreadable("string", field, value))?
        .trim_matches([' ', '\t', '\r', '\n']);
    if text.chars().count() > length {
        let message = format!(
            "{}: data value too large: {} (max length={length})",
            field.label,
            beginning(text)
        );
        return Err(RowError::new("STRING_TOO_LONG", message).on(&field.name));
    }
    Ok(if text.is_empty() {
        Value::Null
    } else {
        Value::String(text.to_owned())
    })
}

fn fit_email(field: &Field, value: &Value) -> Result<Value, RowError> {
    let kept = fit_text(field, value, 80)?;
    let plausible = |text: &str| {
        text.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && host.contains('.')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && !text.contains(' ')
        })
    };
    match kept.as_str() {
        Some(text) if !plausible(text) => {
            let message = format!("{}: invalid email address: {}", field.label, beginning(text));
            Err(RowError::new("INVALID_EMAIL_ADDRESS", message).on(&field.name))
        }
        _ => Ok(kept),
    }
}

fn fit_picklist(field: &Field, value: &Value, values: &[String], restricted: bool) -> Result<Value, RowError> {
    let kept = fit_text(field, value, 255)?;
    match kept.as_str() {
        Some(text) if restricted && !values.iter().any(|value| value == text) => {
            let message = format!("{}: bad value for restricted picklist field: {text}", field.label);
            Err(RowError::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).on(&field.name))
        }
        _ => Ok(kept),
    }
}

fn fit_number(field: &Field, value: &Value, whole: u32, scale: u32) -> Result<Value, RowError> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) if text.is_empty() => return Ok(Value::Null),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    let number = number
        .filter(|number| number.is_finite())
        .ok_or_else(|| unreadable("double", field, value))?;
    let (ceiling, fine) = (
        10_f64.powi(whole.try_into().unwrap_or(18)),
        10_f64.powi(scale.try_into().unwrap_or(0)),
    );
    if number.abs() >= ceiling {
        let message = format!(
            "{}: value outside of valid range on numeric field: {number}",
            field.label
        );
        return Err(RowError::new("NUMBER_OUTSIDE_VALID_RANGE", message).on(&field.name));
    }
    Ok(Value::from((number * fine).round() / fine))
}

fn unreadable(wanted: &str, field: &Field, value: &Value) -> RowError {
    let (kind, text) = match value {
        Value::String(text) => ("VALUE_STRING", beginning(text)),
        Value::Number(number) if number.is_f64() => ("VALUE_NUMBER_FLOAT", number.to_string()),
        Value::Number(number) => ("VALUE_NUMBER_INT", number.to_string()),
        Value::Bool(true) => ("VALUE_TRUE", "true".to_owned()),
        Value::Bool(false) => ("VALUE_FALSE", "false".to_owned()),
        Value::Array(_) => ("START_ARRAY", "[".to_owned()),
        Value::Object(_) => ("START_OBJECT", "{".to_owned()),
        Value::Null => ("VALUE_NULL", "null".to_owned()),
    };
    let message = format!(
        "Cannot deserialize instance of {wanted} from {kind} value {text} or request may be missing a required field"
    );
    RowError::new("JSON_PARSER_ERROR", message).on(&field.name)
}

fn beginning(text: &str) -> String {
    text.chars().take(255).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::salesforce::metadata::Catalog;

    fn accepted(given: &Value, purpose: Purpose) -> Result<Map<String, Value>, String> {
        let catalog = Catalog::load().unwrap();
        let order = catalog.object("Order").unwrap();
        accept(order, given.as_object().unwrap(), purpose).map_err(|error| error.code)
    }

    #[test]
    fn values_that_do_not_fit_are_refused_by_the_real_ones_codes() {
        for (given, code) in [
            (json!({"Licence_Ticket__c": "x"}), "INVALID_FIELD"),
            (json!({"OrderNumber": "00000001"}), "INVALID_FIELD_FOR_INSERT_UPDATE"),
            (json!({"License_Ticket__c": "x".repeat(65)}), "STRING_TOO_LONG"),
            (
                json!({"License_Status__c": "Done"}),
                "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
            ),
            (
                json!({"License_Revision__c": 1_000_000_000}),
                "NUMBER_OUTSIDE_VALID_RANGE",
            ),
            (json!({"License_Revision__c": "one"}), "JSON_PARSER_ERROR"),
            (json!({"License_Ticket__c": 5}), "JSON_PARSER_ERROR"),
            (json!({"AccountId": "abc"}), "MALFORMED_ID"),
            (json!({"AccountId": null}), "REQUIRED_FIELD_MISSING"),
            (json!({"EffectiveDate": "tomorrow"}), "JSON_PARSER_ERROR"),
        ] {
            assert_eq!(accepted(&given, Purpose::Update).unwrap_err(), code, "{given}");
        }
        assert_eq!(
            accepted(&json!({}), Purpose::Create).unwrap_err(),
            "REQUIRED_FIELD_MISSING"
        );
    }

    #[test]
    fn values_are_kept_as_the_real_one_keeps_them() {
        let kept = accepted(
            &json!({"license_ticket__c": " AB ", "License_Reason__c": "", "License_Revision__c": "2", "EndDate": "2026-01-02T00:00:00Z"}),
            Purpose::Update,
        )
        .unwrap();
        let wanted = json!({"License_Ticket__c": "AB", "License_Reason__c": null, "License_Revision__c": 2.0, "EndDate": "2026-01-02"});
        assert_eq!(Value::Object(kept), wanted);
    }

    #[test]
    fn moments_are_read_in_all_the_ways_rest_accepts() {
        let at: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        assert_eq!(moment(at), "2026-11-24T12:00:00.000+0000");
        for text in [
            "2026-11-24T12:00:00Z",
            "2026-11-24T12:00:00.000+0000",
            "2026-11-24T13:00:00+01:00",
        ] {
            assert_eq!(read_moment(text), Some(at), "{text}");
        }
    }
}

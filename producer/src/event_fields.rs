//! Reads single fields of a decoded event, and names what does not fit.

use jiff::Timestamp;
use schemas::Problem;
use serde_json::{Map, Value};

/// The longest piece of an offending value that a problem repeats, in characters.
const SHOWN: usize = 80;

/// The fields of one decoded event, with the problems met so far.
pub(crate) struct EventFields<'a> {
    fields: &'a Map<String, Value>,
    pub(crate) problems: Vec<Problem>,
}

impl<'a> EventFields<'a> {
    pub(crate) fn new(fields: &'a Map<String, Value>) -> Self {
        Self {
            fields,
            problems: Vec::new(),
        }
    }

    /// Returns the field's value; null and blank text count as absent, as Salesforce treats them.
    fn present(&self, name: &str) -> Option<&'a Value> {
        self.fields.get(name).filter(|value| match value {
            Value::Null => false,
            Value::String(text) => !text.trim().is_empty(),
            _ => true,
        })
    }

    fn required(&mut self, name: &str, expected: &str) -> Option<&'a Value> {
        let value = self.present(name);
        if value.is_none() {
            self.problem(name, "nothing".into(), expected);
        }
        value
    }

    pub(crate) fn problem(&mut self, field: &str, found: String, expected: &str) {
        self.problems.push(Problem {
            field: field.to_owned(),
            found,
            expected: expected.to_owned(),
        });
    }

    /// Reads a text that must be there. A whole number is taken too: some orgs count orders in a number field.
    pub(crate) fn text(&mut self, name: &str) -> Option<String> {
        let value = self.required(name, "text")?;
        self.as_text(name, value)
    }

    /// Reads a text that may be absent.
    pub(crate) fn optional_text(&mut self, name: &str) -> Option<String> {
        let value = self.present(name)?;
        self.as_text(name, value)
    }

    fn as_text(&mut self, name: &str, value: &Value) -> Option<String> {
        let text = match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(_) => whole(value).map(|number| number.to_string()),
            _ => None,
        };
        if text.is_none() {
            self.problem(name, describe(value), "text");
        }
        text
    }

    /// Reads a whole number that may be absent. Salesforce sends every number as a double.
    pub(crate) fn optional_whole(&mut self, name: &str) -> Option<i64> {
        let value = self.present(name)?;
        let number = whole(value);
        if number.is_none() {
            self.problem(name, describe(value), "a whole number");
        }
        number
    }

    /// Reads a point in time that may be absent: milliseconds since 1970 as Salesforce sends it, or ISO 8601 text.
    pub(crate) fn optional_time(&mut self, name: &str) -> Option<Timestamp> {
        let value = self.present(name)?;
        let time = match value {
            Value::String(text) => text.trim().parse().ok(),
            _ => whole(value).and_then(|milliseconds| Timestamp::from_millisecond(milliseconds).ok()),
        };
        if time.is_none() {
            self.problem(
                name,
                describe(value),
                "a date and time (milliseconds since 1970, or ISO 8601)",
            );
        }
        time
    }

    /// Reads the order lines: a JSON array in a text field. What its items must be is the contract's business.
    pub(crate) fn lines(&mut self, name: &str) -> Option<Value> {
        const EXPECTED: &str = "a JSON array of {line_id, item_id, quantity, terms?}";
        let value = self.required(name, EXPECTED)?;
        let parsed = match value {
            Value::String(text) => serde_json::from_str::<Value>(text),
            other => Ok(other.clone()),
        };
        match parsed {
            Ok(Value::Array(mut lines)) => {
                lines.iter_mut().for_each(narrow_quantity);
                Some(Value::Array(lines))
            }
            Ok(other) => {
                self.problem(name, describe(&other), EXPECTED);
                None
            }
            Err(error) => {
                self.problem(name, format!("text that is not JSON: {error}"), EXPECTED);
                None
            }
        }
    }
}

/// Turns a line's quantity `2.0` into `2`: Apex serializes the Decimal of an order line so.
fn narrow_quantity(line: &mut Value) {
    if let Some(quantity) = line.get_mut("quantity")
        && quantity.is_f64()
        && let Some(number) = whole(quantity)
    {
        *quantity = number.into();
    }
}

/// Returns the number if it is whole and exact, whether it came as an integer or as a double.
fn whole(value: &Value) -> Option<i64> {
    /// Above 2^53 neighboring integers share one double, so the sender's number is unknown.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if let Some(number) = value.as_i64() {
        return Some(number);
    }
    let number = value.as_f64()?;
    if number.fract() != 0.0 || number.abs() >= EXACT {
        return None;
    }
    #[expect(
        clippy::cast_possible_truncation,
        reason = "whole and below 2^53, so the cast is exact"
    )]
    Some(number as i64)
}

/// Says in a few words what a value is, for a person who looks for the mistake.
fn describe(value: &Value) -> String {
    match value {
        Value::Null => "nothing".into(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(text) => format!("\"{}\"", shorten(text)),
        Value::Array(items) => format!("a list of {}", items.len()),
        Value::Object(_) => "an object".into(),
    }
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

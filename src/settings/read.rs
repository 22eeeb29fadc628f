//! Turns what was given into one section's settings, and finds every mistake on the way.

use super::{
    mistake::{Mistake, Origin},
    source::{self, Given},
};
use serde::de::DeserializeOwned;
use toml::{Table, Value};

/// More mistakes than this in one section are not looked for.
const ENOUGH: usize = 50;

/// Reads one section. Serde stops at the first mistake; so each is noted, its value taken out, and the section read again.
///
/// What comes back has the default in every wrong place, so that the rest of it can be checked too.
pub(crate) fn section<T: DeserializeOwned>(given: &Given, name: &str, mistakes: &mut Vec<Mistake>) -> Option<T> {
    let mut table = match given.values.get(name) {
        None => Table::new(),
        Some(Value::Table(table)) => table.clone(),
        Some(other) => {
            let place = given.origin(name).to_string();
            mistakes.push(Mistake::new(
                place,
                name,
                other.type_str(),
                format!("a section, [{name}]"),
            ));
            return None;
        }
    };
    for _ in 0..ENOUGH {
        let error = match serde_path_to_error::deserialize::<_, T>(Value::Table(table.clone())) {
            Ok(settings) => return Some(settings),
            Err(error) => error,
        };
        let path = error.path().to_string();
        let message = error.into_inner().message().trim().to_owned();
        let full = if path == "." {
            name.to_owned()
        } else {
            format!("{name}.{path}")
        };
        let origin = given.origin(&full);
        if let (Origin::Variable(_), Some(Value::String(text))) = (&origin, source::get(&table, &path))
            && let Some(meant) = meant(text)
        {
            source::put(&mut table, &path, meant);
            continue;
        }
        let (found, expected) = explain(&message, source::get(&table, &path));
        mistakes.push(Mistake::new(origin.to_string(), full, found, expected));
        source::take(&mut table, &path)?;
    }
    None
}

/// Reads the text of a variable as a number, a truth value or an array, where it is one.
fn meant(text: &str) -> Option<Value> {
    let value = format!("it = {text}").parse::<Table>().ok()?.remove("it")?;
    (!value.is_str() && !value.is_table()).then_some(value)
}

/// Splits serde's sentence into what was found and what is expected.
fn explain(message: &str, value: Option<&Value>) -> (String, String) {
    if let Some((found, expected)) = message.split_once(", expected ") {
        let found = ["found ", "invalid type: ", "invalid value: "]
            .iter()
            .fold(found, |rest, prefix| rest.strip_prefix(prefix).unwrap_or(rest));
        return (found.to_owned(), expected.to_owned());
    }
    let shown = value.map_or_else(|| "nothing".to_owned(), Value::to_string);
    let shown = if shown.chars().count() > 60 {
        shown.chars().take(60).chain(['…']).collect()
    } else {
        shown
    };
    (shown, expectation(message))
}

/// Turns what a parser complains of into what it wants, where the complaint does not say so itself.
fn expectation(message: &str) -> String {
    if message.starts_with("relative URL without a base") {
        "a whole address, such as https://host.example/path".to_owned()
    } else if message.starts_with("invalid socket address") {
        "an address with its port, such as 127.0.0.1:8620".to_owned()
    } else if let Some(field) = message.strip_prefix("missing field ") {
        format!("a value for {field}")
    } else {
        message.to_owned()
    }
}

//! Shows every setting, its value and where it came from. The commented example names them all, with their defaults.

use super::{
    mistake::Origin,
    source::{self, Given, SECRETS},
};
use serde::Serialize;
use toml::{Table, Value};

/// The example settings, which hold every setting with its default; those without one are commented out.
pub(crate) const EXAMPLE: &str = include_str!("../../deploy/ticketsmith.example.toml");

/// One setting as it is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Shown {
    /// Its dotted name.
    pub(crate) setting: String,
    /// Its value; of a secret only that it is set.
    pub(crate) value: String,
    /// `default`, a line of the file, a variable, or the file of a secret.
    pub(crate) from: String,
}

/// Lists every setting that has a value, in the order of the example, then what else was given.
pub(crate) fn all(given: &Given) -> Vec<Shown> {
    let mut defaults = Vec::new();
    source::flatten(&EXAMPLE.parse::<Table>().unwrap_or_default(), "", &mut defaults);
    let mut values = Vec::new();
    source::flatten(&given.values, "", &mut values);
    let mut shown = Vec::new();
    for (name, default) in defaults {
        let own = source::get(&given.values, &name).cloned();
        values.retain(|(given, _)| *given != name);
        let from = if own.is_some() {
            given.origin(&name)
        } else {
            Origin::Default
        };
        shown.push(show(name, &own.unwrap_or(default), &from));
    }
    shown.extend(values.into_iter().map(|(name, value)| {
        let from = given.origin(&name);
        show(name, &value, &from)
    }));
    shown
}

fn show(setting: String, value: &Value, from: &Origin) -> Shown {
    let secret = SECRETS.contains(&setting.as_str()) || setting.starts_with("license_central.headers.");
    let value = match value {
        Value::String(text) if secret => mask(text),
        other => other.to_string(),
    };
    Shown {
        setting,
        value,
        from: from.to_string(),
    }
}

/// Keeps of an address what helps and hides its password; hides any other secret whole.
fn mask(secret: &str) -> String {
    match url::Url::parse(secret) {
        Ok(mut address) if address.has_host() => {
            if address.password().is_some() && address.set_password(Some("***")).is_err() {
                return "***".to_owned();
            }
            format!("\"{address}\"")
        }
        _ if secret.starts_with("sqlite://") => format!("\"{secret}\""),
        _ => "***".to_owned(),
    }
}

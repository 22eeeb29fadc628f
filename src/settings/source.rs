//! Where settings come from: the file, the environment, files of secrets. Knows no setting by name but the secrets.

use super::mistake::{Mistake, Origin};
use std::{collections::BTreeMap, fs, path::Path};
use toml::{Table, Value};
use toml_edit::{Document, Item};

/// What a person may also put into a file of its own, named by the same setting with `_file` behind it.
pub(crate) const SECRETS: [&str; 5] = [
    "broker.url",
    "license_central.basic_password",
    "license_central.client_pkcs12_password",
    "salesforce.auth.client_credentials.client_secret",
    "ledger.url",
];

/// The prefix of every environment variable of ours; `TICKETSMITH_BROKER__URL` is `broker.url`.
pub(crate) const PREFIX: &str = "TICKETSMITH_";

/// Every value that was given, and by whom.
#[derive(Debug, Clone, Default)]
pub(crate) struct Given {
    pub(crate) values: Table,
    pub(crate) origins: BTreeMap<String, Origin>,
    /// The file could not be read, or is no TOML.
    pub(crate) unreadable: bool,
}

impl Given {
    /// Reads a settings file.
    pub(crate) fn read_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let before = mistakes.len();
        self.try_file(path, mistakes);
        self.unreadable = mistakes.len() > before;
    }

    fn try_file(&mut self, path: &Path, mistakes: &mut Vec<Mistake>) {
        let shown = path.display().to_string();
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => {
                return mistakes.push(Mistake::new(
                    shown,
                    "the file",
                    format!("{error}"),
                    "a readable settings file",
                ));
            }
        };
        match (Document::parse(text.as_str()), text.parse::<Table>()) {
            (Ok(document), Ok(values)) => {
                note_lines(document.as_table(), "", &shown, &text, &mut self.origins);
                self.values = values;
            }
            (Err(error), _) => {
                let line = error.span().map_or(1, |span| line_of(&text, span.start));
                let found = error.message().trim().to_owned();
                mistakes.push(Mistake::new(format!("{shown}:{line}"), "the file", found, "valid TOML"));
            }
            (_, Err(error)) => mistakes.push(Mistake::new(shown, "the file", error.to_string(), "valid TOML")),
        }
    }

    /// Puts the variables of the environment over what was read.
    pub(crate) fn overlay(&mut self, variables: impl Iterator<Item = (String, String)>) {
        for (name, text) in variables {
            let Some(path) = name.strip_prefix(PREFIX).filter(|rest| rest.contains("__")) else {
                continue;
            };
            let path = path.to_lowercase().replace("__", ".");
            put(&mut self.values, &path, Value::String(text));
            self.origins.insert(path, Origin::Variable(name));
        }
    }

    /// Replaces every `…_file` of a secret by what the file holds, without the line's end.
    pub(crate) fn read_secrets(&mut self, mistakes: &mut Vec<Mistake>) {
        for secret in SECRETS {
            let setting = format!("{secret}_file");
            let Some(value) = take(&mut self.values, &setting) else {
                continue;
            };
            let origin = self.origins.remove(&setting).unwrap_or(Origin::Default);
            let place = origin.to_string();
            let Some(path) = value.as_str().map(str::to_owned) else {
                mistakes.push(Mistake::new(place, &setting, value.to_string(), "the path of a file"));
                continue;
            };
            if get(&self.values, secret).is_some() {
                mistakes.push(Mistake::new(
                    place,
                    &setting,
                    format!("{secret} as well"),
                    "one of the two",
                ));
                continue;
            }
            match fs::read_to_string(&path) {
                Ok(text) => {
                    put(
                        &mut self.values,
                        secret,
                        Value::String(text.trim_end_matches(['\r', '\n']).to_owned()),
                    );
                    self.origins.insert(secret.to_owned(), Origin::SecretFile(path));
                }
                Err(error) => {
                    mistakes.push(Mistake::new(
                        place,
                        &setting,
                        format!("{path}: {error}"),
                        "a readable file",
                    ));
                }
            }
        }
    }

    /// Says who gave the value at this path, or at the nearest table around it.
    pub(crate) fn origin(&self, path: &str) -> Origin {
        let mut at = Some(path);
        while let Some(path) = at {
            if let Some(origin) = self.origins.get(path) {
                return origin.clone();
            }
            at = path.rsplit_once('.').map(|(parent, _)| parent);
        }
        Origin::Default
    }
}

fn note_lines(table: &toml_edit::Table, prefix: &str, file: &str, text: &str, into: &mut BTreeMap<String, Origin>) {
    for (name, item) in table {
        let path = if prefix.is_empty() {
            name.to_owned()
        } else {
            format!("{prefix}.{name}")
        };
        let span = table.key(name).and_then(toml_edit::Key::span).or_else(|| item.span());
        if let Some(span) = span {
            into.insert(
                path.clone(),
                Origin::File {
                    file: file.to_owned(),
                    line: line_of(text, span.start),
                },
            );
        }
        if let Item::Table(inner) = item {
            note_lines(inner, &path, file, text, into);
        }
    }
}

fn line_of(text: &str, offset: usize) -> usize {
    text.as_bytes()
        .iter()
        .take(offset)
        .filter(|byte| **byte == b'\n')
        .count()
        + 1
}

/// Lists every value with its dotted path.
pub(crate) fn flatten(table: &Table, prefix: &str, into: &mut Vec<(String, Value)>) {
    for (name, value) in table {
        let path = if prefix.is_empty() {
            name.clone()
        } else {
            format!("{prefix}.{name}")
        };
        match value {
            Value::Table(inner) => flatten(inner, &path, into),
            other => into.push((path, other.clone())),
        }
    }
}

/// Returns the value at a dotted path.
pub(crate) fn get<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((head, rest)) => get(table.get(head)?.as_table()?, rest),
    }
}

/// Sets the value at a dotted path, making the tables on the way.
pub(crate) fn put(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if !inner.is_table() {
                *inner = Value::Table(Table::new());
            }
            if let Some(inner) = inner.as_table_mut() {
                put(inner, rest, value);
            }
        }
    }
}

/// Takes the value at a dotted path out.
pub(crate) fn take(table: &mut Table, path: &str) -> Option<Value> {
    match path.split_once('.') {
        None => table.remove(path),
        Some((head, rest)) => take(table.get_mut(head)?.as_table_mut()?, rest),
    }
}

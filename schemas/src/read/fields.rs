//! Takes the fields of one JSON object, each by what it must be, and notes what is wrong.

use super::Problem;
use jiff::Timestamp;
use serde_json::Value;
use std::collections::BTreeMap;

/// The fields of one JSON object, with the path under which mistakes in it are reported.
pub(super) struct Fields<'a, 'p> {
    object: &'a Value,
    path: String,
    problems: &'p mut Vec<Problem>,
}

impl<'a, 'p> Fields<'a, 'p> {
    pub(super) fn new(object: &'a Value, path: &str, problems: &'p mut Vec<Problem>) -> Self {
        let fields = Self {
            object,
            path: path.to_owned(),
            problems,
        };
        if !object.is_object() {
            let found = show(object);
            let path = fields.path.clone();
            fields.problems.push(Problem {
                field: path,
                found,
                expected: "a JSON object".to_owned(),
            });
        }
        fields
    }

    fn get(&self, name: &str) -> Option<&'a Value> {
        self.object.get(name).filter(|value| !value.is_null())
    }

    fn wrong(&mut self, name: &str, expected: impl Into<String>) {
        let field = if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        };
        let found = self.object.get(name).map_or("nothing".to_owned(), show);
        self.problems.push(Problem {
            field,
            found,
            expected: expected.into(),
        });
    }

    /// Takes a text of so many characters, all of which XML can carry.
    pub(super) fn text(&mut self, name: &str, least: usize, most: usize) -> Option<String> {
        let text = self
            .get(name)
            .and_then(Value::as_str)
            .filter(|text| (least..=most).contains(&text.chars().count()));
        if text.is_none_or(|text| text.trim().is_empty() || text.chars().any(unspeakable)) {
            self.wrong(
                name,
                format!("a text of {least} to {most} characters, none of them a control character"),
            );
            return None;
        }
        text.map(str::to_owned)
    }

    /// Takes a text without white space.
    pub(super) fn word(&mut self, name: &str, most: usize) -> Option<String> {
        let word = self.get(name).and_then(Value::as_str).filter(|word| {
            (1..=most).contains(&word.chars().count()) && !word.chars().any(|it| it.is_whitespace() || unspeakable(it))
        });
        if word.is_none() {
            self.wrong(name, format!("1 to {most} characters without white space"));
        }
        word.map(str::to_owned)
    }

    pub(super) fn optional_text(&mut self, name: &str, most: usize) -> Option<String> {
        self.get(name).and_then(|_| self.text(name, 1, most))
    }

    /// Takes a text that a type can read.
    pub(super) fn parsed<T: std::str::FromStr>(&mut self, name: &str, expected: &str) -> Option<T> {
        let parsed = self
            .get(name)
            .and_then(Value::as_str)
            .and_then(|text| text.parse().ok());
        if parsed.is_none() {
            self.wrong(name, expected);
        }
        parsed
    }

    pub(super) fn time(&mut self, name: &str) -> Option<Timestamp> {
        self.parsed(name, "a time such as 2026-11-24T09:30:00Z")
    }

    pub(super) fn optional_time(&mut self, name: &str) -> Option<Timestamp> {
        self.get(name).and_then(|_| self.time(name))
    }

    /// Takes a whole number from 1 on, or the default where the field is absent.
    pub(super) fn whole_number(&mut self, name: &str, most: u32, default: Option<u32>) -> Option<u32> {
        let Some(value) = self.get(name) else {
            if default.is_none() {
                self.wrong(name, format!("a whole number from 1 to {most}"));
            }
            return default;
        };
        let number = value
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .filter(|it| (1..=most).contains(it));
        if number.is_none() {
            self.wrong(name, format!("a whole number from 1 to {most}"));
        }
        number
    }

    /// Takes one of the words, if the field is there.
    pub(super) fn one_of(&mut self, name: &str, words: &[&'static str]) -> Option<&'static str> {
        let value = self.get(name)?;
        let word = value
            .as_str()
            .and_then(|text| words.iter().find(|word| **word == text).copied());
        if word.is_none() {
            self.wrong(name, words.join(" or "));
        }
        word
    }

    /// Notes a mistake if the text is another one; a missing text was noted before.
    pub(super) fn only_value(&mut self, name: &str, found: &Option<String>, only: &str) {
        if found.as_ref().is_some_and(|text| text != only) {
            self.wrong(name, only);
        }
    }

    /// Notes a mistake if the data is said to be anything but JSON.
    pub(super) fn media_type(&mut self, name: &str) {
        let json = |text: &str| text.split(';').next().is_some_and(|it| it.trim().ends_with("json"));
        if self.get(name).is_some_and(|value| !value.as_str().is_some_and(json)) {
            self.wrong(name, "application/json");
        }
    }

    pub(super) fn object(&mut self, name: &str) -> Option<&'a Value> {
        let value = self.get(name).filter(|value| value.is_object());
        if value.is_none() {
            self.wrong(name, "a JSON object");
        }
        value
    }

    /// Takes an object of texts.
    pub(super) fn texts(&mut self, name: &str) -> BTreeMap<String, String> {
        let Some(value) = self.get(name) else {
            return BTreeMap::new();
        };
        let pair = |(name, value): (&String, &Value)| {
            let text = value.as_str().filter(|text| !text.chars().any(unspeakable))?;
            (!name.is_empty() && !name.chars().any(unspeakable)).then(|| (name.clone(), text.to_owned()))
        };
        let texts = value.as_object().and_then(|object| object.iter().map(pair).collect());
        texts.unwrap_or_else(|| {
            self.wrong(name, "an object whose values are texts");
            BTreeMap::new()
        })
    }

    /// Notes every field that is not one of these: a misspelt field must not be lost in silence.
    pub(super) fn no_others(&mut self, names: &[&str]) {
        let Some(object) = self.object.as_object() else { return };
        let others: Vec<String> = object
            .keys()
            .filter(|name| !names.contains(&name.as_str()))
            .cloned()
            .collect();
        for other in others.iter().take(8) {
            self.wrong(
                &shorten(other),
                format!("no such field; known are {}", names.join(", ")),
            );
        }
    }
}

/// Says whether XML 1.0 cannot carry the character, or a person could not see it.
fn unspeakable(character: char) -> bool {
    (character.is_control() && !matches!(character, '\t' | '\n' | '\r')) || matches!(character, '\u{FFFE}' | '\u{FFFF}')
}

/// Shows a value in one short line, with every control character escaped.
pub(super) fn show(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::Bool(_) | Value::Number(_) => shorten(&value.to_string()),
        Value::String(it) => text(it),
        Value::Array(items) => format!("an array of {}", items.len()),
        Value::Object(fields) => format!("an object of {} fields", fields.len()),
    }
}

pub(super) fn text(it: &str) -> String {
    format!("{:?}", shorten(it))
}

fn shorten(text: &str) -> String {
    const SHOWN: usize = 60;
    if text.chars().count() <= SHOWN {
        text.to_owned()
    } else {
        text.chars().take(SHOWN).chain(['…']).collect()
    }
}

//! Reading `profile.toml` so that every mistake is found at once, with its line.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::error::{Mistake, Mistakes};

/// Where a profile's files are.
#[derive(Debug)]
pub(super) enum Folder {
    /// In the program.
    BuiltIn,
    /// On disk.
    Path(PathBuf),
}

impl Folder {
    /// Reads a file of the folder.
    pub(super) fn read(&self, name: &str) -> std::io::Result<String> {
        macro_rules! built_in {
            ($file:literal) => {
                include_str!(concat!("../../../../schemas/license-central/default/", $file))
            };
        }
        match self {
            Self::Path(folder) => std::fs::read_to_string(folder.join(name)),
            Self::BuiltIn => match name {
                "profile.toml" => Ok(built_in!("profile.toml").to_owned()),
                "create_order.xml" => Ok(built_in!("create_order.xml").to_owned()),
                "find_order.xml" => Ok(built_in!("find_order.xml").to_owned()),
                "probe.xml" => Ok(built_in!("probe.xml").to_owned()),
                _ => Err(std::io::ErrorKind::NotFound.into()),
            },
        }
    }

    /// Returns how a file of the folder is called in messages.
    pub(super) fn place(&self, name: &str) -> String {
        match self {
            Self::BuiltIn => format!("default/{name}"),
            Self::Path(folder) => folder.join(name).display().to_string(),
        }
    }
}

/// A file being read, and what is wrong with it so far.
pub(super) struct Document<'t> {
    place: String,
    text: &'t str,
    mistakes: RefCell<Vec<(usize, Mistake)>>,
}

/// A value with the line it stands on.
#[derive(Debug, Clone)]
pub(super) struct Entry<T> {
    pub(super) value: T,
    pub(super) line: usize,
    pub(super) field: String,
}

impl<'t> Document<'t> {
    /// Starts reading a text that messages call `place`.
    pub(super) fn new(place: String, text: &'t str) -> Self {
        Self {
            place,
            text,
            mistakes: RefCell::default(),
        }
    }

    /// Notes a mistake.
    pub(super) fn mistake(&self, line: usize, field: &str, found: impl Into<String>, expected: impl Into<String>) {
        let place = format!("{}:{line}", self.place);
        let mistake = Mistake {
            place,
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
        };
        self.mistakes.borrow_mut().push((line, mistake));
    }

    /// Notes a mistake of the syntax.
    pub(super) fn syntax(&self, error: &toml::de::Error) {
        let line = error.span().map_or(1, |span| self.line(&span));
        self.mistake(line, "", error.message().to_owned(), "valid TOML");
    }

    /// Returns all mistakes in the order of their lines.
    pub(super) fn into_mistakes(self) -> Mistakes {
        let mut mistakes = self.mistakes.into_inner();
        mistakes.sort_by_key(|(line, _)| *line);
        let mut sorted = Mistakes::default();
        for (_, mistake) in mistakes {
            sorted.add(mistake);
        }
        sorted
    }

    fn line(&self, span: &Range<usize>) -> usize {
        let before = self.text.as_bytes().get(..span.start).unwrap_or_default();
        1 + before.iter().filter(|byte| **byte == b'\n').count()
    }
}

/// One table of the file. What nobody asks for is a mistake: a misspelled key must not be read over.
pub(super) struct Section<'d, 't> {
    document: &'d Document<'t>,
    table: &'d DeTable<'t>,
    name: String,
    line: usize,
    asked: RefCell<BTreeSet<String>>,
}

impl<'d, 't> Section<'d, 't> {
    /// Takes the whole file as a section.
    pub(super) fn root(document: &'d Document<'t>, table: &'d DeTable<'t>) -> Self {
        Self {
            document,
            table,
            name: String::new(),
            line: 1,
            asked: RefCell::default(),
        }
    }

    /// Returns the file.
    pub(super) fn document(&self) -> &'d Document<'t> {
        self.document
    }

    /// Returns the line on which the section starts.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// Returns a key's full name.
    pub(super) fn field(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }

    /// Returns every key of the section.
    pub(super) fn keys(&self) -> Vec<String> {
        self.table.keys().map(|key| key.get_ref().to_string()).collect()
    }

    /// Returns a text.
    pub(super) fn text(&self, key: &str) -> Option<Entry<&'d str>> {
        self.typed(key, "a text in quotes", DeValue::as_str)
    }

    /// Returns a whole number.
    pub(super) fn number(&self, key: &str) -> Option<Entry<u32>> {
        self.typed(key, "a whole number, not negative", |value| {
            let number = value.as_integer()?;
            u32::from_str_radix(number.as_str(), number.radix()).ok()
        })
    }

    /// Returns `true` or `false`.
    pub(super) fn flag(&self, key: &str) -> Option<Entry<bool>> {
        self.typed(key, "true or false", DeValue::as_bool)
    }

    /// Returns a list of texts.
    pub(super) fn texts(&self, key: &str) -> Option<Entry<Vec<&'d str>>> {
        self.typed(key, "a list of texts", |value| {
            value.as_array()?.iter().map(|item| item.get_ref().as_str()).collect()
        })
    }

    /// Returns a sub-section.
    pub(super) fn section(&self, key: &str) -> Option<Self> {
        let entry = self.typed(key, "a section", DeValue::as_table)?;
        Some(self.sub(entry))
    }

    /// Returns the sections of a list (`[[key]]`).
    pub(super) fn sections(&self, key: &str) -> Vec<Self> {
        let tables = |value: &'d DeValue<'t>| {
            value
                .as_array()?
                .iter()
                .map(|item| Some((item.get_ref().as_table()?, item.span())))
                .collect::<Option<Vec<_>>>()
        };
        let Some(entry) = self.typed(key, "a list of sections, written [[…]]", tables) else {
            return Vec::new();
        };
        let name = |index: usize| format!("{}[{index}]", entry.field);
        let place = |(index, (value, span)): (usize, (&'d DeTable<'t>, Range<usize>))| Entry {
            value,
            line: self.document.line(&span),
            field: name(index),
        };
        entry
            .value
            .into_iter()
            .enumerate()
            .map(place)
            .map(|entry| self.sub(entry))
            .collect()
    }

    /// Returns a value if it is there, and notes a mistake if it does not parse. The parser says what is expected.
    pub(super) fn parsed<T>(&self, key: &str, parse: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let entry = self.text(key)?;
        match parse(entry.value) {
            Ok(value) => Some(value),
            Err(expected) => {
                self.document
                    .mistake(entry.line, &entry.field, format!("{:?}", entry.value), expected);
                None
            }
        }
    }

    /// Notes a mistake if a key is missing.
    pub(super) fn require(&self, key: &str, expected: &str) {
        if !self.table.contains_key(key) {
            self.document.mistake(self.line, &self.field(key), "nothing", expected);
        }
    }

    /// Notes every key that nobody asked for.
    pub(super) fn finish(self) {
        let asked = self.asked.borrow();
        let known = || asked.iter().cloned().collect::<Vec<_>>().join(", ");
        for key in self.table.keys().filter(|key| !asked.contains(key.get_ref().as_ref())) {
            let line = self.document.line(&key.span());
            self.document.mistake(
                line,
                &self.field(key.get_ref()),
                "an unknown key",
                format!("one of {}", known()),
            );
        }
    }

    fn sub(&self, entry: Entry<&'d DeTable<'t>>) -> Self {
        let Entry {
            value: table,
            line,
            field: name,
        } = entry;
        Self {
            document: self.document,
            table,
            name,
            line,
            asked: RefCell::default(),
        }
    }

    fn typed<T>(&self, key: &str, expected: &str, read: impl FnOnce(&'d DeValue<'t>) -> Option<T>) -> Option<Entry<T>> {
        self.asked.borrow_mut().insert(key.to_owned());
        let value: &'d Spanned<DeValue<'t>> = self.table.get(key)?;
        let (line, field) = (self.document.line(&value.span()), self.field(key));
        match read(value.get_ref()) {
            Some(value) => Some(Entry { value, line, field }),
            None => {
                let found = format!("a value of type {}", value.get_ref().type_str());
                self.document.mistake(line, &field, found, expected);
                None
            }
        }
    }
}

//! Mistakes in settings and profiles, collected so that a person sees all of them at once.

use std::fmt;

/// One mistake in the settings or in a profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Where: a file with its line (`profile.toml:12`), or the settings section.
    pub place: String,
    /// The field, for example `operations.create_order.ticket`; empty if the place says it all.
    pub field: String,
    /// What stands there.
    pub found: String,
    /// What is expected there.
    pub expected: String,
}

impl Mistake {
    /// Describes a mistake in the settings section of this room.
    pub(crate) fn setting(field: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        Self {
            place: "settings".to_owned(),
            field: format!("license_central.{field}"),
            found: found.into(),
            expected: expected.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            place,
            field,
            found,
            expected,
        } = self;
        if field.is_empty() {
            write!(formatter, "{place}: found {found}, expected {expected}")
        } else {
            write!(formatter, "{place}: {field}: found {found}, expected {expected}")
        }
    }
}

/// All mistakes of one reading, in the order in which they stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mistakes(Vec<Mistake>);

impl Mistakes {
    /// Adds one.
    pub(crate) fn add(&mut self, mistake: Mistake) {
        self.0.push(mistake);
    }

    /// Says whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes through them.
    pub fn iter(&self) -> std::slice::Iter<'_, Mistake> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Mistakes {
    type Item = &'a Mistake;
    type IntoIter = std::slice::Iter<'a, Mistake>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Mistakes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for mistake in &self.0 {
            write!(formatter, "\n  {mistake}")?;
        }
        Ok(())
    }
}

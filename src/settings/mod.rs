//! The settings: one `ticketsmith.toml`, the environment over it, secrets from files of their own.
//!
//! Each room owns its section and what it means; here they are only brought together. Every mistake is reported, all at
//! once, with its place. Nobody else in the program reads the environment.

mod mistake;
mod print;
mod read;
mod source;

pub(crate) use mistake::{Mistake, Mistakes};
pub(crate) use print::Shown;

use serde::{Deserialize, Serialize};
use source::Given;
use std::path::{Path, PathBuf};

/// The settings file that is read where none is named, if it is there.
pub(crate) const DEFAULT_FILE: &str = "ticketsmith.toml";

/// Everything that can be set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) broker: broker::Settings,
    pub(crate) log: Log,
}

/// The `[log]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Log {
    /// Which lines are written: a level, or `info,broker=debug`.
    pub(crate) filter: String,
    /// `auto` (text on a terminal, JSON otherwise), `text` or `json`.
    pub(crate) format: telemetry::LogFormat,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            filter: "info,lapin=warn".to_owned(),
            format: telemetry::LogFormat::Auto,
        }
    }
}

/// What was given, before it is known to be right.
pub(crate) struct Loaded {
    given: Given,
    mistakes: Vec<Mistake>,
}

impl Loaded {
    /// Reads the file (the named one, or the default one if it is there), the environment and the files of secrets.
    pub(crate) fn read(file: Option<&Path>) -> Self {
        Self::read_from(file, environment())
    }

    fn read_from(file: Option<&Path>, variables: impl Iterator<Item = (String, String)>) -> Self {
        let (mut given, mut mistakes) = (Given::default(), Vec::new());
        let default = Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists());
        if let Some(file) = file.map(Path::to_path_buf).or(default) {
            given.read_file(&file, &mut mistakes);
        }
        given.overlay(variables);
        given.read_secrets(&mut mistakes);
        Self { given, mistakes }
    }

    /// Reads every section and checks them against each other.
    ///
    /// # Errors
    /// Every mistake, together.
    pub(crate) fn settings(&self) -> Result<Settings, Mistakes> {
        let mut mistakes = self.mistakes.clone();
        let broker = read::section(&self.given, "broker", &mut mistakes);
        let log = read::section(&self.given, "log", &mut mistakes);
        self.refuse_other_sections(&mut mistakes);
        if let Some(broker) = &broker {
            self.ask_the_room(broker, &mut mistakes);
        }
        match (broker, log) {
            (Some(broker), Some(log)) if mistakes.is_empty() => Ok(Settings { broker, log }),
            _ => Err(Mistakes(mistakes)),
        }
    }

    fn ask_the_room(&self, broker: &broker::Settings, mistakes: &mut Vec<Mistake>) {
        for mistake in broker.mistakes() {
            let setting = format!("broker.{}", mistake.field);
            let place = self.given.origin(&setting).to_string();
            mistakes.push(Mistake::new(place, setting, mistake.found, mistake.expected));
        }
    }

    /// Shows every setting with its value and where it came from, secrets masked.
    pub(crate) fn shown(&self) -> Vec<Shown> {
        print::all(&self.given)
    }

    fn refuse_other_sections(&self, mistakes: &mut Vec<Mistake>) {
        for name in self
            .given
            .values
            .keys()
            .filter(|name| !SECTIONS.contains(&name.as_str()))
        {
            let place = self.given.origin(name).to_string();
            mistakes.push(Mistake::new(place, name, "no such section", SECTIONS.join(", ")));
        }
    }
}

const SECTIONS: [&str; 2] = ["broker", "log"];

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests;

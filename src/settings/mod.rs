//! The settings: one `ticketsmith.toml`, the environment over it, secrets from files of their own.
//!
//! Each room owns its section and what it means; here they are only brought together. Every mistake is reported, all at
//! once, with its place. Nobody else in the program reads the environment.

mod check;
mod mistake;
mod print;
mod read;
mod source;

pub(crate) use check::Role;
pub(crate) use mistake::{Mistake, Mistakes};
pub(crate) use print::Shown;

use serde::{Deserialize, Serialize};
use source::Given;
use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
};

/// The settings file that is read where none is named, if it is there.
pub(crate) const DEFAULT_FILE: &str = "ticketsmith.toml";

/// Every section, in the order of the example.
pub(crate) const SECTIONS: [&str; 9] = [
    "broker",
    "ledger",
    "license_central",
    "salesforce",
    "producer",
    "worker",
    "console",
    "health",
    "log",
];

/// Everything that can be set.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) broker: broker::Settings,
    pub(crate) ledger: ledger::Settings,
    /// Absent where no endpoint is given: only `fulfil` and `recover` need it.
    pub(crate) license_central: Option<license_central::Settings>,
    pub(crate) salesforce: salesforce::Settings,
    pub(crate) producer: producer::Settings,
    pub(crate) worker: worker::Settings,
    pub(crate) console: Console,
    pub(crate) health: Health,
    pub(crate) log: Log,
}

/// The `[console]` section.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Console {
    /// Where the pages are served; only loopback addresses are taken until people can sign in.
    pub(crate) listen: SocketAddr,
    /// What this installation is called on every page, such as `production`; may be empty.
    pub(crate) environment: String,
}

impl Default for Console {
    fn default() -> Self {
        Self {
            listen: ([127, 0, 0, 1], 8620).into(),
            environment: String::new(),
        }
    }
}

/// The `[health]` section.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Health {
    /// Where a process without pages answers `/livez`, `/readyz` and `/metrics`; nowhere by default.
    pub(crate) listen: Option<SocketAddr>,
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
            filter: "info,lapin=off".to_owned(),
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

    /// Reads every section, and checks what these roles use.
    ///
    /// # Errors
    /// Every mistake, together.
    pub(crate) fn settings(&self, roles: &[Role]) -> Result<Settings, Mistakes> {
        let mut mistakes = self.mistakes.clone();
        // What cannot be read at all has no further mistakes.
        if self.given.unreadable {
            return Err(Mistakes(mistakes));
        }
        self.refuse_other_sections(&mut mistakes);
        let settings = self.sections(&mut mistakes);
        check::all(&settings, roles, &self.given, &mut mistakes);
        if mistakes.is_empty() {
            Ok(settings)
        } else {
            Err(Mistakes(mistakes))
        }
    }

    fn sections(&self, mistakes: &mut Vec<Mistake>) -> Settings {
        let given = &self.given;
        Settings {
            broker: read::section(given, "broker", mistakes).unwrap_or_default(),
            ledger: read::section(given, "ledger", mistakes).unwrap_or_default(),
            license_central: self.license_central(mistakes),
            salesforce: read::section(given, "salesforce", mistakes).unwrap_or_default(),
            producer: read::section(given, "producer", mistakes).unwrap_or_default(),
            worker: read::section(given, "worker", mistakes).unwrap_or_default(),
            console: read::section(given, "console", mistakes).unwrap_or_default(),
            health: read::section(given, "health", mistakes).unwrap_or_default(),
            log: read::section(given, "log", mistakes).unwrap_or_default(),
        }
    }

    /// Reads the one section that has a setting without a default. Where that is missing, the others are read all the same.
    fn license_central(&self, mistakes: &mut Vec<Mistake>) -> Option<license_central::Settings> {
        if source::get(&self.given.values, "license_central.endpoint").is_some() {
            return read::section(&self.given, "license_central", mistakes);
        }
        let mut given = self.given.clone();
        source::put(
            &mut given.values,
            "license_central.endpoint",
            "http://endpoint.invalid/".into(),
        );
        read::section::<license_central::Settings>(&given, "license_central", mistakes);
        None
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

#[expect(
    clippy::disallowed_methods,
    reason = "this is the one place that reads the environment"
)]
fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

#[cfg(test)]
mod tests;

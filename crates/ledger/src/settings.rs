//! Where the ledger lives and how often it commits.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::Error;

/// The section `[ledger]` of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Address of the ledger, `sqlite://FILE`; a relative file is looked for in the working directory.
    /// Default `sqlite://ticketsmith.db`.
    pub url: String,
    /// The shortest time between two commits while much happens (default `2ms`).
    ///
    /// Longer groups more rows into one commit; zero commits as fast as the disk allows. When fewer than eight rows
    /// were in the last commit the next one never waits.
    #[serde(with = "schemas::duration")]
    pub pace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "sqlite://ticketsmith.db".to_owned(),
            pace: Duration::from_millis(2),
        }
    }
}

impl Settings {
    /// Returns the settings of a ledger in this SQLite file.
    pub fn sqlite(file: impl Into<PathBuf>) -> Self {
        Self {
            url: format!("sqlite://{}", file.into().display()),
            ..Self::default()
        }
    }

    /// Returns the file that `url` names.
    ///
    /// # Errors
    /// [`Error::Url`] if it names no SQLite file.
    pub fn file(&self) -> Result<PathBuf, Error> {
        match self.url.strip_prefix("sqlite://") {
            Some(file) if !file.is_empty() && !file.contains('?') => Ok(PathBuf::from(file)),
            Some(_) => Err(Error::Url {
                found: self.url.clone(),
                expected: "a file after sqlite://",
            }),
            None => Err(Error::Url {
                found: masked(&self.url),
                expected: "sqlite://FILE",
            }),
        }
    }
}

/// Returns the scheme only: the rest of a foreign address may carry a password.
fn masked(url: &str) -> String {
    url.split_once("://")
        .map_or_else(|| "no scheme".to_owned(), |(scheme, _)| format!("{scheme}://…"))
}

//! What can go wrong with the ledger, a variant per thing the caller can do about it.

use std::path::PathBuf;

/// What went wrong in the ledger.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address in the settings names no ledger.
    #[error("ledger.url is {found}, expected {expected}")]
    Url {
        /// What stands there (a foreign address without its secrets).
        found: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The file cannot be created, opened or protected.
    #[error("cannot open the ledger {}: {advice}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What to do.
        advice: String,
        /// Why.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// The file or its folder would not keep what was committed.
    #[error("the ledger {} is not durable: {found}; {advice}", path.display())]
    NotDurable {
        /// The file.
        path: PathBuf,
        /// What was found.
        found: String,
        /// What to do.
        advice: &'static str,
    },
    /// The ledger was written by a newer release, or its tables cannot be brought up to date.
    #[error("cannot bring the tables of the ledger {} up to date", path.display())]
    Migration {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Nothing was written, or it is not known whether it was; the caller does not act on it and `recover` does the rest.
    #[error("the ledger did not commit")]
    NotCommitted {
        /// Why.
        source: std::sync::Arc<dyn std::error::Error + Send + Sync>,
    },
    /// Reading failed.
    #[error("cannot read the ledger")]
    Read {
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The ledger of this process was closed.
    #[error("the ledger is closed")]
    Closed,
    /// Something in the ledger cannot be understood.
    #[error("the ledger holds a {what} that cannot be read: {found}")]
    Damaged {
        /// Which field.
        what: &'static str,
        /// What stands there.
        found: String,
    },
    /// There is no such row or letter.
    #[error("the ledger knows no {what} {name}")]
    NotFound {
        /// Row or letter.
        what: &'static str,
        /// What was asked for.
        name: String,
    },
    /// The action does not fit where the row or letter stands.
    #[error("{what} cannot be {action}: {because}")]
    NotAllowed {
        /// Row or letter.
        what: String,
        /// What was asked for.
        action: &'static str,
        /// Why not, and what to do instead.
        because: String,
    },
    /// Somebody else took over what this process held.
    #[error("{what} was taken over by another process")]
    Fenced {
        /// What it held.
        what: String,
    },
}

impl Error {
    /// Says whether the same call may succeed a little later.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::NotCommitted { .. } | Self::Read { .. } => true,
            Self::Url { .. }
            | Self::Open { .. }
            | Self::NotDurable { .. }
            | Self::Migration { .. }
            | Self::Closed
            | Self::Damaged { .. }
            | Self::NotFound { .. }
            | Self::NotAllowed { .. }
            | Self::Fenced { .. } => false,
        }
    }
}

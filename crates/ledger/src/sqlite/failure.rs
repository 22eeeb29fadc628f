//! What can end a transaction without a commit.

use crate::Error;
use crate::rows::Failure;

/// Why a transaction in SQLite was not committed, or what only one asker is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqliteFailure {
    /// SQLite failed.
    #[error("sqlite failed")]
    Sqlite(#[from] rusqlite::Error),
    /// A row moved on although the transaction holds the write lock.
    #[error("row {0} was written by somebody else inside this transaction")]
    Lost(i64),
    /// Something stored cannot be understood.
    #[error("the ledger is damaged")]
    Damaged(#[source] Error),
    /// A rule said no; nothing was written.
    #[error("not done")]
    Told(#[source] Error),
}

impl From<Error> for SqliteFailure {
    fn from(error: Error) -> Self {
        Self::Told(error)
    }
}

impl Failure for SqliteFailure {
    fn told(self) -> Result<Error, Self> {
        match self {
            Self::Told(error) => Ok(error),
            Self::Sqlite(_) | Self::Lost(_) | Self::Damaged(_) => Err(self),
        }
    }
}

impl SqliteFailure {
    /// Says whether the file was busy for longer than anybody waits for it.
    pub(super) fn is_busy(&self) -> bool {
        match self {
            Self::Sqlite(error) => matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ),
            Self::Lost(_) | Self::Damaged(_) | Self::Told(_) => false,
        }
    }

    /// Returns what a reader is told.
    pub(super) fn for_reader(self) -> Error {
        match self {
            Self::Told(error) | Self::Damaged(error) => error,
            Self::Sqlite(_) | Self::Lost(_) => Error::Read { source: Box::new(self) },
        }
    }
}

//! The commit counter beside the file: tells whether the ledger went back in time.
//!
//! The ledger counts its commits in itself. After each commit the number is also written to a small file beside it. A
//! ledger that counts less than the file beside it says is an old copy that was put back: what happened since then is
//! gone from it, though not from License Central.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, TransactionBehavior, params};

use super::batch::Batch;
use super::columns::micros;
use super::durability::side_file;
use super::failure::SqliteFailure;
use crate::Error;
use crate::clock::Clock;
use crate::rows::Marks as _;

/// The counter of an open ledger.
#[derive(Debug)]
pub(super) struct Counter {
    path: PathBuf,
    file: File,
    ledger: String,
    commits: i64,
}

/// Held while one process compares counters.
pub(super) struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // The file is closed right after this, which unlocks it as well.
        let _unlocked = self.0.unlock();
    }
}

impl Counter {
    /// Opens the file beside the ledger.
    pub(super) fn open(ledger: &Path) -> Result<Self, Error> {
        let path = side_file(ledger, ".commits");
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path);
        let file = file.map_err(|source| trouble(&path, source))?;
        Ok(Self {
            path,
            file,
            ledger: String::new(),
            commits: 0,
        })
    }

    /// Waits until no other process compares counters.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        let file = self.file.try_clone().map_err(|source| trouble(&self.path, source))?;
        file.lock().map_err(|source| trouble(&self.path, source))?;
        Ok(Lock(file))
    }

    /// Compares the ledger with its counter; a new ledger gets its identity, one that went back is put in doubt.
    pub(super) fn recognize(
        &mut self,
        connection: &mut Connection,
        process: &str,
        clock: &Clock,
    ) -> Result<(), SqliteFailure> {
        // Read before the ledger: another process may commit in between, and then the ledger counts more.
        let remembered = self.read();
        let now = clock.now();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: Option<(String, i64)> = transaction
            .query_row("SELECT id, commits FROM ledger", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .optional()?;
        let (ledger, commits) = match found {
            Some((ledger, commits)) => {
                let went_back = !remembered.is_some_and(|(id, count)| id == ledger && count <= commits);
                if went_back {
                    tracing::warn!(
                        file = %self.path.display(),
                        "the ledger went back in time or lost its commit counter: unfinished orders are looked up before \
                         they are called"
                    );
                    Batch {
                        connection: &transaction,
                    }
                    .doubt(now, process)?;
                }
                (ledger, commits + 1)
            }
            None => (uuid::Uuid::new_v4().to_string(), 1),
        };
        transaction.execute(
            "INSERT INTO ledger (one, id, since, commits) VALUES (1, ?1, ?2, ?3) \
             ON CONFLICT (one) DO UPDATE SET commits = ?3",
            params![ledger, micros(now), commits],
        )?;
        transaction.commit()?;
        self.ledger = ledger;
        self.commits = commits;
        self.keep();
        Ok(())
    }

    /// Takes the number of the commit that is about to be made.
    pub(super) fn next(&mut self, commits: i64) {
        self.commits = commits;
    }

    /// Writes the number of the commit that was made.
    ///
    /// Not flushed: after a power cut the file may say less than the ledger, which means nothing.
    pub(super) fn keep(&self) {
        let line = format!("{} {:020}\n", self.ledger, self.commits);
        if let Err(error) = self.file.write_all_at(line.as_bytes(), 0) {
            tracing::warn!(file = %self.path.display(), %error, "cannot write the ledger's commit counter");
        }
    }

    fn read(&self) -> Option<(String, i64)> {
        let mut bytes = [0_u8; 57];
        self.file.read_exact_at(&mut bytes, 0).ok()?;
        let line = std::str::from_utf8(&bytes).ok()?;
        let (id, count) = line.split_once(' ')?;
        Some((id.to_owned(), count.parse().ok()?))
    }
}

fn trouble(path: &Path, source: std::io::Error) -> Error {
    Error::Open {
        path: path.to_path_buf(),
        advice: "may this user write the folder?".to_owned(),
        source: Some(Box::new(source)),
    }
}

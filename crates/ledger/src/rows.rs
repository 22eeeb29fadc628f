//! The seam between rules and engines: what a rule may read and write inside one transaction.
//!
//! An engine reads rows and writes them *where the version is the one it read*; it decides nothing. The model test
//! drives the same rules over rows in memory.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemas::RequestKey;

use crate::Error;
use crate::checkpoints::LeaseSeen;
use crate::ledger::Due;
use crate::letters::{AuditEntry, Letter, LetterId, LetterState};
use crate::orders::{Entry, Event};
use crate::row::{Row, RowId, State};

/// What a rule's step can end in besides its answer.
pub(crate) trait Failure: From<Error> {
    /// Returns the error that is only told to the asker; `Err` if the transaction must not be committed.
    fn told(self) -> Result<Error, Self>
    where
        Self: Sized;
}

/// Rows, timeline and letters inside one transaction.
pub(crate) trait Rows {
    /// What ends a transaction without a commit; an [`Error`] inside is only told to the asker.
    type Failure: Failure;

    /// Reads the row of a key.
    fn find(&mut self, key: &RequestKey) -> Result<Option<Row>, Self::Failure>;

    /// Reads a row by its number.
    fn get(&mut self, id: RowId) -> Result<Option<Row>, Self::Failure>;

    /// Reads revision and state of the order's earlier rows.
    fn earlier(&mut self, key: &RequestKey) -> Result<Vec<(u32, State)>, Self::Failure>;

    /// Reads a row's timeline, the earliest first.
    fn timeline(&mut self, id: RowId) -> Result<Vec<Entry>, Self::Failure>;

    /// Writes a new row and sets its number; false if the key is taken.
    fn insert(&mut self, row: &mut Row) -> Result<bool, Self::Failure>;

    /// Writes every column of a row whose version was `was`; fails the transaction if it is another.
    fn update(&mut self, row: &Row, was: u64) -> Result<(), Self::Failure>;

    /// Writes what a call changes (state, counts, outcome, what is due) of a row whose version was `was` and for which
    /// nothing waits; false if that is not so. Cheaper than `update`: identity, content and messages stay.
    fn advance(&mut self, row: &Row, was: u64) -> Result<bool, Self::Failure>;

    /// Files an entry: as the transition if its `part` is 0, else as the next note under its version.
    fn enter(&mut self, id: RowId, entry: &Entry) -> Result<(), Self::Failure>;

    /// Reads a letter.
    fn letter(&mut self, id: &LetterId) -> Result<Option<(Letter, LetterState)>, Self::Failure>;

    /// Writes a letter; false if it is known.
    fn post(&mut self, letter: &Letter) -> Result<bool, Self::Failure>;

    /// Moves a letter.
    fn move_letter(&mut self, id: &LetterId, state: LetterState, at: Timestamp) -> Result<(), Self::Failure>;

    /// Closes an issued order's open letters, those about conflicts and reports excepted.
    fn overtake(&mut self, key: &RequestKey, at: Timestamp) -> Result<(), Self::Failure>;

    /// Notes what an operator did.
    fn audit(&mut self, entry: &AuditEntry) -> Result<(), Self::Failure>;

    /// Reads rows that were due before this, the longest due first.
    fn overdue(&mut self, due: Due, before: Timestamp, limit: usize) -> Result<Vec<Row>, Self::Failure>;
}

/// Leases, checkpoints and processes inside one transaction.
pub(crate) trait Marks: Rows {
    /// Reads a lease.
    fn lease(&mut self, name: &str) -> Result<Option<LeaseSeen>, Self::Failure>;

    /// Writes a lease.
    fn put_lease(&mut self, name: &str, lease: &LeaseSeen) -> Result<(), Self::Failure>;

    /// Reads epoch and place of a checkpoint.
    fn checkpoint_place(&mut self, org: &str, topic: &str) -> Result<Option<(u64, u64)>, Self::Failure>;

    /// Writes a checkpoint.
    fn put_checkpoint(&mut self, mark: &Mark, at: Timestamp) -> Result<(), Self::Failure>;

    /// Shows that a process lives.
    fn beat(&mut self, process: &str, note: &str, at: Timestamp) -> Result<(), Self::Failure>;

    /// Sets `since`, and puts every row in doubt that was not surely finished after it.
    fn doubt(&mut self, since: Timestamp, process: &str) -> Result<(), Self::Failure>;
}

/// A checkpoint to write.
#[derive(Debug, Clone)]
pub(crate) struct Mark {
    pub(crate) org: String,
    pub(crate) topic: String,
    pub(crate) replay_id: Vec<u8>,
    pub(crate) epoch: u64,
    pub(crate) place: u64,
}

/// What a rule may know of time and place.
#[derive(Debug, Clone)]
pub(crate) struct Moment {
    /// The wall clock: for people, for schedules, and for the age of events; never for a claim.
    pub(crate) now: Timestamp,
    /// This process's own monotonic clock.
    pub(crate) monotonic: Duration,
    /// Since when the ledger saw everything.
    pub(crate) since: Timestamp,
    /// This process.
    pub(crate) process: Arc<str>,
}

impl Moment {
    /// Returns the entry of the transition that made the row what it is now.
    pub(crate) fn transition(&self, row: &Row, event: Event, detail: &str) -> Entry {
        Entry {
            version: row.version,
            part: 0,
            at: self.now,
            process: self.process.to_string(),
            event,
            claim: None,
            ticket: None,
            detail: detail.to_owned(),
        }
    }

    /// Returns an entry that is filed under the row's version without making a new one.
    pub(crate) fn note(&self, row: &Row, event: Event, detail: &str) -> Entry {
        Entry {
            part: 1,
            ..self.transition(row, event, detail)
        }
    }

    /// Returns the wall clock's time after a wait.
    pub(crate) fn after(&self, wait: Duration) -> Timestamp {
        later(self.now, wait)
    }
}

/// Returns the time as every engine keeps it: in whole microseconds, so that what is foretold is what is stored.
pub(crate) fn whole_micros(at: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(at.as_microsecond()).unwrap_or(at)
}

/// Returns a time after a wait, or the end of time.
pub(crate) fn later(at: Timestamp, wait: Duration) -> Timestamp {
    at.checked_add(wait).unwrap_or(Timestamp::MAX)
}

//! The embedded engine: one file, one machine, several processes. Reads rows, writes them by version, decides nothing.

mod batch;
mod columns;
mod counter;
mod durability;
mod failure;
mod marks;
mod read;
mod schema;
#[cfg(test)]
pub(crate) mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags};

use self::batch::Batch;
use self::columns::timestamp;
use self::counter::Counter;
use self::failure::SqliteFailure;
use crate::Error;
use crate::clock::Clock;
use crate::command::Command;
use crate::rows::{Moment, whole_micros};
use crate::writer::{Engine, Refusal, Surroundings};

pub(crate) use self::read::Reader;

/// How long a process waits for another one's transaction.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The writer's side of an open file.
#[derive(Debug)]
pub(crate) struct Sqlite {
    connection: Connection,
    counter: Counter,
}

/// Opens the file, brings its tables up to date, and checks that it keeps what is committed.
pub(crate) fn open(path: &Path, process: &str, clock: &Clock) -> Result<(Sqlite, Reader), Error> {
    durability::refuse_network_file_systems(path)?;
    durability::protect(path)?;
    let mut counter = Counter::open(path)?;
    // One process at a time brings tables up to date and compares counters.
    let lock = counter.lock()?;
    let mut connection = connect(path)?;
    durability::check(path, &connection)?;
    schema::bring_up_to_date(path, &mut connection)?;
    counter
        .recognize(&mut connection, process, clock)
        .map_err(|source| opening(path, source))?;
    drop(lock);
    let reader = Reader::new(path.to_path_buf());
    reader.check()?;
    Ok((Sqlite { connection, counter }, reader))
}

/// Opens one connection with the settings that every connection needs.
fn connect(path: &Path) -> Result<Connection, Error> {
    // Without CREATE: `protect` made the file, and one that vanished must not come back empty.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|source| opening(path, source.into()))?;
    set_up(&connection).map_err(|source| opening(path, source))?;
    Ok(connection)
}

fn set_up(connection: &Connection) -> Result<(), SqliteFailure> {
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "cache_size", -16_000)?;
    connection.pragma_update(None, "wal_autocheckpoint", 1000)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(())
}

fn opening(path: &Path, source: SqliteFailure) -> Error {
    Error::Open {
        path: PathBuf::from(path),
        advice: "is it a ledger, and may this user write the file and its folder?".to_owned(),
        source: Some(Box::new(source)),
    }
}

impl Engine for Sqlite {
    fn commit(&mut self, group: &mut [Command], around: &mut Surroundings) -> Result<(), Refusal> {
        match self.apply(group, around) {
            Ok(()) => {}
            Err(failure) => {
                // Fails only if SQLite rolled back by itself.
                let _rolled_back = self.connection.execute_batch("ROLLBACK");
                let busy = failure.is_busy();
                let trouble = Arc::new(failure);
                return Err(if busy {
                    Refusal::Busy(trouble)
                } else {
                    Refusal::Command(trouble)
                });
            }
        }
        if let Err(source) = self.connection.execute_batch("COMMIT") {
            let _rolled_back = self.connection.execute_batch("ROLLBACK");
            return Err(Refusal::Commit(Arc::new(SqliteFailure::from(source))));
        }
        self.counter.keep();
        Ok(())
    }
}

impl Sqlite {
    fn apply(&mut self, group: &mut [Command], around: &mut Surroundings) -> Result<(), SqliteFailure> {
        // Immediate: a deferred transaction that reads first fails at once if somebody wrote in between.
        self.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        let (commits, since): (i64, i64) = self
            .connection
            .prepare_cached("UPDATE ledger SET commits = commits + 1 RETURNING commits, since")?
            .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        self.counter.next(commits);
        let moment = Moment {
            now: whole_micros(around.clock.now()),
            monotonic: around.clock.monotonic(),
            since: timestamp(since)?,
            process: Arc::clone(&around.process),
        };
        let mut batch = Batch {
            connection: &self.connection,
        };
        for command in group {
            command.run(&mut batch, &moment, &mut around.patience)?;
        }
        Ok(())
    }
}

//! Reads outside the writer's transaction, on connections of their own.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rusqlite::{Connection, params, params_from_iter};
use schemas::RequestKey;

use super::batch::select;
use super::columns::{Columns, ENTRY, LETTER, ROW, int, read_entry, read_letter, read_row, timestamp};
use super::failure::SqliteFailure;
use super::marks::{LEASE, read_lease};
use crate::Error;
use crate::checkpoints::{Checkpoint, LeaseSeen, Process};
use crate::claim::InHand;
use crate::letters::{AuditEntry, LetterFilter, ListedLetter};
use crate::orders::{Counts, Entry, OrderFilter};
use crate::row::{Row, RowId, State};

/// How many are listed if nobody says otherwise.
const PAGE: usize = 100;

/// A few connections that only read; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Reader {
    path: PathBuf,
    idle: Arc<Mutex<Vec<Connection>>>,
}

impl Reader {
    /// Returns a reader of this file.
    pub(super) fn new(path: PathBuf) -> Self {
        Self {
            path,
            idle: Arc::default(),
        }
    }

    /// Opens the first connection, so that trouble shows at start.
    pub(super) fn check(&self) -> Result<(), Error> {
        self.with(|_| Ok(()))
    }

    /// Closes the connections that nobody reads with.
    pub(crate) fn close(&self) {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Reads with a connection of its own; blocks, so not for a thread of the runtime.
    fn with<T>(&self, read: impl FnOnce(&Connection) -> Result<T, SqliteFailure>) -> Result<T, Error> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let answer = read(&connection).map_err(SqliteFailure::for_reader)?;
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(connection);
        Ok(answer)
    }

    fn connect(&self) -> Result<Connection, Error> {
        let connection = super::connect(&self.path)?;
        connection
            .pragma_update(None, "query_only", true)
            .map_err(|source| super::opening(&self.path, source.into()))?;
        Ok(connection)
    }

    /// Asks for nothing.
    pub(crate) fn ping(&self) -> Result<(), Error> {
        self.with(|connection| Ok(connection.query_row("SELECT 1 FROM ledger", [], |_| Ok(()))?))
    }

    /// Reads since when this ledger saw everything.
    pub(crate) fn since(&self) -> Result<Timestamp, Error> {
        self.with(|connection| {
            let micros: i64 = connection.query_row("SELECT since FROM ledger", [], |row| row.get(0))?;
            timestamp(micros)
        })
    }

    /// Reads rows with a claim out and those whose outcome is unknown.
    pub(crate) fn in_hand(&self) -> Result<Vec<InHand>, Error> {
        let sql = "SELECT id, request_key, state, version, watch, next_due FROM requests \
                   WHERE state IN ('calling', 'unknown')";
        self.with(|connection| {
            many(connection, sql, [], |row| {
                let mut columns = Columns::of(row);
                Ok(InHand {
                    id: RowId(columns.next()?),
                    key: columns.word("request key")?,
                    state: columns.word("state")?,
                    version: columns.count()?,
                    watch: columns.count()?,
                    next_due: columns.maybe_time()?,
                })
            })
        })
    }

    /// Reads a row by its number.
    pub(crate) fn row(&self, id: RowId) -> Result<Option<Row>, Error> {
        self.with(|connection| Ok(rows(connection, "id = ?", params![id.0])?.pop()))
    }

    /// Reads the rows of these keys.
    pub(crate) fn rows(&self, keys: &[RequestKey]) -> Result<Vec<Option<Row>>, Error> {
        self.with(|connection| {
            let one = |key: &RequestKey| {
                let values = params![key.order_part(), key.revision()];
                Ok(rows(connection, "order_key = ? AND revision = ?", values)?.pop())
            };
            keys.iter().map(one).collect()
        })
    }

    /// Reads all revisions of the orders of these keys.
    pub(crate) fn revisions(&self, keys: &[RequestKey]) -> Result<Vec<Vec<Row>>, Error> {
        self.with(|connection| {
            let all = |key: &RequestKey| rows(connection, "order_key = ? ORDER BY revision", params![key.order_part()]);
            keys.iter().map(all).collect()
        })
    }

    /// Lists orders, the latest first.
    pub(crate) fn orders(&self, filter: &OrderFilter) -> Result<Vec<Row>, Error> {
        let mut conditions = Conditions::default();
        conditions.add_maybe("state = ?", filter.state.map(|state| state.as_str().to_owned()));
        conditions.add_maybe("order_number = ?", filter.number.clone());
        if let Some(text) = &filter.text {
            conditions.add_text(&["order_number", "request_key", "cast(body AS TEXT)"], text);
        }
        let (condition, values) = conditions.finish("id", filter.limit);
        self.with(|connection| rows(connection, &condition, params_from_iter(values)))
    }

    /// Reads every row of an order, by key or by number.
    pub(crate) fn order(&self, key_or_number: &str) -> Result<Vec<Row>, Error> {
        let key: Option<RequestKey> = key_or_number.parse().ok();
        self.with(|connection| {
            if let Some(key) = key {
                let values = params![key.order_part(), key.revision()];
                let found = rows(connection, "order_key = ? AND revision = ?", values)?;
                if !found.is_empty() {
                    return Ok(found);
                }
            }
            rows(
                connection,
                "order_number = ? ORDER BY order_key, revision",
                params![key_or_number],
            )
        })
    }

    /// Reads a row's timeline.
    pub(crate) fn timeline(&self, id: RowId) -> Result<Vec<Entry>, Error> {
        let sql = select(ENTRY, "FROM timeline WHERE request = ? ORDER BY version, part");
        self.with(|connection| many(connection, &sql, params![id.0], read_entry))
    }

    /// Lists letters, the latest first, without their bodies.
    pub(crate) fn letters(&self, filter: &LetterFilter) -> Result<Vec<ListedLetter>, Error> {
        let mut conditions = Conditions::default();
        conditions.add_maybe("state = ?", filter.state.map(|state| state.as_str().to_owned()));
        conditions.add_maybe("stage = ?", filter.stage.map(|stage| stage.as_str().to_owned()));
        conditions.add_maybe("class = ?", filter.class.clone());
        if let Some(order) = &filter.order {
            conditions.add("(order_number = ? OR request_key = ?)", &[order, order]);
        }
        if let Some(text) = &filter.text {
            conditions.add_text(&["text", "code", "class", "order_number", "request_key"], text);
        }
        let (condition, values) = conditions.finish("number", filter.limit);
        let columns = LETTER.replace("body", "x'' AS body");
        let sql = select(&columns, &format!("FROM letters WHERE {condition}"));
        self.with(|connection| many(connection, &sql, params_from_iter(values), read_letter))
    }

    /// Reads the letters whose identity begins so; two are enough to say that it is ambiguous.
    pub(crate) fn letters_beginning(&self, id: &str) -> Result<Vec<ListedLetter>, Error> {
        let sql = select(LETTER, "FROM letters WHERE substr(id, 1, length(?1)) = ?1 LIMIT 2");
        self.with(|connection| many(connection, &sql, params![id], read_letter))
    }

    /// Reads what operators did to any of these.
    pub(crate) fn audit(&self, subjects: &[String]) -> Result<Vec<AuditEntry>, Error> {
        let sql = "SELECT at, who, action, subject, why FROM audit WHERE subject = ? ORDER BY number";
        self.with(|connection| {
            let mut entries = Vec::new();
            for subject in subjects {
                entries.extend(many(connection, sql, params![subject], |row| {
                    let mut columns = Columns::of(row);
                    Ok(AuditEntry {
                        at: columns.time()?,
                        who: columns.next()?,
                        action: columns.next()?,
                        subject: columns.next()?,
                        why: columns.next()?,
                    })
                })?);
            }
            Ok(entries)
        })
    }

    /// Counts rows and letters.
    pub(crate) fn counts(&self) -> Result<Counts, Error> {
        self.with(|connection| {
            let one = |sql: &str, value: &str| -> Result<u64, SqliteFailure> {
                let count: i64 = connection.prepare_cached(sql)?.query_row([value], |row| row.get(0))?;
                Ok(count.unsigned_abs())
            };
            let mut by_state = Vec::new();
            for state in State::ALL {
                by_state.push((
                    state,
                    one("SELECT count(*) FROM requests WHERE state = ?", state.as_str())?,
                ));
            }
            let unreported = "SELECT count(*) FROM requests WHERE next_due IS NOT NULL \
                              AND state IN ('issued', 'refused', 'held') AND ? = ''";
            let open = "SELECT count(*) FROM letters WHERE state = ?";
            Ok(Counts {
                by_state,
                unreported: one(unreported, "")?,
                open_letters: one(open, "open")?,
            })
        })
    }

    /// Reads a checkpoint.
    pub(crate) fn checkpoint(&self, org: &str, topic: &str) -> Result<Option<Checkpoint>, Error> {
        let sql = "SELECT replay_id, updated_at FROM checkpoints WHERE org = ? AND topic = ?";
        self.with(|connection| {
            let mut found = many(connection, sql, params![org, topic], |row| {
                let mut columns = Columns::of(row);
                Ok(Checkpoint {
                    replay_id: columns.next()?,
                    updated_at: columns.time()?,
                })
            })?;
            Ok(found.pop())
        })
    }

    /// Reads a lease.
    pub(crate) fn lease(&self, name: &str) -> Result<Option<LeaseSeen>, Error> {
        self.with(|connection| {
            let mut statement = connection.prepare_cached(LEASE)?;
            read_lease(&mut statement, name)
        })
    }

    /// Lists processes, the last seen first.
    pub(crate) fn processes(&self) -> Result<Vec<Process>, Error> {
        let sql = "SELECT name, note, started_at, seen_at FROM processes ORDER BY seen_at DESC";
        self.with(|connection| {
            many(connection, sql, [], |row| {
                let mut columns = Columns::of(row);
                Ok(Process {
                    name: columns.next()?,
                    note: columns.next()?,
                    started_at: columns.time()?,
                    seen_at: columns.time()?,
                })
            })
        })
    }
}

/// Conditions that must all hold, with their values.
#[derive(Default)]
struct Conditions {
    words: Vec<String>,
    values: Vec<String>,
}

impl Conditions {
    fn add(&mut self, words: &str, values: &[&str]) {
        self.words.push(words.to_owned());
        self.values.extend(values.iter().map(|value| (*value).to_owned()));
    }

    fn add_maybe(&mut self, words: &str, value: Option<String>) {
        if let Some(value) = value {
            self.add(words, &[&value]);
        }
    }

    /// Adds that one of these columns contains the text; its wild cards mean themselves.
    fn add_text(&mut self, columns: &[&str], text: &str) {
        let literal = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let pattern = format!("%{literal}%");
        let words: Vec<String> = columns
            .iter()
            .map(|column| format!("{column} LIKE ? ESCAPE '\\'"))
            .collect();
        self.add(
            &format!("({})", words.join(" OR ")),
            &vec![pattern.as_str(); columns.len()],
        );
    }

    /// Returns what stands after `WHERE`, the latest first.
    fn finish(self, order: &str, limit: usize) -> (String, Vec<String>) {
        let words = if self.words.is_empty() {
            "TRUE".to_owned()
        } else {
            self.words.join(" AND ")
        };
        let limit = int(if limit == 0 { PAGE } else { limit } as u64);
        (format!("{words} ORDER BY {order} DESC LIMIT {limit}"), self.values)
    }
}

fn rows(connection: &Connection, condition: &str, values: impl rusqlite::Params) -> Result<Vec<Row>, SqliteFailure> {
    many(
        connection,
        &select(ROW, &format!("FROM requests WHERE {condition}")),
        values,
        read_row,
    )
}

fn many<T>(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
    read: impl Fn(&rusqlite::Row<'_>) -> Result<T, SqliteFailure>,
) -> Result<Vec<T>, SqliteFailure> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

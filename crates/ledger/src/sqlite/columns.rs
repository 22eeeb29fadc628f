//! How rows, entries and letters stand in columns: read and bound one after the other, by place.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::types::FromSql;
use rusqlite::{CachedStatement, ToSql};
use schemas::{OrderRef, Reply, RequestKey, Ticket};

use super::failure::SqliteFailure;
use crate::Error;
use crate::letters::{Letter, LetterId, ListedLetter};
use crate::orders::Entry;
use crate::row::{Body, NextBody, Reason, Row, RowId};

/// The columns of a row, in the order of [`read_row`].
pub(super) const ROW: &str = "id, order_key, revision, source, created_at, \
    order_id, order_number, org, fingerprint, body, message_ids, requested_at, reply, traceparent, \
    next_fingerprint, next_message_id, next_requested_at, next_body, \
    state, version, owner, attempts, crashes, look_ups, in_doubt, may_be_there, watch, next_due, reported_version, \
    reported_at, report_parked, updated_at, ticket, web_depot_link, reason_code, reason_sentence, reason_detail";

/// The columns of an entry, in the order of [`read_entry`].
pub(super) const ENTRY: &str = "version, part, at, process, event, claim, ticket, detail";

/// The columns of a letter, in the order of [`read_letter`].
pub(super) const LETTER: &str = "id, stage, class, code, text, request_key, version, order_number, source, message_id, \
    body, headers, created_at, state, closed_at, cause";

/// Reads the columns of one row of an answer, one after the other.
pub(super) struct Columns<'a> {
    row: &'a rusqlite::Row<'a>,
    next: usize,
}

impl<'a> Columns<'a> {
    /// Begins at the first column.
    pub(super) fn of(row: &'a rusqlite::Row<'a>) -> Self {
        Self { row, next: 0 }
    }

    /// Reads the next column.
    pub(super) fn next<T: FromSql>(&mut self) -> Result<T, SqliteFailure> {
        let place = self.next;
        self.next += 1;
        Ok(self.row.get(place)?)
    }

    /// Reads a word that stands for something.
    pub(super) fn word<T: FromStr>(&mut self, what: &'static str) -> Result<T, SqliteFailure> {
        let text: String = self.next()?;
        parsed(what, text)
    }

    /// Reads a number that is never negative.
    pub(super) fn count(&mut self) -> Result<u64, SqliteFailure> {
        Ok(self.next::<i64>()?.unsigned_abs())
    }

    /// Reads a time.
    pub(super) fn time(&mut self) -> Result<Timestamp, SqliteFailure> {
        let micros: i64 = self.next()?;
        timestamp(micros)
    }

    /// Reads a time that may be missing.
    pub(super) fn maybe_time(&mut self) -> Result<Option<Timestamp>, SqliteFailure> {
        self.next::<Option<i64>>()?.map(timestamp).transpose()
    }
}

/// Binds the parameters of a statement, one after the other.
pub(super) struct Binds<'a, 'c> {
    statement: &'a mut CachedStatement<'c>,
    next: usize,
}

impl<'a, 'c> Binds<'a, 'c> {
    /// Begins at the first parameter.
    pub(super) fn of(statement: &'a mut CachedStatement<'c>) -> Self {
        Self { statement, next: 1 }
    }

    /// Binds the next parameter.
    pub(super) fn put(&mut self, value: impl ToSql) -> Result<&mut Self, SqliteFailure> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(self)
    }

    /// Runs the statement and returns how many rows it wrote.
    pub(super) fn execute(&mut self) -> Result<usize, SqliteFailure> {
        Ok(self.statement.raw_execute()?)
    }

    /// Binds what makes a row this row: `order_key, revision, source, created_at`.
    pub(super) fn identity(&mut self, row: &Row) -> Result<&mut Self, SqliteFailure> {
        self.put(row.key.order_part())?
            .put(row.key.revision())?
            .put(row.source.as_str())?
            .put(micros(row.created_at))
    }

    /// Binds what it asks for: `order_id` to `next_body`.
    pub(super) fn content(&mut self, row: &Row) -> Result<&mut Self, SqliteFailure> {
        let next = row.next_body.as_ref();
        self.put(&row.order.id)?
            .put(&row.order.number)?
            .put(row.order.org.as_deref())?
            .put(row.fingerprint.to_string())?
            .put(row.body.as_bytes())?
            .put(to_json(&row.message_ids)?)?
            .put(micros(row.requested_at))?
            .put(row.reply == Reply::Completion)?
            .put(row.traceparent.as_deref())?
            .put(next.map(|next| next.fingerprint.to_string()))?
            .put(next.map(|next| next.message_id.as_str()))?
            .put(next.map(|next| micros(next.requested_at)))?
            .put(next.map(|next| next.body.as_bytes()))
    }

    /// Binds where it stands: `state` to `reason_detail`.
    pub(super) fn standing(&mut self, row: &Row) -> Result<&mut Self, SqliteFailure> {
        let reason = row.reason.as_ref();
        self.put(row.state.as_str())?
            .put(int(row.version))?
            .put(&row.owner)?
            .put(row.attempts)?
            .put(row.crashes)?
            .put(row.look_ups)?
            .put(row.in_doubt)?
            .put(row.may_be_there)?
            .put(int(row.watch))?
            .put(row.next_due.map(micros))?
            .put(int(row.reported_version))?
            .put(row.reported_at.map(micros))?
            .put(row.report_parked.map(int))?
            .put(micros(row.updated_at))?
            .put(row.ticket.as_ref().map(Ticket::reveal))?
            .put(row.web_depot_link.as_deref())?
            .put(reason.map(|reason| reason.code.as_str()))?
            .put(reason.map(|reason| reason.sentence.as_str()))?
            .put(reason.map(|reason| reason.detail.as_str()))
    }
}

/// Reads a row.
pub(super) fn read_row(row: &rusqlite::Row<'_>) -> Result<Row, SqliteFailure> {
    let mut columns = Columns::of(row);
    let id = RowId(columns.next()?);
    let (order_key, revision): (String, u32) = (columns.next()?, columns.next()?);
    Ok(Row {
        id,
        key: parsed("request key", format!("{order_key}/{revision}"))?,
        revision,
        source: columns.word("source")?,
        created_at: columns.time()?,
        order: OrderRef {
            id: columns.next()?,
            number: columns.next()?,
            org: columns.next()?,
        },
        fingerprint: columns.word("fingerprint")?,
        body: Body::from(columns.next::<Vec<u8>>()?),
        message_ids: from_json("message ids", &columns.next::<String>()?)?,
        requested_at: columns.time()?,
        reply: if columns.next()? {
            Reply::Completion
        } else {
            Reply::None
        },
        traceparent: columns.next()?,
        next_body: read_next_body(&mut columns)?,
        state: columns.word("state")?,
        version: columns.count()?,
        owner: columns.next()?,
        attempts: columns.next()?,
        crashes: columns.next()?,
        look_ups: columns.next()?,
        in_doubt: columns.next()?,
        may_be_there: columns.next()?,
        watch: columns.count()?,
        next_due: columns.maybe_time()?,
        reported_version: columns.count()?,
        reported_at: columns.maybe_time()?,
        report_parked: columns.next::<Option<i64>>()?.map(i64::unsigned_abs),
        updated_at: columns.time()?,
        ticket: columns.next::<Option<String>>()?.map(Ticket::new),
        web_depot_link: columns.next()?,
        reason: read_reason(&mut columns)?,
    })
}

fn read_next_body(columns: &mut Columns<'_>) -> Result<Option<NextBody>, SqliteFailure> {
    let (fingerprint, message_id) = (columns.next::<Option<String>>()?, columns.next()?);
    let (requested_at, body) = (columns.maybe_time()?, columns.next::<Option<Vec<u8>>>()?);
    let (Some(fingerprint), Some(message_id), Some(requested_at), Some(body)) =
        (fingerprint, message_id, requested_at, body)
    else {
        return Ok(None);
    };
    Ok(Some(NextBody {
        body: body.into(),
        fingerprint: parsed("fingerprint", fingerprint)?,
        message_id,
        requested_at,
    }))
}

fn read_reason(columns: &mut Columns<'_>) -> Result<Option<Reason>, SqliteFailure> {
    let (code, sentence, detail): (Option<String>, Option<String>, Option<String>) =
        (columns.next()?, columns.next()?, columns.next()?);
    Ok(code.map(|code| Reason {
        code,
        sentence: sentence.unwrap_or_default(),
        detail: detail.unwrap_or_default(),
    }))
}

/// Reads an entry of a timeline.
pub(super) fn read_entry(row: &rusqlite::Row<'_>) -> Result<Entry, SqliteFailure> {
    let mut columns = Columns::of(row);
    Ok(Entry {
        version: columns.count()?,
        part: columns.next()?,
        at: columns.time()?,
        process: columns.next()?,
        event: columns.word("timeline event")?,
        claim: columns.next::<Option<i64>>()?.map(i64::unsigned_abs),
        ticket: columns.next::<Option<String>>()?.map(Ticket::new),
        detail: columns.next()?,
    })
}

/// Reads a letter with where it stands.
pub(super) fn read_letter(row: &rusqlite::Row<'_>) -> Result<ListedLetter, SqliteFailure> {
    let mut columns = Columns::of(row);
    let letter = Letter {
        id: LetterId::from_text(columns.next::<String>()?),
        stage: columns.word("stage")?,
        class: columns.next()?,
        code: columns.next()?,
        text: columns.next()?,
        key: columns
            .next::<Option<String>>()?
            .map(|key| parsed::<RequestKey>("request key", key))
            .transpose()?,
        version: columns.next::<Option<i64>>()?.map(i64::unsigned_abs),
        order_number: columns.next()?,
        source: columns.next()?,
        message_id: columns.next()?,
        body: Body::from(columns.next::<Vec<u8>>()?),
        headers: from_json::<BTreeMap<String, String>>("headers", &columns.next::<String>()?)?,
        created_at: columns.time()?,
    };
    Ok(ListedLetter {
        letter,
        state: columns.word("letter state")?,
        closed_at: columns.maybe_time()?,
        group: columns.next()?,
    })
}

/// Reads text that stands for something.
pub(super) fn parsed<T: FromStr>(what: &'static str, text: String) -> Result<T, SqliteFailure> {
    text.parse()
        .map_err(|_| SqliteFailure::Damaged(Error::Damaged { what, found: text }))
}

/// Writes what has only strings inside as JSON.
pub(super) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, SqliteFailure> {
    serde_json::to_string(value).map_err(|error| {
        SqliteFailure::Damaged(Error::Damaged {
            what: "text",
            found: error.to_string(),
        })
    })
}

fn from_json<T: serde::de::DeserializeOwned>(what: &'static str, text: &str) -> Result<T, SqliteFailure> {
    serde_json::from_str(text).map_err(|error| {
        SqliteFailure::Damaged(Error::Damaged {
            what,
            found: error.to_string(),
        })
    })
}

/// Returns the number as SQLite keeps it.
pub(super) fn int(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Returns the time as SQLite keeps it.
pub(super) fn micros(time: Timestamp) -> i64 {
    time.as_microsecond()
}

/// Returns the time that SQLite keeps as this number.
pub(super) fn timestamp(micros: i64) -> Result<Timestamp, SqliteFailure> {
    Timestamp::from_microsecond(micros).map_err(|_| {
        SqliteFailure::Damaged(Error::Damaged {
            what: "time",
            found: micros.to_string(),
        })
    })
}

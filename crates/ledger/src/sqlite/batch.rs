//! Rows, timeline and letters inside the writer's transaction. No rule stands here: read, write by version.

use jiff::Timestamp;
use rusqlite::{CachedStatement, Connection, params};
use schemas::RequestKey;

use super::columns::{Binds, ENTRY, LETTER, ROW, int, micros, read_entry, read_letter, read_row, to_json};
use super::failure::SqliteFailure;
use crate::ledger::Due;
use crate::letters::{AuditEntry, Letter, LetterId, LetterState};
use crate::orders::Entry;
use crate::row::{Row, RowId, State};
use crate::rows::Rows;

/// The writer's connection while a transaction is open.
pub(super) struct Batch<'c> {
    pub(super) connection: &'c Connection,
}

impl<'c> Batch<'c> {
    pub(super) fn statement(&self, sql: &str) -> Result<CachedStatement<'c>, SqliteFailure> {
        Ok(self.connection.prepare_cached(sql)?)
    }

    fn one_row(&self, sql: &str, values: impl rusqlite::Params) -> Result<Option<Row>, SqliteFailure> {
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(values)?;
        rows.next()?.map(read_row).transpose()
    }
}

const INSERT: &str = "INSERT INTO requests (order_key, revision, source, created_at, \
    order_id, order_number, org, fingerprint, body, message_ids, requested_at, reply, traceparent, \
    next_fingerprint, next_message_id, next_requested_at, next_body, \
    state, version, owner, attempts, crashes, look_ups, in_doubt, may_be_there, watch, next_due, reported_version, \
    reported_at, report_parked, updated_at, ticket, web_depot_link, reason_code, reason_sentence, reason_detail) \
    VALUES (?,?,?,?, ?,?,?,?,?,?,?,?,?,?,?,?,?, ?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?) \
    ON CONFLICT (order_key, revision) DO NOTHING";

const UPDATE: &str = "UPDATE requests SET \
    order_id = ?, order_number = ?, org = ?, fingerprint = ?, body = ?, message_ids = ?, requested_at = ?, reply = ?, \
    traceparent = ?, next_fingerprint = ?, next_message_id = ?, next_requested_at = ?, next_body = ?, \
    state = ?, version = ?, owner = ?, attempts = ?, crashes = ?, look_ups = ?, in_doubt = ?, may_be_there = ?, \
    watch = ?, next_due = ?, reported_version = ?, reported_at = ?, report_parked = ?, updated_at = ?, ticket = ?, \
    web_depot_link = ?, reason_code = ?, reason_sentence = ?, reason_detail = ? \
    WHERE id = ? AND version = ?";

const ADVANCE: &str = "UPDATE requests SET \
    state = ?, version = ?, owner = ?, attempts = ?, crashes = ?, look_ups = ?, in_doubt = ?, may_be_there = ?, \
    watch = ?, next_due = ?, reported_version = ?, reported_at = ?, report_parked = ?, updated_at = ?, ticket = ?, \
    web_depot_link = ?, reason_code = ?, reason_sentence = ?, reason_detail = ? \
    WHERE id = ? AND version = ? AND next_body IS NULL";

impl Rows for Batch<'_> {
    type Failure = SqliteFailure;

    fn find(&mut self, key: &RequestKey) -> Result<Option<Row>, SqliteFailure> {
        let sql = select(ROW, "FROM requests WHERE order_key = ? AND revision = ?");
        self.one_row(&sql, params![key.order_part(), key.revision()])
    }

    fn get(&mut self, id: RowId) -> Result<Option<Row>, SqliteFailure> {
        self.one_row(&select(ROW, "FROM requests WHERE id = ?"), params![id.0])
    }

    fn earlier(&mut self, key: &RequestKey) -> Result<Vec<(u32, State)>, SqliteFailure> {
        let sql = "SELECT revision, state FROM requests WHERE order_key = ? AND revision < ? ORDER BY revision";
        let mut statement = self.statement(sql)?;
        let mut rows = statement.query(params![key.order_part(), key.revision()])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let mut columns = super::columns::Columns::of(row);
            found.push((columns.next()?, columns.word("state")?));
        }
        Ok(found)
    }

    fn timeline(&mut self, id: RowId) -> Result<Vec<Entry>, SqliteFailure> {
        let sql = select(ENTRY, "FROM timeline WHERE request = ? ORDER BY version, part");
        let mut statement = self.statement(&sql)?;
        let mut rows = statement.query(params![id.0])?;
        let mut entries = Vec::new();
        while let Some(row) = rows.next()? {
            entries.push(read_entry(row)?);
        }
        Ok(entries)
    }

    fn insert(&mut self, row: &mut Row) -> Result<bool, SqliteFailure> {
        let mut statement = self.statement(INSERT)?;
        let written = Binds::of(&mut statement)
            .identity(row)?
            .content(row)?
            .standing(row)?
            .execute()?;
        if written == 1 {
            row.id = RowId(self.connection.last_insert_rowid());
        }
        Ok(written == 1)
    }

    fn update(&mut self, row: &Row, was: u64) -> Result<(), SqliteFailure> {
        let mut statement = self.statement(UPDATE)?;
        let mut binds = Binds::of(&mut statement);
        let written = binds
            .content(row)?
            .standing(row)?
            .put(row.id.0)?
            .put(int(was))?
            .execute()?;
        if written == 1 {
            Ok(())
        } else {
            Err(SqliteFailure::Lost(row.id.0))
        }
    }

    fn advance(&mut self, row: &Row, was: u64) -> Result<bool, SqliteFailure> {
        let mut statement = self.statement(ADVANCE)?;
        let written = Binds::of(&mut statement)
            .standing(row)?
            .put(row.id.0)?
            .put(int(was))?
            .execute()?;
        Ok(written == 1)
    }

    fn enter(&mut self, id: RowId, entry: &Entry) -> Result<(), SqliteFailure> {
        let sql = if entry.part == 0 {
            "INSERT INTO timeline (request, version, part, at, process, event, claim, ticket, detail) \
             VALUES (?1, ?2, 0, ?3, ?4, ?5, ?6, ?7, ?8)"
        } else {
            "INSERT INTO timeline (request, version, part, at, process, event, claim, ticket, detail) \
             VALUES (?1, ?2, (SELECT coalesce(max(part), 0) + 1 FROM timeline WHERE request = ?1 AND version = ?2), \
             ?3, ?4, ?5, ?6, ?7, ?8)"
        };
        self.statement(sql)?.execute(params![
            id.0,
            int(entry.version),
            micros(entry.at),
            entry.process,
            entry.event.as_str(),
            entry.claim.map(int),
            entry.ticket.as_ref().map(schemas::Ticket::reveal),
            entry.detail,
        ])?;
        Ok(())
    }

    fn letter(&mut self, id: &LetterId) -> Result<Option<(Letter, LetterState)>, SqliteFailure> {
        let mut statement = self.statement(&select(LETTER, "FROM letters WHERE id = ?"))?;
        let mut rows = statement.query(params![id.as_str()])?;
        let listed = rows.next()?.map(read_letter).transpose()?;
        Ok(listed.map(|listed| (listed.letter, listed.state)))
    }

    fn post(&mut self, letter: &Letter) -> Result<bool, SqliteFailure> {
        let mut statement = self.statement(
            "INSERT INTO letters (id, stage, state, class, code, text, cause, request_key, version, order_number, \
             source, message_id, headers, created_at, body) \
             VALUES (?, ?, 'open', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING",
        )?;
        let written = statement.execute(params![
            letter.id.as_str(),
            letter.stage.as_str(),
            letter.class,
            letter.code,
            letter.text,
            letter.cause(),
            letter.key.as_ref().map(RequestKey::as_str),
            letter.version.map(int),
            letter.order_number,
            letter.source,
            letter.message_id,
            to_json(&letter.headers)?,
            micros(letter.created_at),
            letter.body.as_bytes(),
        ])?;
        Ok(written == 1)
    }

    fn move_letter(&mut self, id: &LetterId, state: LetterState, at: Timestamp) -> Result<(), SqliteFailure> {
        let closed_at = (state != LetterState::Open).then(|| micros(at));
        self.statement("UPDATE letters SET state = ?, closed_at = ? WHERE id = ?")?
            .execute(params![state.as_str(), closed_at, id.as_str()])?;
        Ok(())
    }

    fn overtake(&mut self, key: &RequestKey, at: Timestamp) -> Result<(), SqliteFailure> {
        self.statement(
            "UPDATE letters SET state = 'overtaken', closed_at = ? WHERE request_key = ? AND state = 'open' \
             AND stage <> 'report' AND class <> 'conflicting-request'",
        )?
        .execute(params![micros(at), key.as_str()])?;
        Ok(())
    }

    fn audit(&mut self, entry: &AuditEntry) -> Result<(), SqliteFailure> {
        self.statement("INSERT INTO audit (at, who, action, subject, why) VALUES (?, ?, ?, ?, ?)")?
            .execute(params![
                micros(entry.at),
                entry.who,
                entry.action,
                entry.subject,
                entry.why
            ])?;
        Ok(())
    }

    fn overdue(&mut self, due: Due, before: Timestamp, limit: usize) -> Result<Vec<Row>, SqliteFailure> {
        let states = match due {
            Due::Requests => "'accepted'",
            Due::Outcomes => "'issued', 'refused', 'held'",
        };
        let rest = format!("FROM requests WHERE state IN ({states}) AND next_due < ? ORDER BY next_due LIMIT ?");
        let mut statement = self.statement(&select(ROW, &rest))?;
        let mut rows = statement.query(params![micros(before), int(limit as u64)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            found.push(read_row(row)?);
        }
        Ok(found)
    }
}

/// Returns a query for these columns.
pub(super) fn select(columns: &str, rest: &str) -> String {
    format!("SELECT {columns} {rest}")
}

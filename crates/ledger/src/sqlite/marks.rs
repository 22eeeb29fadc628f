//! Leases, checkpoints, processes and `since` inside the writer's transaction.

use jiff::Timestamp;
use rusqlite::{OptionalExtension as _, params};

use super::batch::Batch;
use super::columns::{int, micros};
use super::failure::SqliteFailure;
use crate::checkpoints::LeaseSeen;
use crate::rows::{Mark, Marks};

impl Marks for Batch<'_> {
    fn lease(&mut self, name: &str) -> Result<Option<LeaseSeen>, SqliteFailure> {
        let mut statement = self.statement(LEASE)?;
        read_lease(&mut statement, name)
    }

    fn put_lease(&mut self, name: &str, lease: &LeaseSeen) -> Result<(), SqliteFailure> {
        self.statement(
            "INSERT INTO leases (name, epoch, holder, beats) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (name) DO UPDATE SET epoch = ?2, holder = ?3, beats = ?4",
        )?
        .execute(params![name, int(lease.epoch), lease.holder, int(lease.beats)])?;
        Ok(())
    }

    fn checkpoint_place(&mut self, org: &str, topic: &str) -> Result<Option<(u64, u64)>, SqliteFailure> {
        let mut statement = self.statement("SELECT epoch, place FROM checkpoints WHERE org = ? AND topic = ?")?;
        let found = statement
            .query_row(params![org, topic], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        Ok(found.map(|(epoch, place): (i64, i64)| (epoch.unsigned_abs(), place.unsigned_abs())))
    }

    fn put_checkpoint(&mut self, mark: &Mark, at: Timestamp) -> Result<(), SqliteFailure> {
        self.statement(
            "INSERT INTO checkpoints (org, topic, replay_id, epoch, place, updated_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT (org, topic) DO UPDATE SET replay_id = ?3, epoch = ?4, place = ?5, updated_at = ?6",
        )?
        .execute(params![
            mark.org,
            mark.topic,
            mark.replay_id,
            int(mark.epoch),
            int(mark.place),
            micros(at)
        ])?;
        Ok(())
    }

    fn beat(&mut self, process: &str, note: &str, at: Timestamp) -> Result<(), SqliteFailure> {
        self.statement(
            "INSERT INTO processes (name, note, started_at, seen_at) VALUES (?1, ?2, ?3, ?3) \
             ON CONFLICT (name) DO UPDATE SET note = ?2, seen_at = ?3",
        )?
        .execute(params![process, note, micros(at)])?;
        Ok(())
    }

    fn doubt(&mut self, since: Timestamp, process: &str) -> Result<(), SqliteFailure> {
        let unfinished = "state = 'accepted' OR (state IN ('refused', 'held') AND may_be_there = 0)";
        self.connection.execute(
            &format!(
                "INSERT INTO timeline (request, version, part, at, process, event, detail) \
                 SELECT id, version, 1 + (SELECT coalesce(max(part), 0) FROM timeline AS t \
                 WHERE t.request = requests.id AND t.version = requests.version), ?, ?, 'in-doubt', \
                 'the ledger went back in time' FROM requests WHERE ({unfinished}) AND in_doubt = 0"
            ),
            params![micros(since), process],
        )?;
        self.connection
            .execute(&format!("UPDATE requests SET in_doubt = 1 WHERE {unfinished}"), [])?;
        self.connection
            .execute("UPDATE ledger SET since = ?", params![micros(since)])?;
        Ok(())
    }
}

/// Reads a lease by its name.
pub(super) const LEASE: &str = "SELECT epoch, holder, beats FROM leases WHERE name = ?";

/// Reads what [`LEASE`] finds.
pub(super) fn read_lease(
    statement: &mut rusqlite::Statement<'_>,
    name: &str,
) -> Result<Option<LeaseSeen>, SqliteFailure> {
    let found = statement
        .query_row(params![name], |row| {
            Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get::<_, i64>(2)?))
        })
        .optional()?;
    Ok(found.map(|(epoch, holder, beats)| LeaseSeen {
        epoch: epoch.unsigned_abs(),
        holder,
        beats: beats.unsigned_abs(),
    }))
}

//! Rows in memory: the same seam as an engine's, for the model test.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;
use schemas::RequestKey;

use crate::Error;
use crate::ledger::Due;
use crate::letters::{AuditEntry, Letter, LetterId, LetterState};
use crate::orders::Entry;
use crate::row::{Row, RowId, State};
use crate::rows::{Failure, Rows};

/// Everything a ledger holds, in memory.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(crate) rows: Vec<Row>,
    pub(crate) by_key: HashMap<RequestKey, usize>,
    pub(crate) timelines: Vec<Vec<Entry>>,
    pub(crate) letters: BTreeMap<LetterId, (Letter, LetterState)>,
    pub(crate) audit: Vec<AuditEntry>,
    /// A sabotaged engine: writes do not look at the version.
    pub(crate) unfenced: bool,
}

impl Failure for Error {
    fn told(self) -> Result<Self, Self> {
        Ok(self)
    }
}

impl Memory {
    fn place(id: RowId) -> usize {
        usize::try_from(id.0).unwrap() - 1
    }
}

impl Rows for Memory {
    type Failure = Error;

    fn find(&mut self, key: &RequestKey) -> Result<Option<Row>, Error> {
        Ok(self.by_key.get(key).map(|place| self.rows[*place].clone()))
    }

    fn get(&mut self, id: RowId) -> Result<Option<Row>, Error> {
        Ok(self.rows.get(Self::place(id)).cloned())
    }

    fn earlier(&mut self, key: &RequestKey) -> Result<Vec<(u32, State)>, Error> {
        let mut found: Vec<(u32, State)> = self
            .rows
            .iter()
            .filter(|row| row.key.order_part() == key.order_part() && row.revision < key.revision())
            .map(|row| (row.revision, row.state))
            .collect();
        found.sort_unstable_by_key(|(revision, _)| *revision);
        Ok(found)
    }

    fn timeline(&mut self, id: RowId) -> Result<Vec<Entry>, Error> {
        let mut timeline = self.timelines[Self::place(id)].clone();
        timeline.sort_by_key(|entry| (entry.version, entry.part));
        Ok(timeline)
    }

    fn insert(&mut self, row: &mut Row) -> Result<bool, Error> {
        if self.by_key.contains_key(&row.key) {
            return Ok(false);
        }
        self.by_key.insert(row.key.clone(), self.rows.len());
        row.id = RowId(i64::try_from(self.rows.len()).unwrap() + 1);
        self.rows.push(row.clone());
        self.timelines.push(Vec::new());
        Ok(true)
    }

    fn update(&mut self, row: &Row, was: u64) -> Result<(), Error> {
        let stored = &mut self.rows[Self::place(row.id)];
        assert!(
            stored.version == was || self.unfenced,
            "a rule wrote over a version that it had not read"
        );
        *stored = row.clone();
        Ok(())
    }

    fn advance(&mut self, row: &Row, was: u64) -> Result<bool, Error> {
        let stored = &mut self.rows[Self::place(row.id)];
        if self.unfenced {
            // The sabotage: whatever stands there is overwritten.
            *stored = Row {
                version: stored.version.max(was) + 1,
                ..row.clone()
            };
            return Ok(true);
        }
        if stored.version != was || stored.next_body.is_some() {
            return Ok(false);
        }
        *stored = row.clone();
        Ok(true)
    }

    fn enter(&mut self, id: RowId, entry: &Entry) -> Result<(), Error> {
        let unfenced = self.unfenced;
        let timeline = &mut self.timelines[Self::place(id)];
        let parts = timeline.iter().filter(|known| known.version == entry.version).count();
        let part = if entry.part == 0 {
            0
        } else {
            u32::try_from(parts.max(1)).unwrap()
        };
        let doubled = part == 0
            && timeline
                .iter()
                .any(|known| known.version == entry.version && known.part == 0);
        assert!(!doubled || unfenced, "two transitions made one version");
        timeline.push(Entry { part, ..entry.clone() });
        Ok(())
    }

    fn letter(&mut self, id: &LetterId) -> Result<Option<(Letter, LetterState)>, Error> {
        Ok(self.letters.get(id).cloned())
    }

    fn post(&mut self, letter: &Letter) -> Result<bool, Error> {
        let known = self.letters.contains_key(&letter.id);
        if !known {
            self.letters
                .insert(letter.id.clone(), (letter.clone(), LetterState::Open));
        }
        Ok(!known)
    }

    fn move_letter(&mut self, id: &LetterId, state: LetterState, _at: Timestamp) -> Result<(), Error> {
        if let Some(kept) = self.letters.get_mut(id) {
            kept.1 = state;
        }
        Ok(())
    }

    fn overtake(&mut self, key: &RequestKey, _at: Timestamp) -> Result<(), Error> {
        for (letter, state) in self.letters.values_mut() {
            let of_order = letter.key.as_ref() == Some(key) && letter.class != "conflicting-request";
            if of_order && *state == LetterState::Open && letter.stage != crate::Stage::Report {
                *state = LetterState::Overtaken;
            }
        }
        Ok(())
    }

    fn audit(&mut self, entry: &AuditEntry) -> Result<(), Error> {
        self.audit.push(entry.clone());
        Ok(())
    }

    fn overdue(&mut self, due: Due, before: Timestamp, limit: usize) -> Result<Vec<Row>, Error> {
        let fits = |row: &&Row| match due {
            Due::Requests => row.state == State::Accepted,
            Due::Outcomes => row.state.is_at_rest(),
        };
        let overdue = |row: &&Row| row.next_due.is_some_and(|due| due < before);
        Ok(self
            .rows
            .iter()
            .filter(fits)
            .filter(overdue)
            .take(limit)
            .cloned()
            .collect())
    }
}

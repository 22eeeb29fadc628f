//! Completions gathered by the Salesforce record they speak of. Pure.

use std::collections::BTreeMap;

use ledger::Row;
use schemas::{CompletionEvent, RequestKey, Ticket, widen_id};

use super::coalesce::{Revision, Wanted, coalesce};

/// One Salesforce record with the deliveries that speak of it.
#[derive(Debug)]
pub(super) struct Record {
    /// The record's id, 18 characters.
    pub(super) id: String,
    /// All revisions of the order, as the ledger has them now.
    pub(super) rows: Vec<Row>,
    /// The places of its deliveries in the batch.
    pub(super) places: Vec<usize>,
}

impl Record {
    /// Says whether Salesforce has still to hear of something.
    pub(super) fn is_behind(&self) -> bool {
        self.rows.iter().any(Row::is_unreported)
    }

    /// Returns the same record without its rows, to be filled anew.
    pub(super) fn renewed(&self) -> Self {
        Self {
            id: self.id.clone(),
            rows: Vec::new(),
            places: self.places.clone(),
        }
    }

    /// Returns what Salesforce said of this record without the tickets in it: a refused value is quoted.
    pub(super) fn without_tickets(&self, said: &str) -> String {
        let tickets = self.rows.iter().filter_map(|row| row.ticket.as_ref());
        tickets
            .map(Ticket::reveal)
            .filter(|ticket| !ticket.is_empty())
            .fold(said.to_owned(), |said, ticket| said.replace(ticket, "[ticket]"))
    }

    /// Returns what the record must say.
    pub(super) fn wanted(&self) -> Option<Wanted> {
        let revisions: Vec<Revision> = self
            .rows
            .iter()
            .map(|row| Revision {
                number: row.revision,
                outcome: row.outcome(),
            })
            .collect();
        coalesce(&revisions)
    }

    /// Returns the versions that Salesforce knows once this record is written.
    pub(super) fn versions(&self) -> Vec<(RequestKey, u64)> {
        let at_rest = self.rows.iter().filter(|row| row.state.is_at_rest());
        at_rest.map(|row| (row.key.clone(), row.version)).collect()
    }

    /// Returns the versions that Salesforce does not know yet.
    pub(super) fn behind(&self) -> Vec<(RequestKey, u64)> {
        let behind = self.rows.iter().filter(|row| row.is_unreported());
        behind.map(|row| (row.key.clone(), row.version)).collect()
    }
}

/// Gathers completions (with their places and the revisions of their order) by record.
pub(super) fn gather<'a>(told: impl Iterator<Item = (usize, &'a CompletionEvent, Vec<Row>)>) -> Vec<Record> {
    let mut records: BTreeMap<String, Record> = BTreeMap::new();
    for (place, event, rows) in told {
        let id = widen_id(&event.data.order.id);
        let record = records.entry(id.clone()).or_insert_with(|| Record {
            id,
            rows: Vec::new(),
            places: Vec::new(),
        });
        record.places.push(place);
        for row in rows {
            if record.rows.iter().all(|known| known.id != row.id) {
                record.rows.push(row);
            }
        }
    }
    records.into_values().collect()
}

//! What the first page tells: what needs a person, how the orders flow, what came last.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ledger::{Counts, LetterFilter, LetterState, OrderFilter, State};
use serde::Serialize;

use crate::console::{Console, QueueDepths};
use crate::dead_letters::LetterSummary;
use crate::error::Error;
use crate::orders::OrderSummary;
use crate::process_note::{ProcessNote, ProducerNote, WorkerNote};
use crate::tasks::{self, Task};

/// A process that was not seen for this long counts as gone. For display only.
const GONE_AFTER: SignedDuration = SignedDuration::from_secs(30);

/// How many open letters are read to be told in sentences; the count beside them is exact.
const LETTERS_READ: usize = 500;

/// How many rows the tables of the page have.
const ROWS: usize = 12;

/// Everything the first page tells.
#[derive(Debug, Clone, Serialize)]
pub struct Overview {
    /// What needs a person, the most urgent first.
    pub tasks: Vec<Task>,
    /// How many orders stand where.
    pub numbers: Numbers,
    /// What waits in the queues.
    pub queues: QueueDepths,
    /// What the living processes say about the way of an order.
    pub stations: Stations,
    /// The orders that changed last.
    pub latest: Vec<OrderSummary>,
    /// The dead letters that came last.
    pub letters: Vec<LetterSummary>,
}

/// How many orders stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// Waiting for License Central, or being asked about.
    pub waiting: u64,
    /// May or may not have a ticket; being looked up.
    pub unknown: u64,
    /// With a ticket.
    pub issued: u64,
    /// Declined.
    pub refused: u64,
    /// Held for a person.
    pub held: u64,
    /// At rest, and whoever ordered does not know it yet.
    pub unreported: u64,
    /// Dead letters that nobody dealt with.
    pub open_letters: u64,
}

impl Numbers {
    fn of(counts: &Counts) -> Self {
        let rows: BTreeMap<&str, u64> = counts
            .by_state
            .iter()
            .map(|(state, rows)| (state.as_str(), *rows))
            .collect();
        let rows = |state: State| rows.get(state.as_str()).copied().unwrap_or(0);
        Self {
            waiting: rows(State::Accepted) + rows(State::Calling),
            unknown: rows(State::Unknown),
            issued: rows(State::Issued),
            refused: rows(State::Refused),
            held: rows(State::Held),
            unreported: counts.unreported,
            open_letters: counts.open_letters,
        }
    }

    /// Returns how many orders are at rest.
    pub fn at_rest(&self) -> u64 {
        self.issued + self.refused + self.held
    }
}

/// What the living processes say, merged: one healthy producer is enough, one closed breaker is enough.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Stations {
    /// The producer; none if no living process runs one.
    pub producer: Option<ProducerNote>,
    /// The way to License Central.
    pub fulfil: Option<WorkerNote>,
    /// The way to Salesforce.
    pub report: Option<WorkerNote>,
}

impl Stations {
    fn merge(&mut self, note: ProcessNote) {
        let better = |mine: &Option<ProducerNote>, other: &ProducerNote| {
            mine.as_ref().is_none_or(|mine| !mine.well && other.well)
        };
        if let Some(producer) = note.producer.filter(|other| better(&self.producer, other)) {
            self.producer = Some(producer);
        }
        for (mine, other) in [(&mut self.fulfil, note.fulfil), (&mut self.report, note.report)] {
            match (mine, other) {
                (_, None) => {}
                (mine @ None, other) => *mine = other,
                (Some(mine), Some(other)) => {
                    let done = mine.done + other.done;
                    if mine.paused_since.is_some() && other.paused_since.is_none() {
                        *mine = other;
                    }
                    mine.done = done;
                }
            }
        }
    }
}

impl Console {
    /// Gathers what the first page tells, as of `now`.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn overview(&self, now: Timestamp) -> Result<Overview, Error> {
        let open = LetterFilter {
            state: Some(LetterState::Open),
            limit: LETTERS_READ,
            ..LetterFilter::default()
        };
        let mut letters = self.letters(&open).await?;
        let numbers = Numbers::of(&self.ledger.counts().await?);
        let mut stations = Stations::default();
        for process in self.ledger.processes().await? {
            if now.duration_since(process.seen_at) <= GONE_AFTER {
                stations.merge(ProcessNote::from_text(&process.note));
            }
        }
        let queues = self.queue_depths().await;
        let tasks = tasks::tasks(&letters, &numbers, &queues, &stations, now);
        letters.truncate(ROWS);
        let latest = self
            .orders(&OrderFilter {
                limit: ROWS,
                ..OrderFilter::default()
            })
            .await?;
        Ok(Overview {
            tasks,
            numbers,
            queues,
            stations,
            latest,
            letters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(paused: bool, done: u64) -> ProcessNote {
        let fulfil = WorkerNote {
            paused_since: paused.then_some(Timestamp::UNIX_EPOCH),
            why: None,
            done,
        };
        ProcessNote {
            fulfil: Some(fulfil),
            ..ProcessNote::default()
        }
    }

    #[test]
    fn one_worker_that_can_call_is_enough() {
        for order in [[true, false], [false, true]] {
            let mut stations = Stations::default();
            order.into_iter().for_each(|paused| stations.merge(worker(paused, 2)));
            assert_eq!(
                stations.fulfil,
                Some(WorkerNote {
                    paused_since: None,
                    why: None,
                    done: 4
                })
            );
        }
    }
}

//! What a process says about itself in the ledger, for the status page of whichever process shows it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The note of one process, written with `Ledger::beat` every few seconds; each part that it runs has its own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProcessNote {
    /// The producer, where it runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producer: Option<ProducerNote>,
    /// `fulfil`, where it runs: the way to License Central.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fulfil: Option<WorkerNote>,
    /// `report`, where it runs: the way to Salesforce.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub report: Option<WorkerNote>,
}

/// What the producer says about itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProducerNote {
    /// What it is doing, in a word or two: `listening`, `reconnecting`, …
    pub activity: String,
    /// Whether that is as it should be.
    pub well: bool,
    /// When the last event arrived.
    pub last_event: Option<Timestamp>,
    /// How many events arrived since its start.
    pub events: u64,
    /// How many received events the checkpoint has not passed.
    pub behind: u64,
    /// What is the matter, if something is.
    pub trouble: Option<String>,
}

/// What a worker says about the way to its neighbor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkerNote {
    /// Since when the breaker is open; none while it is closed.
    pub paused_since: Option<Timestamp>,
    /// Why it is open, in one line.
    pub why: Option<String>,
    /// How many deliveries ended since the start.
    pub done: u64,
}

impl ProcessNote {
    /// Writes the note.
    pub fn to_text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a note; one of another release or shape says nothing.
    pub fn from_text(text: &str) -> Self {
        serde_json::from_str(text).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_reads_back_as_written_and_a_foreign_one_says_nothing() {
        let note = ProcessNote {
            fulfil: Some(WorkerNote {
                paused_since: Some(Timestamp::UNIX_EPOCH),
                why: Some("away".into()),
                done: 3,
            }),
            ..ProcessNote::default()
        };
        assert_eq!(ProcessNote::from_text(&note.to_text()), note);
        assert_eq!(ProcessNote::from_text("worker"), ProcessNote::default());
        assert_eq!(
            ProcessNote::from_text(r#"{"fulfil":{"more":1}}"#).fulfil,
            Some(WorkerNote::default())
        );
    }
}

//! The operator's room: orders and dead letters.
//!
//! One library under two faces. The commands and the pages both ask [`Console`]; what it answers can be written as JSON
//! and never shows a ticket. [`collect`] empties the mailbox of dead letters into the ledger.

mod collector;
mod console;
mod dead_letters;
mod error;
mod incoming_letter;
mod mask;
mod orders;
mod outlet;
mod overview;
mod process_note;
mod tasks;
mod web;
mod words;

#[cfg(test)]
mod samples;
#[cfg(test)]
mod with_rabbitmq;

pub use collector::collect;
pub use console::{Console, QueueDepths};
pub use dead_letters::{Attempt, Deed, LetterDetail, LetterSummary, ReplayDone};
pub use error::Error;
pub use ledger::{LetterFilter, LetterState, OrderFilter, Stage, State};
pub use orders::{Line, OrderDetail, OrderSummary, Standing, Step};
pub use overview::{Numbers, Overview, Stations};
pub use process_note::{ProcessNote, ProducerNote, WorkerNote};
pub use tasks::{Task, Tone};
pub use web::{Deps, serve};

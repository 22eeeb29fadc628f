//! The ledger: what was asked, what is being done, what came of it. *Never lost, never doubled, never silent.*
//!
//! One row per request key. Rules are pure functions (`decide`, `settle`, `zombie`, `replay`); an engine (`sqlite`) only
//! reads rows and writes them by version. This is the only room that names SQL.

mod arrival;
mod arrivals;
mod checkpoints;
mod claim;
mod clock;
mod command;
mod decide;
mod error;
mod ledger;
mod letters;
mod marks;
mod orders;
mod park;
mod recover;
mod replay;
mod report;
mod row;
mod rows;
mod settings;
mod settle;
mod sqlite;
mod writer;
mod zombie;

pub use arrival::{Accepted, Arrival, Powers, Request, Rest, Verdict};
pub use checkpoints::{Checkpoint, Lease, LeaseSeen, Process};
pub use claim::{Claim, Ending, InHand, LookUp, LookedUp, Settled, Written, Zombie};
pub use clock::Clock;
pub use error::Error;
pub use ledger::{Adopted, Due, Ledger, Nudge, Parked};
pub use letters::{
    AuditEntry, Letter, LetterFilter, LetterId, LetterState, ListedLetter, PastAttempt, Replayed, ShownLetter, Stage,
};
pub use orders::{Counts, Entry, Event, OrderFilter, ShownOrder};
pub use row::{Body, NextBody, Reason, Row, RowId, State};
pub use settings::Settings;

#[cfg(test)]
mod tests;

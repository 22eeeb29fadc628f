//! An outcome becomes known in Salesforce: many completions, one call.
//!
//! A completion is a nudge. What is written is what the ledger says *now*, so a stale or repeated completion does no
//! harm, and all completions of one order share the fate of its one record.

mod batch;
pub(crate) mod coalesce;
mod decide;
mod records;
mod settings;
mod write;

pub use settings::{Fields, Settings, Words};

use std::time::Duration;

use broker::{BatchHandler, Delivery, Disposition};
use ledger::Ledger;

use crate::guard::Guard;
use crate::outbox::Outbox;
use crate::waits::Schedule;
use crate::worker::Done;

/// Handles the deliveries of the queue `ticketsmith.completions.salesforce`.
pub(crate) struct Report {
    pub(crate) ledger: Ledger,
    pub(crate) ledger_guard: Guard,
    pub(crate) salesforce: salesforce::Client,
    pub(crate) salesforce_guard: Guard,
    pub(crate) outbox: Outbox,
    pub(crate) schedule: Schedule,
    /// The waits for which the broker has queues.
    pub(crate) tiers: Vec<Duration>,
    pub(crate) settings: Settings,
    pub(crate) done: Done,
}

impl BatchHandler for Report {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Disposition> {
        let dispositions = self.report(batch).await;
        let done = dispositions
            .iter()
            .filter(|it| matches!(it, Disposition::Done | Disposition::Dead(_)))
            .count();
        self.done.count_reported(done as u64);
        dispositions
    }
}

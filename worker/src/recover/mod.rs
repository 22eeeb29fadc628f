//! Finishes what others left unfinished: claims without a result, outcomes nobody knows, messages that were lost.
//!
//! It runs beside `fulfil` in every process. Two of them may look at the same row; the row's version lets only one
//! write. It never calls License Central for a license: it looks orders up, and what is surely not there goes back to
//! the queue, where `fulfil` claims it anew.

pub(crate) mod compare;
mod duty;
mod nudges;
mod sightings;
mod unfinished;

use std::time::Duration;

use broker::Broker;
use ledger::Ledger;
use tokio_util::sync::CancellationToken;

use crate::guard::Guard;
use crate::licensing::Licensing;
use crate::outbox::Outbox;
use crate::waits::Schedule;

/// What `recover` works with.
pub(crate) struct Recover {
    pub(crate) ledger: Ledger,
    pub(crate) ledger_guard: Guard,
    pub(crate) licensing: Licensing,
    pub(crate) outbox: Outbox,
    pub(crate) broker: Broker,
    pub(crate) schedule: Schedule,
    pub(crate) lease: Duration,
    pub(crate) settle: Duration,
    pub(crate) every: Duration,
    pub(crate) nudge_after: Duration,
    /// Look-ups at the same time.
    pub(crate) at_once: usize,
}

impl Recover {
    /// Works until `shutdown`; look-ups under way are given up then, which costs nothing.
    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        shutdown
            .run_until_cancelled(async { tokio::join!(self.finish(), self.nudge()) })
            .await;
        self.give_back_duty().await;
    }
}

//! The room's public face: what runs, and what can be seen of it.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use broker::{Broker, Valve, consume, consume_batches, topology};
use ledger::Ledger;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::alone::Room;
use crate::breaker::Signal;
use crate::failure;
use crate::fulfil::Fulfil;
use crate::guard::{BreakerStatus, Guard, Neighbor, tend_valve};
use crate::licensing::Licensing;
use crate::outbox::Outbox;
use crate::recover::Recover;
use crate::report::Report;
use crate::{Error, Settings};

/// The worker of one process; cheap to clone. `fulfil` (with `recover`) and `report` run apart or together.
#[derive(Debug, Clone)]
pub struct Worker {
    broker: Broker,
    ledger: Ledger,
    settings: Settings,
    tiers: Vec<Duration>,
    license_central: Guard,
    salesforce: Guard,
    ledger_guard: Guard,
    done: Done,
}

/// The breakers and counts, for health checks and the status page.
#[derive(Debug, Clone)]
pub struct Status {
    /// The breaker towards License Central.
    pub license_central: watch::Receiver<BreakerStatus>,
    /// The breaker towards Salesforce.
    pub salesforce: watch::Receiver<BreakerStatus>,
    /// The breaker towards the ledger.
    pub ledger: watch::Receiver<BreakerStatus>,
    /// What was done since the start.
    pub done: Done,
}

/// Counts what this process has done since its start; clones share the counts.
#[derive(Debug, Clone, Default)]
pub struct Done(Arc<[AtomicU64; 2]>);

impl Done {
    /// Returns how many license requests `fulfil` settled for good.
    #[must_use]
    pub fn fulfilled(&self) -> u64 {
        self.0[0].load(Ordering::Relaxed)
    }

    /// Returns how many completions `report` settled for good.
    #[must_use]
    pub fn reported(&self) -> u64 {
        self.0[1].load(Ordering::Relaxed)
    }

    /// Counts a license request.
    pub(crate) fn count_fulfilled(&self) {
        self.0[0].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts completions.
    pub(crate) fn count_reported(&self, number: u64) {
        self.0[1].fetch_add(number, Ordering::Relaxed);
    }
}

impl Worker {
    /// Puts a worker together; nothing runs yet.
    #[must_use]
    pub fn new(broker: Broker, ledger: Ledger, settings: Settings) -> Self {
        let guard = |neighbor| Guard::new(neighbor, settings.breaker.clone());
        Self {
            tiers: broker.tiers().to_vec(),
            broker,
            ledger,
            done: Done::default(),
            license_central: guard(Neighbor::LicenseCentral),
            salesforce: guard(Neighbor::Salesforce),
            ledger_guard: guard(Neighbor::Ledger),
            settings,
        }
    }

    /// Returns the breakers' states, and every change of them.
    #[must_use]
    pub fn status(&self) -> Status {
        Status {
            license_central: self.license_central.status(),
            salesforce: self.salesforce.status(),
            ledger: self.ledger_guard.status(),
            done: self.done.clone(),
        }
    }

    /// Turns license requests into tickets, and finishes what others left unfinished, until `shutdown`; then works off
    /// what is in hand and returns.
    ///
    /// `call_limit` is the client's call time-out.
    ///
    /// # Errors
    /// [`Error::Settings`] at once; [`Error::Consume`] if the queue cannot be consumed at all; [`Error::NotDrained`].
    pub async fn run_fulfil(
        &self,
        license_central: license_central::Client,
        call_limit: Duration,
        shutdown: CancellationToken,
    ) -> Result<(), Error> {
        let mistakes = self.settings.mistakes(call_limit, &self.tiers);
        if !mistakes.is_empty() {
            return Err(Error::settings(mistakes));
        }
        let licensing = Licensing::new(license_central, self.license_central.clone());
        let recover = self.recover(licensing.clone());
        let fulfil = self.fulfil(licensing.clone(), call_limit);
        let (handle, valve) = Valve::new();
        let queue = topology::REQUESTS;
        let consuming = consume(
            &self.broker,
            queue,
            self.settings.max_in_flight,
            valve,
            fulfil,
            shutdown.clone(),
        );
        // The helpers outlive the consumer's draining: a result may still need the ledger's breaker to close.
        let helpers = CancellationToken::new();
        let helping = async {
            tokio::join!(
                tend_valve(
                    handle,
                    vec![self.license_central.clone(), self.ledger_guard.clone()],
                    helpers.clone()
                ),
                self.license_central
                    .clone()
                    .watch_over(|| licensing.probe(), helpers.clone()),
                self.ledger_guard
                    .clone()
                    .watch_over(|| probe_ledger(&self.ledger), helpers.clone()),
                recover.run(helpers.clone()),
            )
        };
        let (ended, _) = tokio::join!(self.drained(queue, consuming, &shutdown, &helpers), helping);
        ended
    }

    /// Writes outcomes to Salesforce until `shutdown`; then works off what is in hand and returns.
    ///
    /// # Errors
    /// [`Error::Settings`] at once; [`Error::Consume`] if the queue cannot be consumed at all; [`Error::NotDrained`].
    pub async fn run_report(&self, salesforce: salesforce::Client, shutdown: CancellationToken) -> Result<(), Error> {
        let mut mistakes = self.settings.schedule.mistakes(&self.tiers);
        mistakes.extend(self.settings.report.mistakes());
        if !mistakes.is_empty() {
            return Err(Error::settings(mistakes));
        }
        let (handle, valve) = Valve::new();
        let queue = topology::COMPLETIONS_SALESFORCE;
        let report = self.report(salesforce.clone());
        let (max, within) = (self.settings.report.max_batch, self.settings.report.within);
        let consuming = consume_batches(&self.broker, queue, max, within, valve, report, shutdown.clone());
        let helpers = CancellationToken::new();
        let helping = async {
            tokio::join!(
                tend_valve(
                    handle,
                    vec![self.salesforce.clone(), self.ledger_guard.clone()],
                    helpers.clone()
                ),
                self.salesforce
                    .clone()
                    .watch_over(|| probe_salesforce(&salesforce), helpers.clone()),
                self.ledger_guard
                    .clone()
                    .watch_over(|| probe_ledger(&self.ledger), helpers.clone()),
            )
        };
        let (ended, _) = tokio::join!(self.drained(queue, consuming, &shutdown, &helpers), helping);
        ended
    }

    /// Waits for a consumer to end, after `shutdown` no longer than `drain`; then its helpers end.
    async fn drained(
        &self,
        queue: &'static str,
        consuming: impl Future<Output = Result<(), broker::Error>>,
        shutdown: &CancellationToken,
        helpers: &CancellationToken,
    ) -> Result<(), Error> {
        let waited = self.settings.drain;
        let too_long = async {
            shutdown.cancelled().await;
            tokio::time::sleep(waited).await;
        };
        let ended = tokio::select! {
            ended = consuming => ended.map_err(|source| Error::Consume { queue, source }),
            () = too_long => Err(Error::NotDrained { waited }),
        };
        helpers.cancel();
        ended
    }

    fn outbox(&self) -> Outbox {
        Outbox::new(self.broker.publisher(), self.ledger.clone())
    }

    fn fulfil(&self, licensing: Licensing, call_limit: Duration) -> Fulfil {
        Fulfil {
            ledger: self.ledger.clone(),
            ledger_guard: self.ledger_guard.clone(),
            licensing,
            outbox: self.outbox(),
            room: Room::default(),
            schedule: self.settings.schedule.clone(),
            tiers: self.tiers.clone(),
            send_within: self.settings.send_within(call_limit),
            done: self.done.clone(),
        }
    }

    fn recover(&self, licensing: Licensing) -> Recover {
        Recover {
            ledger: self.ledger.clone(),
            ledger_guard: self.ledger_guard.clone(),
            licensing,
            outbox: self.outbox(),
            broker: self.broker.clone(),
            schedule: self.settings.schedule.clone(),
            lease: self.settings.lease,
            settle: self.settings.settle,
            every: self.settings.recover_every,
            nudge_after: self.settings.nudge_after,
            at_once: usize::from(self.settings.max_in_flight),
        }
    }

    fn report(&self, salesforce: salesforce::Client) -> Report {
        Report {
            ledger: self.ledger.clone(),
            ledger_guard: self.ledger_guard.clone(),
            salesforce,
            salesforce_guard: self.salesforce.clone(),
            outbox: self.outbox(),
            schedule: self.settings.schedule.clone(),
            tiers: self.tiers.clone(),
            settings: self.settings.report.clone(),
            done: self.done.clone(),
        }
    }
}

async fn probe_ledger(ledger: &Ledger) -> Result<(), (Signal, String)> {
    ledger
        .ping()
        .await
        .map_err(|error| (Signal::Trouble { retry_after: None }, failure::chain(&error)))
}

async fn probe_salesforce(salesforce: &salesforce::Client) -> Result<(), (Signal, String)> {
    salesforce
        .probe()
        .await
        .map_err(|error| (failure::salesforce_signal(&error), failure::chain(&error)))
}

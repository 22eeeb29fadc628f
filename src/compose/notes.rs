//! What this process says about itself: its note in the ledger every few seconds, and its readiness.

use broker::Broker;
use console::{ProcessNote, ProducerNote, WorkerNote};
use ledger::Ledger;
use std::time::Duration;
use telemetry::{Check, Health, Metric};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use worker::BreakerStatus;

/// How often the readiness is looked at; every fifth look also writes the note.
const LOOK: Duration = Duration::from_secs(1);

/// Watches the parts of this process.
pub(super) struct Notes {
    broker: Broker,
    ledger: Ledger,
    stop: CancellationToken,
    health: Health,
    broker_check: Check,
    ledger_check: Check,
    producer: Option<(watch::Receiver<producer::Status>, Check)>,
    worker: Option<worker::Status>,
    fulfil: Option<Check>,
    report: Option<Check>,
}

impl Notes {
    pub(super) fn new(broker: Broker, ledger: Ledger, health: &Health, stop: CancellationToken) -> Self {
        let (broker_check, ledger_check) = (health.check("broker"), health.check("ledger"));
        let health = health.clone();
        Self {
            broker,
            ledger,
            stop,
            health,
            broker_check,
            ledger_check,
            producer: None,
            worker: None,
            fulfil: None,
            report: None,
        }
    }

    pub(super) fn watch_producer(&mut self, status: watch::Receiver<producer::Status>) {
        self.producer = Some((status, self.health.check("salesforce-events")));
    }

    pub(super) fn watch_worker(&mut self, status: worker::Status, fulfil: bool, report: bool) {
        self.fulfil = fulfil.then(|| self.health.check("license-central"));
        self.report = report.then(|| self.health.check("salesforce"));
        self.worker = Some(status);
    }

    /// Looks and writes until the process ends.
    pub(super) fn keep(self) {
        tokio::spawn(async move {
            let mut look = 0_u64;
            let stop = self.stop.clone();
            let keep = async {
                loop {
                    self.check().await;
                    if look.is_multiple_of(5) {
                        self.write().await;
                    }
                    look += 1;
                    tokio::time::sleep(LOOK).await;
                }
            };
            stop.run_until_cancelled(keep).await;
        });
    }

    async fn check(&self) {
        let status = self.broker.status().borrow().clone();
        set(&self.broker_check, status.is_ready(), || status.to_string());
        let ping = self.ledger.ping().await;
        set(&self.ledger_check, ping.is_ok(), || {
            "the ledger does not answer".to_owned()
        });
        if let Some((status, check)) = &self.producer {
            let activity = status.borrow().activity;
            set(check, activity.is_ready(), || activity.words().to_owned());
        }
        let Some(worker) = &self.worker else { return };
        for (check, breaker) in [
            (&self.fulfil, &worker.license_central),
            (&self.report, &worker.salesforce),
        ] {
            if let Some(check) = check {
                let open = breaker.borrow().is_open();
                set(check, !open, || "away; it is asked again until it answers".to_owned());
            }
        }
    }

    async fn write(&self) {
        if let Err(error) = self.ledger.beat(&self.note().to_text()).await {
            tracing::debug!(%error, "the note about this process was not written");
        }
        if let Ok(counts) = self.ledger.counts().await {
            Metric::OpenDeadLetters.set(counts.open_letters, &[]);
            for (state, rows) in &counts.by_state {
                Metric::LedgerRows.set(*rows, &[("state", state.as_str())]);
            }
        }
    }

    fn note(&self) -> ProcessNote {
        let producer = self.producer.as_ref().map(|(status, _)| {
            let status = status.borrow();
            ProducerNote {
                activity: status.activity.words().to_owned(),
                well: status.activity.is_ready(),
                last_event: status.last_event,
                events: status.events,
                behind: status.behind,
                trouble: status.trouble.clone(),
            }
        });
        let worker = self.worker.as_ref();
        let fulfil = self.fulfil.as_ref().and(worker);
        let report = self.report.as_ref().and(worker);
        ProcessNote {
            producer,
            fulfil: fulfil.map(|worker| worker_note(&worker.license_central, worker.done.fulfilled())),
            report: report.map(|worker| worker_note(&worker.salesforce, worker.done.reported())),
        }
    }
}

fn worker_note(breaker: &watch::Receiver<BreakerStatus>, done: u64) -> WorkerNote {
    match &*breaker.borrow() {
        BreakerStatus::Closed => WorkerNote {
            paused_since: None,
            why: None,
            done,
        },
        BreakerStatus::Open { since, why } => WorkerNote {
            paused_since: Some(*since),
            why: Some(why.clone()),
            done,
        },
    }
}

fn set(check: &Check, passes: bool, why: impl FnOnce() -> String) {
    if passes { check.pass() } else { check.fail(&why()) }
}

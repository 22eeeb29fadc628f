//! A breaker at work: who watches over one neighbor, and who shuts the valves of the consumers that need it.

use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use broker::ValveHandle;
use futures_util::future::select_all;
use jiff::Timestamp;
use telemetry::Metric;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::breaker::{Breaker, Change, Settings, Signal};
use crate::failure;

/// A neighbor that may be away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Neighbor {
    /// License Central, asked by `fulfil` and `recover`.
    LicenseCentral,
    /// Salesforce, written to by `report`.
    Salesforce,
    /// The ledger, without which nothing is done.
    Ledger,
}

impl Neighbor {
    /// Returns the word for logs, metrics and the status page.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::LicenseCentral => "license-central",
            Self::Salesforce => "salesforce",
            Self::Ledger => "ledger",
        }
    }
}

impl fmt::Display for Neighbor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What the status page shows of a breaker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BreakerStatus {
    /// The neighbor is asked.
    Closed,
    /// The neighbor is left in peace.
    Open {
        /// Since when, for people.
        since: Timestamp,
        /// What it said last; no bodies, no personal data.
        why: String,
    },
}

impl BreakerStatus {
    /// Says whether the neighbor is left in peace.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self, Self::Open { .. })
    }
}

/// Watches over one neighbor; clones share the breaker.
#[derive(Debug, Clone)]
pub struct Guard {
    neighbor: Neighbor,
    breaker: Arc<Mutex<Breaker>>,
    status: Arc<watch::Sender<BreakerStatus>>,
    /// Held by whoever probes: `fulfil` and `report` of one process share the ledger's guard.
    prober: Arc<tokio::sync::Mutex<()>>,
}

impl Guard {
    /// Makes a guard with a closed breaker.
    #[must_use]
    pub fn new(neighbor: Neighbor, settings: Settings) -> Self {
        let (status, _) = watch::channel(BreakerStatus::Closed);
        Self {
            neighbor,
            breaker: Arc::new(Mutex::new(Breaker::new(settings))),
            status: Arc::new(status),
            prober: Arc::default(),
        }
    }

    /// Returns the neighbor.
    #[must_use]
    pub fn neighbor(&self) -> Neighbor {
        self.neighbor
    }

    /// Returns the state, and every change of it.
    #[must_use]
    pub fn status(&self) -> watch::Receiver<BreakerStatus> {
        self.status.subscribe()
    }

    /// Says whether the neighbor is left in peace just now.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.status.borrow().is_open()
    }

    /// Notes what a call said about the neighbor.
    pub fn note(&self, signal: Signal, why: impl FnOnce() -> String) {
        let change = self
            .breaker
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(signal, Instant::now());
        self.tell(change, why);
    }

    /// Notes that the ledger failed: what is known of it, and a line in the log.
    pub(crate) fn ledger_failed(&self, error: &ledger::Error) {
        let text = failure::chain(error);
        match failure::ledger_signal(error) {
            Some(signal) => {
                tracing::warn!(error = text, "the ledger gave no answer");
                self.note(signal, || text);
            }
            None => tracing::error!(error = text, "the ledger answers, but not to this"),
        }
    }

    /// Probes the neighbor while the breaker is open, until `shutdown`. The probe is never an order.
    pub async fn watch_over<P, F>(self, probe: P, shutdown: CancellationToken)
    where
        P: Fn() -> F,
        F: Future<Output = Result<(), (Signal, String)>>,
    {
        let mut status = self.status();
        Metric::BreakerOpen.set(0, &[("neighbor", self.neighbor.as_str())]);
        let watching = async {
            let _prober = self.prober.lock().await;
            loop {
                if status.wait_for(BreakerStatus::is_open).await.is_err() {
                    return;
                }
                let due = self.breaker.lock().unwrap_or_else(PoisonError::into_inner).probe_at();
                let Some(due) = due else { continue };
                tokio::time::sleep_until(due).await;
                let (signal, why) = match probe().await {
                    Ok(()) => (Signal::Well, String::new()),
                    Err(told) => told,
                };
                let change = self
                    .breaker
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .probed(signal, Instant::now());
                tracing::debug!(neighbor = %self.neighbor, ?signal, why, "probed");
                self.tell(change, || why);
            }
        };
        shutdown.run_until_cancelled(watching).await;
    }

    fn tell(&self, change: Option<Change>, why: impl FnOnce() -> String) {
        let (status, open) = match change {
            None => return,
            Some(Change::Opened) => (
                BreakerStatus::Open {
                    since: Timestamp::now(),
                    why: why(),
                },
                1,
            ),
            Some(Change::Closed) => (BreakerStatus::Closed, 0),
        };
        Metric::BreakerOpen.set(open, &[("neighbor", self.neighbor.as_str())]);
        match &status {
            BreakerStatus::Open { why, .. } => {
                tracing::warn!(neighbor = %self.neighbor, why, "neighbor is away, leaving it in peace");
            }
            BreakerStatus::Closed => tracing::info!(neighbor = %self.neighbor, "neighbor answers again"),
        }
        self.status.send_replace(status);
    }
}

/// Keeps a consumer's valve shut while any of these neighbors is left in peace, until `shutdown`.
pub(crate) async fn tend_valve(valve: ValveHandle, guards: Vec<Guard>, shutdown: CancellationToken) {
    let mut states: Vec<_> = guards.iter().map(Guard::status).collect();
    let tending = async {
        loop {
            let shut = states.iter_mut().any(|state| state.borrow_and_update().is_open());
            if shut {
                valve.close();
            } else {
                valve.open();
            }
            let changes = states.iter_mut().map(|state| Box::pin(state.changed()));
            if select_all(changes).await.0.is_err() {
                return;
            }
        }
    };
    shutdown.run_until_cancelled(tending).await;
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::time::Duration;

    #[tokio::test]
    async fn an_open_breaker_is_probed_until_the_neighbor_answers() {
        let first_wait = Duration::from_millis(2);
        let settings = Settings {
            after: 1,
            first_wait,
            longest_wait: 2 * first_wait,
            ..Settings::default()
        };
        let guard = Guard::new(Neighbor::LicenseCentral, settings);
        let probes = Arc::new(AtomicU32::new(0));
        let counter = Arc::clone(&probes);
        let shutdown = CancellationToken::new();
        let probe = move || {
            let nth = counter.fetch_add(1, Ordering::Relaxed);
            async move {
                if nth < 3 {
                    Err((Signal::Trouble { retry_after: None }, "away".to_owned()))
                } else {
                    Ok(())
                }
            }
        };
        let watch = tokio::spawn(guard.clone().watch_over(probe, shutdown.clone()));
        guard.note(Signal::Trouble { retry_after: None }, || {
            "refused connection".to_owned()
        });
        assert!(guard.is_open());
        let mut status = guard.status();
        let closed = status.wait_for(|status| !status.is_open());
        tokio::time::timeout(Duration::from_secs(10), closed)
            .await
            .expect("closes in time")
            .unwrap();
        assert_eq!(probes.load(Ordering::Relaxed), 4, "and is left alone once it answered");
        shutdown.cancel();
        watch.await.unwrap();
    }

    #[test]
    fn the_status_says_what_the_neighbor_said() {
        let guard = Guard::new(Neighbor::Salesforce, Settings::default());
        guard.note(Signal::Quota, || "an allowance is used up".to_owned());
        let status = guard.status().borrow().clone();
        assert!(matches!(status, BreakerStatus::Open { why, .. } if why == "an allowance is used up"));
    }
}

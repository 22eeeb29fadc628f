//! Overdue rows are published again: a message is a nudge, and a nudge may be lost.

use std::time::Duration;

use broker::topology;
use ledger::{Due, Lease, Nudge};
use telemetry::Metric;
use tokio::time::{Instant, MissedTickBehavior};

use super::Recover;
use super::duty::{LEASE, Step, Watch};

/// Rows nudged in one go.
const AT_ONCE: usize = 200;

/// The longest time between two looks at what is overdue.
const LOOK_EVERY: Duration = Duration::from_secs(30);

impl Recover {
    /// Nudges what is overdue while this process has the duty.
    pub(super) async fn nudge(&self) {
        let every = (self.nudge_after / 4).clamp(self.every, LOOK_EVERY.max(self.every));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut watch = Watch::default();
        let mut duty: Option<Lease> = None;
        loop {
            ticks.tick().await;
            if self.ledger_guard.is_open() {
                continue;
            }
            match self.keep_duty(duty.take(), &mut watch, every * 3).await {
                Ok(kept) => duty = kept,
                Err(error) => self.ledger_guard.ledger_failed(&error),
            }
            if duty.is_some() {
                self.nudge_queue(Due::Requests, topology::REQUESTS).await;
                self.nudge_queue(Due::Outcomes, topology::COMPLETIONS_SALESFORCE).await;
            }
        }
    }

    /// Keeps the duty, or takes it where nobody living has it.
    async fn keep_duty(
        &self,
        duty: Option<Lease>,
        watch: &mut Watch,
        patience: Duration,
    ) -> Result<Option<Lease>, ledger::Error> {
        if let Some(lease) = duty {
            return match self.ledger.renew_lease(&lease).await {
                Ok(()) => Ok(Some(lease)),
                Err(ledger::Error::Fenced { .. }) => Ok(None),
                Err(error) => Err(error),
            };
        }
        match watch.step(self.ledger.lease(LEASE).await?, patience, Instant::now()) {
            Step::Take => self.ledger.take_lease(LEASE).await.map(Some),
            Step::TakeAfter(seen) => self.ledger.take_lease_after(LEASE, &seen).await,
            Step::Wait => Ok(None),
        }
    }

    /// Gives the duty back, so that another process need not wait for it.
    pub(super) async fn give_back_duty(&self) {
        let Ok(Some(seen)) = self.ledger.lease(LEASE).await else {
            return;
        };
        if seen.holder.as_deref() == Some(self.ledger.process()) {
            let lease = Lease {
                name: LEASE.to_owned(),
                epoch: seen.epoch,
            };
            if let Err(error) = self.ledger.release_lease(&lease).await {
                tracing::debug!(%error, "the duty to nudge is not given back, others take it over");
            }
        }
    }

    /// Publishes overdue rows again, only while their queue is empty: a long queue is slow, not lost.
    async fn nudge_queue(&self, due: Due, queue: &str) {
        match self.broker.queue_depth(queue).await {
            Ok(0) => {}
            Ok(_) => return,
            Err(error) => {
                tracing::debug!(queue, %error, "the queue's length is not known, nothing is nudged");
                return;
            }
        }
        if due == Due::Requests && self.licensing.is_away() {
            return;
        }
        let nudges = match self
            .ledger
            .overdue(due, self.nudge_after, self.nudge_after, AT_ONCE)
            .await
        {
            Ok(nudges) => nudges,
            Err(error) => return self.ledger_guard.ledger_failed(&error),
        };
        for nudge in nudges {
            let (kind, key, published) = match &nudge {
                Nudge::Request(request) => ("request", &request.key, self.outbox.request(request).await),
                Nudge::Outcome(rest) => (
                    "outcome",
                    &rest.completion.data.request_key,
                    self.outbox.rest(rest).await,
                ),
            };
            match published {
                Ok(()) => {
                    Metric::Nudges.add(1, &[("kind", kind)]);
                    tracing::warn!(request.key = %key, kind, "nobody moved this order, it is published again");
                }
                // Its next due time is set already, so it comes again by itself.
                Err(error) => tracing::warn!(request.key = %key, kind, %error, "a nudge is not published"),
            }
        }
    }
}

//! Claims without a result are taken over, unknown outcomes looked up.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use futures_util::stream;
use futures_util::{FutureExt as _, StreamExt as _};
use ledger::{InHand, LookUp, LookedUp, RowId, State, Written};
use schemas::HeldCode;
use telemetry::Metric;
use tokio::sync::Mutex;
use tokio::time::{Instant, MissedTickBehavior};

use super::Recover;
use super::sightings::Sightings;
use crate::failure::{self, AfterLookUp};
use crate::licensing::Answer;

/// A row with what this process has seen of it.
struct Seen {
    row: InHand,
    /// For how long it was seen unchanged.
    age: Duration,
}

impl Recover {
    /// Goes through what is in hand, again and again.
    pub(super) async fn finish(&self) {
        let sightings = Mutex::new(Sightings::new());
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for round in 0u64.. {
            ticks.tick().await;
            let due = self.see(&mut *sightings.lock().await, round).await;
            stream::iter(due)
                .for_each_concurrent(self.at_once, |seen| self.finish_one(seen, &sightings))
                .await;
        }
    }

    /// Reads what is in hand, notes it, and returns what may be worked on.
    async fn see(&self, sightings: &mut Sightings<RowId>, round: u64) -> Vec<Seen> {
        if self.ledger_guard.is_open() {
            return Vec::new();
        }
        // Before the rows are read, so that no row counts as older than it is.
        let now = Instant::now();
        let rows = match self.ledger.in_hand().await {
            Ok(rows) => rows,
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                return Vec::new();
            }
        };
        let mut due = Vec::new();
        for row in rows {
            let age = sightings.note(row.id, row.watch, round, now);
            if sightings.is_due(&row.id, now) {
                due.push(Seen { row, age });
            }
        }
        sightings.forget_before(round);
        due
    }

    async fn finish_one(&self, seen: Seen, sightings: &Mutex<Sightings<RowId>>) {
        match seen.row.state {
            State::Calling if seen.age >= self.lease => self.take_over(&seen.row).await,
            State::Unknown => {
                // A look-up that panics must not take the process with it, or every start would end the same way.
                let resolved = AssertUnwindSafe(self.resolve(&seen)).catch_unwind().await;
                if resolved.is_err() {
                    tracing::error!(request.key = %seen.row.key, "looking this outcome up panicked, it stays unknown");
                }
                if let Some(wait) = resolved.unwrap_or(Some(self.settle)) {
                    sightings.lock().await.postpone(&seen.row.id, Instant::now() + wait);
                }
            }
            State::Calling | State::Accepted | State::Issued | State::Refused | State::Held => {}
        }
    }

    /// Takes over a claim that was seen unchanged for the whole lease.
    async fn take_over(&self, row: &InHand) {
        match self.ledger.take_over(row.id, row.version).await {
            Ok(true) => {
                Metric::TakeOvers.add(1, &[]);
                tracing::warn!(request.key = %row.key, "a claim without a result is taken over, its outcome is looked up");
            }
            Ok(false) => {}
            Err(error) => self.ledger_guard.ledger_failed(&error),
        }
    }

    /// Looks an unknown outcome up; returns how long to leave the row alone, if it stays unknown.
    async fn resolve(&self, seen: &Seen) -> Option<Duration> {
        let settled = seen.age >= self.settle;
        // Nothing can be learnt early where nothing can be asked.
        if self.licensing.is_away() || (!settled && !self.licensing.can_find()) {
            return None;
        }
        let look_up = match self.ledger.look_up(seen.row.id, seen.row.version).await {
            Ok(look_up) => look_up?,
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                return None;
            }
        };
        let event = match look_up.event() {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(request.key = %look_up.key(), error = failure::chain(&error), "an unknown outcome cannot be looked up");
                return Some(self.settle);
            }
        };
        let answer = self.licensing.find(&event).await;
        let next = failure::after_look_up(answer.fact(), look_up.look_ups() + 1, &self.schedule);
        match next {
            // What was sent may still be on its way: an early "no" or no answer proves nothing and costs nothing.
            AfterLookUp::Call | AfterLookUp::Again { .. } if !settled => Some(self.early_wait(seen.age)),
            _ => self.settle_look_up(&look_up, next, answer).await,
        }
    }

    /// Waits longer from look-up to look-up, but never past the moment at which "not found" is believed.
    fn early_wait(&self, age: Duration) -> Duration {
        age.max(self.schedule.shortest())
            .min(self.settle.saturating_sub(age))
            .max(Duration::from_millis(1))
    }

    async fn settle_look_up(&self, look_up: &LookUp, next: AfterLookUp, answer: Answer) -> Option<Duration> {
        let wait = if let AfterLookUp::Again { wait } = next {
            Some(wait)
        } else {
            None
        };
        // What was waited for "not found" was wait enough; only the budget is asked.
        let again = self.schedule.wait(look_up.attempts()).map(|_| Duration::ZERO);
        let looked_up = looked_up(next, answer, again);
        match self.ledger.settle_look_up(look_up, looked_up).await {
            Ok(Some(written)) => self.follow_up(look_up, written).await,
            Ok(None) => return None,
            Err(error) => self.ledger_guard.ledger_failed(&error),
        }
        wait
    }

    async fn follow_up(&self, look_up: &LookUp, written: Written) {
        tracing::info!(request.key = %look_up.key(), state = %written.state, version = written.version, "unknown outcome looked up");
        if written.state != State::Unknown {
            Metric::Recovered.add(1, &[("outcome", written.state.as_str())]);
        }
        let publishing = async {
            if let Some(rest) = &written.rest {
                self.outbox.rest(rest).await?;
            }
            if let Some(letter) = &written.conflict {
                self.outbox.letter(letter).await?;
            }
            if let Some(request) = &written.call {
                self.outbox.request(request).await?;
            }
            Ok::<(), broker::PublishError>(())
        };
        if let Err(error) = publishing.await {
            // The row says what is due; a nudge publishes it again.
            tracing::warn!(request.key = %look_up.key(), %error, "what follows from a look-up is not published yet");
        }
    }
}

/// Turns the decision into what the ledger writes.
fn looked_up(next: AfterLookUp, answer: Answer, again: Option<Duration>) -> LookedUp {
    let detail = answer.detail();
    match (next, answer) {
        (AfterLookUp::Issue, Answer::Found(found, _)) => LookedUp::Found {
            ticket: found.ticket,
            web_depot_link: found.web_depot_link,
        },
        (AfterLookUp::Call, _) => LookedUp::NotFound { wait: again },
        (AfterLookUp::Hold(HeldCode::SuspectedDouble), _) => {
            Metric::SuspectedDoubles.add(1, &[]);
            LookedUp::Doubled { detail }
        }
        (AfterLookUp::Hold(_), Answer::Found(..)) => LookedUp::Foreign { detail },
        (AfterLookUp::Hold(_), Answer::Impossible) => LookedUp::CannotFind,
        (AfterLookUp::Again { wait }, _) => LookedUp::Unclear {
            wait: Some(wait),
            error: detail,
        },
        (AfterLookUp::Hold(_) | AfterLookUp::Issue, _) => LookedUp::Unclear {
            wait: None,
            error: detail,
        },
    }
}

//! A license request becomes a ticket: delivery → claim → License Central → result and completion.
//!
//! Every delivery may come twice, and every worker may die anywhere. What keeps a license from being handed out twice
//! is the ledger's claim; what keeps an order from being lost is that a delivery is settled only after what follows
//! from it is confirmed. Whatever is left half done is finished by [`recover`](crate::recover).

mod claimed;
mod ending;
mod intake;

use std::time::Duration;

use broker::{AttemptError, Delivery, Disposition, Handler, Wait};
use ledger::{Arrival, Ledger, Powers, Rest, Verdict};
use telemetry::{Metric, Stopwatch};
use tokio::time::Instant;

use crate::alone::Room;
use crate::breaker::Signal;
use crate::failure;
use crate::guard::Guard;
use crate::licensing::Licensing;
use crate::outbox::{self, Outbox};
use crate::waits::{Schedule, tier_of};
use crate::worker::Done;

/// Handles the deliveries of the queue `ticketsmith.requests`.
pub(crate) struct Fulfil {
    pub(crate) ledger: Ledger,
    pub(crate) ledger_guard: Guard,
    pub(crate) licensing: Licensing,
    pub(crate) outbox: Outbox,
    pub(crate) room: Room,
    pub(crate) schedule: Schedule,
    /// The waits for which the broker has queues.
    pub(crate) tiers: Vec<Duration>,
    /// How long after a claim was asked for its call may be sent.
    pub(crate) send_within: Duration,
    pub(crate) done: Done,
}

impl Handler for Fulfil {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let watch = Stopwatch::start();
        let disposition = self.fulfil(&delivery).await;
        watch.stop(Metric::RequestSeconds, &[]);
        if let Disposition::Later { error, .. } = &disposition {
            Metric::Redeliveries.add(1, &[("class", &error.class)]);
        }
        if matches!(disposition, Disposition::Done | Disposition::Dead(_)) {
            self.done.count_fulfilled();
        }
        disposition
    }
}

impl Fulfil {
    async fn fulfil(&self, delivery: &Delivery) -> Disposition {
        // The valve closes a moment after the breaker opens; what slipped through spends no attempt.
        if self.licensing.is_away() || self.ledger_guard.is_open() {
            return Disposition::Snooze;
        }
        let arrival = match intake::read(delivery) {
            Ok(arrival) => arrival,
            Err(invalid) => return self.park(delivery, *invalid).await,
        };
        let place = self.room.enter().await;
        // Before the claim is sent: from here on the lease may be running.
        let asked = Instant::now();
        let verdict = self.claim(arrival.clone(), false).await;
        if !matches!(verdict, Ok(Verdict::Alone)) {
            return self.follow(verdict, asked).await;
        }
        drop(place);
        tracing::warn!(request.key = %arrival.event.key(), "claims of this request ended twice without a result, it is handled alone");
        let _alone = self.room.enter_alone().await;
        let asked = Instant::now();
        let verdict = self.claim(arrival, true).await;
        self.follow(verdict, asked).await
    }

    /// Asks the ledger what is to be done, or says what becomes of the delivery if it gives no answer.
    async fn claim(&self, arrival: Arrival, alone: bool) -> Result<Verdict, Disposition> {
        let attempt = arrival.attempt;
        let powers = Powers {
            can_find: self.licensing.can_find(),
            alone,
        };
        match self.ledger.claim(arrival, powers).await {
            Ok(verdict) => {
                self.ledger_guard.note(Signal::Well, String::new);
                Ok(verdict)
            }
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                Err(self.unclaimed(attempt, &error))
            }
        }
    }

    /// A ledger that is away is not the order's fault; a row that it cannot read waits, ever longer, for a person.
    fn unclaimed(&self, attempt: u32, error: &ledger::Error) -> Disposition {
        if failure::ledger_signal(error).is_some() {
            return Disposition::Snooze;
        }
        let wait = self
            .schedule
            .wait(attempt.saturating_add(1))
            .unwrap_or(self.schedule.then);
        let error = AttemptError::new(attempt, "ledger", failure::chain(error));
        Disposition::Later {
            wait: Wait::Tier(tier_of(wait, &self.tiers)),
            error,
        }
    }

    async fn follow(&self, verdict: Result<Verdict, Disposition>, asked: Instant) -> Disposition {
        let verdict = match verdict {
            Ok(verdict) => verdict,
            Err(disposition) => return disposition,
        };
        match verdict {
            Verdict::Call(claim) => self.call(claim, asked).await,
            Verdict::LookUp(claim) => self.look_up_first(claim).await,
            Verdict::InHand => Disposition::Done,
            Verdict::Republish(rest) | Verdict::Held(rest) => self.tell(&rest).await,
            Verdict::Conflict(letter) => {
                outbox::count(&letter);
                tracing::warn!(
                    request.key = letter.key.as_ref().map(tracing::field::display),
                    "other content was requested for an order that has its ticket"
                );
                Disposition::Dead(outbox::reason(&letter))
            }
            Verdict::WaitForRevision { revision } => {
                tracing::debug!(revision, "an earlier revision is not at rest, waiting");
                Disposition::Snooze
            }
            // The room is ours already; only a ledger that changed its mind says so again.
            Verdict::Alone => Disposition::Snooze,
        }
    }

    /// Publishes an outcome that was reached before.
    async fn tell(&self, rest: &Rest) -> Disposition {
        match self.outbox.rest(rest).await {
            Ok(()) => Disposition::Done,
            Err(error) => {
                tracing::warn!(request.key = %rest.completion.data.request_key, %error, "outcome is not published yet");
                Disposition::Snooze
            }
        }
    }

    /// Parks a body that is no license request: with its order held if that is known, never silently.
    async fn park(&self, delivery: &Delivery, invalid: schemas::InvalidRequest) -> Disposition {
        let letter = intake::letter(delivery, &invalid);
        let Some(known) = invalid.known else {
            tracing::warn!(letter.id = %letter.id, "a message that names no order is parked");
            outbox::count(&letter);
            return Disposition::Dead(outbox::reason(&letter));
        };
        let parked = match self.ledger.park_invalid(known, letter).await {
            Ok(parked) => parked,
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                return Disposition::Snooze;
            }
        };
        tracing::warn!(
            letter.id = %parked.letter.id,
            request.key = parked.letter.key.as_ref().map(tracing::field::display),
            "an unreadable request is parked and its order held"
        );
        if let Some(rest) = &parked.rest
            && let Err(error) = self.outbox.completion(rest).await
        {
            tracing::warn!(%error, "the held outcome is not published yet");
            return Disposition::Snooze;
        }
        if let Some(rest) = &parked.rest {
            self.outbox.mark_reported(rest).await;
        }
        Metric::RequestsHandled.add(1, &[("outcome", "invalid")]);
        outbox::count(&parked.letter);
        Disposition::Dead(outbox::reason(&parked.letter))
    }
}

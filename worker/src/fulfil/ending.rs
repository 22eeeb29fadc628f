//! How a claim ends: the result into the ledger and the completion to the broker, at the same time.
//!
//! The outcome's version is known from the claim's, so neither waits for the other: a full disk cannot lose a ticket
//! (its completion carries it), and the latency is one commit. The delivery is settled after both.

use broker::{AttemptError, Disposition, PublishError, Wait};
use jiff::Timestamp;
use ledger::{Claim, Ending, Rest, Settled, Written, Zombie};
use schemas::HeldCode;
use telemetry::Metric;

use super::Fulfil;
use crate::waits::tier_of;

impl Fulfil {
    /// Writes how a claim ended, publishes what follows, and says what becomes of the delivery.
    pub(super) async fn end(&self, claim: &Claim, ending: Ending) -> Disposition {
        let finished_at = Timestamp::now();
        let rest = claim.rest_after(&ending, finished_at);
        if let Ending::Held {
            code: HeldCode::SuspectedDouble,
            ..
        } = ending
        {
            Metric::SuspectedDoubles.add(1, &[]);
            tracing::error!(request.key = %claim.key(), "license central accepted this order twice, a person must look");
        }
        let later = later(claim, &ending, &self.tiers);
        Metric::RequestsHandled.add(1, &[("outcome", word(&ending))]);
        let (settled, published) = tokio::join!(
            self.ledger.settle(claim, ending, finished_at),
            self.publish_completion(rest.as_ref())
        );
        match settled {
            Ok(Settled::Written(written)) => {
                let nudged = written.call.is_some();
                match self.follow_up(claim, written, published).await {
                    Disposition::Done if !nudged => later.unwrap_or(Disposition::Done),
                    other => other,
                }
            }
            // The row has what the result is worth by now, so its own outcome is told, whatever became of ours.
            Ok(Settled::Zombie(zombie)) => self.zombie(claim, zombie).await,
            // Only "not found" clears a claim, and that does not come this way; `recover` would finish it.
            Ok(Settled::Cleared(_)) => Disposition::Snooze,
            Err(error) => {
                // The row stays `calling`: `report` takes the ticket out of the completion, or `recover` looks it up.
                self.ledger_guard.ledger_failed(&error);
                match published {
                    Ok(()) => Disposition::Snooze,
                    Err(error) => self.unpublished(claim, &error),
                }
            }
        }
    }

    async fn publish_completion(&self, rest: Option<&Rest>) -> Result<(), PublishError> {
        match rest {
            Some(rest) => self.outbox.completion(rest).await,
            None => Ok(()),
        }
    }

    /// Publishes what a written result leads to, besides its completion: only if that was `published` is it reported.
    pub(super) async fn follow_up(
        &self,
        claim: &Claim,
        written: Written,
        published: Result<(), PublishError>,
    ) -> Disposition {
        tracing::info!(request.key = %claim.key(), state = %written.state, version = written.version, "request handled");
        let publishing = async {
            if let Some(letter) = written.rest.as_ref().and_then(|rest| rest.letter.as_ref()) {
                self.outbox.letter(letter).await?;
            }
            if let Some(letter) = &written.conflict {
                self.outbox.letter(letter).await?;
            }
            if let Some(request) = &written.call {
                self.outbox.request(request).await?;
            }
            published?;
            if let Some(rest) = &written.rest {
                self.outbox.mark_reported(rest).await;
            }
            Ok(())
        };
        match publishing.await {
            Ok(()) => Disposition::Done,
            Err(error) => self.unpublished(claim, &error),
        }
    }

    /// Tells what became of a result that came after its claim was taken over.
    pub(super) async fn zombie(&self, claim: &Claim, zombie: Zombie) -> Disposition {
        if zombie.suspected_double {
            Metric::SuspectedDoubles.add(1, &[]);
            tracing::error!(request.key = %claim.key(), "licenses may have been issued twice, a person must look");
        } else {
            tracing::warn!(request.key = %claim.key(), state = %zombie.state, "result came after its claim was taken over");
        }
        let publishing = async {
            if let Some(rest) = &zombie.rest {
                self.outbox.rest(rest).await?;
            }
            if let Some(letter) = &zombie.conflict {
                self.outbox.letter(letter).await?;
            }
            if let Some(request) = &zombie.call {
                self.outbox.request(request).await?;
            }
            Ok(())
        };
        match publishing.await {
            Ok(()) => Disposition::Done,
            Err(error) => self.unpublished(claim, &error),
        }
    }

    /// Lets the delivery come again: the ledger then says what is still to be published.
    fn unpublished(&self, claim: &Claim, error: &PublishError) -> Disposition {
        tracing::warn!(request.key = %claim.key(), %error, "what follows from this request is not published yet");
        Disposition::Snooze
    }
}

/// Returns the redelivery of an ending that asks for another attempt.
fn later(claim: &Claim, ending: &Ending, tiers: &[std::time::Duration]) -> Option<Disposition> {
    let Ending::NotAccepted {
        wait: Some(wait),
        error,
    } = ending
    else {
        return None;
    };
    let error = AttemptError::new(claim.attempts(), "not-accepted", error.as_str());
    Some(Disposition::Later {
        wait: Wait::Tier(tier_of(*wait, tiers)),
        error,
    })
}

/// Returns the word that counts an ending in the metrics.
fn word(ending: &Ending) -> &'static str {
    match ending {
        Ending::Issued { .. } => "issued",
        Ending::Found { .. } => "found",
        Ending::NotFound => "not-found",
        Ending::Refused { .. } => "refused",
        Ending::NotAccepted { wait: Some(_), .. } => "later",
        Ending::NotAccepted { wait: None, .. } => "exhausted",
        Ending::Snoozed { .. } => "snoozed",
        Ending::Unknown { .. } => "unknown",
        Ending::Poison { .. } => "poison",
        Ending::Held { .. } => "held",
    }
}

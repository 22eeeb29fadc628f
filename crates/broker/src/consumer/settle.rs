//! Does with a delivery what its handler said, and acknowledges it last.

use super::session::Held;
use crate::{AttemptError, Disposition, PublishError, Publisher, Wait, link::with_causes};
use futures_util::future::join_all;

/// Settles deliveries of one queue.
#[derive(Clone)]
pub(super) struct Settler {
    pub(super) publisher: Publisher,
    pub(super) queue: String,
    pub(super) tiers: usize,
}

/// How a delivery or a group of them ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Settled {
    /// Acknowledged.
    Acknowledged,
    /// Not acknowledged, because what follows from it is not confirmed: the consumer has to be made anew.
    Abandoned,
    /// No longer ours.
    Lost,
}

impl Settler {
    /// Settles several at once and says the worst of how they ended.
    pub(super) async fn settle_all(&self, held: Vec<(Held, Disposition)>) -> Settled {
        let each = held
            .into_iter()
            .map(|(held, disposition)| self.settle(held, disposition));
        join_all(each).await.into_iter().max().unwrap_or(Settled::Acknowledged)
    }

    async fn settle(&self, held: Held, disposition: Disposition) -> Settled {
        // Not ours any more: whoever has it now says what follows from it.
        if held.is_lost() {
            return Settled::Lost;
        }
        match self.publish(&held, &disposition).await {
            Ok(()) => {}
            Err(None) => return Settled::Abandoned,
            Err(Some(error)) => {
                let (message, reason) = (&held.delivery.envelope.message_id, with_causes(&error));
                if error.is_transient() {
                    tracing::warn!(
                        message.id = message,
                        queue = self.queue,
                        reason,
                        "the message comes back"
                    );
                } else {
                    tracing::error!(
                        message.id = message,
                        queue = self.queue,
                        reason,
                        "the message cannot be sent on"
                    );
                }
                return Settled::Abandoned;
            }
        }
        if held.acknowledge().await {
            Settled::Acknowledged
        } else {
            Settled::Lost
        }
    }

    /// Publishes what a disposition asks for; `Err(None)` if it asks for the delivery to come back.
    async fn publish(&self, held: &Held, disposition: &Disposition) -> Result<(), Option<PublishError>> {
        let envelope = &held.delivery.envelope;
        let published = match disposition {
            Disposition::Done => return Ok(()),
            Disposition::Abandon => return Err(None),
            Disposition::Later { wait, error } => self.wait(*wait, &envelope.waiting(Some(error))).await,
            Disposition::Snooze => self.wait(Wait::Shortest, &envelope.waiting(None)).await,
            Disposition::Dead(reason) => self.publisher.publish_dead(envelope, reason).await,
        };
        published.map_err(Some)
    }

    async fn wait(&self, wait: Wait, copy: &crate::Envelope) -> Result<(), PublishError> {
        self.publisher
            .publish_waiting(&self.queue, wait.index(self.tiers), copy)
            .await
    }
}

/// Says whether workers seem to die of a delivery, or of a neighbor of it: then it waits as one attempt more before
/// anything else is done with it, which spreads the suspects.
pub(super) fn suspicion(held: &Held) -> Option<Disposition> {
    let delivery = &held.delivery;
    // Without `redelivered` the count may be forged, or come from another queue.
    if !delivery.redelivered || delivery.delivery_count < 3 {
        return None;
    }
    let text = format!("came back unfinished {} times", delivery.delivery_count);
    let error = AttemptError::new(delivery.envelope.attempt, "worker-died", text);
    tracing::warn!(
        message.id = delivery.envelope.message_id,
        count = delivery.delivery_count,
        "workers died under it"
    );
    Some(Disposition::Later {
        wait: Wait::Shortest,
        error,
    })
}

//! Consumers that lose nothing: what a handler says of a delivery is confirmed before the delivery is acknowledged.

mod group;
mod pump;
mod session;
mod settle;
#[cfg(test)]
mod tests;

use crate::{AttemptError, Broker, Delivery, Disposition, Error, Valve, Wait};
use pump::{Plan, Pump};
use std::{future::Future, sync::Arc, time::Duration};
use tokio_util::sync::CancellationToken;

/// After which time without a delivery a consumer is made anew.
const RENEW_AFTER: Duration = Duration::from_secs(60);

/// Handles deliveries one by one, several at once.
///
/// It may see a message twice, and the same message in two places at once; both must have the effect of one.
pub trait Handler: Send + Sync + 'static {
    /// Handles a delivery and says what becomes of it.
    fn handle(&self, delivery: Delivery) -> impl Future<Output = Disposition> + Send;

    /// Says what becomes of a delivery over which [`Handler::handle`] panicked.
    fn panicked(&self, delivery: &Delivery, text: &str) -> Disposition {
        after_a_panic(delivery, text)
    }
}

/// Handles deliveries in batches, one batch at a time.
///
/// It may see a message twice; that must have the effect of one.
pub trait BatchHandler: Send + Sync + 'static {
    /// Handles a batch and says what becomes of each delivery, in the same order.
    fn handle(&self, batch: Vec<Delivery>) -> impl Future<Output = Vec<Disposition>> + Send;

    /// Says what becomes of a delivery over which [`BatchHandler::handle`] panicked when it had only this one. A
    /// larger batch that panics is given again one by one, so that the neighbors do not suffer.
    fn panicked(&self, delivery: &Delivery, text: &str) -> Disposition {
        after_a_panic(delivery, text)
    }
}

fn after_a_panic(delivery: &Delivery, text: &str) -> Disposition {
    Disposition::Later {
        wait: Wait::Shortest,
        error: AttemptError::new(delivery.envelope.attempt, "panic", text),
    }
}

/// Consumes a queue one by one, with at most so many deliveries in hand, until `shutdown`.
///
/// A consumer that is lost, for whatever reason, is made anew. After `shutdown` it takes nothing more, lets the handler
/// finish what is in hand, acknowledges, lingers for half a second and returns; it sets no limit to that, the caller
/// may. While the valve is closed, or nothing can be published, it does not consume.
///
/// # Errors
/// When the queue does not exist or may not be consumed at the first try, or the broker handle is closed.
pub async fn consume(
    broker: &Broker,
    queue: &str,
    max_in_flight: u16,
    valve: Valve,
    handler: impl Handler,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let plan = Plan {
        size: 1,
        within: Duration::ZERO,
        at_once: max_in_flight.max(1),
        renew_after: RENEW_AFTER,
    };
    Pump::new(broker, queue, plan, valve, Arc::new(OneByOne(handler)), shutdown)
        .run()
        .await
}

/// Consumes a queue in batches until `shutdown`: a batch is full at `max` deliveries, or goes when its first one has
/// waited for `within`. Else as [`consume`].
///
/// # Errors
/// As for [`consume`].
pub async fn consume_batches(
    broker: &Broker,
    queue: &str,
    max: u16,
    within: Duration,
    valve: Valve,
    handler: impl BatchHandler,
    shutdown: CancellationToken,
) -> Result<(), Error> {
    let plan = Plan {
        size: max.max(1),
        within,
        at_once: 1,
        renew_after: RENEW_AFTER,
    };
    Pump::new(broker, queue, plan, valve, Arc::new(handler), shutdown)
        .run()
        .await
}

/// A handler of single deliveries, seen as one of batches of one.
struct OneByOne<H>(H);

impl<H: Handler> BatchHandler for OneByOne<H> {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Disposition> {
        let mut dispositions = Vec::with_capacity(batch.len());
        for delivery in batch {
            dispositions.push(self.0.handle(delivery).await);
        }
        dispositions
    }

    fn panicked(&self, delivery: &Delivery, text: &str) -> Disposition {
        self.0.panicked(delivery, text)
    }
}

//! Brings dead letters from the mailbox into the archive, without ever leaving zero copies.
//!
//! The mailbox is a queue, the archive is the ledger. A letter is written there first and acknowledged after; whatever
//! is interrupted in between is delivered again and found there already, because its identity is made of what failed and
//! not of when it was collected.

use std::time::Duration;

use broker::{Broker, Delivery, Disposition, Handler, Valve, topology};
use ledger::Ledger;
use telemetry::Metric;
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use crate::incoming_letter::letter_from;

/// How many letters may be on their way into the archive at once.
const IN_FLIGHT: u16 = 32;

/// How long the archive is given before a letter is tried again.
const BEFORE_NEXT_TRY: Duration = Duration::from_secs(1);

/// How long a command waits for the mailbox to become empty.
const PATIENCE: Duration = Duration::from_secs(5);

/// Collects dead letters, and what fits no queue, until `shutdown` is canceled; then works off what is in hand.
///
/// # Errors
/// When the broker does not let us read the mailbox.
pub async fn collect(broker: &Broker, ledger: &Ledger, shutdown: CancellationToken) -> Result<(), Error> {
    let from = async |queue: &'static str| {
        let collector = Collector::new(ledger, &shutdown);
        broker::consume(
            broker,
            queue,
            IN_FLIGHT,
            Valve::always_open(),
            collector,
            shutdown.clone(),
        )
        .await
    };
    // One that may not be read must not wait for the other to end.
    tokio::try_join!(from(topology::DEAD), from(topology::UNROUTED))
        .map(|((), ())| ())
        .map_err(|source| Error::Broker { source })
}

/// Collects what waits now, and stops.
pub(crate) async fn collect_now(broker: &Broker, ledger: &Ledger) -> Result<(), Error> {
    if waiting(broker).await? == 0 {
        return Ok(());
    }
    let enough = CancellationToken::new();
    let empty = async {
        let give_up = tokio::time::Instant::now() + PATIENCE;
        while waiting(broker).await.is_ok_and(|waiting| waiting > 0) && tokio::time::Instant::now() < give_up {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        // What the queue no longer counts is in our hands, and is written before the consumers return.
        enough.cancel();
    };
    let (collected, ()) = tokio::join!(collect(broker, ledger, enough.clone()), empty);
    collected
}

async fn waiting(broker: &Broker) -> Result<u32, Error> {
    let (dead, unrouted) = tokio::join!(
        broker.queue_depth(topology::DEAD),
        broker.queue_depth(topology::UNROUTED)
    );
    let count = |depth: Result<u32, broker::Error>| depth.map_err(|source| Error::Broker { source });
    Ok(count(dead)?.saturating_add(count(unrouted)?))
}

/// Writes each delivered letter into the archive.
pub(crate) struct Collector {
    ledger: Ledger,
    shutdown: CancellationToken,
}

impl Collector {
    pub(crate) fn new(ledger: &Ledger, shutdown: &CancellationToken) -> Self {
        Self {
            ledger: ledger.clone(),
            shutdown: shutdown.clone(),
        }
    }
}

impl Handler for Collector {
    /// Answers only once the letter is committed: until then the queue's copy is the only one, and it stays unacknowledged.
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let letter = letter_from(&delivery);
        loop {
            match self.ledger.collect(letter.clone()).await {
                Ok(new) => {
                    if new {
                        Metric::CollectedDeadLetters.add(1, &[("stage", letter.stage.as_str())]);
                    }
                    return Disposition::Done;
                }
                Err(ledger::Error::Closed) => return Disposition::Abandon,
                Err(error) => {
                    let error = &error as &(dyn std::error::Error + 'static);
                    tracing::warn!(
                        error,
                        letter.id = letter.id.as_str(),
                        "a dead letter cannot be archived; it stays in the mailbox"
                    );
                }
            }
            tokio::select! {
                () = tokio::time::sleep(BEFORE_NEXT_TRY) => {}
                () = self.shutdown.cancelled() => return Disposition::Abandon,
            }
        }
    }
}

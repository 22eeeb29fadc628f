//! One consumer on one channel, from its start to its end.

use crate::{Delivery, Error};
use lapin::{
    Channel, Connection, Consumer,
    options::{BasicAckOptions, BasicCancelOptions, BasicConsumeOptions, BasicQosOptions},
    types::FieldTable,
};
use std::time::Duration;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// How long the broker may take to answer a cancel or a close.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a channel stays open after its last acknowledgment. Closed sooner, acknowledged messages come back: the
/// acknowledgments are still on their way inside the broker.
const LINGER: Duration = Duration::from_millis(500);

/// A consumer on a channel of its own.
pub(super) struct Session {
    pub(super) consumer: Consumer,
    pub(super) channel: Channel,
    /// Raised at the end of the stream: from then on nothing of this session is ours, or may be acknowledged.
    lost: CancellationToken,
    queue: String,
}

/// A delivery in hand, with what it takes to acknowledge it.
pub(super) struct Held {
    pub(super) delivery: Delivery,
    receipt: lapin::Acker,
    lost: CancellationToken,
}

impl Session {
    /// Opens a channel and starts to consume, with at most so many deliveries unacknowledged.
    pub(super) async fn open(connection: &Connection, queue: &str, prefetch: u16) -> Result<Self, Error> {
        let channel = connection
            .create_channel()
            .await
            .map_err(|source| Error::Unreachable { source })?;
        let what = format!("queue {queue}");
        let sorted = |source| Error::sorted(what.clone(), source);
        // Per consumer: 4.3 refuses `global`, and quorum queues never had it.
        channel
            .basic_qos(prefetch, BasicQosOptions { global: false })
            .await
            .map_err(sorted)?;
        let options = BasicConsumeOptions::default();
        let consumer = channel
            .basic_consume(queue.into(), "".into(), options, FieldTable::default())
            .await;
        Ok(Self {
            consumer: consumer.map_err(sorted)?,
            channel,
            lost: CancellationToken::new(),
            queue: queue.to_owned(),
        })
    }

    /// Takes a received message in hand.
    pub(super) fn hold(&self, mut received: lapin::message::Delivery) -> Held {
        let delivery = Delivery::read(&self.queue, &mut received);
        Held {
            delivery,
            receipt: received.acker,
            lost: self.lost.clone(),
        }
    }

    /// Asks the broker to send nothing more. The stream then yields what was on its way, and ends.
    pub(super) async fn cancel(&self) -> Result<(), ()> {
        let canceled = self
            .channel
            .basic_cancel(self.consumer.tag(), BasicCancelOptions::default());
        matches!(timeout(PATIENCE, canceled).await, Ok(Ok(())))
            .then_some(())
            .ok_or(())
    }

    /// Ends it at once: nothing is acknowledged any more, everything in hand comes back.
    ///
    /// The channel must go, even if it looks alive: an acknowledgment that 4.3 still takes there would give the dead
    /// consumer new messages, which nobody reads.
    pub(super) async fn lose(self) {
        self.lost.cancel();
        self.close().await;
    }

    /// Ends it in good order, after everything in hand was settled.
    pub(super) async fn finish(self) {
        tokio::time::sleep(LINGER).await;
        self.lost.cancel();
        self.close().await;
    }

    /// Ends it in good order, where nothing was acknowledged lately.
    pub(super) async fn end(self) {
        self.close().await;
    }

    async fn close(&self) {
        let _ = timeout(PATIENCE, self.channel.close(200, "done".into())).await;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.lost.cancel();
    }
}

impl Held {
    /// Says whether it is no longer ours.
    pub(super) fn is_lost(&self) -> bool {
        self.lost.is_cancelled() || !self.receipt.usable()
    }

    /// Acknowledges it; false if that did not reach the broker.
    pub(super) async fn acknowledge(self) -> bool {
        // On a dead channel the answer is `Ok(false)`, no error.
        !self.is_lost() && matches!(self.receipt.ack(BasicAckOptions::default()).await, Ok(true))
    }
}

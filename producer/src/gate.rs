//! Whether the broker takes publishes at the moment.

use broker::{Broker, Status};
use tokio::sync::watch;

/// Follows whether the broker takes publishes.
#[derive(Clone)]
pub(crate) struct Gate {
    status: watch::Receiver<Status>,
}

impl Gate {
    pub(crate) fn of(broker: &Broker) -> Self {
        Self {
            status: broker.status(),
        }
    }

    /// Says whether publishes are taken now.
    pub(crate) fn is_open(&self) -> bool {
        self.status.borrow().can_publish()
    }

    /// Waits until publishes are taken; for ever once the broker was closed by ourselves.
    pub(crate) async fn opened(&mut self) {
        if self.status.wait_for(Status::can_publish).await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits until something about it changes.
    pub(crate) async fn changed(&mut self) {
        if self.status.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

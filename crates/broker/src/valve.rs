//! The valve in front of a consumer: a breaker closes it, and no message is taken until it opens again.

use std::sync::Arc;
use tokio::sync::watch;

/// The consumer's side of a valve.
#[derive(Debug, Clone)]
pub struct Valve {
    closed: watch::Receiver<bool>,
}

/// The breaker's side of a valve. Without a handle left, the valve stays as it is.
#[derive(Debug, Clone)]
pub struct ValveHandle {
    closed: Arc<watch::Sender<bool>>,
}

impl Valve {
    /// Makes an open valve and its handle.
    pub fn new() -> (ValveHandle, Self) {
        let (sender, receiver) = watch::channel(false);
        (
            ValveHandle {
                closed: Arc::new(sender),
            },
            Self { closed: receiver },
        )
    }

    /// Makes a valve that nobody closes.
    pub fn always_open() -> Self {
        Self::new().1
    }

    /// Says whether it is closed now.
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Waits until it is open.
    pub(crate) async fn opened(&self) {
        self.reaches(false).await;
    }

    /// Waits until it is closed.
    pub(crate) async fn closed(&self) {
        self.reaches(true).await;
    }

    async fn reaches(&self, wanted: bool) {
        if self.closed.clone().wait_for(|closed| *closed == wanted).await.is_err() {
            // Nobody can move it any more.
            std::future::pending::<()>().await;
        }
    }
}

impl ValveHandle {
    /// Closes the valve: the consumer is canceled, what it fetched and did not start goes to the shortest wait with its
    /// attempt unchanged, what it started is finished.
    pub fn close(&self) {
        self.set(true);
    }

    /// Opens the valve: the consumer starts again.
    pub fn open(&self) {
        self.set(false);
    }

    /// Says whether it is closed now.
    pub fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    fn set(&self, wanted: bool) {
        self.closed
            .send_if_modified(|closed| std::mem::replace(closed, wanted) != wanted);
    }
}

//! One supervised connection: watched while it lives, made anew when it does not.

use crate::{Error, dial::Dial, topology::Topology};
use futures_util::StreamExt as _;
use lapin::{Connection, Event};
use reconnect::Waits;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{interval, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

/// How one of the two connections is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// It works.
    Up,
    /// It stands, but the broker takes no publishes for want of memory or disk.
    Blocked {
        /// What the broker said.
        reason: String,
    },
    /// It is gone and is being made anew.
    Down {
        /// Why it went.
        reason: String,
    },
    /// It was closed by ourselves.
    Closed,
}

impl fmt::Display for LinkState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::Blocked { reason } => write!(f, "blocked by the broker: {reason}"),
            Self::Down { reason } => write!(f, "down: {reason}"),
            Self::Closed => f.write_str("closed"),
        }
    }
}

/// A state, and the connection that goes with it.
#[derive(Clone)]
struct Current {
    state: LinkState,
    connection: Option<Arc<Connection>>,
}

/// A handle on a supervised connection.
#[derive(Clone)]
pub(crate) struct Link {
    current: watch::Receiver<Current>,
}

/// What the supervisor of a link needs.
pub(crate) struct Supervisor {
    pub(crate) dial: Dial,
    pub(crate) purpose: &'static str,
    pub(crate) waits: Waits,
    /// Declared anew on each new connection, before anybody uses it: the broker may have come back empty.
    pub(crate) declare: Option<Arc<Topology>>,
    /// Ends the link.
    pub(crate) closing: CancellationToken,
}

impl Link {
    /// Starts to watch over a connection.
    pub(crate) fn start(first: Connection, supervisor: Supervisor) -> Self {
        let current = Current {
            state: LinkState::Up,
            connection: Some(Arc::new(first)),
        };
        let (sender, receiver) = watch::channel(current);
        tokio::spawn(supervisor.run(sender));
        Self { current: receiver }
    }

    /// How it is.
    pub(crate) fn state(&self) -> LinkState {
        self.current.borrow().state.clone()
    }

    /// Waits until it changes.
    pub(crate) async fn changed(&mut self) {
        if self.current.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for a connection that is not blocked; none if the link is closed.
    pub(crate) async fn usable(&self) -> Option<Arc<Connection>> {
        let mut current = self.current.clone();
        let settled = |current: &Current| matches!(current.state, LinkState::Up | LinkState::Closed);
        let current = current.wait_for(settled).await.ok()?;
        current.connection.clone()
    }

    /// Waits until the link is closed.
    pub(crate) async fn closed(&self) {
        let _ = self
            .current
            .clone()
            .wait_for(|current| current.state == LinkState::Closed)
            .await;
    }
}

impl Supervisor {
    async fn run(mut self, current: watch::Sender<Current>) {
        let mut connection = current.borrow().connection.clone();
        while let Some(living) = connection {
            let reason = self.watch(&living, &current).await;
            if self.closing.is_cancelled() {
                close(&living).await;
                break;
            }
            tracing::warn!(
                connection = self.purpose,
                reason,
                "the connection to the broker is gone"
            );
            current.send_replace(Current {
                state: LinkState::Down { reason },
                connection: None,
            });
            drop(living);
            connection = self.connect_again(&current).await;
        }
        current.send_replace(Current {
            state: LinkState::Closed,
            connection: None,
        });
    }

    /// Watches until the connection ends, and says why it did.
    async fn watch(&self, connection: &Connection, current: &watch::Sender<Current>) -> String {
        let mut events = Box::pin(connection.events_listener());
        // The events are what tells; the look makes up for one that was sent before we listened.
        let mut look = interval(Duration::from_millis(500));
        let set = |state| current.send_modify(|current| current.state = state);
        let mut reason = "the broker closed it".to_owned();
        loop {
            tokio::select! {
                () = self.closing.cancelled() => return "closed".to_owned(),
                Some(event) = events.next() => match event {
                    Event::ConnectionBlocked(reason) => {
                        tracing::error!(connection = self.purpose, reason, "the broker takes no publishes");
                        set(LinkState::Blocked { reason });
                    }
                    Event::ConnectionUnblocked => {
                        tracing::info!(connection = self.purpose, "the broker takes publishes again");
                        set(LinkState::Up);
                    }
                    Event::Error(error) => reason = error.to_string(),
                    _ => {}
                },
                _ = look.tick() => {}
            }
            if !connection.status().connected() {
                return reason;
            }
        }
    }

    /// Tries until there is a connection; none if the link is to end.
    async fn connect_again(&mut self, current: &watch::Sender<Current>) -> Option<Arc<Connection>> {
        loop {
            let wait = self.waits.next_wait();
            tokio::select! {
                () = self.closing.cancelled() => return None,
                () = sleep(wait) => {}
            }
            match self.connect().await {
                Ok(connection) => {
                    tracing::info!(connection = self.purpose, "the connection to the broker stands again");
                    self.waits.reset();
                    let connection = Arc::new(connection);
                    current.send_replace(Current {
                        state: LinkState::Up,
                        connection: Some(connection.clone()),
                    });
                    return Some(connection);
                }
                Err(error) => {
                    let reason = with_causes(&error);
                    tracing::warn!(
                        connection = self.purpose,
                        reason,
                        "the broker cannot be reached, trying again"
                    );
                    current.send_replace(Current {
                        state: LinkState::Down { reason },
                        connection: None,
                    });
                }
            }
        }
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let connection = self.dial.connect(self.purpose).await?;
        if let Some(topology) = &self.declare {
            topology.apply_on(&connection).await?;
        }
        Ok(connection)
    }
}

/// Closes in good order, if that works soon; a dropped connection is closed all the same.
async fn close(connection: &Connection) {
    let _ = timeout(Duration::from_secs(5), connection.close(200, "done".into())).await;
}

/// An error and its causes in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut line = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        line = format!("{line}: {error}");
        cause = error.source();
    }
    line
}

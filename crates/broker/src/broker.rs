//! The handle on the broker that a process shares.

use crate::{
    Error, LinkState, Publisher, Settings,
    dial::Dial,
    link::{Link, Supervisor, with_causes},
    topology::{Role, Topology},
};
use lapin::{options::QueueDeclareOptions, types::FieldTable};
use reconnect::Waits;
use std::{fmt, sync::Arc, time::Duration};
use tokio::{sync::watch, time::sleep};
use tokio_util::sync::CancellationToken;

/// A supervised way to the broker, on two connections: a blocked publisher must not hold up acknowledgements.
///
/// Cheap to clone. The connections end with [`Broker::close`], or with the last clone of it and its publishers.
#[derive(Clone)]
pub struct Broker {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Settings,
    topology: Arc<Topology>,
    publishing: Link,
    consuming: Link,
    publisher: Publisher,
    status: watch::Receiver<Status>,
    closing: CancellationToken,
}

/// How the two connections are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The one for publishing.
    pub publishing: LinkState,
    /// The one for consuming.
    pub consuming: LinkState,
}

impl Status {
    /// Says whether publishes are taken now.
    pub fn can_publish(&self) -> bool {
        self.publishing == LinkState::Up
    }

    /// Says whether both connections work.
    pub fn is_ready(&self) -> bool {
        self.can_publish() && self.consuming == LinkState::Up
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "publishing {}, consuming {}", self.publishing, self.consuming)
    }
}

impl Broker {
    /// Connects once; from then on, lost connections are made anew by themselves.
    ///
    /// # Errors
    /// When the settings are wrong, the broker cannot be reached or refuses us, or `shutdown` comes first.
    pub async fn connect(settings: &Settings, shutdown: CancellationToken) -> Result<Self, Error> {
        let connect = Self::connect_once(settings);
        tokio::select! {
            connected = connect => connected,
            () = shutdown.cancelled() => Err(Error::Closed),
        }
    }

    /// The same for a process that is to outlast the broker's absence: tries until it works.
    ///
    /// # Errors
    /// When more tries cannot help (wrong settings, refused account), or `shutdown` comes first.
    pub async fn connect_patiently(settings: &Settings, shutdown: CancellationToken) -> Result<Self, Error> {
        let mut waits = Waits::new(&settings.reconnect);
        loop {
            let error = match Self::connect(settings, shutdown.clone()).await {
                Err(error) if error.is_transient() => error,
                settled => return settled,
            };
            tracing::warn!(
                reason = with_causes(&error),
                "the broker cannot be reached, trying again"
            );
            tokio::select! {
                () = sleep(waits.next_wait()) => {}
                () = shutdown.cancelled() => return Err(Error::Closed),
            }
        }
    }

    async fn connect_once(settings: &Settings) -> Result<Self, Error> {
        let dial = Dial::new(settings)?;
        let topology = Arc::new(Topology::new(&settings.tiers));
        let (publishing, consuming) = tokio::try_join!(dial.connect("publishing"), dial.connect("consuming"))?;
        let closing = CancellationToken::new();
        let supervisor = |purpose, declare| Supervisor {
            dial: dial.clone(),
            purpose,
            waits: Waits::new(&settings.reconnect),
            declare,
            closing: closing.clone(),
        };
        let declare = settings.declare.then(|| topology.clone());
        let publishing = Link::start(publishing, supervisor("publishing", declare));
        let consuming = Link::start(consuming, supervisor("consuming", None));
        let publisher = Publisher::new(publishing.clone(), settings, closing.clone().drop_guard());
        let status = follow(publishing.clone(), consuming.clone());
        let inner = Inner {
            settings: settings.clone(),
            topology,
            publishing,
            consuming,
            publisher,
            status,
            closing,
        };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Declares the topology where the settings say so, else checks what this role uses. To be called once at start.
    ///
    /// # Errors
    /// When the topology is not as it must be, or the broker went away.
    pub async fn prepare(&self, role: Role) -> Result<(), Error> {
        let connection = self.inner.consuming.usable().await.ok_or(Error::Closed)?;
        if self.inner.settings.declare {
            self.inner.topology.apply_on(&connection).await.map(drop)
        } else {
            self.inner.topology.check_role(&connection, role).await
        }
    }

    /// Returns the publisher; all its clones share their channels.
    pub fn publisher(&self) -> Publisher {
        self.inner.publisher.clone()
    }

    /// Follows how the connections are.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.inner.status.clone()
    }

    /// Returns the waits before a redelivery.
    pub fn tiers(&self) -> &[Duration] {
        &self.inner.settings.tiers
    }

    /// Asks how many messages a queue holds ready.
    ///
    /// Just after a restart the broker may count too few for a moment.
    ///
    /// # Errors
    /// When the queue does not exist, may not be looked at, or the broker is away.
    pub async fn queue_depth(&self, queue: &str) -> Result<u32, Error> {
        let connection = self.inner.consuming.usable().await.ok_or(Error::Closed)?;
        // A channel of its own: a queue that is missing costs it.
        let channel = connection
            .create_channel()
            .await
            .map_err(|source| Error::Unreachable { source })?;
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        let declared = channel
            .queue_declare(queue.into(), options, FieldTable::default())
            .await;
        let declared = declared.map_err(|source| Error::sorted(format!("queue {queue}"), source))?;
        let _ = channel.close(200, "done".into()).await;
        Ok(declared.message_count())
    }

    /// Closes both connections. What is still in hand comes back: stop the consumers first.
    pub async fn close(&self) {
        self.inner.closing.cancel();
        tokio::join!(self.inner.publishing.closed(), self.inner.consuming.closed());
    }

    pub(crate) fn consuming(&self) -> &Link {
        &self.inner.consuming
    }

    pub(crate) fn publishing(&self) -> &Link {
        &self.inner.publishing
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.inner.settings
    }
}

impl fmt::Debug for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Broker")
            .field("status", &*self.inner.status.borrow())
            .finish_non_exhaustive()
    }
}

/// Joins the states of two links into one.
fn follow(mut publishing: Link, mut consuming: Link) -> watch::Receiver<Status> {
    let (sender, receiver) = watch::channel(Status {
        publishing: publishing.state(),
        consuming: consuming.state(),
    });
    tokio::spawn(async move {
        loop {
            let status = Status {
                publishing: publishing.state(),
                consuming: consuming.state(),
            };
            let over = status.publishing == LinkState::Closed && status.consuming == LinkState::Closed;
            sender.send_if_modified(|known| std::mem::replace(known, status.clone()) != status);
            if over {
                break;
            }
            tokio::select! {
                () = publishing.changed() => {}
                () = consuming.changed() => {}
            }
        }
    });
    receiver
}

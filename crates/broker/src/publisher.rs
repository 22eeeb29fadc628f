//! Publishes that are known to have arrived.

use crate::{
    DeadReason, Envelope, LinkState, PublishError, Settings,
    link::Link,
    topology::{self, tier_key},
};
use lapin::{
    BasicProperties, Channel, Confirmation,
    options::{BasicPublishOptions, ConfirmSelectOptions},
    types::ShortString,
};
use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::{sync::Semaphore, time::timeout};
use tokio_util::sync::DropGuard;

/// Publishes messages and waits for their confirms.
///
/// One publish is in flight on a channel: a return carries no number, and with more than one lapin cannot say whose it
/// is. Cheap to clone; all clones share their channels.
#[derive(Clone)]
pub struct Publisher {
    inner: Arc<Inner>,
}

struct Inner {
    link: Link,
    confirm_timeout: Duration,
    tiers: Vec<Duration>,
    /// As many as there may be channels.
    permits: Semaphore,
    /// Channels on which nothing is in flight; the newest is used first, so that idle ones stay idle.
    idle: Mutex<Vec<Channel>>,
    /// Ends the connections with the last of us.
    _closing: DropGuard,
}

impl Publisher {
    pub(crate) fn new(link: Link, settings: &Settings, closing: DropGuard) -> Self {
        let inner = Inner {
            link,
            confirm_timeout: settings.confirm_timeout,
            tiers: settings.tiers.clone(),
            permits: Semaphore::new(usize::from(settings.publish_channels)),
            idle: Mutex::default(),
            _closing: closing,
        };
        Self { inner: Arc::new(inner) }
    }

    /// Publishes a message; resolves only when the broker has it on disk and a queue has it.
    ///
    /// Dropping the future does not take the message back: it may or may not arrive.
    ///
    /// # Errors
    /// When the message is not, or not surely, with the broker. Publishing it again may double it.
    pub async fn publish(&self, exchange: &str, routing_key: &str, envelope: &Envelope) -> Result<(), PublishError> {
        let message = Message::new(exchange, routing_key, envelope)?;
        let Ok(_permit) = self.inner.permits.acquire().await else {
            return Err(PublishError::Closed);
        };
        // While a channel is in use it is ours alone; it goes back only with nothing in flight. Whoever drops this
        // future drops the channel with it.
        let channel = self.channel().await?;
        let sent = message.send(&channel);
        let waited = self.inner.confirm_timeout;
        // A publish that timed out is not undone: it may still be sent, or confirmed. Its channel goes with it.
        let confirmation = timeout(waited, sent)
            .await
            .map_err(|_| PublishError::TimedOut { waited })??;
        self.idle(|idle| idle.push(channel));
        match confirmation {
            Confirmation::Ack(None) => Ok(()),
            Confirmation::Ack(Some(_)) => Err(PublishError::Returned {
                exchange: exchange.to_owned(),
                routing_key: routing_key.to_owned(),
            }),
            // `NotRequested` cannot be: every channel was put into confirm mode.
            Confirmation::Nack(_) | Confirmation::NotRequested => Err(PublishError::Refused),
        }
    }

    /// Parks a message that no delivery is in hand for, with the reason in its headers.
    ///
    /// # Errors
    /// As for [`Publisher::publish`].
    pub async fn publish_dead(&self, envelope: &Envelope, reason: &DeadReason) -> Result<(), PublishError> {
        self.publish(topology::DEAD, "", &envelope.dead(reason)).await
    }

    /// Lets a message wait in a tier, to come back to a queue.
    pub(crate) async fn publish_waiting(&self, queue: &str, tier: usize, copy: &Envelope) -> Result<(), PublishError> {
        // The settings hold at least one tier, and the index was cut to their number.
        let wait = self.inner.tiers.get(tier).copied().unwrap_or_default();
        self.publish(topology::RETRY, &tier_key(wait, queue), copy).await
    }

    /// Takes a channel that nobody uses, or opens one.
    async fn channel(&self) -> Result<Channel, PublishError> {
        let waited = self.inner.confirm_timeout;
        let opened = async {
            // What is sent over a blocked connection is sent later, whether or not anybody still waits: so it waits here.
            let connection = self.inner.link.usable().await.ok_or(PublishError::Closed)?;
            let idle = self.idle(|idle| {
                idle.retain(|channel| channel.status().connected());
                idle.pop()
            });
            if let Some(channel) = idle {
                return Ok(channel);
            }
            let lost = |source| PublishError::Unconfirmed { source };
            let channel = connection.create_channel().await.map_err(lost)?;
            channel
                .confirm_select(ConfirmSelectOptions::default())
                .await
                .map_err(lost)?;
            Ok(channel)
        };
        timeout(waited, opened)
            .await
            .map_err(|_| PublishError::Unavailable { waited })?
    }

    fn idle<T>(&self, change: impl FnOnce(&mut Vec<Channel>) -> T) -> T {
        change(&mut self.inner.idle.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// A message in the form that lapin takes.
struct Message<'a> {
    exchange: ShortString,
    routing_key: ShortString,
    properties: BasicProperties,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    fn new(exchange: &str, routing_key: &str, envelope: &'a Envelope) -> Result<Self, PublishError> {
        let name = |text: &str, what| ShortString::try_new(text).map_err(|_| PublishError::NameTooLong { what });
        Ok(Self {
            exchange: name(exchange, "the exchange")?,
            routing_key: name(routing_key, "the routing key")?,
            properties: envelope.to_properties()?,
            body: &envelope.body,
        })
    }

    async fn send(self, channel: &Channel) -> Result<Confirmation, PublishError> {
        let Self {
            exchange,
            routing_key,
            properties,
            body,
        } = self;
        let to = exchange.to_string();
        let sorted = |error| PublishError::sorted(&to, body.len(), error);
        // Mandatory: what reaches no queue comes back, also where an alternate exchange has lost its queue.
        let options = BasicPublishOptions {
            mandatory: true,
            ..BasicPublishOptions::default()
        };
        let confirm = channel
            .basic_publish(exchange, routing_key, options, body, properties)
            .await
            .map_err(sorted)?;
        confirm.await.map_err(sorted)
    }
}

impl fmt::Debug for Publisher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state: LinkState = self.inner.link.state();
        f.debug_struct("Publisher")
            .field("link", &state)
            .finish_non_exhaustive()
    }
}

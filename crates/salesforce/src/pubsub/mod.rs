//! The Pub/Sub API: topics, schemas, and the stream of events.

pub(crate) mod channel;
pub(crate) mod codes;
mod credit;
mod failure;
pub(crate) mod schema;
pub(crate) mod subscribe;
pub(crate) mod topic;

use std::sync::Arc;
use std::time::Duration;

use tonic::transport::Endpoint;

use crate::oauth::Tokens;
use crate::settings::Settings;
use crate::{Error, Start, Subscription, Topic};
use channel::Caller;
use schema::Schemas;

/// The door's name in errors.
pub(crate) const AT: &str = "pubsub";

/// Speaks to the Pub/Sub API with the shared token.
#[derive(Clone)]
pub(crate) struct PubSub {
    endpoint: Endpoint,
    tokens: Tokens,
    schemas: Arc<Schemas>,
    call_timeout: Duration,
    idle_timeout: Duration,
}

impl PubSub {
    /// Reads certificates; makes no connection yet.
    pub(crate) fn new(settings: &Settings, tokens: Tokens) -> Result<Self, Error> {
        Ok(Self {
            endpoint: channel::endpoint(settings)?,
            tokens,
            schemas: Arc::default(),
            call_timeout: settings.call_timeout,
            idle_timeout: settings.idle_timeout,
        })
    }

    /// See [`Client::topic`](crate::Client::topic).
    pub(crate) async fn topic(&self, name: &str) -> Result<Topic, Error> {
        topic::get(&self.caller(), name).await
    }

    /// See [`Client::subscribe`](crate::Client::subscribe).
    pub(crate) async fn subscribe(&self, name: &str, from: Start) -> Result<Subscription, Error> {
        let caller = self.caller();
        let topic = topic::get(&caller, name).await?;
        if !topic.can_subscribe {
            return Err(Error::CannotSubscribe { topic: name.to_owned() });
        }
        Ok(Subscription::begin(
            caller,
            Arc::clone(&self.schemas),
            name,
            from,
            self.idle_timeout,
        ))
    }

    /// Makes a caller with a connection of its own, so that a new stream never rides on the one that failed before.
    fn caller(&self) -> Caller {
        Caller::new(&self.endpoint, self.tokens.clone(), self.call_timeout)
    }
}

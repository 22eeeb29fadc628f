//! The handle everybody holds.

use crate::http_client::Http;
use crate::oauth::Tokens;
use crate::pubsub::PubSub;
use crate::rest::Rest;
use crate::rest::collections::RecordUpdate;
use crate::rest::limits::{ApiUsage, Limits};
use crate::rest::rows::RowOutcome;
use crate::{Error, Settings, Start, Subscription, Topic};

/// A connection to one Salesforce org: one shared token, one REST client, one Pub/Sub channel. Cheap to clone.
#[derive(Clone)]
pub struct Client {
    tokens: Tokens,
    rest: Rest,
    pubsub: PubSub,
}

impl Client {
    /// Reads keys, secrets and certificates; makes no connection yet. Needs a tokio runtime.
    ///
    /// # Errors
    /// [`Error::Settings`] names the setting that cannot be used.
    pub fn new(settings: &Settings) -> Result<Self, Error> {
        // Another room may have installed the same provider already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let http = Http::new(settings)?;
        let tokens = Tokens::new(settings, http.clone())?;
        let rest = Rest::new(http, tokens.clone(), &settings.api_version);
        let pubsub = PubSub::new(settings, tokens.clone())?;
        Ok(Self { tokens, rest, pubsub })
    }

    /// Returns the id of the org (18 characters), asking for a token if there is none.
    ///
    /// # Errors
    /// When no token is to be had.
    pub async fn org_id(&self) -> Result<String, Error> {
        Ok(self.tokens.token().await?.org_id().to_owned())
    }

    /// Returns the id of the integration user (18 characters), asking for a token if there is none.
    ///
    /// # Errors
    /// When no token is to be had.
    pub async fn user_id(&self) -> Result<String, Error> {
        Ok(self.tokens.token().await?.user_id().to_owned())
    }

    /// Asks for a topic: whether it exists, and what we may do with it.
    ///
    /// # Errors
    /// When there is no such topic, it may not be read, or Salesforce cannot be asked.
    pub async fn topic(&self, name: &str) -> Result<Topic, Error> {
        self.pubsub.topic(name).await
    }

    /// Prepares a stream of the topic's events and checks that it may be read.
    ///
    /// The stream is opened by the first [`Subscription::grant`]. It ends with its first error; drop it and subscribe
    /// again from the checkpoint, with a wait that starts over only after the first batch of the new stream.
    ///
    /// # Errors
    /// When the topic may not be read or Salesforce cannot be asked.
    pub async fn subscribe(&self, topic: &str, from: Start) -> Result<Subscription, Error> {
        self.pubsub.subscribe(topic, from).await
    }

    /// Updates up to [`MOST_RECORDS`](crate::MOST_RECORDS) records with one call; the outcomes are in the order of the
    /// records. Records must be there once each: Salesforce refuses a repeated one.
    ///
    /// # Errors
    /// When the call as a whole failed; then any of the records may have been written, and writing them again is
    /// harmless.
    pub async fn update(&self, records: &[RecordUpdate]) -> Result<Vec<RowOutcome>, Error> {
        self.rest.update(records).await
    }

    /// Asks what is left of the org's allowances. The user needs the permission *View Setup*.
    ///
    /// # Errors
    /// When Salesforce cannot be asked or refuses.
    pub async fn limits(&self) -> Result<Limits, Error> {
        self.rest.limits().await
    }

    /// Asks whether Salesforce takes calls of ours again; changes nothing there.
    ///
    /// # Errors
    /// When it does not. A user without *View Setup* is no error: Salesforce answered, and took the token.
    pub async fn probe(&self) -> Result<(), Error> {
        match self.rest.limits().await {
            Ok(_) => Ok(()),
            Err(Error::Refused { status: 403, code, .. }) if code.starts_with("INSUFFICIENT_ACCESS") => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Returns the REST calls of the last 24 hours as the last answer told them; nothing before the first answer.
    pub fn api_usage(&self) -> Option<ApiUsage> {
        self.rest.usage()
    }
}

//! Speaks to Salesforce: tokens, the event stream (Pub/Sub API), and the records (REST).
//!
//! The only place that names tonic and Avro. It states facts ([`Error::class`], [`RowOutcome`]) and decides nothing:
//! positions are stored, waits are waited and rows are retried by whoever calls.
//!
//! ```text
//! let client = Client::new(&settings)?;
//! let mut events = client.subscribe(&settings.topic, Start::Earliest).await?;
//! events.grant(100);
//! while let Ok(batch) = events.next().await { … events.grant(n) … }
//! ```

mod client;
mod event;
mod oauth;
mod pubsub;
mod replay_id;
mod rest;
mod settings;

mod avro;
mod ca;
mod error;
mod http_client;
mod settings_check;
mod single_flight;

pub use client::Client;
pub use error::{Class, Error};
pub use event::{Batch, Content, Event, Start};
pub use pubsub::codes::EventCode;
pub use pubsub::subscribe::Subscription;
pub use pubsub::topic::Topic;
pub use replay_id::{NotAReplayId, ReplayId};
pub use rest::collections::{MOST_RECORDS, RecordUpdate};
pub use rest::limits::{Allowance, ApiUsage, Limits};
pub use rest::rows::{RowOutcome, RowRefusal};
pub use settings::{Auth, ClientCredentials, FirstStart, Jwt, Settings, StaleCheckpoint};

#[cfg(test)]
mod tests;

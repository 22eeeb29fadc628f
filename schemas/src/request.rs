//! The license request: what any system submits to have an order fulfilled.

use crate::{CloudEvent, Customer, Fingerprint, OrderLine, OrderRef, RequestKey};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The `CloudEvents` type of a license request.
pub const REQUEST_TYPE: &str = "io.ticketsmith.license.request.v1";

/// A license request in its envelope, the body of an AMQP message.
pub type RequestEvent = CloudEvent<LicenseRequest>;

/// Asks for the licenses of one order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LicenseRequest {
    /// Which order.
    pub order: OrderRef,
    /// Counts the operations on one order, from 1; grows only by an explicit wish for something more or other.
    #[serde(default = "first_revision")]
    #[schemars(range(min = 1, max = 1_000_000))]
    pub revision: u32,
    /// What is to be done.
    #[serde(default)]
    pub action: Action,
    /// For whom.
    pub customer: Customer,
    /// Which items, how many of each.
    #[schemars(length(min = 1, max = 1000))]
    pub lines: Vec<OrderLine>,
    /// When the request was made; of two contents for one revision the later one counts.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub requested_at: Timestamp,
    /// Whether a completion is wanted; by default for `salesforce` only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply: Option<Reply>,
}

/// What a license request wants done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// Create the order and its ticket.
    #[default]
    Create,
}

impl Action {
    /// Returns the word on the wire, which is also the second part of the routing key.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether the outcome is published as a completion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Reply {
    /// A completion is published.
    Completion,
    /// Nobody waits for the outcome.
    None,
}

fn first_revision() -> u32 {
    1
}

impl RequestEvent {
    /// Derives what must not happen twice.
    pub fn key(&self) -> RequestKey {
        RequestKey::derive(&self.source, &self.data.order, self.data.revision)
    }

    /// Digests what is handed out, and to whom.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.data)
    }

    /// Resolves whether a completion is wanted.
    pub fn reply(&self) -> Reply {
        let default = if self.source.is_salesforce() {
            Reply::Completion
        } else {
            Reply::None
        };
        self.data.reply.unwrap_or(default)
    }

    /// Returns the routing key on the requests exchange, `<source>.<action>`.
    pub fn routing_key(&self) -> String {
        format!("{}.{}", self.source, self.data.action)
    }

    /// Writes the event as an AMQP body.
    pub fn to_json(&self) -> Vec<u8> {
        crate::cloud_event::to_json(self)
    }
}

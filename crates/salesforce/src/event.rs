//! What a subscription hands out.

use bytes::Bytes;
use serde_json::{Map, Value};

use crate::ReplayId;

/// What arrived in one answer of the stream; no events means a keepalive.
#[derive(Debug, Clone)]
pub struct Batch {
    /// The events, in the order of the bus.
    pub events: Vec<Event>,
    /// The position of the last event, or on a keepalive the position up to which there is nothing for us.
    ///
    /// A keepalive's position may be stored only while nothing received earlier is unconfirmed and `pending` is above
    /// zero.
    pub latest_replay_id: ReplayId,
    /// The credit Salesforce still holds for this stream.
    pub pending: i32,
    /// Salesforce's own id of the answer, for its support.
    pub rpc_id: String,
}

impl Batch {
    /// Says whether this is only a sign of life.
    pub fn is_keepalive(&self) -> bool {
        self.events.is_empty()
    }
}

/// One event of the bus.
#[derive(Debug, Clone)]
pub struct Event {
    /// The event's `EventUuid`: what tells a duplicate, because the replay id does not.
    pub id: String,
    /// The event's position.
    pub replay_id: ReplayId,
    /// The id of the schema it was written with.
    pub schema_id: String,
    /// What it says, or why that cannot be read.
    pub content: Content,
}

/// What an event says.
#[derive(Clone)]
pub enum Content {
    /// The event was read.
    Decoded {
        /// The name of the event's type, like `License_Request__e`.
        record_name: String,
        /// Its fields. Numbers of Salesforce are doubles (`1.0`), times are milliseconds since 1970 (UTC).
        fields: Map<String, Value>,
    },
    /// The event cannot be read; it is handed out as data so that nobody drops it.
    Undecodable {
        /// The bytes as they came.
        raw: Bytes,
        /// Why they cannot be read.
        problem: String,
    },
}

/// Shows no field's value: an event carries personal data.
impl std::fmt::Debug for Content {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Decoded { record_name, fields } => f
                .debug_struct("Decoded")
                .field("record_name", record_name)
                .field("fields", &fields.len())
                .finish(),
            Self::Undecodable { raw, problem } => f
                .debug_struct("Undecodable")
                .field("bytes", &raw.len())
                .field("problem", problem)
                .finish(),
        }
    }
}

/// Where a subscription begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// With the oldest event that is still kept.
    Earliest,
    /// With the next event that is published.
    Latest,
    /// Strictly after this position.
    After(ReplayId),
}

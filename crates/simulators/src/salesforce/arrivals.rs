//! What arrived at the pretend org, counted, so that tests can read it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::org::lock;

/// What arrived so far.
#[derive(Debug, Clone, Default)]
pub struct Arrivals {
    /// Token requests, refused ones too.
    pub token_requests: u64,
    /// Tokens that were really made, not handed out again.
    pub tokens_made: u64,
    /// REST requests with a good token: what counts against the daily limit.
    pub rest_requests: u64,
    /// sObject Collections calls, in their order.
    pub collection_calls: Vec<CollectionCall>,
    /// Pub/Sub calls by method: `Subscribe`, `GetTopic`, `GetSchema`, `Publish`.
    pub calls: BTreeMap<String, u64>,
    /// Fetch requests on all streams.
    pub fetch_requests: u64,
    /// Events delivered on all streams.
    pub events_delivered: u64,
    /// Keepalives sent on all streams.
    pub keepalives: u64,
    /// Streams that are open now.
    pub open_streams: u64,
}

/// One sObject Collections call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionCall {
    /// `POST` or `PATCH`.
    pub method: String,
    /// How many records it carried.
    pub records: usize,
    /// The ids it named, in their order.
    pub ids: Vec<String>,
}

impl Arrivals {
    /// How often a Pub/Sub method was called.
    pub fn calls(&self, method: &str) -> u64 {
        self.calls.get(method).copied().unwrap_or_default()
    }
}

/// Where arrivals are written down.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Arrivals>);

impl Seen {
    /// Writes something down.
    pub(super) fn note<T>(&self, note: impl FnOnce(&mut Arrivals) -> T) -> T {
        note(&mut lock(&self.0))
    }

    /// Writes down a Pub/Sub call.
    pub(super) fn call(&self, method: &str) {
        self.note(|arrivals| *arrivals.calls.entry(method.to_owned()).or_default() += 1);
    }

    /// A copy of what is written down.
    pub(super) fn arrivals(&self) -> Arrivals {
        lock(&self.0).clone()
    }
}

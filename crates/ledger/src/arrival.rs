//! What arrives: a license request, and what the ledger says is to be done with it.

use jiff::Timestamp;
use schemas::{CompletionEvent, Fingerprint, OrderRef, Reply, RequestEvent, RequestKey, Source};

use crate::claim::Claim;
use crate::letters::Letter;
use crate::row::{Body, Row};
use crate::rows::whole_micros;

/// A license request that met us, with what its message says about itself.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The request, read and found valid.
    pub event: RequestEvent,
    /// The message's identity (for the producer: the Salesforce EventUuid).
    pub message_id: String,
    /// The broker says that somebody had this message before.
    pub redelivered: bool,
    /// How often it was tried according to its header; 0 for a first delivery.
    pub attempt: u32,
    /// An operator sent it again: it may call even if the message is known.
    pub replay: bool,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
}

impl Arrival {
    /// Returns the first arrival of this event, under its own CloudEvent id.
    pub fn first(event: RequestEvent) -> Self {
        let message_id = event.id.clone();
        Self {
            event,
            message_id,
            redelivered: false,
            attempt: 0,
            replay: false,
            traceparent: None,
        }
    }
}

/// An arrival made ready for the writer: everything derived that can be derived outside its thread.
#[derive(Debug, Clone)]
pub(crate) struct Incoming {
    pub(crate) key: RequestKey,
    pub(crate) source: Source,
    pub(crate) order: OrderRef,
    pub(crate) revision: u32,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) body: Body,
    pub(crate) message_id: String,
    pub(crate) requested_at: Timestamp,
    /// The earlier of the event's own time and `requested_at`.
    pub(crate) event_time: Timestamp,
    pub(crate) reply: Reply,
    pub(crate) redelivered: bool,
    pub(crate) attempt: u32,
    pub(crate) replay: bool,
    pub(crate) traceparent: Option<String>,
}

impl From<Arrival> for Incoming {
    fn from(arrival: Arrival) -> Self {
        let Arrival {
            event,
            message_id,
            redelivered,
            attempt,
            replay,
            traceparent,
        } = arrival;
        let requested_at = whole_micros(event.data.requested_at);
        Self {
            key: event.key(),
            fingerprint: event.fingerprint(),
            body: event.to_json().into(),
            reply: event.reply(),
            revision: event.data.revision,
            event_time: event
                .time
                .map_or(requested_at, |time| whole_micros(time).min(requested_at)),
            order: event.data.order,
            source: event.source,
            message_id,
            requested_at,
            redelivered,
            attempt,
            replay,
            traceparent,
        }
    }
}

/// What the claiming process can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Powers {
    /// License Central's profile has `find_order`.
    pub can_find: bool,
    /// No other claim is out in this process, and none will be until this one is settled: a suspect may be handled.
    pub alone: bool,
}

/// A request to publish to the work queue, as the ledger holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Its key.
    pub key: RequestKey,
    /// The message id to publish it under.
    pub message_id: String,
    /// Its source, the first word of the routing key.
    pub source: Source,
    /// The CloudEvent.
    pub body: Body,
    /// What the header mirrors.
    pub attempts: u32,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
    /// When its source asked for it.
    pub requested_at: Timestamp,
}

impl Row {
    /// Returns the request to publish for this row.
    pub fn request(&self) -> Request {
        Request {
            key: self.key.clone(),
            message_id: self.message_ids.last().cloned().unwrap_or_default(),
            source: self.source.clone(),
            body: self.body.clone(),
            attempts: self.attempts,
            traceparent: self.traceparent.clone(),
            requested_at: self.requested_at,
        }
    }

    /// Returns what to publish for this row, if it is at rest.
    pub fn rest(&self) -> Option<Rest> {
        let completion = Box::new(self.completion()?);
        Some(Rest {
            completion,
            version: self.version,
            reply: self.reply,
            letter: Letter::of_row(self),
            traceparent: self.traceparent.clone(),
        })
    }
}

/// A row at rest: what its source, and the mailbox of dead letters, are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Rest {
    /// The completion; publish it if `reply` says so.
    pub completion: Box<CompletionEvent>,
    /// The row's version, which is the completion's sequence.
    pub version: u64,
    /// Whether the source wants to hear of it; with `Reply::None` nothing is published and nothing needs marking.
    pub reply: Reply,
    /// The letter to publish as well, for a refused or held row.
    pub letter: Option<Letter>,
    /// The trace it belongs to.
    pub traceparent: Option<String>,
}

/// What the producer does with an event that the ledger now knows.
#[derive(Debug, Clone, PartialEq)]
pub enum Accepted {
    /// Publish this request.
    Publish(Request),
    /// It came to rest earlier: publish the outcome (and letter) again.
    Republish(Rest),
    /// It contradicts an issued ticket: publish this letter, nothing else.
    Conflict(Letter),
    /// Somebody is at it: publish nothing.
    InHand,
}

/// What a worker does with a delivered request.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// Call License Central under this claim.
    Call(Claim),
    /// Look the order up first: it may be there. Settle with `Found`, `NotFound` (which clears the call) or an error.
    LookUp(Claim),
    /// Somebody is at it, or `recover` will be: ack.
    InHand,
    /// It came to rest earlier: publish the outcome (and letter) again, then ack.
    Republish(Rest),
    /// It was put to rest just now (in doubt without `find_order`, or poison): publish outcome and letter, then ack.
    Held(Rest),
    /// It contradicts an issued ticket: publish this letter, then ack.
    Conflict(Letter),
    /// An earlier revision of the order is not at rest: come back later, no attempt spent.
    WaitForRevision {
        /// The revision it waits for.
        revision: u32,
    },
    /// A suspect (two crashes): wait until no other claim is out in this process and claim again with `alone`.
    Alone,
}

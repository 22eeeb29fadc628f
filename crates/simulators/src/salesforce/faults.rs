//! Trouble that tests plan: what the pretend org does wrong, when, and how often.

mod plan;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, Weak};
use std::time::Duration;

use super::org::{Org, lock};
use plan::Plan;

/// What a token request is answered with instead of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenFault {
    /// This HTTP status, with an answer that is no JSON.
    Status(u16),
    /// The user is not approved for the app: 400 `invalid_grant`.
    NotApproved,
}

/// What a Pub/Sub call is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GrpcFault {
    /// `service.unavailable`, which the real one sends as INTERNAL.
    ServiceUnavailable,
    /// A plain UNAVAILABLE without `error-code`, as a proxy or a reset stream gives.
    Unavailable,
    /// The user may not see the topic.
    PermissionDenied,
    /// The org's event deliveries of the day are used up.
    DeliveryLimit,
    /// The token is refused, whatever it is.
    AuthError,
}

/// What a REST request is answered with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RestFault {
    /// 503 `SERVER_UNAVAILABLE`; nothing is done.
    Unavailable,
    /// 500 `UNKNOWN_EXCEPTION`; nothing is done.
    Unexpected,
    /// 403 `REQUEST_LIMIT_EXCEEDED`; nothing is done.
    LimitExceeded,
    /// 401 `INVALID_SESSION_ID`; nothing is done.
    SessionInvalid,
    /// Everything is done, and then the connection is cut without an answer.
    AnswerLost,
    /// Everything is done, and then a 503 is answered.
    UnavailableAfterDone,
}

/// Why the rows of one record are refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowFault {
    /// Somebody else has the record locked.
    Locked,
    /// A validation rule says no.
    Validation(String),
    /// The user may not see the field.
    HiddenField(String),
    /// The record is gone.
    Deleted,
    /// Any other code and message.
    Other(String, String),
}

/// How open streams end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StreamEnd {
    /// Without an error, as after a release.
    Closed,
    /// With this error.
    Error(GrpcFault),
}

/// The faults of one pretend org. Every `next` is counted down; what is not planned works.
#[derive(Debug)]
pub struct Faults {
    plan: Mutex<Plan>,
    org: Weak<Org>,
}

impl Faults {
    pub(super) fn new(org: Weak<Org>) -> Self {
        Self {
            plan: Mutex::default(),
            org,
        }
    }

    /// Ends all tokens as if they had not been used for too long; open streams go on.
    pub fn expire_tokens(&self) {
        self.with_org(|org| org.sessions.expire());
    }

    /// Revokes all tokens; open streams end with `service.auth.error`.
    pub fn revoke_tokens(&self) {
        self.with_org(|org| org.revoke());
    }

    /// Answers the next token requests so.
    pub fn next_tokens(&self, times: usize, fault: TokenFault) {
        lock(&self.plan).tokens.extend(std::iter::repeat_n(fault, times));
    }

    /// Lets every token request wait this long first.
    pub fn slow_tokens(&self, wait: Duration) {
        lock(&self.plan).token_wait = wait;
    }

    /// Answers the next calls of a Pub/Sub method (`Subscribe`, `GetTopic`, `GetSchema`, `Publish`) so.
    pub fn next_calls(&self, method: &str, times: usize, fault: GrpcFault) {
        lock(&self.plan)
            .calls
            .entry(method.to_owned())
            .or_default()
            .extend(std::iter::repeat_n(fault, times));
    }

    /// Lets every `GetSchema` wait this long first.
    pub fn slow_schemas(&self, wait: Duration) {
        lock(&self.plan).schema_wait = wait;
    }

    /// Ends all open streams.
    pub fn end_streams(&self, how: StreamEnd) {
        lock(&self.plan).stream_ends.push(how);
        self.nudge();
    }

    /// Keeps all streams open but sends nothing on them, no event and no keepalive, until told otherwise.
    pub fn silence(&self, silent: bool) {
        lock(&self.plan).silent = silent;
        self.nudge();
    }

    /// Cuts every connection, REST and Pub/Sub, without a word.
    pub fn cut_connections(&self) {
        self.with_org(|org| org.connections.cut());
    }

    /// Asks every Pub/Sub connection to go away, as a server does before it restarts.
    pub fn go_away(&self) {
        self.with_org(|org| org.connections.go_away());
    }

    /// Starts a new bus: all events are gone and all replay ids given out so far are corrupted. Open streams end.
    pub fn reset_bus(&self) {
        self.with_org(|org| org.bus.reset());
        self.end_streams(StreamEnd::Closed);
    }

    /// Puts the topic's latest event on the bus once more: same id, new replay id. Says whether there was one.
    pub fn duplicate_latest(&self, topic: &str) -> bool {
        self.org.upgrade().is_some_and(|org| org.bus.duplicate_latest(topic))
    }

    /// Makes the payloads of the next published events undecodable.
    pub fn corrupt_next_payloads(&self, times: usize) {
        lock(&self.plan).corrupt_payloads += times;
    }

    /// Adds a text field to the event: later events carry a new schema id, earlier ones keep theirs.
    pub fn add_event_field(&self, name: &str) {
        self.with_org(|org| org.add_event_field(name));
    }

    /// Lets so many more events be delivered; then every stream ends with `subscription.limit.exceeded`. `None` lifts it.
    pub fn limit_deliveries(&self, at_most: Option<u64>) {
        lock(&self.plan).deliveries_left = at_most;
    }

    /// Answers the next REST requests so.
    pub fn next_rest(&self, times: usize, fault: RestFault) {
        lock(&self.plan).rest.extend(std::iter::repeat_n(fault, times));
    }

    /// Lets every REST request wait this long first.
    pub fn slow_rest(&self, wait: Duration) {
        lock(&self.plan).rest_wait = wait;
    }

    /// Refuses the next writes of one record (an id of 18 characters).
    pub fn next_rows(&self, id: &str, times: usize, fault: &RowFault) {
        lock(&self.plan)
            .rows
            .entry(id.to_owned())
            .or_default()
            .extend(std::iter::repeat_n(fault.clone(), times));
    }

    /// Forgets everything that is planned.
    pub fn clear(&self) {
        let mut plan = lock(&self.plan);
        // Streams count the ends they have seen, so those stay.
        let stream_ends = std::mem::take(&mut plan.stream_ends);
        *plan = Plan {
            stream_ends,
            ..Plan::default()
        };
        drop(plan);
        self.nudge();
    }

    fn with_org(&self, act: impl FnOnce(&Org)) {
        if let Some(org) = self.org.upgrade() {
            act(&org);
        }
    }

    fn nudge(&self) {
        self.with_org(|org| org.bus.nudge());
    }
}

type Queues<T> = BTreeMap<String, VecDeque<T>>;

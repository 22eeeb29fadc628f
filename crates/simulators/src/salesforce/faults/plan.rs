//! The faults that wait to happen, and how the org takes them.

use std::collections::VecDeque;
use std::time::Duration;

use super::{Faults, GrpcFault, Queues, RestFault, RowFault, StreamEnd, TokenFault};
use crate::salesforce::org::lock;
use crate::salesforce::store::rows::RowError;

/// What is planned.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) tokens: VecDeque<TokenFault>,
    pub(super) token_wait: Duration,
    pub(super) calls: Queues<GrpcFault>,
    pub(super) schema_wait: Duration,
    pub(super) stream_ends: Vec<StreamEnd>,
    pub(super) silent: bool,
    pub(super) corrupt_payloads: usize,
    pub(super) deliveries_left: Option<u64>,
    pub(super) rest: VecDeque<RestFault>,
    pub(super) rest_wait: Duration,
    pub(super) rows: Queues<RowFault>,
}

impl Faults {
    /// How long this token request waits, and what it is answered with.
    pub(in crate::salesforce) fn on_token(&self) -> (Duration, Option<TokenFault>) {
        let mut plan = lock(&self.plan);
        (plan.token_wait, plan.tokens.pop_front())
    }

    /// What this Pub/Sub call is answered with.
    pub(in crate::salesforce) fn on_call(&self, method: &str) -> Option<GrpcFault> {
        lock(&self.plan).calls.get_mut(method)?.pop_front()
    }

    /// How long a `GetSchema` waits.
    pub(in crate::salesforce) fn schema_wait(&self) -> Duration {
        lock(&self.plan).schema_wait
    }

    /// How many times streams were ended so far; a new stream starts counting here.
    pub(in crate::salesforce) fn stream_ends(&self) -> usize {
        lock(&self.plan).stream_ends.len()
    }

    /// How a stream ends that began when so many ends had been.
    pub(in crate::salesforce) fn stream_end(&self, seen: usize) -> Option<StreamEnd> {
        lock(&self.plan).stream_ends.get(seen).copied()
    }

    /// Whether streams are to say nothing.
    pub(in crate::salesforce) fn silent(&self) -> bool {
        lock(&self.plan).silent
    }

    /// Whether this event's payload is to be spoiled.
    pub(in crate::salesforce) fn spoils_payload(&self) -> bool {
        let mut plan = lock(&self.plan);
        let spoils = plan.corrupt_payloads > 0;
        plan.corrupt_payloads = plan.corrupt_payloads.saturating_sub(1);
        spoils
    }

    /// How many of so many events may still be delivered; they count as delivered.
    pub(in crate::salesforce) fn allowance(&self, wanted: usize) -> usize {
        let mut plan = lock(&self.plan);
        let Some(left) = &mut plan.deliveries_left else {
            return wanted;
        };
        let allowed = wanted.min(usize::try_from(*left).unwrap_or(usize::MAX));
        *left -= u64::try_from(allowed).unwrap_or(0);
        allowed
    }

    /// How long this REST request waits, and what it is answered with.
    pub(in crate::salesforce) fn on_rest(&self) -> (Duration, Option<RestFault>) {
        let mut plan = lock(&self.plan);
        (plan.rest_wait, plan.rest.pop_front())
    }

    /// Why this write of a record is refused.
    pub(in crate::salesforce) fn on_row(&self, object: &str, id: &str) -> Option<RowError> {
        let fault = lock(&self.plan).rows.get_mut(id)?.pop_front()?;
        Some(match fault {
            RowFault::Locked => RowError::new(
                "UNABLE_TO_LOCK_ROW",
                format!("unable to obtain exclusive access to this record or 1 records: {id}"),
            ),
            RowFault::Validation(message) => RowError::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", message),
            RowFault::HiddenField(field) => RowError::no_such_field(object, &field),
            RowFault::Deleted => RowError::deleted(),
            RowFault::Other(code, message) => RowError::new(&code, message),
        })
    }
}

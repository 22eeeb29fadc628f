//! The completion: what became of a license request.

use crate::{CloudEvent, MAX_BODY_BYTES, OrderRef, RequestKey, SPEC_VERSION, Ticket};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The `CloudEvents` type of a completion.
pub const COMPLETION_TYPE: &str = "io.ticketsmith.license.completion.v1";

/// A completion in its envelope, the body of an AMQP message.
pub type CompletionEvent = CloudEvent<Completion>;

/// Says what became of one license request. A later one for the same key has a greater `sequence`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Completion {
    /// Which request.
    pub request_key: RequestKey,
    /// Which order.
    pub order: OrderRef,
    /// Which operation on that order.
    pub revision: u32,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The ledger's version of the request when this was so; grows with every change.
    pub sequence: u64,
    /// How many times License Central was asked.
    pub attempts: u32,
    /// When the request was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub requested_at: Option<Timestamp>,
    /// When it came to rest.
    #[schemars(with = "String", extend("format" = "date-time"))]
    pub finished_at: Timestamp,
}

/// What became of a license request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "outcome", rename_all = "lowercase")]
pub enum Outcome {
    /// License Central issued a ticket.
    Issued {
        /// The ticket, a bearer secret.
        ticket: Ticket,
        /// Where a customer redeems it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        web_depot_link: Option<String>,
    },
    /// License Central understood the request and said no.
    Refused {
        /// What was wrong, in one word.
        code: String,
        /// What was wrong, in a sentence for a sales person.
        sentence: String,
    },
    /// A person has to look at it.
    Held {
        /// Why, in one word.
        code: HeldCode,
        /// Why, in a sentence for a sales person.
        sentence: String,
    },
}

impl Outcome {
    /// Returns the word on the wire, which is also the second part of the routing key.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Issued { .. } => "issued",
            Self::Refused { .. } => "refused",
            Self::Held { .. } => "held",
        }
    }
}

/// Why a request is held for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum HeldCode {
    /// License Central may have issued a ticket, and cannot be asked.
    OutcomeUnknown,
    /// Every attempt was turned away.
    AttemptsExhausted,
    /// Handling it broke the worker.
    Poison,
    /// License Central holds an order of this number with other content.
    ForeignOrder,
    /// License Central may have issued the licenses twice.
    SuspectedDouble,
    /// The request cannot be read.
    InvalidRequest,
}

impl HeldCode {
    /// Lists every code.
    pub const ALL: [Self; 6] = [
        Self::OutcomeUnknown,
        Self::AttemptsExhausted,
        Self::Poison,
        Self::ForeignOrder,
        Self::SuspectedDouble,
        Self::InvalidRequest,
    ];

    /// Returns the word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OutcomeUnknown => "outcome-unknown",
            Self::AttemptsExhausted => "attempts-exhausted",
            Self::Poison => "poison",
            Self::ForeignOrder => "foreign-order",
            Self::SuspectedDouble => "suspected-double",
            Self::InvalidRequest => "invalid-request",
        }
    }
}

impl std::str::FromStr for HeldCode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or_else(|| format!("no reason to hold is called {text:?}"))
    }
}

impl fmt::Display for HeldCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl CompletionEvent {
    /// Wraps a completion for the source whose request it answers.
    pub fn wrap(source: crate::Source, completion: Completion) -> Self {
        Self {
            specversion: SPEC_VERSION.to_owned(),
            id: format!("{}/{}", completion.request_key, completion.sequence),
            source,
            kind: COMPLETION_TYPE.to_owned(),
            subject: Some(completion.order.number.clone()),
            time: Some(completion.finished_at),
            datacontenttype: Some("application/json".to_owned()),
            data: completion,
        }
    }

    /// Returns the routing key on the completions exchange, `<source>.<outcome>`.
    pub fn routing_key(&self) -> String {
        format!("{}.{}", self.source, self.data.outcome.as_str())
    }

    /// Writes the event as an AMQP body.
    pub fn to_json(&self) -> Vec<u8> {
        crate::cloud_event::to_json(self)
    }
}

/// A body that is no completion of this version.
#[derive(Debug, thiserror::Error)]
pub enum InvalidCompletion {
    /// The body is larger than is read.
    #[error("the completion has {0} bytes, more than {MAX_BODY_BYTES}")]
    TooLarge(usize),
    /// The envelope names another type or version.
    #[error("the message is of type {0:?}, not {COMPLETION_TYPE}")]
    OtherType(String),
    /// The body is not JSON of this shape.
    #[error("the completion cannot be read")]
    Shape {
        /// What the reader says, with line and column.
        source: serde_json::Error,
    },
}

/// Reads a completion from an AMQP body.
///
/// # Errors
/// When the body is too large, of another type, or not of this shape.
pub fn read_completion(body: &[u8]) -> Result<CompletionEvent, InvalidCompletion> {
    if body.len() > MAX_BODY_BYTES {
        return Err(InvalidCompletion::TooLarge(body.len()));
    }
    let event: CompletionEvent = serde_json::from_slice(body).map_err(|source| InvalidCompletion::Shape { source })?;
    if event.kind != COMPLETION_TYPE || event.specversion != SPEC_VERSION {
        return Err(InvalidCompletion::OtherType(event.kind));
    }
    Ok(event)
}

//! What can go wrong while speaking to Salesforce.
#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

use std::sync::Arc;
use std::time::Duration;

use crate::pubsub::codes::EventCode;

/// A cause that several waiters may share.
pub(crate) type Cause = Arc<dyn std::error::Error + Send + Sync + 'static>;

/// What went wrong while speaking to Salesforce.
///
/// Cheap to clone, because one failed call can have many waiters.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// A setting cannot be used.
    #[error("the setting {field} cannot be used: found {found}")]
    Settings {
        /// The setting, relative to the section.
        field: String,
        /// What was found.
        found: String,
    },
    /// Salesforce declined to give a token; somebody must change a setting here or there.
    #[error("salesforce refused a token: {error}: {description}; {hint}")]
    TokenRefused {
        /// Salesforce's word for it, like `invalid_grant`.
        error: String,
        /// Salesforce's sentence.
        description: String,
        /// Where to look.
        hint: &'static str,
    },
    /// The connection could not be made, or broke.
    #[error("cannot reach salesforce {at}")]
    Unreachable {
        /// Which door: `token`, `rest` or `pubsub`.
        at: &'static str,
        /// The cause.
        source: Cause,
    },
    /// No answer came in time.
    #[error("no answer from salesforce {at} within {waited:?}")]
    NoAnswer {
        /// Which door.
        at: &'static str,
        /// The time that was given.
        waited: Duration,
    },
    /// Something answered that is not what Salesforce's documents promise: a proxy's page, a redirect, a cut answer.
    #[error("foreign answer from salesforce {at} (status {status}): {what}")]
    ForeignAnswer {
        /// Which door.
        at: &'static str,
        /// The HTTP status.
        status: u16,
        /// What is wrong with it.
        what: String,
    },
    /// The REST API did not accept a token that was minted for this very call.
    #[error("salesforce does not accept a new token: {code}: {message}")]
    SessionRefused {
        /// Salesforce's code, like `INVALID_SESSION_ID`.
        code: String,
        /// Salesforce's sentence.
        message: String,
    },
    /// The REST API refused a whole call.
    #[error("salesforce refused the call (status {status}): {code}: {message}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// Salesforce's code, like `REQUEST_LIMIT_EXCEEDED`.
        code: String,
        /// Salesforce's sentence.
        message: String,
        /// What is known about it.
        class: Class,
    },
    /// More records than one call may carry.
    #[error("{found} records in one call, salesforce takes at most {most}")]
    TooManyRecords {
        /// How many were given.
        found: usize,
        /// How many are allowed.
        most: usize,
    },
    /// The Pub/Sub API ended a call with an error.
    #[error("salesforce pub/sub: {} ({status}): {message}", code.map_or("no known error code", EventCode::suffix))]
    PubSub {
        /// Salesforce's own code, if it sent one we know.
        code: Option<EventCode>,
        /// The gRPC status in words.
        status: &'static str,
        /// Salesforce's sentence.
        message: String,
        /// Salesforce's id of the call, for its support.
        rpc_id: Option<String>,
        /// What is known about it.
        class: Class,
    },
    /// We may not read the topic.
    #[error("salesforce does not let this user subscribe to {topic}")]
    CannotSubscribe {
        /// The topic.
        topic: String,
    },
    /// Salesforce closed the stream without an error: it was recycled, or stood without credit for a minute.
    #[error("salesforce closed the stream, {pending} events of credit outstanding")]
    StreamClosed {
        /// The credit that was still outstanding; zero means that it starved.
        pending: u32,
    },
    /// The stream was silent for longer than a living one can be.
    #[error("nothing came over the stream within {waited:?}, not even a keepalive")]
    StreamSilent {
        /// The time that was given.
        waited: Duration,
    },
}

/// What an error means for whoever decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// It may well work in a moment.
    Transient,
    /// The token is not accepted; the next call mints another. Again and again means that a person must look.
    Reauthenticate,
    /// An allowance is used up: wait long, keep everything.
    Quota,
    /// The position in the stream is not accepted and never will be again.
    StaleCheckpoint,
    /// It will not work until somebody changes something.
    Configuration,
}

/// How long to leave Salesforce alone once an allowance of the day is used up.
const QUOTA_WAIT: Duration = Duration::from_secs(15 * 60);

impl Error {
    /// Says what this error means.
    pub fn class(&self) -> Class {
        match self {
            Self::Unreachable { .. }
            | Self::NoAnswer { .. }
            | Self::ForeignAnswer { .. }
            | Self::StreamClosed { .. }
            | Self::StreamSilent { .. } => Class::Transient,
            Self::SessionRefused { .. } => Class::Reauthenticate,
            Self::Settings { .. }
            | Self::TokenRefused { .. }
            | Self::TooManyRecords { .. }
            | Self::CannotSubscribe { .. } => Class::Configuration,
            Self::Refused { class, .. } | Self::PubSub { class, .. } => *class,
        }
    }

    /// Says whether trying again soon makes sense (with a new token where that was the trouble).
    pub fn is_transient(&self) -> bool {
        matches!(self.class(), Class::Transient | Class::Reauthenticate)
    }

    /// Says whether an allowance is used up.
    pub fn is_quota(&self) -> bool {
        self.class() == Class::Quota
    }

    /// Says whether the stored position is lost.
    pub fn is_stale_checkpoint(&self) -> bool {
        self.class() == Class::StaleCheckpoint
    }

    /// Says whether a person must change something first.
    pub fn is_configuration(&self) -> bool {
        self.class() == Class::Configuration
    }

    /// Returns the shortest wait Salesforce asks of us, if it is longer than a reconnect's.
    pub fn retry_after(&self) -> Option<Duration> {
        self.is_quota().then_some(QUOTA_WAIT)
    }

    /// Returns Salesforce's id of the call, for the logs and for its support.
    pub fn rpc_id(&self) -> Option<&str> {
        if let Self::PubSub { rpc_id, .. } = self {
            rpc_id.as_deref()
        } else {
            None
        }
    }
}

//! What can go wrong on the way to RabbitMQ.
#![deny(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

use crate::topology::Finding;
use std::{io, path::PathBuf, time::Duration};

/// What went wrong with the broker, apart from a publish.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings cannot work.
    #[error("the broker's settings are wrong: {0}")]
    Settings(String),
    /// A certificate or key cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The broker cannot be reached, or went away.
    #[error("cannot reach the broker")]
    Unreachable {
        /// Why not.
        source: lapin::Error,
    },
    /// The broker did not answer in time.
    #[error("no answer from the broker within {waited:?}")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
    /// The broker does not let us in: name, password or vhost.
    #[error("the broker refuses this account or vhost")]
    Refused {
        /// What it said.
        source: lapin::Error,
    },
    /// The account lacks a right.
    #[error("the account may not {what}")]
    Forbidden {
        /// What was tried.
        what: String,
        /// What the broker said.
        source: lapin::Error,
    },
    /// An exchange or a queue does not exist.
    #[error("{what} does not exist")]
    Missing {
        /// Which one.
        what: String,
    },
    /// The exchanges and queues are not as they must be.
    #[error("the topology is not as it must be: {}", list(.0))]
    Topology(Vec<Finding>),
    /// The management API cannot be reached, or does not answer as it should.
    #[error("cannot ask the management api")]
    Management {
        /// Why not.
        source: reqwest::Error,
    },
    /// The management API does not let us in.
    #[error("the management api refuses this account")]
    ManagementRefused,
    /// The broker was closed by ourselves.
    #[error("the broker handle is closed")]
    Closed,
}

impl Error {
    /// Says whether the same may work a little later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } | Self::Management { .. } => true,
            Self::Settings(_)
            | Self::File { .. }
            | Self::Refused { .. }
            | Self::Forbidden { .. }
            | Self::Missing { .. }
            | Self::Topology(_)
            | Self::ManagementRefused
            | Self::Closed => false,
        }
    }

    /// Sorts an answer of the broker to `what` was tried.
    pub(crate) fn sorted(what: impl Into<String>, source: lapin::Error) -> Self {
        match reply_code(&source) {
            Some(NOT_FOUND) => Self::Missing { what: what.into() },
            Some(ACCESS_REFUSED) => Self::Forbidden {
                what: what.into(),
                source,
            },
            Some(NOT_ALLOWED) => Self::Refused { source },
            _ => Self::Unreachable { source },
        }
    }
}

fn list(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
}

/// Why a message is not, or not surely, with the broker.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// No queue took the message; the broker gave it back.
    #[error("no queue takes a message for {routing_key:?} from exchange {exchange:?}")]
    Returned {
        /// The exchange.
        exchange: String,
        /// The routing key.
        routing_key: String,
    },
    /// The broker said no: a queue is full or had an internal error.
    #[error("the broker did not take the message")]
    Refused,
    /// No answer came: the message may or may not be there.
    #[error("the publish was not confirmed")]
    Unconfirmed {
        /// Why the connection or channel ended.
        source: lapin::Error,
    },
    /// No confirm came in time: the message may or may not be there.
    #[error("no confirm within {waited:?}")]
    TimedOut {
        /// How long was waited.
        waited: Duration,
    },
    /// There was no connection, or a blocked one; the message was not sent.
    #[error("no connection that takes publishes within {waited:?}")]
    Unavailable {
        /// How long was waited.
        waited: Duration,
    },
    /// The exchange does not exist.
    #[error("exchange {exchange:?} does not exist")]
    NoExchange {
        /// Which one.
        exchange: String,
    },
    /// The account may not write to the exchange.
    #[error("the account may not publish to exchange {exchange:?}")]
    Forbidden {
        /// Which one.
        exchange: String,
        /// What the broker said.
        source: lapin::Error,
    },
    /// The message is larger than the broker takes.
    #[error("the message is too large for the broker ({bytes} bytes)")]
    TooLarge {
        /// The size of the body.
        bytes: usize,
    },
    /// A name in the message is longer than AMQP carries (255 bytes).
    #[error("{what} is longer than 255 bytes")]
    NameTooLong {
        /// Which one.
        what: &'static str,
    },
    /// The broker handle was closed by ourselves.
    #[error("the broker handle is closed")]
    Closed,
}

impl PublishError {
    /// Says whether the same message may get through a little later without anybody's help.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Refused | Self::Unconfirmed { .. } | Self::TimedOut { .. } | Self::Unavailable { .. } => true,
            Self::Returned { .. }
            | Self::NoExchange { .. }
            | Self::Forbidden { .. }
            | Self::TooLarge { .. }
            | Self::NameTooLong { .. }
            | Self::Closed => false,
        }
    }

    /// Sorts the end of a channel on which a message of `bytes` was on its way to `exchange`.
    pub(crate) fn sorted(exchange: &str, bytes: usize, source: lapin::Error) -> Self {
        let exchange = exchange.to_owned();
        match reply_code(&source) {
            Some(NOT_FOUND) => Self::NoExchange { exchange },
            Some(ACCESS_REFUSED) => Self::Forbidden { exchange, source },
            // The one precondition of a plain publish: the broker's `max_message_size`.
            Some(PRECONDITION_FAILED) => Self::TooLarge { bytes },
            _ => Self::Unconfirmed { source },
        }
    }
}

/// `403`, <https://www.rabbitmq.com/docs/channels#error-handling>.
pub(crate) const ACCESS_REFUSED: u16 = 403;
/// `404`: exchange or queue missing.
pub(crate) const NOT_FOUND: u16 = 404;
/// `406`: declared with other arguments.
pub(crate) const PRECONDITION_FAILED: u16 = 406;
/// `530`: the vhost does not exist, or is not ours.
const NOT_ALLOWED: u16 = 530;

/// The reply code with which the broker closed a channel or a connection.
pub(crate) fn reply_code(error: &lapin::Error) -> Option<u16> {
    if let lapin::ErrorKind::ProtocolError(error) = error.kind() {
        Some(error.get_id())
    } else {
        None
    }
}

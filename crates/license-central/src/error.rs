//! What can go wrong between an order and its ticket, and what is known about the order afterwards.
#![warn(clippy::wildcard_enum_match_arm, clippy::match_wildcard_for_single_variants)]

mod mistakes;

use std::path::PathBuf;
use std::time::Duration;

use http::StatusCode;

pub use mistakes::{Mistake, Mistakes};

use crate::profile::Operation;

/// What is known about an order after an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Class {
    /// License Central understood the order and declined it, or it cannot be sent as it is.
    Refused {
        /// A short word for programs, for example `unknown-item`.
        code: String,
        /// What a sales person reads, at most 255 characters.
        sentence: String,
    },
    /// The order was surely not processed: it may be sent again.
    NotAccepted,
    /// The order may or may not have been processed: it must be looked up before it is sent again.
    Unknown,
}

/// What went wrong while speaking to License Central.
///
/// Messages name the order and the field, never a ticket, a name or a body.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings contradict themselves.
    #[error("the license central settings are not usable:{0}")]
    Settings(Mistakes),
    /// The profile cannot be used.
    #[error("the license central profile is not usable:{0}")]
    Profile(Mistakes),
    /// A file named in the settings cannot be read.
    #[error("cannot read {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A certificate, key or PKCS#12 file holds something else, or its password is wrong.
    #[error("cannot use {}: {problem}", path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it; never its content.
        problem: String,
    },
    /// The HTTP client cannot be built.
    #[error("cannot set up the http client")]
    HttpClient {
        /// Why.
        source: reqwest::Error,
    },
    /// The profile has no such operation.
    #[error("the license central profile has no operation {0}")]
    Unsupported(Operation),

    /// A field of the order cannot be sent to License Central.
    #[error("order {order}: {field} {problem}")]
    Field {
        /// The order number at License Central.
        order: String,
        /// The field, for example `customer.id` or `lines[2].item_id`.
        field: String,
        /// What is wrong with it, as the rest of a sentence.
        problem: String,
        /// `field-too-long` or `character-not-allowed`.
        code: &'static str,
    },
    /// The profile's template cannot write this order.
    #[error("order {order}: the profile's request template failed: {problem}")]
    Template {
        /// The order number at License Central.
        order: String,
        /// The engine's kind of error and the template's line; the engine's own words may quote the order.
        problem: String,
    },
    /// The answer was a fault that the profile lists as a refusal.
    #[error("order {order} was refused: {fault}")]
    Refused {
        /// The order number at License Central.
        order: String,
        /// License Central's own code, or the HTTP status.
        fault: String,
        /// Our code for it.
        code: String,
        /// What a sales person reads.
        sentence: Sentence,
    },

    /// No connection was made, so nothing was sent.
    #[error("cannot reach license central")]
    Unreachable {
        /// Why.
        source: reqwest::Error,
    },
    /// The call's time was over before a connection was made, so nothing was sent.
    #[error("no connection to license central within {waited:?}")]
    NotConnected {
        /// How long was waited.
        waited: Duration,
    },
    /// The deadline had passed when the request was about to be written, so it was not.
    #[error("the deadline passed before the request was sent")]
    Late,
    /// License Central said that it did not take the request (a fault or status listed as such in the profile).
    #[error("license central did not take the request: {reason}")]
    Busy {
        /// The fault's code or the HTTP status.
        reason: String,
        /// How long License Central asked to wait.
        retry_after: Option<Duration>,
    },

    /// No whole answer came in time, after the request was sent.
    #[error("no answer within {waited:?}")]
    NoAnswer {
        /// How long was waited.
        waited: Duration,
    },
    /// The connection broke after the request was handed over.
    #[error("the connection broke before the whole answer was there")]
    Interrupted {
        /// How.
        source: reqwest::Error,
    },
    /// The answer was larger than this program reads.
    #[error("the answer is larger than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The answer pointed elsewhere; it was not followed.
    #[error("license central answered with a redirect, http status {status}")]
    Redirected {
        /// The HTTP status.
        status: StatusCode,
    },
    /// The answer was not one that the profile describes.
    #[error("http status {status}: {problem}")]
    Foreign {
        /// The HTTP status.
        status: StatusCode,
        /// What is wrong with it; never its content.
        problem: String,
    },
    /// The answer was a fault that the profile does not list, or lists as unknown.
    #[error("fault {code}, http status {status}")]
    Fault {
        /// The fault's code.
        code: String,
        /// The HTTP status.
        status: StatusCode,
    },
    /// The ticket in the answer does not look like a ticket of this installation.
    #[error("order {order}: the ticket in the answer has a foreign shape: {shape}")]
    ForeignTicket {
        /// The order number at License Central.
        order: String,
        /// Its shape with every character masked; never the ticket.
        shape: String,
    },
    /// The answer speaks of another order.
    #[error("order {order}: the answer speaks of another order")]
    ForeignOrder {
        /// The order number at License Central that was asked for.
        order: String,
    },
}

impl Error {
    /// Says what is known about the order.
    pub fn class(&self) -> Class {
        match self {
            Self::Field {
                order,
                field,
                problem,
                code,
            } => Class::Refused {
                code: (*code).to_owned(),
                sentence: Sentence::new(&format!("Order {order} cannot be licensed: {field} {problem}.")).0,
            },
            Self::Template { order, .. } => Class::Refused {
                code: "request-not-writable".to_owned(),
                sentence: Sentence::new(&format!(
                    "Order {order} could not be written down for License Central. Please ask your administrator."
                ))
                .0,
            },
            Self::Refused { code, sentence, .. } => Class::Refused {
                code: code.clone(),
                sentence: sentence.0.clone(),
            },
            Self::Settings(_)
            | Self::Profile(_)
            | Self::File { .. }
            | Self::Certificate { .. }
            | Self::HttpClient { .. }
            | Self::Unsupported(_)
            | Self::Unreachable { .. }
            | Self::NotConnected { .. }
            | Self::Late
            | Self::Busy { .. } => Class::NotAccepted,
            Self::NoAnswer { .. }
            | Self::Interrupted { .. }
            | Self::TooLarge { .. }
            | Self::Redirected { .. }
            | Self::Foreign { .. }
            | Self::Fault { .. }
            | Self::ForeignTicket { .. }
            | Self::ForeignOrder { .. } => Class::Unknown,
        }
    }

    /// Returns how long License Central asked to wait, if it did.
    pub fn retry_after(&self) -> Option<Duration> {
        if let Self::Busy { retry_after, .. } = self {
            *retry_after
        } else {
            None
        }
    }
}

/// A sentence for a sales person; it may quote an order, so its debug form does not show it.
#[derive(Clone, PartialEq, Eq)]
pub struct Sentence(String);

impl Sentence {
    /// The longest sentence that Salesforce's text field takes, in characters.
    const MAX_CHARS: usize = 255;

    /// Takes a sentence, on one line and cut to 255 characters.
    pub(crate) fn new(text: &str) -> Self {
        let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.chars().count() <= Self::MAX_CHARS {
            return Self(line);
        }
        Self(line.chars().take(Self::MAX_CHARS - 1).chain(['…']).collect())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Sentence {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Sentence({} characters)", self.0.chars().count())
    }
}

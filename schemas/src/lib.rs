//! Every contract of Ticketsmith, as files and as Rust types.
//!
//! AMQP bodies are `CloudEvents` 1.0 in structured JSON, so that any system can submit a license request or subscribe to
//! completions without a library of ours. The Pub/Sub messages and License Central's WSDL stand here too, because both
//! sides of a wall read them: our clients and our simulators. No input, no output, no clock.

mod cloud_event;
mod completion;
pub mod duration;
mod fingerprint;
pub mod json_schema;
mod key;
mod order;
pub mod pubsub;
mod read;
mod request;
mod ticket;

pub use cloud_event::{CONTENT_TYPE, CloudEvent, InvalidSource, MAX_BODY_BYTES, SPEC_VERSION, Source};
pub use completion::{
    COMPLETION_TYPE, Completion, CompletionEvent, HeldCode, InvalidCompletion, Outcome, read_completion,
};
pub use fingerprint::{Fingerprint, InvalidFingerprint};
pub use key::{InvalidKey, RequestKey, widen_id};
pub use order::{Customer, OrderLine, OrderRef};
pub use read::{InvalidRequest, KnownOrder, Problem, read_lines, read_request};
pub use request::{Action, LicenseRequest, REQUEST_TYPE, Reply, RequestEvent};
pub use ticket::Ticket;

/// The WSDL 1.1 of the default License Central profile, which the simulator serves.
pub const LICENSE_CENTRAL_WSDL: &str = include_str!("../license-central/license-central.wsdl");

//! The producer: events that Salesforce publishes become license requests on RabbitMQ.
//!
//! One loop: [`translate`] makes a request of an event, the ledger accepts it, the broker confirms its message, and only
//! then the checkpoint moves over it ([`Watermark`]). Whatever breaks in between comes again from the checkpoint, and a
//! request that comes twice is one request to the ledger.

mod alarm;
mod begin;
mod credit;
mod error;
mod event_fields;
mod gate;
mod intake;
mod letter;
mod mapping;
mod outlet;
mod producer;
mod seat;
mod session;
mod settings;
mod status;
mod translate;
mod watermark;

pub use error::Error;
pub use mapping::Mapping;
pub use producer::{Deps, Producer};
pub use settings::Settings;
pub use status::{Activity, Status};
pub use translate::{DecodedEvent, translate};
pub use watermark::{Place, Watermark};

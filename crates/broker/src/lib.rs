//! The way to RabbitMQ: topology, confirmed publishes, consumers that lose nothing. The only room that names `lapin`.
//!
//! What is published resolves only when the broker has confirmed *and* routed it; what is consumed is acknowledged only
//! after everything that follows from it is confirmed. Whatever is interrupted in between comes back.

mod broker;
mod consumer;
mod delivery;
mod dial;
mod disposition;
mod envelope;
mod error;
mod headers;
mod link;
mod publisher;
mod settings;
pub mod topology;
mod valve;

pub use broker::{Broker, Status};
pub use consumer::{BatchHandler, Handler, consume, consume_batches};
pub use delivery::{BrokerDeath, Delivery};
pub use disposition::{AttemptError, DeadReason, Disposition, Wait};
pub use envelope::Envelope;
pub use error::{Error, PublishError};
pub use headers::REPLAY_HEADER;
pub use link::LinkState;
pub use publisher::Publisher;
pub use settings::{Mistake, Settings};
pub use valve::{Valve, ValveHandle};

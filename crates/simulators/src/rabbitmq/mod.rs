//! A private RabbitMQ node: the installed `rabbitmq-server`, run with ports, data, name and cookie of its own.
//!
//! Nothing is shared with a broker that the machine may already run, so several nodes live side by side. A node is
//! ended when its [`Node`] is dropped, and also when the process that holds it dies without a word: a small watchdog
//! waits on a pipe whose other end only that process has.

mod error;
mod files;
mod janitor;
mod management;
mod node;
mod server;
mod vhost;

pub use error::Error;
pub use management::{Management, QueueTotals};
pub use node::{Node, Options, Tls};
pub use vhost::{TEST_AMQP, TEST_MANAGEMENT, Vhost};

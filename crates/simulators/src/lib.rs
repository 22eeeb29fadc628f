//! The neighbours that cannot be had here, as real servers on real sockets, and a private RabbitMQ node.

pub mod license_central;
pub mod rabbitmq;
pub mod salesforce;
pub mod tls;

//! The neighbours that cannot be had here, as real servers on real sockets; at first a private RabbitMQ node.

pub mod rabbitmq;

//! The stories that hold the whole together: the arrows between the rooms, and the real program against a real RabbitMQ
//! and pretend neighbours on real sockets.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod harness;

mod architecture;
mod bad_input;
mod commands;
mod dead_letters;
mod demo;
mod freezing;
mod killing;
mod outages;
mod the_loop;

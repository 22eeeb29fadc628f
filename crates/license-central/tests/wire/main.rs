//! The client against servers that answer byte by byte what a test says.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its stage has failed")]

mod classes;
mod connections;
mod requests;
mod server;
mod tls;

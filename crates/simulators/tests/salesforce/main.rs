//! The pretend Salesforce, asked over real sockets by clients that are written here and share nothing with ours.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on should stop where it stands"
)]

mod client;
mod faults;
mod oauth;
mod page;
mod pubsub;
mod replay;
mod rest;
mod rest_collections;
mod tls;

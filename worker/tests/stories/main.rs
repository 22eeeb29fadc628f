//! The worker on real wires: a private RabbitMQ node, a real ledger file, the pretend License Central and Salesforce.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests fail their test"
)]

mod frozen;
mod fulfilling;
mod processes;
mod reporting;
mod storm;
mod world;

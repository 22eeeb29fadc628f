//! The producer's loop against a real RabbitMQ, a real ledger file and the pretend Salesforce.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on says where")]

mod the_checkpoint;
mod the_loop;
mod world;

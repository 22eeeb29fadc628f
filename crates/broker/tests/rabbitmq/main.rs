//! The broker room against a real RabbitMQ: one private node for the whole process, or the running one that
//! `TICKETSMITH_TEST_AMQP` and `TICKETSMITH_TEST_RABBITMQ_MANAGEMENT` name; a vhost of its own for each test.

#![expect(clippy::unwrap_used, reason = "what a test cannot do, it cannot show")]

mod batches;
mod consuming;
mod declaring;
mod losing;
mod outages;
mod place;
mod publishing;
mod strangers;
mod tls;

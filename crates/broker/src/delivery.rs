//! A message as it came out of a queue.

use crate::{
    disposition::DeadReason,
    envelope::{Envelope, number, plain},
    headers,
};
use lapin::types::{AMQPValue, FieldTable};

/// A message that was delivered to us, and how it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// The message.
    pub envelope: Envelope,
    /// The queue it was consumed from.
    pub queue: String,
    /// The exchange that brought it there last.
    pub exchange: String,
    /// The routing key it has now.
    pub routing_key: String,
    /// Whether it was given out before, to us or to somebody else.
    pub redelivered: bool,
    /// How often it came back unacknowledged. Without meaning where `redelivered` is false: then it may be forged, or
    /// brought along from another queue.
    pub delivery_count: u64,
    /// What the broker itself did with it last, such as the end of a wait; it never decides about an order.
    pub broker_death: Option<BrokerDeath>,
}

/// One dead-lettering by the broker: the newest entry of `x-death`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerDeath {
    /// The queue it was taken from.
    pub queue: String,
    /// Why: `expired` (the end of a wait), `rejected`, `maxlen` or `delivery_limit`.
    pub reason: String,
    /// How often that happened there.
    pub count: u64,
}

impl Delivery {
    /// Reads why a message was parked, where one of us parked it.
    pub fn dead_reason(&self) -> Option<DeadReason> {
        DeadReason::read(&self.envelope.headers)
    }

    /// Reads what lapin received; the body moves.
    pub(crate) fn read(queue: &str, received: &mut lapin::message::Delivery) -> Self {
        let table = received.properties.headers().as_ref().map(FieldTable::inner);
        let header = |name: &str| table.and_then(|table| table.get(name));
        let delivery_count = header(headers::DELIVERY_COUNT).and_then(number);
        let broker_death = header(headers::DEATH).and_then(BrokerDeath::read);
        Self {
            envelope: Envelope::read(&received.properties, std::mem::take(&mut received.data)),
            queue: queue.to_owned(),
            exchange: received.exchange.to_string(),
            routing_key: received.routing_key.to_string(),
            redelivered: received.redelivered,
            delivery_count: delivery_count.and_then(|count| u64::try_from(count).ok()).unwrap_or(0),
            broker_death,
        }
    }
}

impl BrokerDeath {
    fn read(value: &AMQPValue) -> Option<Self> {
        let AMQPValue::FieldArray(deaths) = value else {
            return None;
        };
        let AMQPValue::FieldTable(newest) = deaths.as_slice().first()? else {
            return None;
        };
        let newest = newest.inner();
        Some(Self {
            queue: newest.get("queue").and_then(plain)?,
            reason: newest.get("reason").and_then(plain)?,
            count: newest
                .get("count")
                .and_then(number)
                .and_then(|count| u64::try_from(count).ok())
                .unwrap_or(1),
        })
    }
}

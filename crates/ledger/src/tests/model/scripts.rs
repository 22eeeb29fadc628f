//! What is asked for, made once: hashing in every interleaving would take most of the time.

use schemas::Source;

use crate::arrival::Incoming;
use crate::tests::support::{at, request};

/// How many orders live in one world.
pub(super) const ORDERS: usize = 3;

/// The item that License Central knows, the one it does not know at first, and another it knows.
pub(super) const ITEMS: [&str; 3] = ["CM-BASIC", "CM-LATER", "CM-PRO"];

/// Requests ready to be sent, by order and item.
#[derive(Debug)]
pub(super) struct Scripts(Vec<Incoming>);

impl Scripts {
    pub(super) fn new() -> Self {
        let make = |order: usize, item: &str| {
            let mut event = request(&format!("O{order}"), item, 0);
            if order == 2 {
                // One order of another system: only RabbitMQ knows it before its first claim.
                event.source = "erp".parse::<Source>().unwrap();
                event.data.order.org = None;
            }
            Incoming::from(crate::Arrival::first(event))
        };
        Self(
            (0..ORDERS)
                .flat_map(|order| ITEMS.map(|item| make(order, item)))
                .collect(),
        )
    }

    /// Returns a request for this item of this order, asked for at a second.
    pub(super) fn request(&self, order: usize, item: usize, second: i64, message: &str) -> Incoming {
        let script = &self.0[order * ITEMS.len() + item];
        Incoming {
            message_id: message.to_owned(),
            requested_at: at(second),
            event_time: at(second),
            ..script.clone()
        }
    }

    /// Returns order and item of a request.
    pub(super) fn meaning(&self, fingerprint: schemas::Fingerprint, key: &schemas::RequestKey) -> (usize, usize) {
        let known = |script: &Incoming| script.fingerprint == fingerprint && script.key == *key;
        let place = self.0.iter().position(known).unwrap();
        (place / ITEMS.len(), place % ITEMS.len())
    }
}

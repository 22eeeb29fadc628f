//! The exchanges, queues and bindings, as data. Everything else (declaring, checking, `definitions.json`) is made of it.

mod apply;
mod check;
mod definitions;
mod policies;
mod role;

pub use check::Finding;
pub use role::{Rights, Role};

use std::time::Duration;

/// License requests come in here, key `<source>.<action>`; also the name of the work queue of `fulfil`.
pub const REQUESTS: &str = "ticketsmith.requests";
/// Completions go out here, key `<source>.<outcome>`; anybody may bind a queue.
pub const COMPLETIONS: &str = "ticketsmith.completions";
/// The queue of completions of Salesforce's orders, the work queue of `report`.
pub const COMPLETIONS_SALESFORCE: &str = "ticketsmith.completions.salesforce";
/// Messages that are to wait, key `<wait>.<queue>`.
pub const RETRY: &str = "ticketsmith.retry";
/// What has waited comes back through here, with the key it waited under.
pub const RETURN: &str = "ticketsmith.return";
/// What an operator sends again, key = queue.
pub const REPLAY: &str = "ticketsmith.replay";
/// What is parked; exchange and queue.
pub const DEAD: &str = "ticketsmith.dead";
/// What reached no queue; exchange and queue. An alarm if it is not empty.
pub const UNROUTED: &str = "ticketsmith.unrouted";

/// How often a delivery may come back before the broker parks it by itself: never, in effect. The broker does not
/// decide about an order, we do. −1 and 0 mean different things to different versions.
pub(crate) const DELIVERY_LIMIT: i64 = 1_000_000;

/// How an exchange routes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// By a pattern over the key's words.
    Topic,
    /// By the whole key.
    Direct,
    /// To every queue.
    Fanout,
}

/// An exchange. All are durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    /// Its name.
    pub name: &'static str,
    /// How it routes.
    pub kind: Kind,
    /// Whether what it cannot route goes to [`UNROUTED`]. Our own publishes are `mandatory` besides: an alternate
    /// exchange whose queue is unbound confirms and loses.
    pub has_alternate: bool,
}

/// A queue. All are durable quorum queues that dead-letter at least once, if at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Queue {
    /// Its name.
    pub name: String,
    /// After which time its messages go to the dead-letter exchange.
    pub ttl: Option<Duration>,
    /// Its dead-letter exchange.
    pub dead_letter_exchange: Option<&'static str>,
}

/// A binding of a queue to an exchange.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The exchange.
    pub exchange: &'static str,
    /// The queue.
    pub queue: String,
    /// The routing key or pattern.
    pub key: String,
}

/// The whole topology.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topology {
    /// The exchanges, those first that others name.
    pub exchanges: Vec<Exchange>,
    /// The queues.
    pub queues: Vec<Queue>,
    /// The bindings.
    pub bindings: Vec<Binding>,
}

/// The queues that are consumed, and so may send messages to a wait and take them back.
const CONSUMED: [&str; 4] = [REQUESTS, COMPLETIONS_SALESFORCE, DEAD, UNROUTED];

impl Topology {
    /// Builds the topology with these waits.
    pub fn new(tiers: &[Duration]) -> Self {
        let mut bindings = vec![
            bind(REQUESTS, REQUESTS, "#"),
            bind(COMPLETIONS, COMPLETIONS_SALESFORCE, "salesforce.*"),
            bind(DEAD, DEAD, ""),
            bind(UNROUTED, UNROUTED, ""),
        ];
        bindings.extend(
            tiers
                .iter()
                .map(|tier| bind(RETRY, &tier_queue(*tier), &format!("{}.#", tier_name(*tier)))),
        );
        bindings.extend(CONSUMED.map(|queue| bind(RETURN, queue, &format!("*.{queue}"))));
        bindings.extend([REQUESTS, COMPLETIONS_SALESFORCE].map(|queue| bind(REPLAY, queue, queue)));
        Self {
            exchanges: exchanges().to_vec(),
            queues: queues(tiers),
            bindings,
        }
    }
}

fn exchanges() -> [Exchange; 7] {
    let exchange = |name, kind, has_alternate| Exchange {
        name,
        kind,
        has_alternate,
    };
    [
        exchange(UNROUTED, Kind::Fanout, false),
        exchange(DEAD, Kind::Fanout, false),
        exchange(REQUESTS, Kind::Topic, true),
        exchange(COMPLETIONS, Kind::Topic, true),
        exchange(RETRY, Kind::Topic, false),
        exchange(RETURN, Kind::Topic, true),
        exchange(REPLAY, Kind::Direct, false),
    ]
}

fn queues(tiers: &[Duration]) -> Vec<Queue> {
    let queue = |name: &str, dead_letter_exchange| Queue {
        name: name.to_owned(),
        ttl: None,
        dead_letter_exchange,
    };
    let mut queues = vec![
        queue(REQUESTS, Some(DEAD)),
        queue(COMPLETIONS_SALESFORCE, Some(DEAD)),
        queue(DEAD, None),
        queue(UNROUTED, None),
    ];
    // Each wait has a queue of its own with one time for all: a message's own time would wait for those before it.
    queues.extend(tiers.iter().map(|tier| Queue {
        name: tier_queue(*tier),
        ttl: Some(*tier),
        dead_letter_exchange: Some(RETURN),
    }));
    queues
}

fn bind(exchange: &'static str, queue: &str, key: &str) -> Binding {
    Binding {
        exchange,
        queue: queue.to_owned(),
        key: key.to_owned(),
    }
}

/// The queue of a wait; it carries its time in its name, so that an argument never changes under a name.
pub fn tier_queue(tier: Duration) -> String {
    format!("{RETRY}.{}", tier_name(tier))
}

/// The key under which a message waits so long and comes back to this queue.
pub fn tier_key(tier: Duration, queue: &str) -> String {
    format!("{}.{queue}", tier_name(tier))
}

/// The wait's word in names and keys: one word without a dot.
fn tier_name(tier: Duration) -> String {
    schemas::duration::display(tier).replace(' ', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_named_by_its_time() {
        let names = [200, 1000, 5000, 90_000, 3_600_000].map(|ms| tier_queue(Duration::from_millis(ms)));
        let expected = ["200ms", "1s", "5s", "1m30s", "1h"].map(|name| format!("ticketsmith.retry.{name}"));
        assert_eq!(names, expected);
        assert_eq!(tier_key(Duration::from_secs(120), REQUESTS), "2m.ticketsmith.requests");
    }

    #[test]
    fn every_binding_names_an_exchange_and_a_queue_that_exist_and_every_queue_is_bound() {
        let topology = Topology::new(&[Duration::from_secs(5)]);
        for binding in &topology.bindings {
            assert!(
                topology
                    .exchanges
                    .iter()
                    .any(|exchange| exchange.name == binding.exchange),
                "{binding:?}"
            );
            assert!(
                topology.queues.iter().any(|queue| queue.name == binding.queue),
                "{binding:?}"
            );
        }
        for queue in &topology.queues {
            assert!(
                topology.bindings.iter().any(|binding| binding.queue == queue.name),
                "{queue:?}"
            );
        }
    }
}

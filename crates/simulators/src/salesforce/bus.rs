//! The org-wide event bus: positions with gaps, retention, replay.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::watch;
use tokio::time::Instant;

use super::org::lock;

/// Everything published in the org, for as long as it is retained.
#[derive(Debug)]
pub(super) struct Bus {
    state: Mutex<State>,
    retention: Duration,
    changed: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    events: VecDeque<BusEvent>,
    /// Positions without an event that clients were told, with the moment they were told.
    marks: BTreeMap<u64, Instant>,
    last: u64,
}

/// One event on the bus.
#[derive(Debug, Clone)]
pub(super) struct BusEvent {
    pub(super) position: u64,
    pub(super) topic: String,
    /// The event's UUID: what makes two events the same.
    pub(super) id: String,
    pub(super) schema_id: String,
    pub(super) payload: Bytes,
    at: Instant,
}

/// The position is not one that can be resumed from: never given out, too old, or of a former bus.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Corrupted;

impl Bus {
    /// An empty bus that starts somewhere in the middle, like a real one.
    pub(super) fn new(retention: Duration) -> Self {
        let last = rand::random_range(1_000_000..5_000_000);
        let state = State {
            events: VecDeque::new(),
            marks: BTreeMap::from([(last, Instant::now())]),
            last,
        };
        Self {
            state: Mutex::new(state),
            retention,
            changed: watch::Sender::new(0),
        }
    }

    /// Wakes all subscriptions, so that they look at the bus, their token and the planned faults again.
    pub(super) fn nudge(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Hears of every [`Bus::nudge`].
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Puts an event on the bus and returns its position.
    pub(super) fn publish(&self, topic: &str, id: &str, schema_id: &str, payload: Bytes) -> u64 {
        let position = {
            let mut state = lock(&self.state);
            let position = state.advance();
            let (topic, id, schema_id) = (topic.to_owned(), id.to_owned(), schema_id.to_owned());
            state.events.push_back(BusEvent {
                position,
                topic,
                id,
                schema_id,
                payload,
                at: Instant::now(),
            });
            position
        };
        self.nudge();
        position
    }

    /// Publishes the topic's latest event once more: same id and payload, another position.
    pub(super) fn duplicate_latest(&self, topic: &str) -> bool {
        let latest = lock(&self.state)
            .events
            .iter()
            .rfind(|event| event.topic == topic)
            .cloned();
        match latest {
            Some(event) => {
                self.publish(topic, &event.id, &event.schema_id, event.payload);
                true
            }
            None => false,
        }
    }

    /// Returns a topic's events strictly after a position, at most so many.
    pub(super) fn after(&self, topic: &str, position: u64, at_most: usize) -> Vec<BusEvent> {
        let mut state = lock(&self.state);
        state.forget(self.retention);
        let from = state.events.partition_point(|event| event.position <= position);
        state
            .events
            .range(from..)
            .filter(|event| event.topic == topic)
            .take(at_most)
            .cloned()
            .collect()
    }

    /// The newest position, good to resume from. On a quiet bus it moves on before it ages.
    pub(super) fn tip(&self) -> u64 {
        let mut state = lock(&self.state);
        let young = |at: &Instant| at.elapsed() < self.retention / 4;
        let fresh = match state.events.back() {
            Some(event) if event.position == state.last => young(&event.at),
            _ => state.marks.get(&state.last).is_some_and(young),
        };
        if !fresh {
            let position = state.advance();
            state.marks.insert(position, Instant::now());
        }
        state.forget(self.retention);
        state.last
    }

    /// Finds the position a replay id names: 10 bytes as sent, or the leading 8 alone.
    pub(super) fn locate(&self, replay_id: &[u8]) -> Result<u64, Corrupted> {
        let counter = match replay_id.len() {
            8 => replay_id,
            10 if replay_id[8..] == [0, 0] => &replay_id[..8],
            _ => return Err(Corrupted),
        };
        let position = u64::from_be_bytes(counter.try_into().map_err(|_| Corrupted)?);
        let mut state = lock(&self.state);
        state.forget(self.retention);
        let known = state.marks.contains_key(&position)
            || state
                .events
                .binary_search_by_key(&position, |event| event.position)
                .is_ok();
        if known { Ok(position) } else { Err(Corrupted) }
    }

    /// Starts a new bus: every event is gone, and no former position is known any more.
    pub(super) fn reset(&self) {
        let mut state = lock(&self.state);
        state.events.clear();
        state.marks.clear();
        state.last += rand::random_range(1_000_000..2_000_000);
        let last = state.last;
        state.marks.insert(last, Instant::now());
    }
}

impl State {
    /// Takes the next position; other traffic of the org leaves gaps.
    fn advance(&mut self) -> u64 {
        self.last += rand::random_range(1..=9);
        self.last
    }

    fn forget(&mut self, retention: Duration) {
        while self.events.front().is_some_and(|event| event.at.elapsed() > retention) {
            self.events.pop_front();
        }
        self.marks.retain(|_, at| at.elapsed() <= retention);
    }
}

/// The replay id of a position: 8 bytes, big-endian, and two of zero.
pub(super) fn replay_id(position: u64) -> Vec<u8> {
    [position.to_be_bytes().as_slice(), &[0, 0]].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(bus: &Bus, id: &str) -> u64 {
        bus.publish("/event/A__e", id, "schema", Bytes::new())
    }

    #[test]
    fn positions_grow_with_gaps_and_replay_is_strictly_after() {
        let bus = Bus::new(Duration::from_secs(60));
        let positions: Vec<u64> = (0..50).map(|n| publish(&bus, &n.to_string())).collect();
        assert!(positions.is_sorted());
        assert!(positions.windows(2).any(|pair| pair[1] - pair[0] > 1));
        let after: Vec<u64> = bus
            .after("/event/A__e", positions[10], 3)
            .iter()
            .map(|event| event.position)
            .collect();
        assert_eq!(after, positions[11..14]);
        assert!(bus.after("/event/B__e", 0, 10).is_empty());
    }

    #[test]
    fn only_positions_that_were_given_out_can_be_resumed_from() {
        let bus = Bus::new(Duration::from_secs(60));
        assert!(bus.locate(&replay_id(bus.tip())).is_ok());
        let position = publish(&bus, "1");
        assert_eq!(bus.locate(&replay_id(position)), Ok(position));
        assert_eq!(bus.locate(&position.to_be_bytes()), Ok(position));
        let mut odd = replay_id(position);
        odd[9] = 1;
        for bad in [replay_id(position + 1), replay_id(0), odd, Vec::new(), vec![0; 9]] {
            assert_eq!(bus.locate(&bad), Err(Corrupted), "{bad:?}");
        }
    }

    #[test]
    fn a_reset_bus_knows_no_former_position() {
        let bus = Bus::new(Duration::from_secs(60));
        let position = publish(&bus, "1");
        bus.reset();
        assert_eq!(bus.locate(&replay_id(position)), Err(Corrupted));
        assert!(bus.after("/event/A__e", 0, 10).is_empty());
        assert!(bus.locate(&replay_id(bus.tip())).is_ok());
    }

    #[test]
    fn events_and_positions_age_but_a_tip_asked_for_stays_young() {
        let bus = Bus::new(Duration::from_millis(200));
        let old = publish(&bus, "1");
        let deadline = Instant::now() + Duration::from_secs(10);
        while bus.locate(&replay_id(old)).is_ok() {
            assert!(Instant::now() < deadline, "the event never aged");
            let tip = bus.tip();
            assert_eq!(bus.locate(&replay_id(tip)), Ok(tip));
            std::thread::yield_now();
        }
        assert!(bus.tip() > old);
        assert!(bus.after("/event/A__e", 0, 10).is_empty());
    }
}

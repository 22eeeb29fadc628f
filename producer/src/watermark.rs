//! Tells how far the checkpoint may move: over the highest contiguous event that is done.

use std::collections::VecDeque;

/// Names one event's place in the order of arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place(u64);

/// Follows events that arrive in order and finish in any order.
///
/// `P` is the position to store for an event, here a replay id: opaque bytes, never compared, never computed with. A
/// position is given out once everything that arrived before it is done as well, so storing it can lose nothing.
#[derive(Debug)]
pub struct Watermark<P> {
    first: u64,
    waiting: VecDeque<Slot<P>>,
}

#[derive(Debug)]
struct Slot<P> {
    position: P,
    done: bool,
}

impl<P> Default for Watermark<P> {
    fn default() -> Self {
        Self {
            first: 0,
            waiting: VecDeque::new(),
        }
    }
}

impl<P> Watermark<P> {
    /// Notes an event that has just arrived, behind all that arrived before.
    pub fn arrived(&mut self, position: P) -> Place {
        let place = Place(self.first + self.waiting.len() as u64);
        self.waiting.push_back(Slot { position, done: false });
        place
    }

    /// Notes that the event at `place` is accepted and confirmed, and returns the position that may be stored now.
    ///
    /// Returns nothing while an earlier event is still open. A place that is done already, or that this watermark never
    /// gave out, changes nothing.
    pub fn done(&mut self, place: Place) -> Option<P> {
        let index = place
            .0
            .checked_sub(self.first)
            .and_then(|index| usize::try_from(index).ok())?;
        self.waiting.get_mut(index)?.done = true;
        let mut reached = None;
        while self.waiting.front().is_some_and(|slot| slot.done) {
            reached = self.waiting.pop_front().map(|slot| slot.position);
            self.first += 1;
        }
        reached
    }

    /// Counts the events from the oldest open one on, finished ones behind it included.
    pub fn behind(&self) -> usize {
        self.waiting.len()
    }

    /// Says whether nothing that arrived is still open.
    pub fn is_clear(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_open_event_holds_the_checkpoint_back() {
        let mut watermark = Watermark::default();
        let [first, second, third] = ["a", "b", "c"].map(|position| watermark.arrived(position));
        assert_eq!(watermark.done(second), None);
        assert_eq!(watermark.done(third), None);
        assert_eq!(watermark.done(first), Some("c"));
        assert!(watermark.is_clear());
    }

    #[test]
    fn a_place_that_is_done_twice_changes_nothing() {
        let mut watermark = Watermark::default();
        let first = watermark.arrived(1);
        let second = watermark.arrived(2);
        assert_eq!(watermark.done(first), Some(1));
        assert_eq!(watermark.done(first), None);
        assert_eq!(watermark.behind(), 1);
        assert_eq!(watermark.done(second), Some(2));
    }

    proptest! {
        #[test]
        fn the_mark_is_always_the_highest_contiguous_finished_event(
            count in 1_usize..120,
            order in proptest::collection::vec(any::<proptest::sample::Index>(), 0..240),
        ) {
            let mut watermark = Watermark::default();
            let places: Vec<Place> = (0..count).map(|position| watermark.arrived(position)).collect();
            let mut finished = vec![false; count];
            let mut stored: Option<usize> = None;
            for index in order {
                let index = index.index(count);
                let moved = watermark.done(places[index]);
                finished[index] = true;
                let expected = finished.iter().take_while(|done| **done).count().checked_sub(1);
                if let Some(position) = moved {
                    prop_assert!(stored.is_none_or(|before| before < position), "the mark went back");
                    stored = Some(position);
                }
                prop_assert_eq!(stored, expected);
                prop_assert_eq!(watermark.behind(), count - expected.map_or(0, |reached| reached + 1));
            }
        }

        #[test]
        fn arrivals_between_completions_keep_their_places(steps in proptest::collection::vec(any::<bool>(), 1..200)) {
            let mut watermark = Watermark::default();
            let mut open = VecDeque::new();
            let mut next = 0_u32;
            for arrive in steps {
                if arrive {
                    open.push_back((watermark.arrived(next), next));
                    next += 1;
                } else if let Some((place, position)) = open.pop_front() {
                    prop_assert_eq!(watermark.done(place), Some(position));
                }
            }
            prop_assert_eq!(watermark.behind(), open.len());
        }
    }
}

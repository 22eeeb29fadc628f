//! What this process has itself seen of open rows, on its own monotonic clock: pure, the clock is an argument.
//!
//! No wall clock decides about a claim. A time written by another process proves nothing (its clock may have jumped),
//! so a claim counts as abandoned only after the same version was seen here, unchanged, for the whole lease.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

use tokio::time::Instant;

/// The open rows as this process has seen them.
#[derive(Debug)]
pub(crate) struct Sightings<K> {
    seen: HashMap<K, Sighting>,
}

/// One row's version, since when it was seen unchanged, and when it may be looked at again.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    version: u64,
    since: Instant,
    not_before: Instant,
    round: u64,
}

impl<K: Hash + Eq> Sightings<K> {
    /// Starts with nothing seen.
    pub(crate) fn new() -> Self {
        Self { seen: HashMap::new() }
    }

    /// Notes a row's version as read just now and returns for how long it was seen unchanged.
    ///
    /// `now` must be taken *before* the row was read: the sighting is then never older than the truth.
    pub(crate) fn note(&mut self, key: K, version: u64, round: u64, now: Instant) -> Duration {
        let fresh = Sighting {
            version,
            since: now,
            not_before: now,
            round,
        };
        let sighting = self.seen.entry(key).or_insert(fresh);
        if sighting.version != version {
            *sighting = fresh;
        }
        sighting.round = round;
        now.saturating_duration_since(sighting.since)
    }

    /// Says whether a row may be worked on again.
    pub(crate) fn is_due(&self, key: &K, now: Instant) -> bool {
        self.seen.get(key).is_none_or(|sighting| sighting.not_before <= now)
    }

    /// Leaves a row alone until `until`; what was seen of it stays.
    pub(crate) fn postpone(&mut self, key: &K, until: Instant) {
        if let Some(sighting) = self.seen.get_mut(key) {
            sighting.not_before = until;
        }
    }

    /// Forgets the rows that were not seen in this round: they are at rest, or gone.
    pub(crate) fn forget_before(&mut self, round: u64) {
        self.seen.retain(|_, sighting| sighting.round >= round);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn an_unchanged_version_grows_old_and_a_changed_one_starts_anew() {
        let start = Instant::now();
        let mut sightings = Sightings::new();
        assert_eq!(sightings.note("a", 2, 1, start), Duration::ZERO);
        assert_eq!(sightings.note("a", 2, 2, start + SECOND), SECOND);
        assert_eq!(sightings.note("a", 3, 3, start + 2 * SECOND), Duration::ZERO);
        assert_eq!(sightings.note("a", 3, 4, start + 5 * SECOND), 3 * SECOND);
    }

    #[test]
    fn a_row_that_was_away_for_a_round_starts_anew() {
        let start = Instant::now();
        let mut sightings = Sightings::new();
        sightings.note("a", 2, 1, start);
        sightings.note("b", 7, 2, start + SECOND);
        sightings.forget_before(2);
        assert_eq!(sightings.note("a", 2, 3, start + 9 * SECOND), Duration::ZERO);
        assert_eq!(sightings.note("b", 7, 3, start + 9 * SECOND), 8 * SECOND);
    }

    #[test]
    fn a_postponed_row_keeps_its_age() {
        let start = Instant::now();
        let mut sightings = Sightings::new();
        sightings.note("a", 2, 1, start);
        sightings.postpone(&"a", start + 3 * SECOND);
        assert!(!sightings.is_due(&"a", start + 2 * SECOND));
        assert!(sightings.is_due(&"a", start + 3 * SECOND));
        assert_eq!(sightings.note("a", 2, 2, start + 3 * SECOND), 3 * SECOND);
    }
}

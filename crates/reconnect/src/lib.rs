//! Waits between reconnects: seconds, in memory, uncounted. Redelivery of orders is another thing and lives in the broker.

use backoff::{ExponentialBackoff, ExponentialBackoffBuilder, backoff::Backoff as _};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long to wait before a connection is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The wait before the first new try; each further one is about twice as long. At zero the tries follow each other
    /// at once.
    #[serde(with = "schemas::duration")]
    pub initial: Duration,
    /// No wait is longer, give or take the jitter of a third.
    #[serde(with = "schemas::duration")]
    pub max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            initial: Duration::from_millis(200),
            max: Duration::from_secs(30),
        }
    }
}

/// Yields one wait after the other, growing up to a ceiling, with jitter, without an end.
#[derive(Debug)]
pub struct Waits {
    backoff: ExponentialBackoff,
    max: Duration,
}

impl Waits {
    /// Starts at the first wait.
    pub fn new(settings: &Settings) -> Self {
        let backoff = ExponentialBackoffBuilder::new()
            .with_initial_interval(settings.initial)
            .with_max_interval(settings.max)
            .with_multiplier(2.0)
            .with_randomization_factor(0.33)
            .with_max_elapsed_time(None)
            .build();
        Self {
            backoff,
            max: settings.max,
        }
    }

    /// Returns the next wait.
    pub fn next_wait(&mut self) -> Duration {
        self.backoff.next_backoff().unwrap_or(self.max)
    }

    /// Goes back to the first wait; to be called when the connection has shown that it works, not when it was made.
    pub fn reset(&mut self) {
        self.backoff.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_from_the_first_to_the_ceiling_and_never_end() {
        let settings = Settings {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(2),
        };
        let mut waits = Waits::new(&settings);
        let seen: Vec<Duration> = (0..200).map(|_| waits.next_wait()).collect();
        assert!(
            seen[0] >= Duration::from_millis(67) && seen[0] <= Duration::from_millis(133),
            "{:?}",
            seen[0]
        );
        assert!(
            seen[20..]
                .iter()
                .all(|wait| *wait >= Duration::from_millis(1340) && *wait <= Duration::from_millis(2660))
        );
        waits.reset();
        assert!(waits.next_wait() <= Duration::from_millis(133));
    }

    #[test]
    fn two_waits_of_one_kind_differ_so_that_processes_do_not_march_in_step() {
        let mut waits = Waits::new(&Settings {
            initial: Duration::from_secs(1),
            max: Duration::from_secs(1),
        });
        let seen: std::collections::BTreeSet<Duration> = (0..20).map(|_| waits.next_wait()).collect();
        assert!(seen.len() > 1);
    }
}

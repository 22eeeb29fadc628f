//! When a neighbor is left in peace: a pure state machine, the clock is an argument.
//!
//! The breaker opens on consecutive troubles and closes when a *probe* succeeds; a probe is never an order. After a
//! probe closed it, the neighbor is on trial: one more trouble before the first success opens it again, with a longer
//! wait than before. So a neighbor whose probe answers while its orders fail costs one attempt a wait, not five.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

/// When a breaker opens and how it waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Consecutive troubles that open the breaker. Default 5. Zero counts as one.
    pub after: u32,
    /// Wait before the first probe; each failed probe doubles it. Default `1s`.
    #[serde(with = "schemas::duration")]
    pub first_wait: Duration,
    /// Longest wait between probes. Default `1m`.
    #[serde(with = "schemas::duration")]
    pub longest_wait: Duration,
    /// Wait before the first probe after a neighbor said that a quota is used up. Default `10m`.
    #[serde(with = "schemas::duration")]
    pub quota_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            after: 5,
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(60),
            quota_wait: Duration::from_secs(600),
        }
    }
}

/// What one call said about the neighbor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// It answered as it should, if only to decline.
    Well,
    /// It was away, busy or gave no clear answer; it may have said how long to leave it in peace.
    Trouble {
        /// The neighbor's own wish (`Retry-After`), if it stated one.
        retry_after: Option<Duration>,
    },
    /// It said that a quota is used up: opens at once, for long.
    Quota,
}

/// What became of the breaker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It opened: stop asking the neighbor.
    Opened,
    /// It closed: the neighbor answers again.
    Closed,
}

/// The breaker of one neighbor.
#[derive(Debug, Clone)]
pub struct Breaker {
    settings: Settings,
    state: State,
    /// How often in a row it was opened or probed in vain, without a success in between.
    vain: u32,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Closed { troubles: u32 },
    Open { probe_at: Instant },
}

impl Breaker {
    /// Makes a closed breaker.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        Self {
            settings,
            state: State::Closed { troubles: 0 },
            vain: 0,
        }
    }

    /// Says whether the neighbor is to be left in peace.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// Returns when the next probe is due; `None` while closed.
    #[must_use]
    pub fn probe_at(&self) -> Option<Instant> {
        match self.state {
            State::Open { probe_at } => Some(probe_at),
            State::Closed { .. } => None,
        }
    }

    /// Notes what a call said. Calls that were under way when the breaker opened change nothing: the probe decides.
    pub fn note(&mut self, signal: Signal, now: Instant) -> Option<Change> {
        let State::Closed { troubles } = self.state else {
            return None;
        };
        match signal {
            Signal::Well => {
                self.vain = 0;
                self.state = State::Closed { troubles: 0 };
                None
            }
            Signal::Quota => Some(self.open(now, self.settings.quota_wait)),
            Signal::Trouble { retry_after } => {
                let troubles = troubles.saturating_add(1);
                let on_trial = self.vain > 0;
                if troubles < self.settings.after && !on_trial {
                    self.state = State::Closed { troubles };
                    return None;
                }
                Some(self.open(now, self.wait().max(retry_after.unwrap_or_default())))
            }
        }
    }

    /// Notes how a probe ended: a good one closes the breaker, a bad one makes the next wait longer.
    pub fn probed(&mut self, signal: Signal, now: Instant) -> Option<Change> {
        if !self.is_open() {
            return None;
        }
        match signal {
            Signal::Well => {
                self.state = State::Closed { troubles: 0 };
                return Some(Change::Closed);
            }
            Signal::Quota => self.open(now, self.settings.quota_wait),
            Signal::Trouble { retry_after } => self.open(now, self.wait().max(retry_after.unwrap_or_default())),
        };
        None
    }

    fn open(&mut self, now: Instant, wait: Duration) -> Change {
        self.vain = self.vain.saturating_add(1);
        self.state = State::Open { probe_at: now + wait };
        Change::Opened
    }

    /// Doubles the first wait for each vain try, up to the longest.
    fn wait(&self) -> Duration {
        let factor = 2u32.saturating_pow(self.vain.min(30));
        self.settings
            .first_wait
            .saturating_mul(factor)
            .min(self.settings.longest_wait)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TROUBLE: Signal = Signal::Trouble { retry_after: None };

    fn open_breaker(now: Instant) -> Breaker {
        let mut breaker = Breaker::new(Settings::default());
        for _ in 0..5 {
            breaker.note(TROUBLE, now);
        }
        assert!(breaker.is_open());
        breaker
    }

    #[test]
    fn five_troubles_in_a_row_open_it_and_four_do_not() {
        let now = Instant::now();
        let mut breaker = Breaker::new(Settings::default());
        for _ in 0..4 {
            assert_eq!(breaker.note(TROUBLE, now), None);
        }
        assert_eq!(breaker.note(Signal::Well, now), None);
        for _ in 0..4 {
            assert_eq!(breaker.note(TROUBLE, now), None);
        }
        assert_eq!(breaker.note(TROUBLE, now), Some(Change::Opened));
        assert_eq!(breaker.probe_at(), Some(now + Duration::from_secs(1)));
    }

    #[test]
    fn probes_wait_longer_each_time_and_no_longer_than_the_longest() {
        let now = Instant::now();
        let mut breaker = open_breaker(now);
        let waits: Vec<u64> = (0..8)
            .map(|_| {
                assert_eq!(breaker.probed(TROUBLE, now), None);
                (breaker.probe_at().unwrap() - now).as_secs()
            })
            .collect();
        assert_eq!(waits, [2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(breaker.probed(Signal::Well, now), Some(Change::Closed));
    }

    #[test]
    fn a_neighbor_whose_probe_answers_but_whose_orders_fail_is_on_trial() {
        let now = Instant::now();
        let mut breaker = open_breaker(now);
        breaker.probed(Signal::Well, now);
        assert_eq!(
            breaker.note(TROUBLE, now),
            Some(Change::Opened),
            "one trouble is enough on trial"
        );
        assert_eq!(
            breaker.probe_at(),
            Some(now + Duration::from_secs(2)),
            "and the wait has grown"
        );
        breaker.probed(Signal::Well, now);
        breaker.note(Signal::Well, now);
        assert_eq!(breaker.note(TROUBLE, now), None, "a success ends the trial");
    }

    #[test]
    fn a_used_up_quota_opens_at_once_and_for_long() {
        let now = Instant::now();
        let mut breaker = Breaker::new(Settings::default());
        assert_eq!(breaker.note(Signal::Quota, now), Some(Change::Opened));
        assert_eq!(breaker.probe_at(), Some(now + Duration::from_secs(600)));
    }

    #[test]
    fn a_neighbors_own_wish_for_peace_is_granted() {
        let now = Instant::now();
        let wish = Duration::from_secs(30);
        let mut breaker = Breaker::new(Settings {
            after: 1,
            ..Settings::default()
        });
        breaker.note(
            Signal::Trouble {
                retry_after: Some(wish),
            },
            now,
        );
        assert_eq!(breaker.probe_at(), Some(now + wish));
    }

    #[test]
    fn calls_under_way_when_it_opened_change_nothing() {
        let now = Instant::now();
        let mut breaker = open_breaker(now);
        assert_eq!(breaker.note(Signal::Well, now), None);
        assert_eq!(breaker.note(TROUBLE, now), None);
        assert!(breaker.is_open());
    }

    proptest! {
        #[test]
        fn an_open_breaker_always_has_a_probe_due_within_the_longest_wait(signals in prop::collection::vec(0u8..4, 1..200)) {
            let now = Instant::now();
            let settings = Settings::default();
            let mut breaker = Breaker::new(settings.clone());
            for signal in signals {
                match signal {
                    0 => breaker.note(Signal::Well, now),
                    1 => breaker.note(TROUBLE, now),
                    2 => breaker.probed(TROUBLE, now),
                    _ => breaker.probed(Signal::Well, now),
                };
                prop_assert_eq!(breaker.is_open(), breaker.probe_at().is_some());
                if let Some(at) = breaker.probe_at() {
                    prop_assert!(at >= now + settings.first_wait && at <= now + settings.longest_wait);
                }
            }
        }
    }
}

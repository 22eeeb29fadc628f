//! How long a delivery waits before its next attempt: pure functions over the settings.
//!
//! Redelivery is durable and counted. It is not the same thing as a reconnect, which lives in memory and counts
//! nothing. There is no jitter here: a wait is a RabbitMQ queue with its time in its name, and a storm of orders is
//! smoothed by `max_in_flight`, not by chance.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The waits between the attempts of one order: `steps` first, then `then` for `then_times` more.
///
/// Defaults: 5 s, 30 s, 2 min, 10 min, then 24 times an hour. The budget is a number of attempts, never an age: after
/// a long outage nothing dies of old age.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Waits after the first attempts, in order. Default `["5s", "30s", "2m", "10m"]`. Empty: `then` from the start.
    #[serde(with = "schemas::duration::list")]
    pub steps: Vec<Duration>,
    /// Wait after each later attempt. Default `1h`.
    #[serde(with = "schemas::duration")]
    pub then: Duration,
    /// How often `then` is waited before the order is held. Default 24. Zero: held when the steps are spent.
    pub then_times: u32,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            steps: [5, 30, 120, 600].map(Duration::from_secs).to_vec(),
            then: Duration::from_secs(3600),
            then_times: 24,
        }
    }
}

impl Schedule {
    /// Returns the wait after the attempt with this number (the first attempt is 1), or `None` when the budget is
    /// spent. Attempt 0 (nothing was tried yet) waits like the first.
    #[must_use]
    pub fn wait(&self, attempt: u32) -> Option<Duration> {
        let index = usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX);
        if let Some(step) = self.steps.get(index) {
            return Some(*step);
        }
        let beyond = index - self.steps.len();
        let left = usize::try_from(self.then_times).unwrap_or(usize::MAX);
        (beyond < left).then_some(self.then)
    }

    /// Returns the shortest wait of the schedule.
    #[must_use]
    pub fn shortest(&self) -> Duration {
        self.steps.iter().copied().chain([self.then]).min().unwrap_or(self.then)
    }

    /// Lists what is wrong with this schedule, given the waits for which the broker has queues.
    #[must_use]
    pub fn mistakes(&self, tiers: &[Duration]) -> Vec<(String, String, String)> {
        let used = self.steps.iter().chain((self.then_times > 0).then_some(&self.then));
        let without: Vec<Duration> = used.copied().filter(|wait| !tiers.contains(wait)).collect();
        if without.is_empty() {
            return Vec::new();
        }
        let expected = format!("waits that have a queue, by broker.tiers: {}", listed(tiers));
        vec![("worker.schedule".to_owned(), listed(&without), expected)]
    }
}

fn listed(waits: &[Duration]) -> String {
    waits
        .iter()
        .map(|wait| schemas::duration::display(*wait))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Returns the index of the broker's tier that holds a message for `wait`: the shortest that is long enough, else the
/// longest there is.
#[must_use]
pub fn tier_of(wait: Duration, tiers: &[Duration]) -> usize {
    let enough = tiers
        .iter()
        .enumerate()
        .filter(|(_, tier)| **tier >= wait)
        .min_by_key(|(_, tier)| **tier);
    let longest = || tiers.iter().enumerate().max_by_key(|(_, tier)| **tier);
    enough.or_else(longest).map_or(0, |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_default_schedule_is_four_steps_and_then_a_day_of_hours() {
        let schedule = Schedule::default();
        let table: Vec<Option<u64>> = (1..=29)
            .map(|attempt| schedule.wait(attempt).map(|w| w.as_secs()))
            .collect();
        assert_eq!(&table[..5], &[Some(5), Some(30), Some(120), Some(600), Some(3600)]);
        assert!(table[4..28].iter().all(|wait| *wait == Some(3600)));
        assert_eq!(table[28], None, "after 28 waits the budget is spent");
    }

    #[test]
    fn a_wait_without_a_queue_is_reported_with_what_there_is() {
        let tiers = [5, 30, 120].map(Duration::from_secs);
        let mistakes = Schedule::default().mistakes(&tiers);
        assert_eq!(mistakes.len(), 1);
        assert_eq!(mistakes[0].1, "10m, 1h");
        assert!(
            Schedule::default()
                .mistakes(&[5, 30, 120, 600, 3600].map(Duration::from_secs))
                .is_empty()
        );
    }

    #[test]
    fn a_tier_is_never_shorter_than_asked_while_there_is_a_longer_one() {
        let tiers = [5, 30, 120].map(Duration::from_secs);
        assert_eq!(tier_of(Duration::from_secs(5), &tiers), 0);
        assert_eq!(tier_of(Duration::from_secs(6), &tiers), 1);
        assert_eq!(tier_of(Duration::from_secs(999), &tiers), 2);
    }

    fn schedules() -> impl Strategy<Value = Schedule> {
        (prop::collection::vec(1u64..10_000, 0..6), 1u64..10_000, 0u32..50).prop_map(|(steps, then, then_times)| {
            Schedule {
                steps: steps.into_iter().map(Duration::from_secs).collect(),
                then: Duration::from_secs(then),
                then_times,
            }
        })
    }

    proptest! {
        #[test]
        fn the_budget_is_as_long_as_the_settings_say_and_stays_spent(schedule in schedules()) {
            let budget = u32::try_from(schedule.steps.len()).unwrap() + schedule.then_times;
            for attempt in 1..=budget {
                let wait = schedule.wait(attempt);
                prop_assert!(wait.is_some_and(|wait| wait >= schedule.shortest()));
            }
            for attempt in [budget + 1, budget + 2, u32::MAX] {
                prop_assert_eq!(schedule.wait(attempt), None);
            }
        }
    }
}

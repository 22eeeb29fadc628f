//! The `[worker]` section: what a person can set, with what happens at the edges.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::breaker;
use crate::report;
use crate::waits::Schedule;

/// Settings of the worker room. All times are written like `30s` or `10m`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// License requests worked on at the same time by one process. Default 8: License Central is small.
    pub max_in_flight: u16,
    /// Waits between the attempts of one order, and between look-ups without a clear answer.
    pub schedule: Schedule,
    /// How long `recover` must itself have seen a claim unchanged before it takes it over. Default `90s`; at least
    /// twice the call limit of License Central.
    #[serde(with = "schemas::duration")]
    pub lease: Duration,
    /// How long an order must have been seen as unknown before "not found" is believed. Default `2m`.
    #[serde(with = "schemas::duration")]
    pub settle: Duration,
    /// How often `recover` looks at what is open. Default `1s`.
    #[serde(with = "schemas::duration")]
    pub recover_every: Duration,
    /// How long an order may be overdue before its message is published again. Default `10m`.
    #[serde(with = "schemas::duration")]
    pub nudge_after: Duration,
    /// How long a stop waits for work in hand. Default `45s`; what is not done then is redelivered.
    #[serde(with = "schemas::duration")]
    pub drain: Duration,
    /// When License Central, Salesforce and the ledger are left in peace.
    pub breaker: breaker::Settings,
    /// How outcomes are written to Salesforce.
    pub report: report::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_in_flight: 8,
            schedule: Schedule::default(),
            lease: Duration::from_secs(90),
            settle: Duration::from_secs(120),
            recover_every: Duration::from_secs(1),
            nudge_after: Duration::from_secs(600),
            drain: Duration::from_secs(45),
            breaker: breaker::Settings::default(),
            report: report::Settings::default(),
        }
    }
}

impl Settings {
    /// Lists every mistake at once, each as (setting, found, expected).
    ///
    /// `call_limit` is License Central's call time-out; `tiers` are the waits for which the broker has queues.
    #[must_use]
    pub fn mistakes(&self, call_limit: Duration, tiers: &[Duration]) -> Vec<(String, String, String)> {
        let display = schemas::duration::display;
        let call = display(call_limit);
        let rows = [
            (
                self.max_in_flight > 0,
                "max_in_flight",
                self.max_in_flight.to_string(),
                "at least 1".to_owned(),
            ),
            (
                self.lease >= call_limit.saturating_mul(2),
                "lease",
                display(self.lease),
                format!(
                    "at least twice license_central.call_timeout ({call}), else a claim is taken over while its call may still be sent"
                ),
            ),
            (
                self.settle >= call_limit,
                "settle",
                display(self.settle),
                format!(
                    "at least license_central.call_timeout ({call}), else \"not found\" is believed before a late order has arrived"
                ),
            ),
            (
                !self.recover_every.is_zero(),
                "recover_every",
                display(self.recover_every),
                "a time above zero".to_owned(),
            ),
            (
                !self.drain.is_zero(),
                "drain",
                display(self.drain),
                "a time above zero".to_owned(),
            ),
        ];
        let own = rows.into_iter().filter(|(right, ..)| !right);
        let own = own.map(|(_, field, found, expected)| (format!("worker.{field}"), found, expected));
        self.schedule
            .mistakes(tiers)
            .into_iter()
            .chain(own)
            .chain(self.report.mistakes())
            .collect()
    }

    /// Returns how long after a claim was asked for its call may still be sent: what is left of the lease then is
    /// the call's own limit.
    #[must_use]
    pub(crate) fn send_within(&self, call_limit: Duration) -> Duration {
        self.lease.saturating_sub(call_limit)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIERS: [Duration; 5] = [
        Duration::from_secs(5),
        Duration::from_secs(30),
        Duration::from_secs(120),
        Duration::from_secs(600),
        Duration::from_secs(3600),
    ];

    #[test]
    fn the_defaults_have_no_mistakes() {
        assert!(Settings::default().mistakes(Duration::from_secs(30), &TIERS).is_empty());
    }

    #[test]
    fn a_lease_shorter_than_two_calls_is_refused() {
        let settings = Settings {
            lease: Duration::from_secs(59),
            ..Settings::default()
        };
        let mistakes = settings.mistakes(Duration::from_secs(30), &TIERS);
        assert_eq!(mistakes.len(), 1);
        assert_eq!(
            (mistakes[0].0.as_str(), mistakes[0].1.as_str()),
            ("worker.lease", "59s")
        );
    }

    #[test]
    fn all_mistakes_are_reported_together() {
        let settings = Settings {
            max_in_flight: 0,
            lease: Duration::ZERO,
            settle: Duration::ZERO,
            drain: Duration::ZERO,
            ..Settings::default()
        };
        assert_eq!(settings.mistakes(Duration::from_secs(30), &TIERS).len(), 4);
    }

    #[test]
    fn an_unknown_setting_is_refused_by_name() {
        let error = serde_json::from_str::<Settings>(r#"{"max_inflight": 3}"#)
            .unwrap_err()
            .to_string();
        assert!(error.contains("max_inflight"), "{error}");
    }
}

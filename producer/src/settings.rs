//! The settings of the producer.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::mapping::Mapping;

/// What can be set about the producer (`[producer]`). Which org and topic is said in `[salesforce]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Which field of the event carries which part of the request.
    pub mapping: Mapping,
    /// How many events may be in hand, received and not yet confirmed; default 256, zero counts as one. Salesforce
    /// never has more than 100 under way to us on top of it.
    pub window: usize,
    /// How long the whole loop may stand still before its stream is thrown away and built anew; default `5m`. Must be
    /// longer than Salesforce's keepalive, which may take 270 seconds.
    #[serde(with = "schemas::duration")]
    pub watchdog: Duration,
    /// How long another producer's lease must stand still before this one takes over; default `30s`.
    #[serde(with = "schemas::duration")]
    pub lease: Duration,
    /// How long events in hand are worked off at a stop; default `45s`. The rest comes again after the next start.
    #[serde(with = "schemas::duration")]
    pub drain: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mapping: Mapping::default(),
            window: 256,
            watchdog: Duration::from_secs(300),
            lease: Duration::from_secs(30),
            drain: Duration::from_secs(45),
        }
    }
}

impl Settings {
    /// Lists what is wrong with these settings, each as (place, found, expected).
    pub fn mistakes(&self) -> Vec<(String, String, String)> {
        let mut mistakes: Vec<_> = self
            .mapping
            .missing()
            .into_iter()
            .map(|part| {
                (
                    format!("producer.mapping.{part}"),
                    "nothing".into(),
                    "the name of an event field".into(),
                )
            })
            .collect();
        if self.watchdog < Duration::from_secs(1) {
            let found = schemas::duration::display(self.watchdog);
            mistakes.push(("producer.watchdog".into(), found, "at least 1s; 5m is usual".into()));
        }
        if self.lease < Duration::from_secs(1) {
            let found = schemas::duration::display(self.lease);
            mistakes.push(("producer.lease".into(), found, "at least 1s; 30s is usual".into()));
        }
        mistakes
    }
}

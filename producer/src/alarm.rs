//! What the producer says when something is wrong, and how long it then waits.

use std::time::Duration;

use jiff::Timestamp;
use reconnect::Waits;
use salesforce::StaleCheckpoint;
use telemetry::Metric;

use crate::Activity;
use crate::producer::{Post, Producer};

impl Producer {
    /// Remembers that Salesforce refused the checkpoint, so that it is never sent again, and calls for a person.
    pub(crate) fn alarm_stale(&self, post: &mut Post) -> Duration {
        post.stale = post.began_after.take();
        Metric::StaleCheckpoints.add(1, &[]);
        self.status
            .send_modify(|status| status.stale_checkpoint = Some(Timestamp::now()));
        match self.deps.source.on_stale_checkpoint {
            StaleCheckpoint::Earliest => tracing::error!(
                "the checkpoint is too old or the stream was reset; reading everything that Salesforce still keeps: \
                 events older than that are lost, and must be published again"
            ),
            StaleCheckpoint::Latest => tracing::error!(
                "the checkpoint is too old or the stream was reset; as the settings say, everything up to now is skipped: \
                 orders activated since the last checkpoint must be published again"
            ),
            StaleCheckpoint::Stop => tracing::error!(
                "the checkpoint is too old or the stream was reset; as the settings say, no event is read until a person \
                 sets the checkpoint"
            ),
        }
        post.waits.next_wait()
    }

    /// Notes what Salesforce said, and returns how long to leave it alone.
    pub(crate) fn troubled(&self, error: &salesforce::Error, waits: &mut Waits) -> Duration {
        let wait = waits.next_wait().max(error.retry_after().unwrap_or_default());
        let cause = error as &(dyn std::error::Error + 'static);
        if error.is_configuration() {
            let wait = wait.max(self.deps.source.reconnect.max);
            tracing::error!(
                error = cause,
                wait_ms = wait.as_millis(),
                "salesforce does not let us read events; a person must look"
            );
            self.trouble(error.to_string());
            return wait;
        }
        tracing::warn!(
            error = cause,
            wait_ms = wait.as_millis(),
            "the stream of events broke; opening it again"
        );
        self.trouble(error.to_string());
        wait
    }

    pub(crate) fn ledger_troubled(&self, error: &ledger::Error, waits: &mut Waits) -> Duration {
        let wait = waits.next_wait();
        let cause = error as &(dyn std::error::Error + 'static);
        tracing::warn!(
            error = cause,
            wait_ms = wait.as_millis(),
            "the ledger does not answer; no events are read"
        );
        self.trouble(error.to_string());
        wait
    }

    pub(crate) fn stuck(&self, waits: &mut Waits) -> Duration {
        tracing::error!(
            limit_ms = self.deps.settings.watchdog.as_millis(),
            "nothing moved for too long; the stream is thrown away and opened again from the checkpoint"
        );
        self.trouble("nothing moved for too long".to_owned());
        waits.next_wait()
    }

    fn trouble(&self, text: String) {
        self.status.send_modify(|status| {
            status.activity = Activity::Reconnecting;
            status.trouble = Some(text);
        });
    }

    pub(crate) fn show(&self, activity: Activity) {
        self.status.send_modify(|status| status.activity = activity);
    }
}

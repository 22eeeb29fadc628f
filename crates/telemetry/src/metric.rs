//! Every metric of Ticketsmith, by name.

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use std::{
    sync::OnceLock,
    time::{Duration, Instant},
};

/// Names a metric. The text is what Prometheus sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metric {
    /// Events read from Salesforce, by `result`: accepted, repeated, untranslatable.
    EventsRead,
    /// License requests handled, by `outcome`.
    RequestsHandled,
    /// Seconds from a delivery to its outcome.
    RequestSeconds,
    /// Seconds that License Central took to answer, by `operation` and `class`.
    LicenseCentralSeconds,
    /// Redeliveries that were asked for, by `class`.
    Redeliveries,
    /// Completions written to Salesforce, by `result`.
    ReportsWritten,
    /// REST calls to Salesforce, by `result`.
    SalesforceCalls,
    /// 1 while the breaker towards a `neighbour` is open.
    BreakerOpen,
    /// Claims taken over from a process that did not finish them.
    TakeOvers,
    /// Orders that came to rest through `recover`, by `outcome`.
    Recovered,
    /// Messages published again because nobody moved their row.
    Nudges,
    /// Orders held because the licenses may have been issued twice. Any increase needs a person.
    SuspectedDoubles,
    /// Dead letters written, by `stage` and `code`.
    DeadLetters,
    /// Dead letters that are open.
    OpenDeadLetters,
    /// Dead letters collected from the broker's mailbox.
    CollectedDeadLetters,
    /// Rows of the ledger by `state`.
    LedgerRows,
    /// Times that a stored checkpoint was refused by Salesforce.
    StaleCheckpoints,
    /// Unix time of the last event or keepalive from Salesforce.
    LastStreamSignal,
}

impl Metric {
    /// Lists every metric.
    pub const ALL: [Self; 18] = [
        Self::EventsRead,
        Self::RequestsHandled,
        Self::RequestSeconds,
        Self::LicenseCentralSeconds,
        Self::Redeliveries,
        Self::ReportsWritten,
        Self::SalesforceCalls,
        Self::BreakerOpen,
        Self::TakeOvers,
        Self::Recovered,
        Self::Nudges,
        Self::SuspectedDoubles,
        Self::DeadLetters,
        Self::OpenDeadLetters,
        Self::CollectedDeadLetters,
        Self::LedgerRows,
        Self::StaleCheckpoints,
        Self::LastStreamSignal,
    ];

    /// Returns the name that Prometheus sees.
    pub fn name(self) -> &'static str {
        match self {
            Self::EventsRead => "ticketsmith_events_read_total",
            Self::RequestsHandled => "ticketsmith_requests_handled_total",
            Self::RequestSeconds => "ticketsmith_request_seconds",
            Self::LicenseCentralSeconds => "ticketsmith_license_central_seconds",
            Self::Redeliveries => "ticketsmith_redeliveries_total",
            Self::ReportsWritten => "ticketsmith_reports_written_total",
            Self::SalesforceCalls => "ticketsmith_salesforce_calls_total",
            Self::BreakerOpen => "ticketsmith_breaker_open",
            Self::TakeOvers => "ticketsmith_take_overs_total",
            Self::Recovered => "ticketsmith_recovered_total",
            Self::Nudges => "ticketsmith_nudges_total",
            Self::SuspectedDoubles => "ticketsmith_suspected_doubles_total",
            Self::DeadLetters => "ticketsmith_dead_letters_total",
            Self::OpenDeadLetters => "ticketsmith_open_dead_letters",
            Self::CollectedDeadLetters => "ticketsmith_collected_dead_letters_total",
            Self::LedgerRows => "ticketsmith_ledger_rows",
            Self::StaleCheckpoints => "ticketsmith_stale_checkpoints_total",
            Self::LastStreamSignal => "ticketsmith_last_stream_signal_seconds",
        }
    }

    /// Adds to a counter.
    pub fn add(self, number: u64, labels: &[(&'static str, &str)]) {
        metrics::counter!(self.name(), owned(labels)).increment(number);
    }

    /// Sets a gauge.
    #[expect(
        clippy::cast_precision_loss,
        reason = "gauges are floating point; 2^53 rows are not reached"
    )]
    pub fn set(self, number: u64, labels: &[(&'static str, &str)]) {
        metrics::gauge!(self.name(), owned(labels)).set(number as f64);
    }

    /// Notes a duration in a histogram, in seconds.
    pub fn observe(self, duration: Duration, labels: &[(&'static str, &str)]) {
        metrics::histogram!(self.name(), owned(labels)).record(duration.as_secs_f64());
    }
}

fn owned(labels: &[(&'static str, &str)]) -> Vec<metrics::Label> {
    labels
        .iter()
        .map(|(name, value)| metrics::Label::new(*name, (*value).to_owned()))
        .collect()
}

/// Measures how long something takes.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts to measure.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Notes the time since the start in a histogram.
    pub fn stop(self, metric: Metric, labels: &[(&'static str, &str)]) {
        metric.observe(self.0.elapsed(), labels);
    }
}

/// Gives the metrics of this process as Prometheus text.
#[derive(Clone)]
pub struct MetricsText(Option<PrometheusHandle>);

impl MetricsText {
    /// Writes every metric that has been touched.
    pub fn render(&self) -> String {
        self.0.as_ref().map(PrometheusHandle::render).unwrap_or_default()
    }
}

impl std::fmt::Debug for MetricsText {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("MetricsText").finish()
    }
}

/// Begins to collect metrics; a second call returns the same collection.
pub fn install_metrics() -> MetricsText {
    static INSTALLED: OnceLock<Option<PrometheusHandle>> = OnceLock::new();
    const BUCKETS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
    let install = || {
        let builder = PrometheusBuilder::new();
        let builder = builder
            .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &BUCKETS)
            .ok()?;
        builder.install_recorder().ok()
    };
    MetricsText(INSTALLED.get_or_init(install).clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_metric_has_a_name_of_its_own_with_our_prefix() {
        let names: BTreeSet<&str> = Metric::ALL.iter().map(|metric| metric.name()).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        assert!(names.iter().all(|name| name.starts_with("ticketsmith_")));
    }

    #[test]
    fn what_is_counted_appears_in_the_text() {
        let text = install_metrics();
        Metric::RequestsHandled.add(2, &[("outcome", "issued")]);
        Stopwatch::start().stop(Metric::RequestSeconds, &[]);
        let rendered = text.render();
        assert!(
            rendered.contains("ticketsmith_requests_handled_total{outcome=\"issued\"} 2"),
            "{rendered}"
        );
        assert!(rendered.contains("ticketsmith_request_seconds_bucket"), "{rendered}");
    }
}

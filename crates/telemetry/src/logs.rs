//! Structured logs: text for people on a terminal, JSON for machines elsewhere.

use std::io::{self, IsTerminal as _};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// How a log line is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    /// Text on a terminal, JSON otherwise.
    #[default]
    Auto,
    /// One readable line.
    Text,
    /// One JSON object a line.
    Json,
}

/// The text is not a filter for logs.
#[derive(Debug, thiserror::Error)]
#[error("{filter:?} is no log filter; write a level such as info, or info,broker=debug")]
pub struct InvalidFilter {
    filter: String,
    source: tracing_subscriber::filter::ParseError,
}

/// Sends the logs of this process to standard error. A second call changes nothing.
///
/// # Errors
/// When the filter cannot be read.
pub fn init_logs(format: LogFormat, filter: &str) -> Result<(), InvalidFilter> {
    let levels = EnvFilter::builder().parse(filter).map_err(|source| InvalidFilter {
        filter: filter.to_owned(),
        source,
    })?;
    let terminal = io::stderr().is_terminal();
    let text = match format {
        LogFormat::Auto => terminal,
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let registry = tracing_subscriber::registry().with(levels);
    // The second initialization of a process fails, and may: tests and the demo share one.
    let _ = if text {
        registry
            .with(
                fmt::layer()
                    .with_writer(io::stderr)
                    .with_ansi(terminal)
                    .with_target(false),
            )
            .try_init()
    } else {
        let json = fmt::layer()
            .json()
            .flatten_event(true)
            .with_current_span(true)
            .with_span_list(false);
        registry.with(json.with_writer(io::stderr)).try_init()
    };
    Ok(())
}

//! What can stop the worker.

/// What stopped a part of the worker.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The settings contradict themselves.
    #[error("the worker settings are not usable: {}", .0.join("; "))]
    Settings(Vec<String>),
    /// A queue cannot be consumed, and waiting will not mend it.
    #[error("cannot consume {queue}")]
    Consume {
        /// The queue.
        queue: &'static str,
        /// Why.
        source: broker::Error,
    },
    /// A stop took longer than `worker.drain`; what was in hand is delivered again.
    #[error("work in hand was not finished within {waited:?}")]
    NotDrained {
        /// How long was waited.
        waited: std::time::Duration,
    },
}

impl Error {
    /// Names every mistake in one error.
    pub(crate) fn settings(mistakes: Vec<(String, String, String)>) -> Self {
        let sentence = |(field, found, expected)| format!("{field}: found {found}, expected {expected}");
        Self::Settings(mistakes.into_iter().map(sentence).collect())
    }
}

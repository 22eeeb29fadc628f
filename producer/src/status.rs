//! What the producer is doing, for the status page and the readiness check.

use jiff::Timestamp;
use serde::Serialize;

/// What the producer is doing at the moment.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activity {
    /// It is not yet connected for the first time.
    #[default]
    Starting,
    /// Another producer holds the lease; this one stands by.
    StandingBy,
    /// The broker takes no publishes, so no events are asked for.
    WaitingForBroker,
    /// Salesforce let us subscribe; the new stream has not said anything yet, which in a quiet org may take minutes.
    Subscribed,
    /// The stream is open and answers.
    Listening,
    /// The stream broke; it is being opened again.
    Reconnecting,
    /// The checkpoint is stale and the settings say `stop`: a person must decide where to go on.
    StoppedAtStaleCheckpoint,
    /// It was told to stop.
    Stopped,
}

impl Activity {
    /// Says it in words for the status page.
    pub fn words(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::StandingBy => "standing by",
            Self::WaitingForBroker => "waiting for RabbitMQ",
            Self::Subscribed => "subscribed",
            Self::Listening => "listening",
            Self::Reconnecting => "reconnecting",
            Self::StoppedAtStaleCheckpoint => "stopped: stale checkpoint",
            Self::Stopped => "stopped",
        }
    }

    /// Says whether orders flow, or would flow if another producer failed.
    pub fn is_ready(self) -> bool {
        matches!(self, Self::Subscribed | Self::Listening | Self::StandingBy)
    }
}

/// The producer's state at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Status {
    /// What it is doing.
    pub activity: Activity,
    /// When Salesforce last answered on the stream, with events or a keepalive.
    pub last_response: Option<Timestamp>,
    /// When the last event arrived.
    pub last_event: Option<Timestamp>,
    /// How many events arrived since the start.
    pub events: u64,
    /// How many received events the checkpoint has not passed yet.
    pub behind: u64,
    /// When a stale checkpoint was last met; events may have been skipped or come again.
    pub stale_checkpoint: Option<Timestamp>,
    /// What broke the stream last, in one line; cleared by the next answer.
    pub trouble: Option<String>,
}

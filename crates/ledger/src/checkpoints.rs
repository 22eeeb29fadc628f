//! How far the events were read, who may move that mark, and which processes live.

use jiff::Timestamp;

/// How far the events of one topic of one org were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// Salesforce's replay id: opaque bytes, no identity.
    pub replay_id: Vec<u8>,
    /// When it was moved.
    pub updated_at: Timestamp,
}

/// The right to do what only one process should do; fenced by its epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// What it is for, such as `producer/{org}{topic}` or `recover`.
    pub name: String,
    /// Grows with every new holder.
    pub epoch: u64,
}

/// A lease as somebody else sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeaseSeen {
    /// Its epoch.
    pub epoch: u64,
    /// The process that holds it; none after it was released.
    pub holder: Option<String>,
    /// Grows whenever the holder shows that it lives: take it over after seeing the same count for long enough on your
    /// own monotonic clock.
    pub beats: u64,
}

/// A process that uses this ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its name.
    pub name: String,
    /// What it says about itself.
    pub note: String,
    /// When it was first seen.
    pub started_at: Timestamp,
    /// When it was last seen.
    pub seen_at: Timestamp,
}

//! What a person sees of an order: its row and everything that happened to it.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemas::Ticket;

use crate::Error;
use crate::letters::{AuditEntry, ListedLetter};
use crate::row::{Row, State};

/// Which orders to list; everything that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFilter {
    /// Only orders in this state.
    pub state: Option<State>,
    /// Only orders of this number.
    pub number: Option<String>,
    /// Only orders whose number, key, customer or item contains this.
    pub text: Option<String>,
    /// At most this many, the latest first; 0 means 100.
    pub limit: usize,
}

/// One line of a row's timeline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The row's version after it.
    pub version: u64,
    /// 0 for the transition that made this version; counts notes filed under it.
    pub part: u32,
    /// When it was written, by the wall clock of its process.
    pub at: Timestamp,
    /// The process that wrote it.
    pub process: String,
    /// What happened.
    pub event: Event,
    /// The claim's version, for a result that came late.
    pub claim: Option<u64>,
    /// A ticket that came late.
    pub ticket: Option<Ticket>,
    /// More words.
    pub detail: String,
}

/// What can happen to a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Known to us, or known again with a new wish.
    Accepted,
    /// Claimed for a call.
    Claimed,
    /// Claimed for a look-up before its call.
    ClaimedForLookUp,
    /// The look-up before the call found nothing: called under the same claim.
    Cleared,
    /// License Central issued a ticket.
    Issued,
    /// A look-up found the ticket.
    Found,
    /// License Central declined.
    Refused,
    /// Surely not processed; tried again later.
    NotAccepted,
    /// Not its fault; tried again later.
    Snoozed,
    /// Nobody knows whether License Central took it.
    Unknown,
    /// Its claim ended without a result and was taken over.
    TakenOver,
    /// A look-up of an unknown row found nothing: may be called again.
    NotFound,
    /// A look-up of an unknown row had no clear answer.
    LookUpUnclear,
    /// Surely not processed, and no attempt is left.
    Exhausted,
    /// A person must look at it.
    Held,
    /// An operator sent it again.
    Replayed,
    /// Note: other, later content replaced the body.
    Replaced,
    /// Note: other content arrived and waits for rest.
    Waits,
    /// Note: other, earlier content arrived and was only a nudge.
    Ignored,
    /// Note: License Central had issued a ticket under a claim that was taken over.
    LateIssued,
    /// Note: another result came under a claim that was taken over.
    Late,
    /// Note: telling its source was given up.
    ReportParked,
    /// Note: the ledger went back in time; looked up before its next call.
    InDoubt,
}

/// An order with everything that happened to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownOrder {
    /// The row.
    pub row: Row,
    /// Everything that happened, the earliest first.
    pub timeline: Vec<Entry>,
    /// Its letters, the latest first.
    pub letters: Vec<ListedLetter>,
    /// What operators did with it.
    pub audit: Vec<AuditEntry>,
}

/// How many rows stand where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counts {
    /// Rows per state, in the order of [`State::ALL`].
    pub by_state: Vec<(State, u64)>,
    /// Rows at rest whose source has still to hear of it.
    pub unreported: u64,
    /// Open dead letters.
    pub open_letters: u64,
}

impl Event {
    /// Every event with the word that stands in the ledger.
    const WORDS: [(Self, &'static str); 23] = [
        (Self::Accepted, "accepted"),
        (Self::Claimed, "claimed"),
        (Self::ClaimedForLookUp, "claimed-for-look-up"),
        (Self::Cleared, "cleared"),
        (Self::Issued, "issued"),
        (Self::Found, "found"),
        (Self::Refused, "refused"),
        (Self::NotAccepted, "not-accepted"),
        (Self::Snoozed, "snoozed"),
        (Self::Unknown, "unknown"),
        (Self::TakenOver, "taken-over"),
        (Self::NotFound, "not-found"),
        (Self::LookUpUnclear, "look-up-unclear"),
        (Self::Exhausted, "exhausted"),
        (Self::Held, "held"),
        (Self::Replayed, "replayed"),
        (Self::Replaced, "replaced"),
        (Self::Waits, "waits"),
        (Self::Ignored, "ignored"),
        (Self::LateIssued, "late-issued"),
        (Self::Late, "late"),
        (Self::ReportParked, "report-parked"),
        (Self::InDoubt, "in-doubt"),
    ];

    /// Returns the word that stands in the ledger.
    pub fn as_str(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(event, _)| *event == self)
            .map_or("", |(_, word)| word)
    }

    /// Says whether this is a failure that an operator wants to see among the attempts.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Refused
            | Self::NotAccepted
            | Self::Snoozed
            | Self::Unknown
            | Self::TakenOver
            | Self::LookUpUnclear
            | Self::Exhausted
            | Self::Held
            | Self::Late
            | Self::ReportParked => true,
            Self::Accepted
            | Self::Claimed
            | Self::ClaimedForLookUp
            | Self::Cleared
            | Self::Issued
            | Self::Found
            | Self::NotFound
            | Self::Replayed
            | Self::Replaced
            | Self::Waits
            | Self::Ignored
            | Self::LateIssued
            | Self::InDoubt => false,
        }
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Event {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::WORDS
            .iter()
            .find(|(_, known)| *known == word)
            .map(|(event, _)| *event)
            .ok_or_else(|| Error::Damaged {
                what: "timeline event",
                found: word.to_owned(),
            })
    }
}

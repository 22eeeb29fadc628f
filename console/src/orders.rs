//! Orders, as an operator sees them: what became of each, and how it came to that.

use jiff::Timestamp;
use ledger::{Entry, Row, ShownOrder, State};
use schemas::{RequestEvent, Ticket};
use serde::Serialize;

use crate::dead_letters::{Deed, LetterSummary};
use crate::mask;

/// Where an order stands, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Accepted; License Central has not been asked yet, or turned it away for now.
    Waiting,
    /// License Central is being asked.
    Calling,
    /// License Central may have a ticket for it; it is being looked up.
    Unknown,
    /// It has its ticket.
    Issued,
    /// It has its ticket, and whoever ordered knows.
    Reported,
    /// License Central declined it.
    Refused,
    /// A person has to look at it.
    Held,
}

impl Standing {
    /// Returns the word.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Calling => "calling",
            Self::Unknown => "unknown",
            Self::Issued => "issued",
            Self::Reported => "reported",
            Self::Refused => "refused",
            Self::Held => "held",
        }
    }

    fn of(row: &Row) -> Self {
        match row.state {
            State::Accepted => Self::Waiting,
            State::Calling => Self::Calling,
            State::Unknown => Self::Unknown,
            State::Issued if row.reported_version < row.version => Self::Issued,
            State::Issued => Self::Reported,
            State::Refused => Self::Refused,
            State::Held => Self::Held,
        }
    }
}

/// One order's operation, in one row of a table. Its ticket is masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderSummary {
    /// What names it for ever: org or source, order id, revision.
    pub key: String,
    /// The number people know the order by.
    pub number: String,
    /// Which operation on the order, counted from 1.
    pub revision: u32,
    /// Who submitted it.
    pub source: String,
    /// The customer's name, where the request can be read.
    pub customer: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// The ticket, masked.
    pub ticket: Option<String>,
    /// Why it was refused or is held, in one word.
    pub code: Option<String>,
    /// Why it was refused or is held, in a sentence.
    pub reason: Option<String>,
    /// How many calls ended in an error.
    pub attempts: u32,
    /// When it last changed.
    pub changed_at: Timestamp,
}

impl OrderSummary {
    /// Describes a row.
    pub(crate) fn of(row: &Row) -> Self {
        Self::with(row, row.body.event().ok().as_ref())
    }

    fn with(row: &Row, request: Option<&RequestEvent>) -> Self {
        Self {
            key: row.key.to_string(),
            number: row.order.number.clone(),
            revision: row.revision,
            source: row.source.to_string(),
            customer: request.map(|request| request.data.customer.name.clone()),
            standing: Standing::of(row),
            ticket: row.ticket.as_ref().map(Ticket::masked),
            code: row.reason.as_ref().map(|reason| reason.code.clone()),
            reason: row.reason.as_ref().map(|reason| mask::text(&reason.sentence)),
            attempts: row.attempts,
            changed_at: row.updated_at,
        }
    }
}

/// One line of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Line {
    /// What is ordered.
    pub item: String,
    /// How many of it.
    pub quantity: u32,
}

/// One entry of an order's timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The row's version after it.
    pub version: u64,
    /// When, by the clock of the process that wrote it.
    pub at: Timestamp,
    /// What happened, in one word.
    pub event: String,
    /// Whether it is a failure.
    pub failure: bool,
    /// The process that wrote it.
    pub process: String,
    /// More words; tickets masked.
    pub detail: String,
}

impl Step {
    fn of(entry: &Entry, ticket: Option<&Ticket>) -> Self {
        let mut detail = mask::text_with(ticket, &entry.detail);
        if let Some(ticket) = &entry.ticket {
            let separator = if detail.is_empty() { "" } else { "; " };
            detail = format!("{detail}{separator}ticket {}", ticket.masked());
        }
        Self {
            version: entry.version,
            at: entry.at,
            event: entry.event.to_string(),
            failure: entry.event.is_failure(),
            process: entry.process.clone(),
            detail,
        }
    }
}

/// One order's operation with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OrderDetail {
    /// The order in one row.
    #[serde(flatten)]
    pub summary: OrderSummary,
    /// The id of the order's record where it came from.
    pub order_id: String,
    /// The org it came from, if it came from one.
    pub org: Option<String>,
    /// The customer's id, where the request can be read.
    pub customer_id: Option<String>,
    /// What is ordered, where the request can be read.
    pub lines: Vec<Line>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// Where the customer redeems the ticket.
    pub web_depot_link: Option<String>,
    /// What an operator wants to know about why it was refused or is held.
    pub detail: Option<String>,
    /// What happened, oldest first.
    pub timeline: Vec<Step>,
    /// Its dead letters, newest first.
    pub letters: Vec<LetterSummary>,
    /// What operators did with it.
    pub deeds: Vec<Deed>,
}

impl OrderDetail {
    /// Describes an order with its timeline.
    pub(crate) fn of(shown: &ShownOrder) -> Self {
        let row = &shown.row;
        let masked = |words: &str| mask::text_with(row.ticket.as_ref(), words);
        let request = row.body.event().ok();
        let line = |line: &schemas::OrderLine| Line {
            item: line.item_id.clone(),
            quantity: line.quantity,
        };
        Self {
            summary: OrderSummary::with(row, request.as_ref()),
            order_id: row.order.id.clone(),
            org: row.order.org.clone(),
            customer_id: request.as_ref().map(|request| request.data.customer.id.clone()),
            lines: request
                .map(|request| request.data.lines.iter().map(line).collect())
                .unwrap_or_default(),
            requested_at: row.requested_at,
            web_depot_link: row.web_depot_link.as_deref().map(masked),
            detail: row
                .reason
                .as_ref()
                .map(|reason| masked(&reason.detail))
                .filter(|detail| !detail.is_empty()),
            timeline: shown
                .timeline
                .iter()
                .map(|entry| Step::of(entry, row.ticket.as_ref()))
                .collect(),
            letters: shown.letters.iter().map(LetterSummary::of).collect(),
            deeds: shown.audit.iter().map(Deed::of).collect(),
        }
    }
}

//! One order operation as the ledger knows it, and the timeline of what happened to it.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use schemas::{
    Completion, CompletionEvent, Fingerprint, HeldCode, OrderRef, Outcome, Reply, RequestEvent, RequestKey, Source,
    Ticket,
};
use serde::{Deserialize, Serialize};

use crate::Error;

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Known to us; nothing of it is at License Central.
    Accepted,
    /// A claim is out: somebody may be calling License Central right now.
    Calling,
    /// License Central may hold it and nobody calls; `recover` looks it up.
    Unknown,
    /// License Central issued a ticket.
    Issued,
    /// License Central understood and declined.
    Refused,
    /// Waits for a person.
    Held,
}

impl State {
    /// Every state, in the order of an order's way.
    pub const ALL: [Self; 6] = [
        Self::Accepted,
        Self::Calling,
        Self::Unknown,
        Self::Issued,
        Self::Refused,
        Self::Held,
    ];

    /// Returns the word that stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Calling => "calling",
            Self::Unknown => "unknown",
            Self::Issued => "issued",
            Self::Refused => "refused",
            Self::Held => "held",
        }
    }

    /// Says whether nothing more happens without an outside wish.
    pub fn is_at_rest(self) -> bool {
        matches!(self, Self::Issued | Self::Refused | Self::Held)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| Error::Damaged {
                what: "state",
                found: word.to_owned(),
            })
    }
}

/// The number of a row in this ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct RowId(pub i64);

/// The request's CloudEvent as the ledger holds it: JSON, cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Body(pub(crate) Arc<[u8]>);

impl Body {
    /// Returns the JSON text.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the request.
    ///
    /// # Errors
    /// [`Error::Damaged`] if this is no license request; only the body of a row held `invalid-request` can be that.
    pub fn event(&self) -> Result<RequestEvent, Error> {
        // The fields' names only: this error reaches logs, and what was found may be a customer's data.
        schemas::read_request(&self.0).map_err(|invalid| Error::Damaged {
            what: "request body",
            found: invalid
                .problems
                .iter()
                .map(|problem| problem.field.as_str())
                .collect::<Vec<_>>()
                .join(", "),
        })
    }
}

impl Body {
    /// Says in words what is handed out and to whom.
    pub(crate) fn content(&self) -> String {
        let Ok(event) = serde_json::from_slice::<RequestEvent>(&self.0) else {
            return "nothing readable".to_owned();
        };
        let data = event.data;
        let lines: Vec<String> = data
            .lines
            .iter()
            .map(|line| format!("{} × {}", line.quantity, line.item_id))
            .collect();
        format!("{} for {}", lines.join(", "), data.customer.id)
    }
}

impl From<Vec<u8>> for Body {
    fn from(json: Vec<u8>) -> Self {
        Self(json.into())
    }
}

/// Shows only the size: bodies carry personal data.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}

/// Why a row was refused or is held.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reason {
    /// Short code: License Central's fault code, or a [`HeldCode`].
    pub code: String,
    /// One sentence for a sales person.
    pub sentence: String,
    /// What an operator wants to know; may be empty.
    pub detail: String,
}

/// Other content that arrived while the row was in somebody's hands; judged when the row comes to rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NextBody {
    /// The request as it arrived.
    pub body: Body,
    /// What it orders.
    pub fingerprint: Fingerprint,
    /// Its message.
    pub message_id: String,
    /// When its source asked for it.
    pub requested_at: Timestamp,
}

/// One row of the ledger: one operation on one order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number in this ledger.
    pub id: RowId,
    /// What must not happen twice.
    pub key: RequestKey,
    /// Who asked.
    pub source: Source,
    /// The order at its source.
    pub order: OrderRef,
    /// Which operation on that order.
    pub revision: u32,
    /// What is handed out and to whom, hashed.
    pub fingerprint: Fingerprint,
    /// The request.
    pub body: Body,
    /// Messages that brought this request, the latest last; a known one never starts a new call.
    pub message_ids: Vec<String>,
    /// When the source asked for it.
    pub requested_at: Timestamp,
    /// Whether the source wants to hear the outcome.
    pub reply: Reply,
    /// The trace of its latest message.
    pub traceparent: Option<String>,
    /// Where it stands.
    pub state: State,
    /// Fence, claim token, timeline key and the completion's sequence in one: every transition adds one.
    pub version: u64,
    /// The process that holds the claim, or held the last one.
    pub owner: String,
    /// How often License Central was asked in this budget, successes included.
    pub attempts: u32,
    /// Claims that ended without a result.
    pub crashes: u32,
    /// Look-ups without a clear answer since the row became unknown.
    pub look_ups: u32,
    /// It may be at License Central although this ledger knows nothing of it: look it up before the first call.
    pub in_doubt: bool,
    /// The last claim may have reached License Central; false means *nothing sent*.
    pub may_be_there: bool,
    /// The version at which it was claimed or became unknown: what `recover` watches.
    pub watch: u64,
    /// When something is due for it; none when it is at rest and reported.
    pub next_due: Option<Timestamp>,
    /// The highest version its source knows.
    pub reported_version: u64,
    /// When its source came to know it.
    pub reported_at: Option<Timestamp>,
    /// The version whose report was given up.
    pub report_parked: Option<u64>,
    /// The ticket, once issued.
    pub ticket: Option<Ticket>,
    /// The page where a person redeems the ticket.
    pub web_depot_link: Option<String>,
    /// Why it was refused or is held.
    pub reason: Option<Reason>,
    /// Content that waits for the row to come to rest.
    pub next_body: Option<NextBody>,
    /// When it was first accepted.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
}

impl Row {
    /// Returns the code of a held row.
    pub fn held_code(&self) -> Option<HeldCode> {
        match (self.state, &self.reason) {
            (State::Held, Some(reason)) => reason.code.parse().ok(),
            _ => None,
        }
    }

    /// Says whether its source has still to hear of this version.
    pub fn is_unreported(&self) -> bool {
        self.state.is_at_rest() && self.reported_version < self.version && self.report_parked != Some(self.version)
    }

    /// Says whether the row is refused or held and License Central surely holds nothing of it.
    pub fn can_be_called_again(&self) -> bool {
        matches!(self.state, State::Refused | State::Held) && !self.may_be_there
    }

    /// Returns what its source may know, if it is at rest.
    pub fn outcome(&self) -> Option<Outcome> {
        let reason = || self.reason.clone().unwrap_or_default();
        match self.state {
            State::Issued => self.ticket.clone().map(|ticket| Outcome::Issued {
                ticket,
                web_depot_link: self.web_depot_link.clone(),
            }),
            State::Refused => {
                let Reason { code, sentence, .. } = reason();
                Some(Outcome::Refused { code, sentence })
            }
            State::Held => Some(Outcome::Held {
                code: self.held_code().unwrap_or(HeldCode::OutcomeUnknown),
                sentence: reason().sentence,
            }),
            State::Accepted | State::Calling | State::Unknown => None,
        }
    }

    /// Returns the completion event, if the row is at rest; the same for the same version, whoever asks.
    pub fn completion(&self) -> Option<CompletionEvent> {
        let outcome = self.outcome()?;
        let completion = Completion {
            request_key: self.key.clone(),
            order: self.order.clone(),
            revision: self.revision,
            outcome,
            sequence: self.version,
            attempts: self.attempts,
            requested_at: Some(self.requested_at),
            finished_at: self.updated_at,
        };
        Some(CompletionEvent::wrap(self.source.clone(), completion))
    }
}

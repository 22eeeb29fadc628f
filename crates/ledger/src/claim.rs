//! A claim: the right to call License Central once, and how it ends.

use std::time::Duration;

use jiff::Timestamp;
use schemas::{HeldCode, OrderRef, RequestEvent, RequestKey, Ticket};

use crate::Error;
use crate::arrival::{Request, Rest};
use crate::letters::Letter;
use crate::row::{Row, RowId, State};

/// The right to call License Central for one row; fenced by its version.
///
/// The call's deadline must run on a monotonic clock from *before* [`Ledger::claim`](crate::Ledger::claim) was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// The row as it was claimed.
    pub(crate) row: Box<Row>,
}

impl Claim {
    /// Returns the row's number.
    pub fn id(&self) -> RowId {
        self.row.id
    }

    /// Returns the request's key.
    pub fn key(&self) -> &RequestKey {
        &self.row.key
    }

    /// Returns the order at its source.
    pub fn order(&self) -> &OrderRef {
        &self.row.order
    }

    /// Returns the revision.
    pub fn revision(&self) -> u32 {
        self.row.revision
    }

    /// Returns the version that fences this claim.
    pub fn version(&self) -> u64 {
        self.row.version
    }

    /// Returns the version the row will have once this claim is settled: the completion's sequence.
    pub fn outcome_version(&self) -> u64 {
        self.row.version + 1
    }

    /// Returns how often License Central was asked in this budget, this claim not counted: the index into the redelivery
    /// schedule.
    pub fn attempts(&self) -> u32 {
        self.row.attempts
    }

    /// Returns how many claims of this row ended without a result.
    pub fn crashes(&self) -> u32 {
        self.row.crashes
    }

    /// Returns the trace the row belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        self.row.traceparent.as_deref()
    }

    /// Reads the request *as the ledger holds it*, which is what must be called; the delivered one may be older.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the ledger's body cannot be read.
    pub fn event(&self) -> Result<RequestEvent, Error> {
        self.row.body.event()
    }

    /// Returns what is to be published if this claim ends so, before it is written; none if the row will not be at rest.
    ///
    /// `finished_at` must be the one given to [`Ledger::settle`](crate::Ledger::settle), so that both say the same.
    pub fn rest_after(&self, ending: &Ending, finished_at: Timestamp) -> Option<Rest> {
        crate::settle::ended((*self.row).clone(), ending, finished_at).rest()
    }
}

/// How a claim ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// License Central issued a ticket.
    Issued {
        /// The ticket.
        ticket: Ticket,
        /// Where a person redeems it.
        web_depot_link: Option<String>,
    },
    /// The look-up before the call found the very order: it is issued.
    Found {
        /// The ticket.
        ticket: Ticket,
        /// Where a person redeems it.
        web_depot_link: Option<String>,
    },
    /// The look-up before the call found nothing: this clears the call, under the claim that `settle` returns.
    NotFound,
    /// License Central understood and declined.
    Refused {
        /// Its fault code.
        code: String,
        /// One sentence for a sales person.
        sentence: String,
        /// What an operator wants to know.
        detail: String,
    },
    /// Surely not processed (or a look-up without an answer): one attempt is spent.
    NotAccepted {
        /// When to try again; none if the budget is spent.
        wait: Option<Duration>,
        /// What happened.
        error: String,
    },
    /// Not this order's fault (the neighbour is away, the breaker is open): nothing was sent, no attempt is spent.
    Snoozed {
        /// When to try again.
        wait: Duration,
        /// What happened.
        error: String,
    },
    /// Nobody knows whether License Central took it: `recover` looks it up.
    Unknown {
        /// What happened.
        error: String,
    },
    /// Handling it panicked.
    Poison {
        /// What the panic said.
        error: String,
    },
    /// A person must look at it.
    Held {
        /// Why.
        code: HeldCode,
        /// What an operator wants to know.
        detail: String,
    },
}

/// What became of a settled claim.
#[derive(Debug, Clone, PartialEq)]
pub enum Settled {
    /// Written as asked.
    Written(Written),
    /// Nothing was found: call now, under this claim; the deadline runs from before `settle` was asked.
    Cleared(Claim),
    /// Somebody took the claim over: the result is in the timeline, and this is what it changed.
    Zombie(Zombie),
}

/// What a write leads to.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Where the row stands.
    pub state: State,
    /// The row's version.
    pub version: u64,
    /// What to publish if the row came to rest.
    pub rest: Option<Rest>,
    /// A request to publish: other content had waited and is called now, or a look-up found nothing.
    pub call: Option<Request>,
    /// Other content had waited and contradicts the ticket: publish this letter.
    pub conflict: Option<Letter>,
}

/// A result that came after its claim was taken over.
#[derive(Debug, Clone, PartialEq)]
pub struct Zombie {
    /// Where the row stands now.
    pub state: State,
    /// What to publish: the row's outcome, if it is at rest.
    pub rest: Option<Rest>,
    /// True if a second license may exist: alarm a person.
    pub suspected_double: bool,
    /// A request to publish: other content had waited and is called now.
    pub call: Option<Request>,
    /// Other content had waited and contradicts the ticket: publish this letter.
    pub conflict: Option<Letter>,
}

/// A row whose claim is out, or whose outcome is unknown, as `recover` watches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InHand {
    /// The row.
    pub id: RowId,
    /// Its key.
    pub key: RequestKey,
    /// `Calling` or `Unknown`.
    pub state: State,
    /// The version to take over or settle.
    pub version: u64,
    /// Stays the same as long as nothing happened that restarts the observation: claim it after `lease`, trust "not
    /// found" after `settle`, both since this process first saw this value for this row, on its own monotonic clock.
    pub watch: u64,
    /// When its next look-up is due, by the wall clock; only a hint for the schedule.
    pub next_due: Option<Timestamp>,
}

/// An unknown row to be looked up at License Central; fenced by its version.
#[derive(Debug, Clone, PartialEq)]
pub struct LookUp {
    pub(crate) row: Box<Row>,
}

impl LookUp {
    /// Returns the request's key.
    pub fn key(&self) -> &RequestKey {
        &self.row.key
    }

    /// Returns the order at its source.
    pub fn order(&self) -> &OrderRef {
        &self.row.order
    }

    /// Returns the revision.
    pub fn revision(&self) -> u32 {
        self.row.revision
    }

    /// Returns the version that fences this look-up.
    pub fn version(&self) -> u64 {
        self.row.version
    }

    /// Returns how often License Central was asked in this budget.
    pub fn attempts(&self) -> u32 {
        self.row.attempts
    }

    /// Returns how many look-ups had no clear answer: the index into the redelivery schedule.
    pub fn look_ups(&self) -> u32 {
        self.row.look_ups
    }

    /// Returns the trace the row belongs to.
    pub fn traceparent(&self) -> Option<&str> {
        self.row.traceparent.as_deref()
    }

    /// Reads the request, to compare what was found with it.
    ///
    /// # Errors
    /// [`Error::Damaged`] if the ledger's body cannot be read.
    pub fn event(&self) -> Result<RequestEvent, Error> {
        self.row.body.event()
    }
}

/// What a look-up of an unknown row found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LookedUp {
    /// The very order: items, quantities and customer agree.
    Found {
        /// The ticket.
        ticket: Ticket,
        /// Where a person redeems it.
        web_depot_link: Option<String>,
    },
    /// An order of that number that is not ours.
    Foreign {
        /// How it differs.
        detail: String,
    },
    /// License Central says that it accepted the order more than once.
    Doubled {
        /// What it says.
        detail: String,
    },
    /// Nothing, and the row was seen unknown for `settle`: it may be called again.
    NotFound {
        /// When to call again (zero: at once); none if the budget of attempts is spent.
        wait: Option<Duration>,
    },
    /// No clear answer.
    Unclear {
        /// When to look again; none if the schedule is spent.
        wait: Option<Duration>,
        /// What happened.
        error: String,
    },
    /// License Central's profile has no `find_order`: a person must look.
    CannotFind,
}

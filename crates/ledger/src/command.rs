//! What waits for the writer: a question, the rule that answers it, and who asked.

use std::error::Error as StdError;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use schemas::{CompletionEvent, KnownOrder, RequestKey};
use tokio::sync::oneshot;

use crate::arrival::{Accepted, Incoming, Powers, Verdict};
use crate::arrivals::{self, Patience};
use crate::checkpoints::{Lease, LeaseSeen};
use crate::claim::{Claim, Ending, LookUp, LookedUp, Settled, Written};
use crate::ledger::{Adopted, Due, Nudge, Parked};
use crate::letters::{Letter, Replayed};
use crate::replay::{self, Deed};
use crate::row::RowId;
use crate::rows::{Failure, Mark, Marks, Moment};
use crate::{Error, marks, park, recover, report, settle};

/// A question to the writer, with the place of its answer.
#[derive(Debug)]
pub(crate) struct Ask<Q, A> {
    question: Q,
    answer: Option<Result<A, Error>>,
    asker: oneshot::Sender<Result<A, Error>>,
}

/// Where an answer arrives.
pub(crate) type Answer<A> = oneshot::Receiver<Result<A, Error>>;

impl<Q, A> Ask<Q, A> {
    /// Returns a question and where its answer arrives.
    pub(crate) fn new(question: Q) -> (Self, Answer<A>) {
        let (asker, answer) = oneshot::channel();
        (
            Self {
                question,
                answer: None,
                asker,
            },
            answer,
        )
    }

    /// Answers the question, to be told after the commit; may be done again after a rollback.
    fn run<F: Failure>(&mut self, rule: impl FnOnce(&Q) -> Result<A, F>) -> Result<(), F> {
        self.answer = Some(match rule(&self.question) {
            Ok(answer) => Ok(answer),
            Err(failure) => Err(failure.told()?),
        });
        Ok(())
    }

    /// Tells the asker; nobody minds if they are gone.
    fn tell(self, trouble: Option<&Trouble>) {
        let answer = match (trouble, self.answer) {
            (Some(trouble), _) => Err(Error::NotCommitted {
                source: Arc::clone(trouble),
            }),
            (None, Some(answer)) => answer,
            (None, None) => Err(Error::Closed),
        };
        let _gone = self.asker.send(answer);
    }
}

/// Why a group was not committed.
pub(crate) type Trouble = Arc<dyn StdError + Send + Sync>;

/// Everything that can be asked of the writer.
#[derive(Debug)]
pub(crate) enum Command {
    Accept(Ask<Incoming, Accepted>),
    Claim(Ask<(Incoming, Powers), Verdict>),
    Settle(Ask<(Claim, Ending, Timestamp), Settled>),
    ParkInvalid(Ask<(KnownOrder, Letter), Parked>),
    TakeOver(Ask<(RowId, u64), bool>),
    SettleLookUp(Ask<(LookUp, LookedUp), Option<Written>>),
    Overdue(Ask<Overdue, Vec<Nudge>>),
    Adopt(Ask<CompletionEvent, Adopted>),
    MarkReported(Ask<Vec<(RequestKey, u64)>, ()>),
    ParkReport(Ask<ReportFailure, Option<Letter>>),
    Replay(Ask<Deed, Replayed>),
    MarkReplayed(Ask<Deed, ()>),
    Collect(Ask<Letter, bool>),
    TakeLease(Ask<String, Lease>),
    TakeLeaseAfter(Ask<(String, LeaseSeen), Option<Lease>>),
    RenewLease(Ask<Lease, ()>),
    ReleaseLease(Ask<Lease, ()>),
    MoveCheckpoint(Ask<(Lease, Mark), ()>),
    Beat(Ask<String, ()>),
    Doubt(Ask<(), Timestamp>),
}

/// Which overdue rows to take.
#[derive(Debug)]
pub(crate) struct Overdue {
    pub(crate) due: Due,
    pub(crate) grace: Duration,
    pub(crate) again_after: Duration,
    pub(crate) limit: usize,
}

/// A report that Salesforce refused for good.
#[derive(Debug)]
pub(crate) struct ReportFailure {
    pub(crate) key: RequestKey,
    pub(crate) version: u64,
    pub(crate) code: String,
    pub(crate) text: String,
}

impl Command {
    /// Applies the rule of this command inside a transaction.
    pub(crate) fn run<M: Marks>(
        &mut self,
        rows: &mut M,
        moment: &Moment,
        patience: &mut Patience,
    ) -> Result<(), M::Failure> {
        match self {
            Self::Accept(ask) => ask.run(|arrival| arrivals::accept(rows, arrival, moment)),
            Self::Claim(ask) => ask.run(|(arrival, powers)| arrivals::claim(rows, arrival, *powers, moment, patience)),
            Self::Settle(ask) => ask.run(|(claim, ending, at)| settle::settle(rows, claim, ending, *at, moment)),
            Self::ParkInvalid(ask) => ask.run(|(known, letter)| park::invalid(rows, known, letter.clone(), moment)),
            Self::TakeOver(ask) => ask.run(|(id, version)| recover::take_over(rows, *id, *version, moment)),
            Self::SettleLookUp(ask) => ask.run(|(row, found)| recover::settle_look_up(rows, row, found, moment)),
            Self::Overdue(ask) => ask.run(|asked| recover::overdue(rows, asked, moment)),
            Self::Adopt(ask) => ask.run(|completion| report::adopt(rows, completion, moment)),
            Self::MarkReported(ask) => ask.run(|reported| report::mark_reported(rows, reported, moment)),
            Self::ParkReport(ask) => ask.run(|failure| report::park(rows, failure, moment)),
            Self::Replay(ask) => ask.run(|deed| replay::replay(rows, deed, moment)),
            Self::MarkReplayed(ask) => ask.run(|deed| replay::mark_replayed(rows, deed, moment)),
            Self::Collect(ask) => ask.run(|letter| park::collect(rows, letter.clone())),
            Self::TakeLease(ask) => ask.run(|name| marks::take(rows, name, moment)),
            Self::TakeLeaseAfter(ask) => ask.run(|(name, seen)| marks::take_after(rows, name, seen, moment)),
            Self::RenewLease(ask) => ask.run(|lease| marks::renew(rows, lease)),
            Self::ReleaseLease(ask) => ask.run(|lease| marks::release(rows, lease)),
            Self::MoveCheckpoint(ask) => ask.run(|(lease, mark)| marks::move_checkpoint(rows, lease, mark, moment)),
            Self::Beat(ask) => ask.run(|note| rows.beat(&moment.process, note, moment.now)),
            Self::Doubt(ask) => ask.run(|()| rows.doubt(moment.now, &moment.process).map(|()| moment.now)),
        }
    }

    /// Tells the asker what came of it, after the commit or after it failed.
    pub(crate) fn tell(self, trouble: Option<&Trouble>) {
        match self {
            Self::Accept(ask) => ask.tell(trouble),
            Self::Claim(ask) => ask.tell(trouble),
            Self::Settle(ask) => ask.tell(trouble),
            Self::ParkInvalid(ask) => ask.tell(trouble),
            Self::TakeOver(ask) => ask.tell(trouble),
            Self::SettleLookUp(ask) => ask.tell(trouble),
            Self::Overdue(ask) => ask.tell(trouble),
            Self::Adopt(ask) => ask.tell(trouble),
            Self::MarkReported(ask) => ask.tell(trouble),
            Self::ParkReport(ask) => ask.tell(trouble),
            Self::Replay(ask) => ask.tell(trouble),
            Self::MarkReplayed(ask) => ask.tell(trouble),
            Self::Collect(ask) => ask.tell(trouble),
            Self::TakeLease(ask) => ask.tell(trouble),
            Self::TakeLeaseAfter(ask) => ask.tell(trouble),
            Self::RenewLease(ask) => ask.tell(trouble),
            Self::ReleaseLease(ask) => ask.tell(trouble),
            Self::MoveCheckpoint(ask) => ask.tell(trouble),
            Self::Beat(ask) => ask.tell(trouble),
            Self::Doubt(ask) => ask.tell(trouble),
        }
    }
}

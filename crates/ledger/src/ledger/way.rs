//! An order's way through the ledger: accepted, claimed, settled, recovered, reported.

use std::time::Duration;

use jiff::Timestamp;
use schemas::{CompletionEvent, KnownOrder, RequestKey};

use super::{Adopted, Due, Ledger, Nudge, Parked};
use crate::Error;
use crate::arrival::{Accepted, Arrival, Powers, Verdict};
use crate::claim::{Claim, Ending, InHand, LookUp, LookedUp, Settled, Written};
use crate::command::{Command, Overdue, ReportFailure};
use crate::letters::Letter;
use crate::row::{Row, RowId, State};
use crate::sqlite::Reader;

impl Ledger {
    /// Takes in an event of the producer *before* it is published, and says what to publish.
    ///
    /// # Errors
    /// [`Error::NotCommitted`]: publish nothing, try again.
    pub async fn accept(&self, arrival: Arrival) -> Result<Accepted, Error> {
        self.ask(arrival.into(), Command::Accept).await
    }

    /// Decides on a delivered request, and claims its row if it is to be called.
    ///
    /// # Errors
    /// [`Error::NotCommitted`]: call nobody, leave the delivery to the broker or to a later try.
    pub async fn claim(&self, arrival: Arrival, powers: Powers) -> Result<Verdict, Error> {
        self.ask((arrival.into(), powers), Command::Claim).await
    }

    /// Writes how a claim ended.
    ///
    /// # Errors
    /// [`Error::NotCommitted`]: the claim stays out; try again or leave it to `recover`.
    pub async fn settle(&self, claim: &Claim, ending: Ending, finished_at: Timestamp) -> Result<Settled, Error> {
        self.ask((claim.clone(), ending, finished_at), Command::Settle).await
    }

    /// Writes the state and the letter of a request that cannot be read, in one transaction.
    ///
    /// `letter` describes the failure; its identity, key and version are set here.
    ///
    /// # Errors
    /// [`Error::NotCommitted`]: park nothing yet.
    pub async fn park_invalid(&self, known: KnownOrder, letter: Letter) -> Result<Parked, Error> {
        self.ask((known, letter), Command::ParkInvalid).await
    }

    /// Lists the rows with a claim out and those whose outcome is unknown.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn in_hand(&self) -> Result<Vec<InHand>, Error> {
        self.read(Reader::in_hand).await
    }

    /// Takes a claim over that was watched for `lease`: the row becomes `unknown`. False if it moved on meanwhile.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn take_over(&self, id: RowId, version: u64) -> Result<bool, Error> {
        self.ask((id, version), Command::TakeOver).await
    }

    /// Reads an unknown row for a look-up; none if it moved on meanwhile.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn look_up(&self, id: RowId, version: u64) -> Result<Option<LookUp>, Error> {
        let row = self.read(move |reader| reader.row(id)).await?;
        let row = row.filter(|row| row.state == State::Unknown && row.version == version);
        Ok(row.map(|row| LookUp { row: Box::new(row) }))
    }

    /// Writes what a look-up found; none if the row moved on meanwhile.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn settle_look_up(&self, look_up: &LookUp, found: LookedUp) -> Result<Option<Written>, Error> {
        self.ask((look_up.clone(), found), Command::SettleLookUp).await
    }

    /// Takes rows that are due for longer than `grace` and gives them a later due time, so that nobody else does.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn overdue(
        &self,
        due: Due,
        grace: Duration,
        again_after: Duration,
        limit: usize,
    ) -> Result<Vec<Nudge>, Error> {
        self.ask(
            Overdue {
                due,
                grace,
                again_after,
                limit,
            },
            Command::Overdue,
        )
        .await
    }

    /// Reads rows; the answer has the order of the keys.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn rows(&self, keys: &[RequestKey]) -> Result<Vec<Option<Row>>, Error> {
        let keys = keys.to_vec();
        self.read(move |reader| reader.rows(&keys)).await
    }

    /// Reads all revisions of the orders that these keys belong to, the lowest first; the answer has the order of the keys.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn revisions(&self, keys: &[RequestKey]) -> Result<Vec<Vec<Row>>, Error> {
        let keys = keys.to_vec();
        self.read(move |reader| reader.revisions(&keys)).await
    }

    /// Takes in a completion that carries a ticket which its row does not have yet.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn adopt(&self, completion: &CompletionEvent) -> Result<Adopted, Error> {
        self.ask(completion.clone(), Command::Adopt).await
    }

    /// Notes that the sources know these versions.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn mark_reported(&self, reported: &[(RequestKey, u64)]) -> Result<(), Error> {
        self.ask(reported.to_vec(), Command::MarkReported).await
    }

    /// Gives up telling Salesforce of this version: letter (stage report) and mark in one transaction.
    ///
    /// `code` and `text` are what Salesforce said. Returns the letter to publish; none if the row moved on meanwhile.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn park_report(
        &self,
        key: &RequestKey,
        version: u64,
        code: &str,
        text: &str,
    ) -> Result<Option<Letter>, Error> {
        let failure = ReportFailure {
            key: key.clone(),
            version,
            code: code.to_owned(),
            text: text.to_owned(),
        };
        self.ask(failure, Command::ParkReport).await
    }
}

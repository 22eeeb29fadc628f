//! Checkpoints, leases, processes, and whether the ledger answers.

use jiff::Timestamp;

use super::Ledger;
use crate::Error;
use crate::checkpoints::{Checkpoint, Lease, LeaseSeen, Process};
use crate::command::Command;
use crate::rows::Mark;
use crate::sqlite::Reader;

impl Ledger {
    /// Reads how far the events of a topic were read.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn checkpoint(&self, org: &str, topic: &str) -> Result<Option<Checkpoint>, Error> {
        let (org, topic) = (org.to_owned(), topic.to_owned());
        self.read(move |reader| reader.checkpoint(&org, &topic)).await
    }

    /// Moves a checkpoint; `place` counts what was read under this lease, and a lower one than before is ignored.
    ///
    /// # Errors
    /// [`Error::Fenced`] if the lease was taken over: stop reading; [`Error::NotCommitted`].
    pub async fn move_checkpoint(
        &self,
        lease: &Lease,
        org: &str,
        topic: &str,
        replay_id: &[u8],
        place: u64,
    ) -> Result<(), Error> {
        let (org, topic, replay_id) = (org.to_owned(), topic.to_owned(), replay_id.to_vec());
        let mark = Mark {
            org,
            topic,
            replay_id,
            epoch: lease.epoch,
            place,
        };
        self.ask((lease.clone(), mark), Command::MoveCheckpoint).await
    }

    /// Takes a lease, whoever holds it: the last to start is the active one.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn take_lease(&self, name: &str) -> Result<Lease, Error> {
        self.ask(name.to_owned(), Command::TakeLease).await
    }

    /// Takes a lease only if nobody did so since it was seen; none if somebody did.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn take_lease_after(&self, name: &str, seen: &LeaseSeen) -> Result<Option<Lease>, Error> {
        self.ask((name.to_owned(), seen.clone()), Command::TakeLeaseAfter).await
    }

    /// Reads a lease as others see it.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn lease(&self, name: &str) -> Result<Option<LeaseSeen>, Error> {
        let name = name.to_owned();
        self.read(move |reader| reader.lease(&name)).await
    }

    /// Shows that the holder of a lease lives.
    ///
    /// # Errors
    /// [`Error::Fenced`] if it was taken over; [`Error::NotCommitted`].
    pub async fn renew_lease(&self, lease: &Lease) -> Result<(), Error> {
        self.ask(lease.clone(), Command::RenewLease).await
    }

    /// Gives a lease back; nothing happens if it was taken over.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn release_lease(&self, lease: &Lease) -> Result<(), Error> {
        self.ask(lease.clone(), Command::ReleaseLease).await
    }

    /// Shows that this process lives; `note` says what it does.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn beat(&self, note: &str) -> Result<(), Error> {
        self.ask(note.to_owned(), Command::Beat).await
    }

    /// Lists the processes, the last seen first.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn processes(&self) -> Result<Vec<Process>, Error> {
        self.read(Reader::processes).await
    }

    /// Asks for nothing but an answer: the probe of the ledger.
    ///
    /// # Errors
    /// [`Error::Read`] or [`Error::Closed`].
    pub async fn ping(&self) -> Result<(), Error> {
        self.read(Reader::ping).await
    }

    /// Reads since when this ledger saw everything: events older than this are in doubt.
    ///
    /// # Errors
    /// [`Error::Read`].
    pub async fn since(&self) -> Result<Timestamp, Error> {
        self.read(Reader::since).await
    }

    /// Says that the ledger was restored from a copy: `since` is now, and every row that was not surely finished is
    /// looked up before its next call. Returns the new `since`.
    ///
    /// # Errors
    /// [`Error::NotCommitted`].
    pub async fn restored(&self) -> Result<Timestamp, Error> {
        self.ask((), Command::Doubt).await
    }
}

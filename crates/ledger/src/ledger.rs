//! The handle through which everybody speaks to the ledger.

mod desk;
mod marks;
mod way;

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tokio::sync::mpsc;

use crate::arrival::{Request, Rest};
use crate::arrivals::Patience;
use crate::clock::Clock;
use crate::command::{Ask, Command};
use crate::letters::Letter;
use crate::row::Row;
use crate::sqlite::{self, Reader};
use crate::writer::{self, Surroundings};
use crate::{Error, Settings};

/// The ledger of this process; cheap to clone. Every answer of a write comes after its commit.
#[derive(Debug, Clone)]
pub struct Ledger {
    process: Arc<str>,
    reader: Reader,
    writer: Arc<Mutex<Option<Writer>>>,
}

/// The way to the writer's thread, until the ledger is closed.
#[derive(Debug)]
struct Writer {
    commands: mpsc::Sender<Command>,
    thread: JoinHandle<()>,
}

impl Ledger {
    /// Opens the ledger, brings its tables up to date and checks that it keeps what is committed.
    ///
    /// # Errors
    /// [`Error::Url`], [`Error::Open`], [`Error::NotDurable`] or [`Error::Migration`], each saying what to do.
    pub async fn open(settings: &Settings, process: &str) -> Result<Self, Error> {
        Self::open_with_clock(settings, process, Clock::system()).await
    }

    /// Opens the ledger with these clocks.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub async fn open_with_clock(settings: &Settings, process: &str, clock: Clock) -> Result<Self, Error> {
        let (file, pace, process) = (settings.file()?, settings.pace, Arc::<str>::from(process));
        blocking(move || {
            let (engine, reader) = sqlite::open(&file, &process, &clock)?;
            let around = Surroundings {
                clock,
                process: Arc::clone(&process),
                patience: Patience::default(),
            };
            let (commands, thread) = writer::start(engine, around, pace).map_err(|source| Error::Open {
                path: file,
                advice: "the machine gives no thread".to_owned(),
                source: Some(Box::new(source)),
            })?;
            Ok(Self {
                process,
                reader,
                writer: Arc::new(Mutex::new(Some(Writer { commands, thread }))),
            })
        })
        .await
    }

    /// Commits what waits and closes the ledger; clones of this handle answer [`Error::Closed`] from then on.
    ///
    /// # Errors
    /// [`Error::Closed`] if it was closed before.
    pub async fn close(&self) -> Result<(), Error> {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Writer { commands, thread } = writer.ok_or(Error::Closed)?;
        drop(commands);
        // Before the writer's: the last connection to close folds the log into the file.
        self.reader.close();
        blocking(move || thread.join().map_err(|_panic| Error::Closed)).await
    }

    /// Returns this process's name in the timeline.
    pub fn process(&self) -> &str {
        &self.process
    }

    /// Asks the writer and waits for its commit.
    async fn ask<Q, A>(&self, question: Q, command: impl FnOnce(Ask<Q, A>) -> Command) -> Result<A, Error> {
        let commands = {
            let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
            writer
                .as_ref()
                .map(|writer| writer.commands.clone())
                .ok_or(Error::Closed)?
        };
        let (ask, answer) = Ask::new(question);
        commands.send(command(ask)).await.map_err(|_| Error::Closed)?;
        answer.await.map_err(|_| Error::Closed)?
    }

    /// Reads on a thread that may block.
    async fn read<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Reader) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        if self.writer.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            return Err(Error::Closed);
        }
        let reader = self.reader.clone();
        blocking(move || read(&reader)).await
    }
}

/// Runs what blocks away from the runtime's threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    tokio::task::spawn_blocking(work).await.map_err(|_| Error::Closed)?
}

/// What became of a request that cannot be read.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// The letter to publish to the mailbox.
    pub letter: Letter,
    /// The outcome to publish: `held` with `invalid-request`, unless the order has a row with another state.
    pub rest: Option<Rest>,
}

/// What became of a completion that was ahead of its row.
#[derive(Debug, Clone, PartialEq)]
pub enum Adopted {
    /// The row is as the completion says, or says something newer: report the row.
    Row(Box<Row>),
    /// The row is behind and cannot take it: wait a tier.
    Wait,
    /// The ledger has no such row.
    NoRow,
}

/// What `recover` publishes again.
#[derive(Debug, Clone, PartialEq)]
pub enum Nudge {
    /// An accepted row whose message was lost or is late.
    Request(Request),
    /// A row at rest whose source has not heard of it.
    Outcome(Rest),
}

/// Which rows are overdue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Accepted ones.
    Requests,
    /// Unreported ones.
    Outcomes,
}

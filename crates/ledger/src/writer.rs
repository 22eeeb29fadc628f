//! The one writer of this process: takes whatever waits, writes it in one transaction, answers after the commit.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use crate::arrivals::Patience;
use crate::clock::Clock;
use crate::command::{Command, Trouble};

/// The most that goes into one commit.
const LARGEST_GROUP: usize = 256;

/// A group smaller than this means that little happens: the next one does not wait for its pace.
const LITTLE: usize = 8;

/// How many commands may wait before callers wait to ask.
const WAITING: usize = 4096;

/// How often a group is tried again because another process holds the file; each try waits for it by itself.
const BUSY_TRIES: u32 = 3;

/// What a writer needs of an engine.
pub(crate) trait Engine: Send + 'static {
    /// Applies these commands in one transaction and commits it.
    fn commit(&mut self, group: &mut [Command], around: &mut Surroundings) -> Result<(), Refusal>;
}

/// What the writer knows besides the commands.
#[derive(Debug)]
pub(crate) struct Surroundings {
    pub(crate) clock: Clock,
    pub(crate) process: Arc<str>,
    pub(crate) patience: Patience,
}

/// Why a group was not committed.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Another process held the file for too long: the same group may be tried again.
    Busy(Trouble),
    /// A command of the group failed, nothing was written: each may be tried alone.
    Command(Trouble),
    /// The commit itself failed, and it is not known what was written: nobody may act on it.
    Commit(Trouble),
}

/// Starts the writer on its own thread; it ends when the last sender is gone.
pub(crate) fn start(
    engine: impl Engine,
    around: Surroundings,
    pace: Duration,
) -> std::io::Result<(mpsc::Sender<Command>, std::thread::JoinHandle<()>)> {
    let (sender, receiver) = mpsc::channel(WAITING);
    let thread = std::thread::Builder::new()
        .name("ledger-writer".to_owned())
        .spawn(move || write_groups(engine, around, pace, receiver))?;
    Ok((sender, thread))
}

fn write_groups(
    mut engine: impl Engine,
    mut around: Surroundings,
    pace: Duration,
    mut waiting: mpsc::Receiver<Command>,
) {
    let mut group = Vec::with_capacity(LARGEST_GROUP);
    let mut last = (Instant::now(), 0);
    while waiting.blocking_recv_many(&mut group, LARGEST_GROUP) > 0 {
        let (committed_at, size) = last;
        let rest = pace.saturating_sub(committed_at.elapsed());
        if size >= LITTLE && group.len() < LARGEST_GROUP && !rest.is_zero() {
            // A thread's sleep: the timer of the runtime has steps of a millisecond.
            std::thread::sleep(rest);
            while group.len() < LARGEST_GROUP {
                let Ok(command) = waiting.try_recv() else { break };
                group.push(command);
            }
        }
        last = (Instant::now(), group.len());
        write(&mut engine, &mut around, &mut group);
    }
}

/// Writes a group; one that failed is repeated one by one, so that one bad command does not fail the others.
fn write(engine: &mut impl Engine, around: &mut Surroundings, group: &mut Vec<Command>) {
    let outcome = patiently(engine, around, group);
    if matches!(outcome, Err(Refusal::Command(_))) && group.len() > 1 {
        for command in group.drain(..) {
            let mut alone = [command];
            let outcome = patiently(engine, around, &mut alone);
            let [command] = alone;
            command.tell(trouble(outcome).as_ref());
        }
        return;
    }
    let trouble = trouble(outcome);
    for command in group.drain(..) {
        command.tell(trouble.as_ref());
    }
}

fn patiently(engine: &mut impl Engine, around: &mut Surroundings, group: &mut [Command]) -> Result<(), Refusal> {
    for _ in 1..BUSY_TRIES {
        match engine.commit(group, around) {
            Err(Refusal::Busy(_)) => {}
            outcome => return outcome,
        }
    }
    engine.commit(group, around)
}

fn trouble(outcome: Result<(), Refusal>) -> Option<Trouble> {
    match outcome {
        Ok(()) => None,
        Err(Refusal::Busy(trouble) | Refusal::Command(trouble) | Refusal::Commit(trouble)) => {
            // A person must act if this stays: a full disk, a file that another program holds.
            let cause = std::error::Error::source(trouble.as_ref()).map(tracing::field::display);
            tracing::error!(error = %trouble, cause, "the ledger did not commit");
            Some(trouble)
        }
    }
}

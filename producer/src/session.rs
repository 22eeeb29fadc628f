//! One stream's life: events in, checkpoint out.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use jiff::Timestamp;
use salesforce::{Batch, ReplayId, Subscription};
use telemetry::Metric;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::credit::to_grant;
use crate::gate::Gate;
use crate::intake::Intake;
use crate::seat::Seat;
use crate::{Activity, Error, Place, Settings, Status, Watermark};

/// Why a stream's life ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The process stops.
    Shutdown,
    /// Another producer took over.
    SeatLost,
    /// Salesforce, or the way to it, ended the stream.
    Broken(salesforce::Error),
    /// The ledger does not say where to begin.
    Ledger(ledger::Error),
    /// Nothing moved for longer than it ever should.
    Stuck,
    /// Nothing of this process can go on.
    Fatal(Error),
}

/// Something this session started and waits for.
enum Finished {
    Event(Place, Result<(), Error>),
    Saved(Result<(), ledger::Error>),
}

type Job = Pin<Box<dyn Future<Output = Finished> + Send>>;

/// A stream with the events that came over it and are not yet behind the checkpoint.
///
/// Everything that may take long is a job of the one set that the loop polls; nothing is awaited in between. So no slow
/// store, publish or answer can keep the watchdog from being looked at.
pub(crate) struct Session<'a> {
    intake: Arc<Intake>,
    settings: &'a Settings,
    seat: &'a mut Seat,
    status: &'a watch::Sender<Status>,
    gate: Gate,
    stream: Option<Subscription>,
    watermark: Watermark<ReplayId>,
    jobs: FuturesUnordered<Job>,
    /// Events whose job is not finished.
    in_hand: usize,
    /// Credit granted and not yet used.
    unused: usize,
    /// The position to store next.
    mark: Option<ReplayId>,
    saving: bool,
    answered: bool,
    /// When the stream last answered, and when a job last finished or none was left to wait for.
    moved: Instant,
    worked: Instant,
}

impl<'a> Session<'a> {
    pub(crate) fn new(
        intake: Arc<Intake>,
        settings: &'a Settings,
        seat: &'a mut Seat,
        status: &'a watch::Sender<Status>,
        gate: Gate,
        stream: Subscription,
    ) -> Self {
        let now = Instant::now();
        Self {
            intake,
            settings,
            seat,
            status,
            gate,
            stream: Some(stream),
            watermark: Watermark::default(),
            jobs: FuturesUnordered::new(),
            in_hand: 0,
            unused: 0,
            mark: None,
            saving: false,
            answered: false,
            moved: now,
            worked: now,
        }
    }

    /// Lives until the stream ends, and works off what came over it. Says why it ended, and whether Salesforce answered
    /// at all: only then may the waits between reconnects start over.
    pub(crate) async fn run(mut self, shutdown: &CancellationToken) -> (Ended, bool) {
        let lost = self.seat.lost.clone();
        let mut looks = tokio::time::interval(self.settings.watchdog / 4);
        let ended = loop {
            self.top_up();
            self.save();
            tokio::select! {
                () = shutdown.cancelled() => break Ended::Shutdown,
                () = lost.cancelled() => break Ended::SeatLost,
                batch = next(&mut self.stream) => match batch {
                    Ok(batch) => self.take(batch),
                    Err(error) => break Ended::Broken(error),
                },
                Some(finished) = self.jobs.next() => if let Some(ended) = self.finish(finished) { break ended },
                () = self.gate.changed() => {}
                _ = looks.tick() => if self.is_stuck() { break Ended::Stuck },
            }
        };
        // The old stream goes before anything else: two streams would deliver everything twice.
        self.stream = None;
        if matches!(ended, Ended::Shutdown | Ended::Broken(_)) {
            self.work_off(&lost).await;
        }
        (ended, self.answered)
    }

    /// Grants credit for the free places, unless the broker takes nothing: events that cannot be published are better
    /// off at Salesforce.
    fn top_up(&mut self) {
        if !self.gate.is_open() {
            return;
        }
        let free = self.settings.window.max(1).saturating_sub(self.in_hand);
        let credit = to_grant(free, self.unused);
        if let (Some(stream), Ok(events @ 1..)) = (&self.stream, u32::try_from(credit)) {
            stream.grant(events);
            self.unused += credit;
        }
    }

    /// Starts a job for each event of an answer. A keepalive's position is stored only while nothing is unconfirmed and
    /// credit is outstanding, because only then does nothing wait before it.
    fn take(&mut self, batch: Batch) {
        self.moved = Instant::now();
        self.answered = true;
        if batch.is_keepalive() {
            if batch.pending > 0 && self.watermark.is_clear() && !batch.latest_replay_id.is_empty() {
                self.mark = Some(batch.latest_replay_id);
            }
        } else if self.in_hand == 0 {
            self.worked = self.moved;
        }
        let events = batch.events.len();
        self.unused = self.unused.saturating_sub(events);
        self.in_hand += events;
        for event in batch.events {
            let place = self.watermark.arrived(event.replay_id.clone());
            let intake = Arc::clone(&self.intake);
            self.jobs.push(Box::pin(
                async move { Finished::Event(place, intake.take_in(event).await) },
            ));
        }
        let now = Timestamp::now();
        Metric::LastStreamSignal.set(u64::try_from(now.as_second()).unwrap_or(0), &[]);
        self.status.send_modify(|status| {
            status.activity = Activity::Listening;
            status.trouble = None;
            status.last_response = Some(now);
            status.events += events as u64;
            if events > 0 {
                status.last_event = Some(now);
            }
        });
        self.show_behind();
    }

    fn finish(&mut self, finished: Finished) -> Option<Ended> {
        self.worked = Instant::now();
        match finished {
            Finished::Event(place, taken) => {
                self.in_hand -= 1;
                if let Err(error) = taken {
                    return Some(Ended::Fatal(error));
                }
                if let Some(position) = self.watermark.done(place) {
                    self.mark = Some(position);
                }
                self.show_behind();
            }
            Finished::Saved(saved) => {
                self.saving = false;
                match saved {
                    Ok(()) => {}
                    Err(ledger::Error::Fenced { .. }) => return Some(Ended::SeatLost),
                    Err(ledger::Error::Closed) => return Some(Ended::Fatal(Error::LedgerClosed)),
                    // The next position is stored with the next event or keepalive; until then a restart only repeats.
                    Err(error) => tracing::warn!(%error, "the checkpoint was not moved"),
                }
            }
        }
        None
    }

    /// Stores the newest mark, one write at a time: whatever came meanwhile goes with the next.
    fn save(&mut self) {
        if self.saving {
            return;
        }
        let Some(position) = self.mark.take() else { return };
        self.saving = true;
        let (intake, lease, place) = (Arc::clone(&self.intake), self.seat.lease.clone(), self.seat.next_move());
        self.jobs.push(Box::pin(async move {
            let ledger = &intake.ledger;
            Finished::Saved(
                ledger
                    .move_checkpoint(&lease, &intake.org, &intake.topic, position.as_bytes(), place)
                    .await,
            )
        }));
    }

    /// Works off what is in hand, so that it need not come again: as long as the broker takes it, and not for ever.
    async fn work_off(&mut self, lost: &CancellationToken) {
        let patience = tokio::time::sleep(self.settings.drain);
        tokio::pin!(patience);
        loop {
            self.save();
            if self.jobs.is_empty() || !self.gate.is_open() {
                return;
            }
            tokio::select! {
                Some(finished) = self.jobs.next() => if self.finish(finished).is_some() { return },
                () = self.gate.changed() => {}
                () = lost.cancelled() => return,
                () = &mut patience => return,
            }
        }
    }

    /// Says whether everything stands still: the stream although it has credit, or the jobs although there are some.
    /// While the broker takes nothing, standing still is right.
    fn is_stuck(&mut self) -> bool {
        let now = Instant::now();
        if self.jobs.is_empty() {
            self.worked = now;
        }
        if !self.gate.is_open() {
            (self.moved, self.worked) = (now, now);
        }
        let overdue = |since: Instant, limit: Duration| now.duration_since(since) >= limit;
        let silent = self.unused > 0 && overdue(self.moved, self.settings.watchdog);
        silent || overdue(self.worked, self.settings.watchdog)
    }

    fn show_behind(&self) {
        let behind = self.watermark.behind() as u64;
        self.status
            .send_if_modified(|status| std::mem::replace(&mut status.behind, behind) != behind);
    }
}

/// Waits for the stream's next answer; for ever once there is no stream.
async fn next(stream: &mut Option<Subscription>) -> Result<Batch, salesforce::Error> {
    match stream {
        Some(stream) => stream.next().await,
        None => std::future::pending().await,
    }
}

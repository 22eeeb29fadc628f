//! Takes deliveries from the queue to the handler, one session after the other, until it is told to stop.

use super::{
    BatchHandler, group,
    session::{Held, Session},
    settle::{Settled, Settler},
};
use crate::{Broker, Error, Valve, link::with_causes};
use futures_util::StreamExt as _;
use reconnect::Waits;
use std::{sync::Arc, time::Duration};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

/// How deliveries are put into groups.
#[derive(Debug, Clone, Copy)]
pub(super) struct Plan {
    /// The most deliveries in a group.
    pub(super) size: u16,
    /// How long a group may wait to become full.
    pub(super) within: Duration,
    /// The most groups at once.
    pub(super) at_once: u16,
    /// After which time without a delivery the consumer is made anew.
    ///
    /// A broker can forget a consumer without a word. 3.10.8 does, often, when a queue is deleted and made again at
    /// once: it registers the consumer with the new queue by itself and then drops what that delivers, because the
    /// numbers begin anew. Nothing shows it from outside, and a new consumer costs next to nothing.
    pub(super) renew_after: Duration,
}

/// A consumer of one queue.
pub(super) struct Pump<H> {
    broker: Broker,
    queue: String,
    plan: Plan,
    valve: Valve,
    handler: Arc<H>,
    settler: Settler,
    shutdown: CancellationToken,
    /// The groups that run, those of lost sessions among them: they count, so that there are never too many at once.
    running: JoinSet<Report>,
    /// The number of the session.
    generation: u64,
    waits: Waits,
}

/// How a group ended.
struct Report {
    generation: u64,
    settled: Settled,
}

/// Why a session takes nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stop {
    /// The process ends.
    Shutdown,
    /// The valve was closed: what was not started is put back.
    Valve,
    /// Something was not acknowledged, and has to come back.
    Rebuild,
    /// Nothing came for so long that the consumer may have been forgotten.
    Renew,
}

/// How a session ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// In good order; everything that was acknowledged stays so.
    Finished(Stop),
    /// The stream ended, or an acknowledgment did not get through.
    Lost,
}

/// What a session has in hand.
#[derive(Default)]
struct Hand {
    /// Fetched and not started.
    waiting: Vec<Held>,
    /// When what waits is to be started although the group is not full.
    due: Option<Instant>,
    /// How many groups of this session run.
    running: usize,
    stop: Option<Stop>,
    /// The stream has ended as we asked for.
    drained: bool,
}

impl Hand {
    fn is_empty(&self) -> bool {
        self.running == 0 && self.waiting.is_empty()
    }
}

impl<H: BatchHandler> Pump<H> {
    pub(super) fn new(
        broker: &Broker,
        queue: &str,
        plan: Plan,
        valve: Valve,
        handler: Arc<H>,
        shutdown: CancellationToken,
    ) -> Self {
        let settings = broker.settings();
        let settler = Settler {
            publisher: broker.publisher(),
            queue: queue.to_owned(),
            tiers: settings.tiers.len(),
        };
        Self {
            broker: broker.clone(),
            queue: queue.to_owned(),
            plan,
            valve,
            handler,
            settler,
            shutdown,
            running: JoinSet::new(),
            generation: 0,
            waits: Waits::new(&settings.reconnect),
        }
    }

    /// Runs sessions until the shutdown.
    pub(super) async fn run(mut self) -> Result<(), Error> {
        while let Some(session) = self.open().await? {
            self.generation += 1;
            match self.session(session).await {
                End::Finished(Stop::Shutdown) => break,
                End::Finished(Stop::Valve | Stop::Renew) => {}
                End::Finished(Stop::Rebuild) | End::Lost => self.pause().await,
            }
        }
        // Groups of lost sessions: nothing of theirs is acknowledged, but what they do is to be done in order.
        while self.running.join_next().await.is_some() {}
        Ok(())
    }

    /// Opens a session as soon as that makes sense; none after the shutdown.
    async fn open(&mut self) -> Result<Option<Session>, Error> {
        loop {
            let connection = tokio::select! {
                biased;
                () = self.shutdown.cancelled() => return Ok(None),
                connection = self.connection() => connection.ok_or(Error::Closed)?,
            };
            let prefetch = self.plan.size.saturating_mul(self.plan.at_once);
            match Session::open(&connection, &self.queue, prefetch).await {
                Ok(session) => {
                    tracing::info!(queue = self.queue, prefetch, "consuming");
                    return Ok(Some(session));
                }
                // A mistake of whoever set this up shows at the first try; later it may heal by itself.
                Err(error) if self.generation == 0 && !error.is_transient() => return Err(error),
                Err(error) => {
                    tracing::warn!(
                        queue = self.queue,
                        reason = with_causes(&error),
                        "cannot consume, trying again"
                    );
                    self.pause().await;
                }
            }
        }
    }

    /// Waits until the valve is open and the broker takes publishes: without them no delivery could be settled.
    async fn connection(&self) -> Option<Arc<lapin::Connection>> {
        self.valve.opened().await;
        self.broker.publishing().usable().await?;
        self.broker.consuming().usable().await
    }

    async fn pause(&mut self) {
        let wait = self.waits.next_wait();
        tokio::select! {
            () = sleep(wait) => {}
            () = self.shutdown.cancelled() => {}
        }
    }

    /// Pumps until the session is lost, or has been asked to stop and has everything settled.
    async fn session(&mut self, mut session: Session) -> End {
        let mut hand = Hand::default();
        let end = loop {
            self.start_groups(&mut hand);
            if let Some(stop) = hand.stop.filter(|_| hand.drained && hand.is_empty()) {
                break End::Finished(stop);
            }
            let live = hand.stop.is_none();
            let stop = tokio::select! {
                biased;
                () = self.shutdown.cancelled(), if live => Some(Stop::Shutdown),
                () = self.valve.closed(), if live => Some(Stop::Valve),
                Some(joined) = self.running.join_next() => match self.joined(joined, &mut hand) {
                    Settled::Acknowledged => None,
                    Settled::Abandoned => live.then_some(Stop::Rebuild),
                    Settled::Lost => break End::Lost,
                },
                next = session.consumer.next(), if !hand.drained => match next {
                    Some(Ok(received)) => {
                        hand.due.get_or_insert_with(|| Instant::now() + self.plan.within);
                        hand.waiting.push(session.hold(received));
                        None
                    }
                    None if !live => {
                        hand.drained = true;
                        None
                    }
                    ended => {
                        let reason = ended.and_then(Result::err).map(|error| error.to_string()).unwrap_or_default();
                        tracing::warn!(queue = self.queue, reason, "the consumer is lost, what was in hand comes back");
                        break End::Lost;
                    }
                },
                () = sleep_until(hand.due.unwrap_or_else(Instant::now)), if self.is_waiting(&hand) => None,
                () = sleep(self.plan.renew_after), if live && hand.is_empty() => Some(Stop::Renew),
            };
            if let Some(stop) = stop {
                hand.stop = Some(stop);
                if session.cancel().await.is_err() {
                    break End::Lost;
                }
            }
        };
        match end {
            End::Finished(Stop::Renew) => session.end().await,
            End::Finished(_) => session.finish().await,
            End::Lost => session.lose().await,
        }
        end
    }

    /// Notes that a group ended, and says how, if it is one of this session.
    fn joined(&mut self, joined: Result<Report, tokio::task::JoinError>, hand: &mut Hand) -> Settled {
        match joined {
            Ok(report) if report.generation == self.generation => {
                hand.running -= 1;
                if report.settled == Settled::Acknowledged {
                    self.waits.reset();
                }
                report.settled
            }
            // Of an earlier session: nothing of it is ours.
            Ok(_) => Settled::Acknowledged,
            // A panic outside the handler: what was in hand there is nobody's, so everything comes back.
            Err(_) => Settled::Lost,
        }
    }

    /// Starts as many groups as are full or due, and allowed.
    fn start_groups(&mut self, hand: &mut Hand) {
        let size = usize::from(self.plan.size);
        if hand.stop == Some(Stop::Valve) && !hand.waiting.is_empty() {
            let group = std::mem::take(&mut hand.waiting);
            hand.due = None;
            self.start(hand, group::put_back(group, self.settler.clone()));
        }
        while self.may_start() && (hand.waiting.len() >= size || self.is_due(hand)) {
            let rest = hand.waiting.split_off(size.min(hand.waiting.len()));
            let group = std::mem::replace(&mut hand.waiting, rest);
            hand.due = (!hand.waiting.is_empty()).then(|| Instant::now() + self.plan.within);
            self.start(hand, group::handle(group, self.handler.clone(), self.settler.clone()));
        }
    }

    fn start(&mut self, hand: &mut Hand, work: impl Future<Output = Settled> + Send + 'static) {
        hand.running += 1;
        let generation = self.generation;
        self.running.spawn(async move {
            Report {
                generation,
                settled: work.await,
            }
        });
    }

    fn may_start(&self) -> bool {
        self.running.len() < usize::from(self.plan.at_once)
    }

    /// Says whether the deliveries that wait are to be started although they fill no group.
    fn is_due(&self, hand: &Hand) -> bool {
        let over = hand.drained || hand.due.is_some_and(|due| due <= Instant::now());
        over && !hand.waiting.is_empty()
    }

    /// Says whether there is something whose time is still to come.
    fn is_waiting(&self, hand: &Hand) -> bool {
        self.may_start() && hand.due.is_some() && !hand.waiting.is_empty()
    }
}

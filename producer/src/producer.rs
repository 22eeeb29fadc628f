//! The supervisor: one stream at a time, opened again whenever it ends.

use std::sync::Arc;
use std::time::Duration;

use broker::Broker;
use ledger::Ledger;
use reconnect::Waits;
use salesforce::{ReplayId, Start, Subscription};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::begin::{Beginning, beginning};
use crate::gate::Gate;
use crate::intake::Intake;
use crate::outlet::Outlet;
use crate::seat::Seat;
use crate::session::{Ended, Session};
use crate::{Activity, Error, Settings, Status};

/// No answer of the ledger takes this long; one that does is as good as an error.
const LEDGER_PATIENCE: Duration = Duration::from_secs(30);

/// What the producer works with.
pub struct Deps {
    /// The connection to the org.
    pub salesforce: salesforce::Client,
    /// The section `[salesforce]`: the topic, where to begin, the waits between reconnects.
    pub source: salesforce::Settings,
    /// The ledger of this process.
    pub ledger: Ledger,
    /// The connection to the broker.
    pub broker: Broker,
    /// The section `[producer]`.
    pub settings: Settings,
}

/// Turns the events of one topic into license requests.
pub struct Producer {
    pub(crate) deps: Deps,
    pub(crate) status: watch::Sender<Status>,
}

/// What is known once the first stream can be opened.
pub(crate) struct Post {
    seat: Seat,
    seat_name: String,
    intake: Arc<Intake>,
    gate: Gate,
    pub(crate) waits: Waits,
    /// The position after which the last stream began, if it began after one.
    pub(crate) began_after: Option<ReplayId>,
    /// The position that Salesforce refused last.
    pub(crate) stale: Option<ReplayId>,
}

impl Producer {
    /// Makes a producer; nothing is connected before [`run`](Self::run).
    pub fn new(deps: Deps) -> Self {
        Self {
            deps,
            status: watch::Sender::default(),
        }
    }

    /// Returns a handle that always shows what the producer is doing.
    pub fn status(&self) -> watch::Receiver<Status> {
        self.status.subscribe()
    }

    /// Works until `shutdown` is canceled, then works off what is in hand and returns.
    ///
    /// # Errors
    ///
    /// Only what no waiting mends: a first start without `first_start`, or a closed ledger.
    pub async fn run(self, shutdown: CancellationToken) -> Result<(), Error> {
        let post = tokio::select! {
            post = self.take_post() => Some(post),
            () = shutdown.cancelled() => None,
        };
        let result = match post {
            Some(Ok(post)) => self.serve(post, &shutdown).await,
            Some(Err(error)) => Err(error),
            None => Ok(()),
        };
        self.show(Activity::Stopped);
        result
    }

    /// Learns which org this is and takes the seat, however long Salesforce or the ledger make it wait.
    async fn take_post(&self) -> Result<Post, Error> {
        let mut waits = Waits::new(&self.deps.source.reconnect);
        let org = loop {
            match self.deps.salesforce.org_id().await {
                Ok(org) => break org,
                Err(error) => tokio::time::sleep(self.troubled(&error, &mut waits)).await,
            }
        };
        let topic = self.deps.source.topic.clone();
        let seat_name = format!("producer/{org}{topic}");
        let seat = loop {
            match Seat::take(&self.deps.ledger, &seat_name, self.deps.settings.lease).await {
                Ok(seat) => break seat,
                Err(ledger::Error::Closed) => return Err(Error::LedgerClosed),
                Err(error) => tokio::time::sleep(self.ledger_troubled(&error, &mut waits)).await,
            }
        };
        waits.reset();
        let outlet = Outlet::new(self.deps.broker.publisher());
        let mapping = self.deps.settings.mapping.clone();
        let intake = Arc::new(Intake::new(self.deps.ledger.clone(), outlet, mapping, org, topic));
        let gate = Gate::of(&self.deps.broker);
        Ok(Post {
            seat,
            seat_name,
            intake,
            gate,
            waits,
            began_after: None,
            stale: None,
        })
    }

    /// Opens one stream after the other.
    async fn serve(&self, mut post: Post, shutdown: &CancellationToken) -> Result<(), Error> {
        loop {
            let wait = match self.live_once(&mut post, shutdown).await {
                Ended::Shutdown => {
                    post.seat.give_back().await;
                    return Ok(());
                }
                Ended::Fatal(error) => return Err(error),
                Ended::SeatLost => match self.stand_by(&mut post, shutdown).await? {
                    true => Duration::ZERO,
                    false => return Ok(()),
                },
                Ended::Broken(error) if error.is_stale_checkpoint() && post.began_after.is_some() => {
                    self.alarm_stale(&mut post)
                }
                Ended::Broken(error) => self.troubled(&error, &mut post.waits),
                Ended::Ledger(error) => self.ledger_troubled(&error, &mut post.waits),
                Ended::Stuck => self.stuck(&mut post.waits),
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = shutdown.cancelled() => {}
                () = post.seat.lost.cancelled() => {}
            }
        }
    }

    /// Opens a stream and lives with it until it ends.
    async fn live_once(&self, post: &mut Post, shutdown: &CancellationToken) -> Ended {
        let lost = post.seat.lost.clone();
        let opened = tokio::select! {
            biased;
            () = shutdown.cancelled() => return Ended::Shutdown,
            () = lost.cancelled() => return Ended::SeatLost,
            opened = self.open(post) => opened,
        };
        let stream = match opened {
            Ok(stream) => stream,
            Err(ended) => return ended,
        };
        self.show_subscribed();
        let intake = Arc::clone(&post.intake);
        let (settings, gate) = (&self.deps.settings, post.gate.clone());
        let session = Session::new(intake, settings, &mut post.seat, &self.status, gate, stream);
        let (ended, answered) = session.run(shutdown).await;
        if answered {
            post.waits.reset();
        }
        ended
    }

    /// A quiet org may say nothing on a new stream for minutes. That it let us subscribe is enough to be ready; after a
    /// broken stream only its first answer is.
    fn show_subscribed(&self) {
        self.status.send_if_modified(|status| {
            let waited = matches!(status.activity, Activity::Starting | Activity::WaitingForBroker);
            if waited {
                status.activity = Activity::Subscribed;
            }
            waited
        });
    }

    /// Prepares a stream from where the checkpoint, or the settings, say.
    async fn open(&self, post: &mut Post) -> Result<Subscription, Ended> {
        if !post.gate.is_open() {
            self.show(Activity::WaitingForBroker);
            post.gate.opened().await;
        }
        let source = &self.deps.source;
        let start = loop {
            let position = self.checkpoint(post).await?;
            match beginning(
                position.as_ref(),
                post.stale.as_ref(),
                source.first_start,
                source.on_stale_checkpoint,
            ) {
                Beginning::At(start) => break start,
                Beginning::FirstStartUnknown => return Err(Ended::Fatal(Error::FirstStartUnknown)),
                // An operator who sets the checkpoint need not restart us.
                Beginning::AskAPerson => {
                    self.show(Activity::StoppedAtStaleCheckpoint);
                    tokio::time::sleep(self.deps.settings.lease / 3).await;
                }
            }
        };
        tracing::info!(topic = source.topic, start = ?start, "subscribing to events");
        post.began_after = match &start {
            Start::After(position) => Some(position.clone()),
            Start::Earliest | Start::Latest => None,
        };
        self.deps
            .salesforce
            .subscribe(&source.topic, start)
            .await
            .map_err(Ended::Broken)
    }

    async fn checkpoint(&self, post: &Post) -> Result<Option<ReplayId>, Ended> {
        let read = self.deps.ledger.checkpoint(&post.intake.org, &post.intake.topic);
        match tokio::time::timeout(LEDGER_PATIENCE, read).await {
            Ok(Ok(checkpoint)) => Ok(checkpoint.map(|checkpoint| ReplayId::new(checkpoint.replay_id))),
            Ok(Err(ledger::Error::Closed)) => Err(Ended::Fatal(Error::LedgerClosed)),
            Ok(Err(error)) => Err(Ended::Ledger(error)),
            Err(_) => Err(Ended::Stuck),
        }
    }

    /// Waits for the seat to become free. False if the process stops first.
    async fn stand_by(&self, post: &mut Post, shutdown: &CancellationToken) -> Result<bool, Error> {
        tracing::info!("another producer is active; this one stands by");
        self.show(Activity::StandingBy);
        loop {
            let seat = tokio::select! {
                seat = Seat::stand_by(&self.deps.ledger, &post.seat_name, self.deps.settings.lease) => seat,
                () = shutdown.cancelled() => return Ok(false),
            };
            match seat {
                Ok(seat) => {
                    tracing::info!("the other producer is gone; this one is active");
                    post.seat = seat;
                    return Ok(true);
                }
                Err(ledger::Error::Closed) => return Err(Error::LedgerClosed),
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the producers' lease cannot be watched"
                    );
                    tokio::time::sleep(post.waits.next_wait()).await;
                }
            }
        }
    }
}

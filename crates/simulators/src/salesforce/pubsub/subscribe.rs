//! `Subscribe`: a stream of events against credit.

use std::sync::Arc;

use schemas::pubsub::{ConsumerEvent, FetchRequest, FetchResponse, ProducerEvent, ReplayPreset};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;
use tokio_stream::wrappers::ReceiverStream;
use tokio_util::task::TaskTracker;
use tonic::{Code, Request, Response, Status, Streaming};

use super::gate::admit;
use super::refusal::Refusal;
use crate::salesforce::bus::{BusEvent, replay_id};
use crate::salesforce::faults::{GrpcFault, StreamEnd};
use crate::salesforce::oauth::Session;
use crate::salesforce::org::Org;

/// No stream has more credit than this, whatever it asked for.
const MOST_CREDIT: usize = 100;
const LARGEST_RESPONSE: usize = 3 * 1024 * 1024;

type Responses = ReceiverStream<Result<FetchResponse, Status>>;

/// Opens a stream. Like the real one, it answers nothing, not even headers, before the first request has come.
pub(super) async fn subscribe(
    org: Arc<Org>,
    tasks: TaskTracker,
    request: Request<Streaming<FetchRequest>>,
) -> Result<Response<Responses>, Status> {
    let refusal = Refusal::of("Subscribe");
    let session = admit(&org, "Subscribe", request.metadata(), &refusal)?;
    let mut inbound = request.into_inner();
    let Some(first) = inbound.message().await? else {
        let (_, responses) = mpsc::channel(1);
        return Ok(Response::new(ReceiverStream::new(responses)));
    };
    org.seen.note(|arrivals| arrivals.fetch_requests += 1);
    if org.schemas.of_topic(&first.topic_name).is_none() {
        return Err(refusal.no_topic(&org.identity.org_id, &first.topic_name));
    }
    let cursor = start(&org, &first, &refusal)?;
    let pending = add_credit(0, &first, &refusal)?;
    // Small, so that a client that does not read holds the stream back.
    let (out, responses) = mpsc::channel(2);
    let now = Instant::now();
    let stream = Stream {
        changed: org.bus.watch(),
        ends_seen: org.faults.stream_ends(),
        topic: first.topic_name,
        keepalive_due: now + org.options.keepalive,
        idle_due: now + org.options.idle_close,
        org,
        session,
        refusal,
        inbound,
        out,
        cursor,
        pending,
    };
    tasks.spawn(stream.run());
    Ok(Response::new(ReceiverStream::new(responses)))
}

/// The position after which a stream starts.
fn start(org: &Org, first: &FetchRequest, refusal: &Refusal) -> Result<u64, Status> {
    let corrupted = |suffix: &str| {
        let message = "The Replay ID validation failed. Ensure that the Replay ID is valid.";
        refusal.status(Code::InvalidArgument, suffix, message)
    };
    match ReplayPreset::try_from(first.replay_preset) {
        Ok(ReplayPreset::Latest) => Ok(org.bus.tip()),
        Ok(ReplayPreset::Earliest) => Ok(0),
        Ok(ReplayPreset::Custom) if first.replay_id.is_empty() => {
            Err(corrupted("subscription.fetch.replayid.validation.failed"))
        }
        Ok(ReplayPreset::Custom) => org
            .bus
            .locate(&first.replay_id)
            .map_err(|_| corrupted("subscription.fetch.replayid.corrupted")),
        Err(_) => {
            let message = "The replay preset is unknown.";
            Err(refusal.status(Code::InvalidArgument, "subscription.fetch.request.invalid", message))
        }
    }
}

/// The credit a stream has after a request: requests add up, and are cut.
fn add_credit(pending: usize, request: &FetchRequest, refusal: &Refusal) -> Result<usize, Status> {
    match usize::try_from(request.num_requested) {
        Ok(more) if more > 0 => Ok(pending.saturating_add(more).min(MOST_CREDIT)),
        // A request that only refreshes the authentication asks for nothing.
        Ok(_) if !request.auth_refresh.is_empty() => Ok(pending),
        _ => {
            let message = "The number of requested events must be greater than zero.";
            Err(refusal.status(
                Code::InvalidArgument,
                "subscription.fetch.requested.events.invalid",
                message,
            ))
        }
    }
}

/// One open stream.
struct Stream {
    org: Arc<Org>,
    session: Session,
    refusal: Refusal,
    topic: String,
    inbound: Streaming<FetchRequest>,
    out: mpsc::Sender<Result<FetchResponse, Status>>,
    changed: watch::Receiver<u64>,
    ends_seen: usize,
    /// Everything up to here is delivered.
    cursor: u64,
    pending: usize,
    keepalive_due: Instant,
    idle_due: Instant,
}

impl Stream {
    async fn run(mut self) {
        self.org.seen.note(|arrivals| arrivals.open_streams += 1);
        if let Err(status) = self.live().await {
            self.out.send(Err(status)).await.ok();
        }
        self.org.seen.note(|arrivals| arrivals.open_streams -= 1);
    }

    /// Lives until the stream ends well (`Ok`) or with an error.
    async fn live(&mut self) -> Result<(), Status> {
        loop {
            self.changed.mark_unchanged();
            match self.org.faults.stream_end(self.ends_seen) {
                Some(StreamEnd::Closed) => return Ok(()),
                Some(StreamEnd::Error(fault)) => return Err(self.refusal.fault(fault)),
                None => {}
            }
            if !self.org.sessions.may_go_on(&self.session) {
                return Err(self.refusal.unauthenticated());
            }
            self.deliver().await?;
            let due = if self.pending > 0 {
                self.keepalive_due
            } else {
                self.idle_due
            };
            tokio::select! {
                () = self.out.closed() => return Ok(()),
                _ = self.changed.changed() => {}
                () = tokio::time::sleep_until(due) => {
                    if self.pending == 0 {
                        return Ok(());
                    }
                    self.keep_alive().await;
                }
                request = self.inbound.message() => match request {
                    Ok(Some(request)) => self.grant(&request)?,
                    // The client ended its half: what is there and paid for is still sent.
                    Ok(None) => return self.deliver().await,
                    Err(_) => return Ok(()),
                },
            }
        }
    }

    fn grant(&mut self, request: &FetchRequest) -> Result<(), Status> {
        self.org.seen.note(|arrivals| arrivals.fetch_requests += 1);
        if !request.topic_name.is_empty() && request.topic_name != self.topic {
            let message = "The topic name must be the one of the first request.";
            return Err(self
                .refusal
                .status(Code::InvalidArgument, "subscription.fetch.topic.mismatch", message));
        }
        if self.pending == 0 {
            self.keepalive_due = Instant::now() + self.org.options.keepalive;
        }
        self.pending = add_credit(self.pending, request, &self.refusal)?;
        Ok(())
    }

    /// Sends what there is and what the credit allows, in batches of any size.
    async fn deliver(&mut self) -> Result<(), Status> {
        while self.pending > 0 && !self.org.faults.silent() {
            let mut events = self.org.bus.after(&self.topic, self.cursor, self.pending);
            if events.is_empty() {
                break;
            }
            events.truncate(batch(&events));
            events.truncate(self.org.faults.allowance(events.len()));
            let Some(last) = events.last() else {
                return Err(self.refusal.fault(GrpcFault::DeliveryLimit));
            };
            self.cursor = last.position;
            self.pending -= events.len();
            let delivered = u64::try_from(events.len()).unwrap_or_default();
            self.org.seen.note(|arrivals| arrivals.events_delivered += delivered);
            if !self
                .send(events.into_iter().map(consumer_event).collect(), self.cursor)
                .await
            {
                break;
            }
        }
        Ok(())
    }

    async fn keep_alive(&mut self) {
        if self.org.faults.silent() {
            self.keepalive_due = Instant::now() + self.org.options.keepalive;
            return;
        }
        // Credit is left and everything was delivered, so nothing waits before the tip.
        let tip = self.org.bus.tip();
        if !self.org.bus.after(&self.topic, self.cursor, 1).is_empty() {
            return;
        }
        self.cursor = tip;
        self.org.seen.note(|arrivals| arrivals.keepalives += 1);
        self.send(Vec::new(), tip).await;
    }

    /// Sends a response; false if nobody reads any more.
    async fn send(&mut self, events: Vec<ConsumerEvent>, latest: u64) -> bool {
        let now = Instant::now();
        self.keepalive_due = now + self.org.options.keepalive;
        self.idle_due = now + self.org.options.idle_close;
        let response = FetchResponse {
            events,
            latest_replay_id: replay_id(latest),
            rpc_id: self.refusal.rpc_id.clone(),
            pending_num_requested: i32::try_from(self.pending).unwrap_or(i32::MAX),
        };
        self.out.send(Ok(response)).await.is_ok()
    }
}

/// How many of the events go into one response: all or some, as the real one does, and never too many bytes.
fn batch(events: &[BusEvent]) -> usize {
    let some = if rand::random_bool(0.5) {
        events.len()
    } else {
        rand::random_range(1..=events.len())
    };
    let mut bytes = 0;
    let fitting = events.iter().take_while(|event| {
        bytes += event.payload.len() + 256;
        bytes <= LARGEST_RESPONSE
    });
    fitting.count().clamp(1, some)
}

fn consumer_event(event: BusEvent) -> ConsumerEvent {
    let BusEvent {
        position,
        id,
        schema_id,
        payload,
        ..
    } = event;
    let event = ProducerEvent {
        id,
        schema_id,
        payload: payload.to_vec(),
        headers: Vec::new(),
    };
    ConsumerEvent {
        event: Some(event),
        replay_id: replay_id(position),
    }
}

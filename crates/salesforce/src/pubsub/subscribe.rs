//! One stream of events, from its opening to its first error.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use schemas::pubsub::{ConsumerEvent, FetchRequest, FetchResponse, ProducerEvent, ReplayPreset};
use tokio::sync::mpsc;
use tokio::task::AbortHandle;
use tokio::time::{timeout, timeout_at};
use tokio_stream::wrappers::ReceiverStream;
use tonic::Streaming;

use super::channel::Caller;
use super::credit::{Bank, Credit, MOST};
use super::failure;
use super::schema::Schemas;
use crate::oauth::Token;
use crate::{Batch, Class, Content, Error, Event, ReplayId, Start};

/// More batches than this cannot wait: each with events uses credit, and that is bounded.
const WAITING: usize = MOST as usize + 28;

/// A stream of events.
///
/// Dropping it ends the stream at Salesforce. After an error it is over; [`Client::subscribe`](crate::Client::subscribe)
/// makes the next.
#[derive(Debug)]
pub struct Subscription {
    bank: Arc<Bank>,
    batches: mpsc::Receiver<Result<Batch, Error>>,
    task: AbortHandle,
}

impl Subscription {
    pub(super) fn begin(caller: Caller, schemas: Arc<Schemas>, topic: &str, from: Start, idle: Duration) -> Self {
        let bank = Arc::new(Bank::default());
        let (out, batches) = mpsc::channel(WAITING);
        let stream = Stream {
            caller,
            schemas,
            topic: topic.to_owned(),
            idle,
            bank: Arc::clone(&bank),
            credit: Credit::default(),
        };
        let task = tokio::spawn(stream.run(from, out)).abort_handle();
        Self { bank, batches, task }
    }

    /// Lets Salesforce send this many events more. The first grant opens the stream.
    ///
    /// Grants add up; at most 100 stand open at Salesforce, the rest waits here. A stream that stands without credit for
    /// a minute is closed by Salesforce.
    pub fn grant(&self, events: u32) {
        self.bank.grant(events);
    }

    /// Waits for what arrives next. Dropping the wait loses nothing.
    ///
    /// # Errors
    /// The reason why the stream is over.
    pub async fn next(&mut self) -> Result<Batch, Error> {
        self.batches
            .recv()
            .await
            .unwrap_or(Err(Error::StreamClosed { pending: 0 }))
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.task.abort();
    }
}

struct Stream {
    caller: Caller,
    schemas: Arc<Schemas>,
    topic: String,
    idle: Duration,
    bank: Arc<Bank>,
    credit: Credit,
}

impl Stream {
    async fn run(mut self, from: Start, out: mpsc::Sender<Result<Batch, Error>>) {
        if let Err(error) = self.pump(from, &out).await {
            let _ = out.send(Err(error)).await;
        }
    }

    /// Carries answers out and credit in, until the stream ends or nobody listens any more.
    async fn pump(&mut self, from: Start, out: &mpsc::Sender<Result<Batch, Error>>) -> Result<(), Error> {
        let first = loop {
            match self.credit.ask(&self.bank, Instant::now()) {
                Some(credit) => break first_request(&self.topic, from, credit),
                None => self.bank.changed().await,
            }
        };
        // The sender lives as long as the stream: without it Salesforce sees the end of our requests and hangs up.
        let (requests, queued) = mpsc::channel(WAITING);
        let _ = requests.try_send(first);
        let token = self.caller.tokens().token().await?;
        let mut answers = self
            .open(&token, queued)
            .await
            .map_err(|error| self.heeded(&token, error))?;
        let mut silent_at = tokio::time::Instant::now() + self.idle;
        loop {
            if let Some(credit) = self.credit.ask(&self.bank, Instant::now()) {
                // If the call has ended, its answers say so; and it cannot be full, as few requests fit into 100 events.
                let _ = requests.try_send(further_request(&self.topic, credit));
            }
            let answer = tokio::select! {
                answer = timeout_at(silent_at, answers.message()) => answer,
                () = self.bank.changed() => continue,
            };
            let answer = answer
                .map_err(|_| Error::StreamSilent { waited: self.idle })?
                .map_err(|status| self.heeded(&token, failure::from_status(status)))?
                .ok_or(Error::StreamClosed {
                    pending: self.credit.pending(),
                })?;
            self.credit
                .arrived(answer.events.len(), answer.pending_num_requested, Instant::now());
            if out.send(Ok(self.batch(answer).await?)).await.is_err() {
                return Ok(());
            }
            silent_at = tokio::time::Instant::now() + self.idle;
        }
    }

    /// Opens the call. Salesforce may begin its answer only with the first message, so the wait is that of a silence.
    async fn open(
        &self,
        token: &Token,
        queued: mpsc::Receiver<FetchRequest>,
    ) -> Result<Streaming<FetchResponse>, Error> {
        timeout(
            self.idle,
            self.caller.stream("Subscribe", token, ReceiverStream::new(queued)),
        )
        .await
        .unwrap_or(Err(Error::StreamSilent { waited: self.idle }))
    }

    /// Forgets a token that was not accepted, so that the next stream begins with another.
    fn heeded(&self, token: &Arc<Token>, error: Error) -> Error {
        if error.class() == Class::Reauthenticate {
            self.caller.tokens().invalidate(token);
        }
        error
    }

    async fn batch(&self, answer: FetchResponse) -> Result<Batch, Error> {
        let mut events = Vec::with_capacity(answer.events.len());
        for event in answer.events {
            events.push(self.event(event).await?);
        }
        Ok(Batch {
            events,
            latest_replay_id: ReplayId::new(answer.latest_replay_id),
            pending: answer.pending_num_requested,
            rpc_id: answer.rpc_id,
        })
    }

    /// Reads one event. Only a schema that cannot be had is an error: then the stream ends before this event is handed
    /// out, and the next stream brings it again.
    async fn event(&self, ConsumerEvent { event, replay_id }: ConsumerEvent) -> Result<Event, Error> {
        let replay_id = ReplayId::new(replay_id);
        let ProducerEvent {
            id, schema_id, payload, ..
        } = event.unwrap_or_default();
        let read = if schema_id.is_empty() {
            Err("the event names no schema".to_owned())
        } else {
            match self.schemas.get(&self.caller, &schema_id).await?.as_ref() {
                Ok(schema) => schema
                    .decode(&payload)
                    .map(|fields| (schema.record_name().to_owned(), fields)),
                Err(problem) => Err(format!("its schema cannot be read: {problem}")),
            }
        };
        let content = match read {
            Ok((record_name, fields)) => Content::Decoded { record_name, fields },
            Err(problem) => Content::Undecodable {
                raw: Bytes::from(payload),
                problem,
            },
        };
        Ok(Event {
            id,
            replay_id,
            schema_id,
            content,
        })
    }
}

fn first_request(topic: &str, from: Start, credit: u32) -> FetchRequest {
    let (preset, replay_id) = match from {
        Start::Earliest => (ReplayPreset::Earliest, Vec::new()),
        Start::Latest => (ReplayPreset::Latest, Vec::new()),
        Start::After(position) => (ReplayPreset::Custom, position.as_bytes().to_vec()),
    };
    FetchRequest {
        replay_preset: preset.into(),
        replay_id,
        ..further_request(topic, credit)
    }
}

/// Asks for more. Only the first request's topic and position are read; another topic would be an error.
fn further_request(topic: &str, credit: u32) -> FetchRequest {
    let num_requested = i32::try_from(credit).unwrap_or(i32::MAX);
    FetchRequest {
        topic_name: topic.to_owned(),
        num_requested,
        ..FetchRequest::default()
    }
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[test]
    fn the_bytes_of_a_fetch_request_are_those_of_the_official_proto() {
        let position = ReplayId::new([0, 0, 0, 0, 0, 0x10, 0xdb, 0x4d, 0, 0]);
        let first = first_request("/event/License_Request__e", Start::After(position), 100).encode_to_vec();
        let mut golden = vec![0x0a, 25];
        golden.extend_from_slice(b"/event/License_Request__e");
        golden.extend_from_slice(&[0x10, 2, 0x1a, 10, 0, 0, 0, 0, 0, 0x10, 0xdb, 0x4d, 0, 0, 0x20, 100]);
        assert_eq!(first, golden);
        assert_eq!(
            first_request("t", Start::Earliest, 1).encode_to_vec(),
            b"\x0a\x01t\x10\x01\x20\x01"
        );
        assert_eq!(
            first_request("t", Start::Latest, 1).encode_to_vec(),
            b"\x0a\x01t\x20\x01"
        );
        assert_eq!(further_request("t", 50).encode_to_vec(), b"\x0a\x01t\x20\x32");
    }
}

//! What the producer publishes, as messages.

use broker::{DeadReason, Envelope, PublishError, Publisher, topology};
use ledger::{Letter, Request, Rest};
use schemas::{COMPLETION_TYPE, REQUEST_TYPE, Reply};

/// What can be published.
#[derive(Clone, Copy)]
pub(crate) enum Outgoing<'a> {
    /// A request, under the routing key of its event.
    Request(&'a Request, &'a str),
    /// An outcome to whoever wants to hear of it, and its letter to the mailbox.
    Rest(&'a Rest),
    /// A letter to the mailbox, in this trace.
    Letter(&'a Letter, &'a str),
}

/// Publishes requests, outcomes and letters; each answer comes when the broker has confirmed.
#[derive(Clone)]
pub(crate) struct Outlet {
    publisher: Publisher,
}

impl Outlet {
    pub(crate) fn new(publisher: Publisher) -> Self {
        Self { publisher }
    }

    /// Publishes it, and whatever belongs to it.
    pub(crate) async fn publish(&self, outgoing: Outgoing<'_>) -> Result<(), PublishError> {
        match outgoing {
            Outgoing::Request(request, routing_key) => self.request(request, routing_key).await,
            Outgoing::Rest(rest) => self.rest(rest).await,
            Outgoing::Letter(letter, traceparent) => self.letter(letter, Some(traceparent)).await,
        }
    }

    async fn request(&self, request: &Request, routing_key: &str) -> Result<(), PublishError> {
        let envelope = Envelope {
            message_id: request.message_id.clone(),
            kind: REQUEST_TYPE.to_owned(),
            timestamp: request.requested_at,
            body: request.body.as_bytes().to_vec(),
            attempt: request.attempts,
            traceparent: request.traceparent.clone(),
            ..Envelope::default()
        };
        self.publisher.publish(topology::REQUESTS, routing_key, &envelope).await
    }

    async fn rest(&self, rest: &Rest) -> Result<(), PublishError> {
        if rest.reply == Reply::Completion {
            let envelope = Envelope {
                message_id: rest.completion.id.clone(),
                kind: COMPLETION_TYPE.to_owned(),
                timestamp: rest.completion.data.finished_at,
                body: rest.completion.to_json(),
                traceparent: rest.traceparent.clone(),
                ..Envelope::default()
            };
            self.publisher
                .publish(topology::COMPLETIONS, &rest.completion.routing_key(), &envelope)
                .await?;
        }
        match &rest.letter {
            Some(letter) => self.letter(letter, rest.traceparent.as_deref()).await,
            None => Ok(()),
        }
    }

    async fn letter(&self, letter: &Letter, traceparent: Option<&str>) -> Result<(), PublishError> {
        let envelope = Envelope {
            message_id: letter.message_id.clone().unwrap_or_else(|| letter.id.to_string()),
            timestamp: letter.created_at,
            body: letter.body.as_bytes().to_vec(),
            traceparent: traceparent.map(str::to_owned),
            headers: letter.headers.clone(),
            ..Envelope::default()
        };
        let reason = DeadReason {
            letter_id: letter.id.to_string(),
            stage: letter.stage.to_string(),
            class: letter.class.clone(),
            code: letter.code.clone(),
            text: letter.text.clone(),
            request_key: letter.key.as_ref().map(ToString::to_string),
        };
        self.publisher.publish_dead(&envelope, &reason).await
    }
}

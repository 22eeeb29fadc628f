//! What the worker sends on: completions, letters and requests, each confirmed before its caller goes on.

use broker::{DeadReason, Envelope, PublishError, Publisher, topology};
use ledger::{Ledger, Letter, Request, Rest, Stage};
use schemas::{COMPLETION_TYPE, CompletionEvent, REQUEST_TYPE, Reply};
use telemetry::{Metric, trace};

/// Sends on what a row's fate leads to.
#[derive(Debug, Clone)]
pub(crate) struct Outbox {
    publisher: Publisher,
    ledger: Ledger,
}

impl Outbox {
    /// Makes an outbox.
    pub(crate) fn new(publisher: Publisher, ledger: Ledger) -> Self {
        Self { publisher, ledger }
    }

    /// Publishes the outcome of a row at rest, and its letter if it has one.
    pub(crate) async fn rest(&self, rest: &Rest) -> Result<(), PublishError> {
        self.completion(rest).await?;
        if let Some(letter) = &rest.letter {
            self.letter(letter).await?;
        }
        self.mark_reported(rest).await;
        Ok(())
    }

    /// Publishes the completion of a row at rest, if anybody waits for it.
    pub(crate) async fn completion(&self, rest: &Rest) -> Result<(), PublishError> {
        if rest.reply == Reply::None {
            return Ok(());
        }
        let event = &rest.completion;
        let envelope = completion_envelope(event, rest.traceparent.as_deref());
        self.publisher
            .publish(topology::COMPLETIONS, &event.routing_key(), &envelope)
            .await
    }

    /// Notes that a source other than Salesforce knows the outcome: a confirmed publish is all it gets.
    ///
    /// Salesforce knows it when `report` has written it. A failure here costs one more publish by `recover`.
    pub(crate) async fn mark_reported(&self, rest: &Rest) {
        if rest.completion.source.is_salesforce() || rest.reply == Reply::None {
            return;
        }
        let reported = [(rest.completion.data.request_key.clone(), rest.version)];
        if let Err(error) = self.ledger.mark_reported(&reported).await {
            tracing::warn!(request.key = %reported[0].0, %error, "published outcome is not marked, it will be published again");
        }
    }

    /// Publishes a request as the ledger holds it.
    pub(crate) async fn request(&self, request: &Request) -> Result<(), PublishError> {
        // Only a row held as invalid has a body that cannot be read, and such a row is never called.
        let Ok(event) = request.body.event() else {
            tracing::error!(request.key = %request.key, "the ledger's request cannot be read and is not published");
            return Ok(());
        };
        let envelope = Envelope {
            attempt: request.attempts,
            traceparent: request.traceparent.clone(),
            ..Envelope::new(&request.message_id, REQUEST_TYPE, request.body.as_bytes())
        };
        self.publisher
            .publish(topology::REQUESTS, &event.routing_key(), &envelope)
            .await
    }

    /// Publishes a letter to the mailbox of dead letters.
    pub(crate) async fn letter(&self, letter: &Letter) -> Result<(), PublishError> {
        count(letter);
        let message_id = letter.message_id.as_deref().unwrap_or(letter.id.as_str());
        let kind = if letter.stage == Stage::Report {
            COMPLETION_TYPE
        } else {
            REQUEST_TYPE
        };
        let envelope = Envelope {
            timestamp: letter.created_at,
            headers: letter.headers.clone(),
            ..Envelope::new(message_id, kind, letter.body.as_bytes())
        };
        self.publisher.publish_dead(&envelope, &reason(letter)).await
    }
}

/// Returns the reason that stands in the headers of a dead letter.
pub(crate) fn reason(letter: &Letter) -> DeadReason {
    DeadReason {
        letter_id: letter.id.as_str().to_owned(),
        stage: letter.stage.as_str().to_owned(),
        class: letter.class.clone(),
        code: letter.code.clone(),
        text: letter.text.clone(),
        request_key: letter.key.as_ref().map(ToString::to_string),
    }
}

/// Counts a letter in the metrics.
pub(crate) fn count(letter: &Letter) {
    Metric::DeadLetters.add(1, &[("stage", letter.stage.as_str()), ("code", &letter.code)]);
}

fn completion_envelope(event: &CompletionEvent, traceparent: Option<&str>) -> Envelope {
    Envelope {
        timestamp: event.data.finished_at,
        traceparent: traceparent.map(trace::child),
        ..Envelope::new(&event.id, COMPLETION_TYPE, event.to_json())
    }
}

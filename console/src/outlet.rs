//! The messages that a replay sends.

use broker::{Broker, Envelope, PublishError, Publisher, REPLAY_HEADER, topology};
use ledger::{Letter, LetterId, Request, Rest};
use schemas::{COMPLETION_TYPE, REQUEST_TYPE, Reply};

/// Publishes what a replay sends; each answer comes when the broker has confirmed.
pub(crate) struct Outlet {
    publisher: Publisher,
}

impl Outlet {
    pub(crate) fn new(broker: &Broker) -> Self {
        Self {
            publisher: broker.publisher(),
        }
    }

    /// Sends the request of a row that an operator sent on its way again.
    pub(crate) async fn request(&self, request: &Request, letter: &LetterId) -> Result<(), PublishError> {
        let envelope = Envelope {
            timestamp: request.requested_at,
            attempt: request.attempts,
            traceparent: request.traceparent.clone(),
            headers: [(REPLAY_HEADER.to_owned(), letter.to_string())].into(),
            ..Envelope::new(&request.message_id, REQUEST_TYPE, request.body.as_bytes())
        };
        self.publisher
            .publish(topology::REPLAY, topology::REQUESTS, &envelope)
            .await
    }

    /// Sends the outcome of a row to Salesforce again, past everybody else who listens to completions.
    pub(crate) async fn completion(&self, rest: &Rest) -> Result<(), PublishError> {
        if rest.reply == Reply::None {
            return Ok(());
        }
        let envelope = Envelope {
            timestamp: rest.completion.data.finished_at,
            traceparent: rest.traceparent.clone(),
            ..Envelope::new(&rest.completion.id, COMPLETION_TYPE, rest.completion.to_json())
        };
        self.publisher
            .publish(topology::REPLAY, topology::COMPLETIONS_SALESFORCE, &envelope)
            .await
    }

    /// Sends a letter's own message again, as it came. Its budget is new; what went wrong before stays in the archive.
    pub(crate) async fn letter_again(&self, letter: &Letter) -> Result<(), PublishError> {
        let mut headers = letter.headers.clone();
        headers.insert(REPLAY_HEADER.to_owned(), letter.id.to_string());
        let message_id = letter.message_id.as_deref().unwrap_or(letter.id.as_str());
        let envelope = Envelope {
            headers,
            ..Envelope::new(message_id, REQUEST_TYPE, letter.body.as_bytes())
        };
        self.publisher
            .publish(topology::REPLAY, topology::REQUESTS, &envelope)
            .await
    }
}

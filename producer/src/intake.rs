//! Takes one event in: translated, accepted in the ledger, published, confirmed.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use ledger::{Accepted, Arrival, Ledger, Letter};
use reconnect::Waits;
use salesforce::{Content, Event};
use schemas::{InvalidRequest, RequestEvent};
use serde_json::{Map, Value};
use telemetry::{Metric, trace};

use crate::letter::{self, About};
use crate::outlet::{Outgoing, Outlet};
use crate::{DecodedEvent, Error, Mapping, translate};

/// Everything that taking an event in needs.
pub(crate) struct Intake {
    pub(crate) ledger: Ledger,
    pub(crate) outlet: Outlet,
    pub(crate) mapping: Mapping,
    pub(crate) org: String,
    pub(crate) topic: String,
    /// Set while the neighbors fail, so that a hundred waiting events say so once and not a hundred times.
    failing: AtomicBool,
}

impl Intake {
    pub(crate) fn new(ledger: Ledger, outlet: Outlet, mapping: Mapping, org: String, topic: String) -> Self {
        Self {
            ledger,
            outlet,
            mapping,
            org,
            topic,
            failing: AtomicBool::new(false),
        }
    }

    /// Takes an event in, however long the ledger and the broker make it wait. Once this returns, the checkpoint may
    /// pass the event. Dropping the wait is harmless: the event comes again from the checkpoint.
    pub(crate) async fn take_in(&self, event: Event) -> Result<(), Error> {
        let traceparent = trace::new_traceparent();
        match &event.content {
            Content::Undecodable { raw, problem } => {
                let letter = letter::undecodable(self.about(&event), raw, problem);
                tracing::error!(
                    event.id,
                    event.schema_id = event.schema_id,
                    "an event cannot be decoded; a dead letter is written"
                );
                self.put_aside(&letter, &traceparent).await
            }
            Content::Decoded { fields, .. } => {
                let decoded = DecodedEvent {
                    uuid: &event.id,
                    org_id: &self.org,
                    fields,
                };
                match translate(&self.mapping, decoded) {
                    Ok(request) => self.accept(&event, fields, request, traceparent).await,
                    Err(invalid) => self.park(&event, fields, invalid, &traceparent).await,
                }
            }
        }
    }

    /// Accepts a request and publishes what the ledger says.
    async fn accept(
        &self,
        event: &Event,
        fields: &Map<String, Value>,
        request: RequestEvent,
        traceparent: String,
    ) -> Result<(), Error> {
        let routing_key = request.routing_key();
        let arrival = Arrival {
            traceparent: Some(traceparent.clone()),
            ..Arrival::first(request)
        };
        let mut waits = waits();
        let accepted = loop {
            match self.ledger.accept(arrival.clone()).await {
                Ok(accepted) => break accepted,
                Err(ledger::Error::Closed) => return Err(Error::LedgerClosed),
                // One row that cannot be read must not hold up all orders after it.
                Err(error @ ledger::Error::Damaged { .. }) => {
                    tracing::error!(event.id, %error, "the row of an event's order cannot be read; a dead letter is written");
                    let letter = letter::unreadable_row(self.about(event), fields, &error.to_string());
                    return self.put_aside(&letter, &traceparent).await;
                }
                Err(error) => self.wait(&error, waits.next_wait()).await,
            }
        };
        match accepted {
            Accepted::Publish(request) => {
                self.publish(Outgoing::Request(&request, &routing_key)).await;
                count("accepted");
            }
            Accepted::Republish(rest) => {
                self.publish(Outgoing::Rest(&rest)).await;
                count("repeated");
            }
            Accepted::Conflict(letter) => {
                self.publish(Outgoing::Letter(&letter, &traceparent)).await;
                count_letter(&letter);
                count("repeated");
            }
            Accepted::InHand => count("repeated"),
        }
        Ok(())
    }

    /// Parks an event that is no request: a letter, and `held` for its order if that is known.
    async fn park(
        &self,
        event: &Event,
        fields: &Map<String, Value>,
        invalid: InvalidRequest,
        traceparent: &str,
    ) -> Result<(), Error> {
        let names: Vec<&str> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
        let letter = letter::untranslatable(self.about(event), fields, &invalid);
        tracing::warn!(
            event.id,
            fields = names.join(", "),
            "an event cannot be translated; a dead letter is written"
        );
        let Some(known) = invalid.known else {
            return self.put_aside(&letter, traceparent).await;
        };
        let mut waits = waits();
        let parked = loop {
            match self.ledger.park_invalid(known.clone(), letter.clone()).await {
                Ok(parked) => break parked,
                Err(ledger::Error::Closed) => return Err(Error::LedgerClosed),
                Err(error) if error.is_transient() => self.wait(&error, waits.next_wait()).await,
                Err(error) => {
                    tracing::error!(event.id, %error, "the order of an invalid event cannot be held; its letter is written alone");
                    return self.put_aside(&letter, traceparent).await;
                }
            }
        };
        self.publish(Outgoing::Letter(&parked.letter, traceparent)).await;
        if let Some(mut rest) = parked.rest {
            rest.letter = rest.letter.filter(|own| own.id != parked.letter.id);
            self.publish(Outgoing::Rest(&rest)).await;
        }
        count_letter(&parked.letter);
        count("untranslatable");
        Ok(())
    }

    /// Publishes a letter that has no row. The mailbox brings it to the archive.
    async fn put_aside(&self, letter: &Letter, traceparent: &str) -> Result<(), Error> {
        self.publish(Outgoing::Letter(letter, traceparent)).await;
        count_letter(letter);
        count("untranslatable");
        Ok(())
    }

    /// Publishes until the broker confirms: an event that was read is never given up.
    async fn publish(&self, outgoing: Outgoing<'_>) {
        let mut waits = waits();
        while let Err(error) = self.outlet.publish(outgoing).await {
            self.wait(&error, waits.next_wait()).await;
        }
        if self.failing.swap(false, Ordering::Relaxed) {
            tracing::info!("events are accepted and published again");
        }
    }

    async fn wait(&self, error: &(dyn std::error::Error + Send + Sync + 'static), wait: Duration) {
        if !self.failing.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                error,
                "events cannot be taken in; they wait, and the checkpoint with them"
            );
        }
        tokio::time::sleep(wait).await;
    }

    fn about<'a>(&'a self, event: &'a Event) -> About<'a> {
        About {
            event_id: &event.id,
            org_id: &self.org,
            topic: &self.topic,
            replay_id: event.replay_id.to_string(),
            schema_id: &event.schema_id,
            at: Timestamp::now(),
        }
    }
}

fn waits() -> Waits {
    Waits::new(&reconnect::Settings {
        initial: Duration::from_millis(100),
        max: Duration::from_secs(5),
    })
}

fn count(result: &'static str) {
    Metric::EventsRead.add(1, &[("result", result)]);
}

fn count_letter(letter: &Letter) {
    Metric::DeadLetters.add(1, &[("stage", letter.stage.as_str()), ("code", &letter.code)]);
}

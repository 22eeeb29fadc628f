//! Asking License Central: every call and look-up of this room, with what it says about the neighbor.

use license_central::{Class, Client, Error, Found, Issued, Order};
use schemas::RequestEvent;
use telemetry::{Metric, Stopwatch, trace};
use tokio::time::Instant;

use crate::breaker::Signal;
use crate::failure::{self, LookUp};
use crate::guard::Guard;
use crate::recover::compare::{Kinship, compare};

/// The way to License Central, watched by its breaker.
#[derive(Debug, Clone)]
pub(crate) struct Licensing {
    client: Client,
    guard: Guard,
}

/// What a look-up brought.
#[derive(Debug)]
pub(crate) enum Answer {
    /// An order of this number, and what it is to ours.
    Found(Box<Found>, Kinship),
    /// License Central clearly has none.
    NotFound,
    /// The profile has no look-up.
    Impossible,
    /// No clear answer, and why.
    Unclear(String),
}

impl Answer {
    /// Returns the fact that is decided upon.
    pub(crate) fn fact(&self) -> LookUp<'_> {
        match self {
            Self::Found(_, kinship) => LookUp::Found(kinship),
            Self::NotFound => LookUp::NotFound,
            Self::Impossible => LookUp::Impossible,
            Self::Unclear(_) => LookUp::Unclear,
        }
    }

    /// Says for an operator what was found.
    pub(crate) fn detail(&self) -> String {
        match self {
            Self::Found(_, Kinship::Ours) => "license central holds the order".to_owned(),
            Self::Found(found, Kinship::Doubled) => {
                let times = found.accepted.unwrap_or_default();
                format!("license central says that it accepted this order number {times} times")
            }
            Self::Found(_, Kinship::Foreign { difference }) => {
                format!("license central holds an order of this number, but {difference} differ from ours")
            }
            Self::NotFound => "license central holds no order of this number".to_owned(),
            Self::Impossible => "the license central profile cannot look orders up".to_owned(),
            Self::Unclear(error) => error.clone(),
        }
    }
}

impl Licensing {
    /// Takes a client under the watch of its breaker.
    pub(crate) fn new(client: Client, guard: Guard) -> Self {
        Self { client, guard }
    }

    /// Says whether orders can be looked up.
    pub(crate) fn can_find(&self) -> bool {
        self.client.can_find()
    }

    /// Says whether License Central is left in peace just now.
    pub(crate) fn is_away(&self) -> bool {
        self.guard.is_open()
    }

    /// Orders licenses; nothing is sent any more once `send_by` has passed.
    pub(crate) async fn create(
        &self,
        event: &RequestEvent,
        send_by: Instant,
        traceparent: Option<&str>,
    ) -> Result<Issued, Error> {
        let request = &event.data;
        let order = Order {
            number: self.client.order_number(&request.order.number, request.revision),
            customer: request.customer.clone(),
            lines: request.lines.clone(),
        };
        let traceparent = traceparent.map(trace::child);
        let watch = Stopwatch::start();
        let answer = self.client.create_order(&order, send_by, traceparent.as_deref()).await;
        self.note("create_order", watch, answer.as_ref().err());
        answer
    }

    /// Looks an order up and compares what is found with what was asked for.
    pub(crate) async fn find(&self, event: &RequestEvent) -> Answer {
        if !self.client.can_find() {
            return Answer::Impossible;
        }
        let number = self.client.order_number(&event.data.order.number, event.data.revision);
        let watch = Stopwatch::start();
        let answer = self.client.find_order(&number).await;
        self.note("find_order", watch, answer.as_ref().err());
        match answer {
            Ok(Some(found)) => {
                let kinship = compare(&found, &event.data);
                Answer::Found(Box::new(found), kinship)
            }
            Ok(None) => Answer::NotFound,
            Err(error) => Answer::Unclear(failure::license_central_text(&error)),
        }
    }

    /// Asks whether License Central answers; has no effect there.
    pub(crate) async fn probe(&self) -> Result<(), (Signal, String)> {
        self.client.probe().await.map_err(|error| {
            // Only a good answer to the probe closes the breaker, so even a refusal of it is trouble.
            (
                Signal::Trouble {
                    retry_after: error.retry_after(),
                },
                failure::license_central_text(&error),
            )
        })
    }

    fn note(&self, operation: &'static str, watch: Stopwatch, error: Option<&Error>) {
        let class = match error.map(Error::class) {
            None => "done",
            Some(Class::Refused { .. }) => "refused",
            Some(Class::NotAccepted) => "not-accepted",
            Some(Class::Unknown) => "unknown",
        };
        watch.stop(
            Metric::LicenseCentralSeconds,
            &[("operation", operation), ("class", class)],
        );
        match error {
            None => self.guard.note(Signal::Well, String::new),
            Some(error) => {
                if let Some(signal) = failure::license_central_signal(error) {
                    self.guard.note(signal, || failure::license_central_text(error));
                }
            }
        }
    }
}

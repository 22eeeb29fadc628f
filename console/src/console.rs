//! The operations behind both faces, the commands and the pages.

use std::time::Duration;

use broker::{Broker, topology};
use ledger::{Ledger, LetterFilter, OrderFilter, Replayed};
use serde::Serialize;

use crate::collector;
use crate::dead_letters::{LetterDetail, LetterSummary, ReplayDone};
use crate::error::Error;
use crate::orders::{OrderDetail, OrderSummary};
use crate::outlet::Outlet;

/// How long a page waits for the broker: a page without numbers is better than none.
const BROKER_PATIENCE: Duration = Duration::from_millis(500);

/// The operator's room. Cheap to clone.
#[derive(Clone)]
pub struct Console {
    pub(crate) ledger: Ledger,
    pub(crate) broker: Option<Broker>,
}

/// How many messages wait in the queues; nothing where the broker does not say.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct QueueDepths {
    /// Requests that wait for License Central.
    pub requests: Option<u32>,
    /// Completions that wait for Salesforce.
    pub completions: Option<u32>,
    /// Dead letters that nobody collected yet.
    pub dead: Option<u32>,
    /// Messages that fit no queue; anything but zero is a mistake in somebody's settings.
    pub unrouted: Option<u32>,
}

impl Console {
    /// Makes the room. Without a broker it shows what the ledger knows, and cannot collect or publish.
    pub fn new(ledger: Ledger, broker: Option<Broker>) -> Self {
        Self { ledger, broker }
    }

    /// Lists orders, the latest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Vec<OrderSummary>, Error> {
        Ok(self.ledger.orders(filter).await?.iter().map(OrderSummary::of).collect())
    }

    /// Shows an order by its number or request key: every revision of it, and every org's where numbers repeat.
    ///
    /// # Errors
    /// When there is none, or the ledger cannot be read.
    pub async fn order(&self, key_or_number: &str) -> Result<Vec<OrderDetail>, Error> {
        Ok(self
            .ledger
            .order(key_or_number)
            .await?
            .iter()
            .map(OrderDetail::of)
            .collect())
    }

    /// Lists dead letters, the latest first.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn letters(&self, filter: &LetterFilter) -> Result<Vec<LetterSummary>, Error> {
        Ok(self
            .ledger
            .letters(filter)
            .await?
            .iter()
            .map(LetterSummary::of)
            .collect())
    }

    /// Counts the dead letters that nobody dealt with.
    ///
    /// # Errors
    /// When the ledger cannot be read.
    pub async fn open_letters(&self) -> Result<u64, Error> {
        Ok(self.ledger.counts().await?.open_letters)
    }

    /// Shows a dead letter by its identity or an unambiguous beginning of it.
    ///
    /// # Errors
    /// When there is none or there are several, or the ledger cannot be read.
    pub async fn letter(&self, id: &str) -> Result<LetterDetail, Error> {
        Ok(LetterDetail::of(&self.ledger.letter(id).await?))
    }

    /// Sends a dead letter's order on its way again. `who` and `why` go to the audit.
    ///
    /// Row, letter and audit are written first and together; the message follows. If it is not confirmed, `recover`
    /// sends it within minutes, and the answer says so.
    ///
    /// # Errors
    /// When there is no such letter, it may not be replayed (the words say why and what to do instead), or, for a letter
    /// without a row, its message was not confirmed: then nothing has changed.
    pub async fn replay(&self, id: &str, who: &str, why: &str) -> Result<ReplayDone, Error> {
        let letter = self.ledger.letter(id).await?.listed.letter;
        let replayed = self.ledger.replay(&letter.id, who, why).await?;
        let outlet = self.broker.as_ref().map(Outlet::new);
        let (sent, published) = match (&replayed, &outlet) {
            (Replayed::Request(_), None) => ("request", false),
            (Replayed::Completion(_), None) => ("completion", false),
            (Replayed::Publish(_), None) => return Err(Error::NoBroker),
            (Replayed::Request(request), Some(outlet)) => {
                ("request", follows(outlet.request(request, &letter.id).await))
            }
            (Replayed::Completion(rest), Some(outlet)) => ("completion", follows(outlet.completion(rest).await)),
            (Replayed::Publish(letter), Some(outlet)) => {
                outlet
                    .letter_again(letter)
                    .await
                    .map_err(|source| Error::NotPublished { source })?;
                self.ledger.mark_replayed(&letter.id, who, why).await?;
                ("message", true)
            }
        };
        let key = letter.key.as_ref().map(ToString::to_string);
        Ok(ReplayDone {
            id: letter.id.to_string(),
            sent,
            key,
            published,
        })
    }

    /// Brings what waits in the mailbox into the archive, so that a list that follows is complete. Gives up waiting after
    /// a few seconds: another process may be collecting.
    ///
    /// # Errors
    /// When the broker does not answer, or does not let us read the mailbox.
    pub async fn collect_now(&self) -> Result<(), Error> {
        match &self.broker {
            Some(broker) => collector::collect_now(broker, &self.ledger).await,
            None => Ok(()),
        }
    }

    /// Counts what waits in the queues.
    pub async fn queue_depths(&self) -> QueueDepths {
        let Some(broker) = &self.broker else {
            return QueueDepths::default();
        };
        let depth = async |queue: &str| {
            tokio::time::timeout(BROKER_PATIENCE, broker.queue_depth(queue))
                .await
                .ok()?
                .ok()
        };
        let (requests, completions, dead, unrouted) = tokio::join!(
            depth(topology::REQUESTS),
            depth(topology::COMPLETIONS_SALESFORCE),
            depth(topology::DEAD),
            depth(topology::UNROUTED),
        );
        QueueDepths {
            requests,
            completions,
            dead,
            unrouted,
        }
    }
}

/// Says whether the message of a committed replay was confirmed; if not, `recover` repeats it.
fn follows(published: Result<(), broker::PublishError>) -> bool {
    if let Err(error) = &published {
        let error = error as &(dyn std::error::Error + 'static);
        tracing::warn!(
            error,
            "the message of a replay was not confirmed; it will be sent again"
        );
    }
    published.is_ok()
}

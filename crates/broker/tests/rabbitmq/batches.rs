//! Deliveries in batches: one outcome each.

use crate::place::{Place, eventually, message};
use broker::{
    AttemptError, BatchHandler, Broker, DeadReason, Delivery, Disposition, Valve, Wait, consume_batches,
    topology::{COMPLETIONS, COMPLETIONS_SALESFORCE, DEAD},
};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

type Batches = Arc<Mutex<Vec<Vec<Delivery>>>>;

/// Keeps the batches it was given, and answers each delivery as it is told.
struct Recorder<F> {
    batches: Batches,
    answer: F,
}

impl<F: Fn(&Delivery) -> Disposition + Send + Sync + 'static> BatchHandler for Recorder<F> {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Disposition> {
        self.batches.lock().unwrap().push(batch.clone());
        batch.iter().map(&self.answer).collect()
    }
}

struct Running {
    batches: Batches,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), broker::Error>>,
}

impl Running {
    fn start(
        broker: &Broker,
        (max, within): (u16, Duration),
        valve: Valve,
        answer: impl Fn(&Delivery) -> Disposition + Send + Sync + 'static,
    ) -> Self {
        let (batches, shutdown) = (Batches::default(), CancellationToken::new());
        let recorder = Recorder {
            batches: batches.clone(),
            answer,
        };
        let (broker, stop) = (broker.clone(), shutdown.clone());
        let task = tokio::spawn(async move {
            consume_batches(&broker, COMPLETIONS_SALESFORCE, max, within, valve, recorder, stop).await
        });
        Self {
            batches,
            shutdown,
            task,
        }
    }

    fn sizes(&self) -> Vec<usize> {
        self.batches.lock().unwrap().iter().map(Vec::len).collect()
    }

    fn seen(&self) -> Vec<Delivery> {
        self.batches.lock().unwrap().concat()
    }

    async fn reaches(&self, number: usize) {
        eventually(&format!("{number} deliveries"), async || {
            self.sizes().iter().sum::<usize>() >= number
        })
        .await;
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

async fn publish(broker: &Broker, number: usize) {
    for number in 0..number {
        broker
            .publisher()
            .publish(COMPLETIONS, "salesforce.issued", &message(&number.to_string()))
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_batch_goes_when_it_is_full_or_when_its_first_delivery_has_waited() {
    let place = Place::new().await;
    let broker = place.broker().await;
    publish(&broker, 25).await;
    let running = Running::start(&broker, (10, Duration::from_millis(300)), Valve::always_open(), |_| {
        Disposition::Done
    });
    running.reaches(25).await;
    assert_eq!(running.sizes(), [10, 10, 5]);
    running.stop().await;
    place.holds(COMPLETIONS_SALESFORCE, 0).await;
}

#[tokio::test]
async fn each_delivery_of_a_batch_has_its_own_outcome() {
    let place = Place::new().await;
    let broker = place.broker().await;
    publish(&broker, 4).await;
    let running = Running::start(&broker, (4, Duration::from_secs(1)), Valve::always_open(), |delivery| {
        let reason = DeadReason {
            letter_id: "l".to_owned(),
            stage: "report".to_owned(),
            class: "never".to_owned(),
            code: "no-such-order".to_owned(),
            text: "gone".to_owned(),
            request_key: None,
        };
        match (delivery.envelope.message_id.as_str(), delivery.envelope.attempt) {
            ("1", 0) => Disposition::Later {
                wait: Wait::Shortest,
                error: AttemptError::new(0, "row-locked", "busy"),
            },
            ("2", _) => Disposition::Dead(reason),
            ("3", _) if delivery.exchange == COMPLETIONS => Disposition::Snooze,
            _ => Disposition::Done,
        }
    });
    running.reaches(6).await;
    let mut seen: Vec<(String, u32)> = running
        .seen()
        .iter()
        .map(|delivery| (delivery.envelope.message_id.clone(), delivery.envelope.attempt))
        .collect();
    running.stop().await;
    seen.sort();
    let expected = [("0", 0), ("1", 0), ("1", 1), ("2", 0), ("3", 0), ("3", 0)];
    assert_eq!(seen, expected.map(|(id, attempt)| (id.to_owned(), attempt)));
    place.holds(DEAD, 1).await;
    place.holds(COMPLETIONS_SALESFORCE, 0).await;
}

#[tokio::test]
async fn a_batch_that_panics_is_tried_again_one_by_one() {
    let place = Place::new().await;
    let broker = place.broker().await;
    publish(&broker, 4).await;
    let running = Running::start(&broker, (4, Duration::from_secs(1)), Valve::always_open(), |delivery| {
        assert!(
            delivery.envelope.message_id != "2" || delivery.envelope.attempt > 0,
            "cannot bear it"
        );
        Disposition::Done
    });
    running.reaches(9).await;
    assert_eq!(running.sizes(), [4, 1, 1, 1, 1, 1]);
    let last = running.seen().pop().unwrap();
    running.stop().await;
    assert_eq!(
        (
            last.envelope.message_id.as_str(),
            last.envelope.errors[0].class.as_str()
        ),
        ("2", "panic")
    );
    place.holds(COMPLETIONS_SALESFORCE, 0).await;
}

#[tokio::test]
async fn a_closed_valve_puts_back_what_was_fetched_and_not_started_with_the_attempt_unchanged() {
    let place = Place::new().await;
    let broker = place.broker().await;
    publish(&broker, 3).await;
    let (handle, valve) = Valve::new();
    let running = Running::start(&broker, (10, Duration::from_secs(2)), valve, |_| Disposition::Done);
    // All are fetched, and wait for more to come.
    place.holds(COMPLETIONS_SALESFORCE, 0).await;
    handle.close();
    // They come out of the shortest wait into the queue, and nobody takes them.
    place.holds(COMPLETIONS_SALESFORCE, 3).await;
    assert_eq!(running.sizes(), [0; 0]);
    handle.open();
    running.reaches(3).await;
    let seen = running.seen();
    running.stop().await;
    assert!(
        seen.iter()
            .all(|delivery| delivery.envelope.attempt == 0 && delivery.exchange == "ticketsmith.return")
    );
    place.holds(COMPLETIONS_SALESFORCE, 0).await;
}

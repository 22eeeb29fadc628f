//! Consumers and connections that are lost: what was in hand comes back, and nothing of it is acknowledged.

use crate::place::{Place, Running, eventually, message};
use broker::{
    Disposition,
    topology::{REQUESTS, Topology},
};
use futures_util::StreamExt as _;
use lapin::options::{BasicConsumeOptions, QueueDeleteOptions};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// A consumer whose handler waits for a permit.
fn gated(broker: &broker::Broker, max_in_flight: u16) -> (Running, Arc<Semaphore>) {
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let running = Running::start(broker, REQUESTS, max_in_flight, move |_| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            Disposition::Done
        }
    });
    (running, gate)
}

#[tokio::test]
async fn a_connection_closed_by_the_broker_is_made_anew_and_what_was_in_hand_comes_back() {
    let place = Place::new().await;
    let broker = place.broker().await;
    for id in ["1", "2", "3"] {
        broker
            .publisher()
            .publish(REQUESTS, "salesforce.create", &message(id))
            .await
            .unwrap();
    }
    let (running, gate) = gated(&broker, 4);
    running.seen.reaches(3).await;
    eventually("the connections are seen and closed", async || {
        place
            .vhost
            .management()
            .close_connections(place.vhost.name())
            .await
            .unwrap()
            > 0
    })
    .await;
    eventually("the loss is noticed", async || !broker.status().borrow().is_ready()).await;
    // The handlers end now, but what they had in hand is no longer ours.
    gate.add_permits(3);
    running.seen.reaches(6).await;
    assert!(running.seen.all()[3..].iter().all(|delivery| delivery.redelivered));
    gate.add_permits(3);
    place.holds(REQUESTS, 0).await;
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("4"))
        .await
        .unwrap();
    running.seen.reaches(7).await;
    gate.add_permits(1);
    running.stop().await;
}

#[tokio::test]
async fn a_consumer_whose_queue_is_deleted_starts_again_when_the_queue_is_back() {
    let place = Place::new().await;
    let broker = place.broker().await;
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("1"))
        .await
        .unwrap();
    let (running, gate) = gated(&broker, 4);
    running.seen.reaches(1).await;
    let stranger = place.stranger().await;
    stranger
        .queue_delete(REQUESTS.into(), QueueDeleteOptions::default())
        .await
        .unwrap();
    gate.add_permits(1);
    // Made again at once, 3.10 may forget its consumer for a minute: `consumer/tests.rs` shows how that ends.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    Topology::new(broker.tiers()).apply(&place.settings).await.unwrap();
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("2"))
        .await
        .unwrap();
    running.seen.reaches(2).await;
    gate.add_permits(1);
    running.stop().await;
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn a_message_that_workers_died_under_waits_as_one_attempt_more_before_it_is_handled() {
    let place = Place::new().await;
    let broker = place.broker().await;
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("1"))
        .await
        .unwrap();
    for count in 0..3 {
        let channel = place.stranger().await;
        let options = BasicConsumeOptions::default();
        let mut consumer = channel
            .basic_consume(REQUESTS.into(), "".into(), options, Default::default())
            .await
            .unwrap();
        let delivery = consumer.next().await.unwrap().unwrap();
        assert_eq!(delivery.redelivered, count > 0);
        channel.close(200, "died".into()).await.unwrap();
    }
    let running = Running::start(&broker, REQUESTS, 4, |_| std::future::ready(Disposition::Done));
    running.seen.reaches(1).await;
    let delivery = running.seen.all()[0].clone();
    running.stop().await;
    assert_eq!((delivery.envelope.attempt, delivery.redelivered), (1, false));
    assert_eq!(delivery.envelope.errors[0].class, "worker-died");
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn a_queue_that_does_not_exist_is_an_error_at_the_first_try() {
    let place = Place::empty().await;
    let broker = place.broker().await;
    let consumed = broker::consume(
        &broker,
        "no.such.queue",
        1,
        broker::Valve::always_open(),
        Nothing,
        tokio_util::sync::CancellationToken::new(),
    )
    .await;
    assert!(
        matches!(&consumed, Err(broker::Error::Missing { what }) if what.contains("no.such.queue")),
        "{consumed:?}"
    );
}

struct Nothing;

impl broker::Handler for Nothing {
    async fn handle(&self, _: broker::Delivery) -> Disposition {
        Disposition::Done
    }
}

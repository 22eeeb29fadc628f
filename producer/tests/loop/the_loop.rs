//! Events become messages, each at least once and nothing silently dropped.

use std::time::Duration;

use producer::Activity;
use simulators::salesforce::{GrpcFault, StreamEnd};

use crate::world::{COMPLETIONS, DEAD, REQUESTS, World, eventually, run};

#[test]
fn every_activated_order_becomes_a_message_and_the_checkpoint_follows() {
    run(async {
        let world = World::new().await;
        let orders = world.activate(250);
        let mut producer = world.start();
        let requests = world.drain(REQUESTS);
        eventually("all orders are published", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        assert!(requests.per_order().values().all(|times| *times == 1));
        producer
            .shows("the checkpoint passed all", |status| {
                status.behind == 0 && status.events == 250
            })
            .await;
        let delivery = requests.seen.lock().unwrap()[0].clone();
        assert_eq!(delivery.routing_key, "salesforce.create");
        assert!(delivery.envelope.traceparent.is_some(), "a trace begins at the event");
        let request = schemas::read_request(&delivery.envelope.body).unwrap();
        assert_eq!(request.data.customer.name, "Ærø & Søn <Robotics>");
        assert_eq!((request.data.lines[0].quantity, request.data.revision), (2, 1));
        producer.stop().await;
        assert!(world.checkpoint().await.is_some());
    });
}

#[test]
fn a_restart_goes_on_without_loss_whether_it_was_a_stop_or_a_crash() {
    run(async {
        let world = World::new().await;
        let requests = world.drain(REQUESTS);
        let mut orders = world.activate(60);
        let producer = world.start();
        eventually("some orders are published", async || requests.count() > 10).await;
        producer.crash().await;
        orders.extend(world.activate(60));
        let producer = world.start();
        eventually("all orders are published", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        producer.stop().await;
        let before = requests.count();
        orders.extend(world.activate(5));
        let producer = world.start();
        eventually("the late ones, too", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        assert_eq!(
            requests.count(),
            before + 5,
            "after a stop in good order nothing comes twice"
        );
        producer.stop().await;
    });
}

#[test]
fn an_event_that_comes_twice_and_a_second_click_are_harmless() {
    run(async {
        let world = World::new().await;
        let requests = world.drain(REQUESTS);
        let mut producer = world.start();
        let order = world.activate_one("CM-PRO");
        eventually("the order is published", async || requests.count() == 1).await;
        assert!(world.org.faults().duplicate_latest(&world.org.topic));
        world.org.double_click(&order).unwrap();
        producer
            .shows("all three events are behind", |status| {
                status.events == 3 && status.behind == 0
            })
            .await;
        let rows = world.ledger.orders(&ledger::OrderFilter::default()).await.unwrap();
        assert_eq!(rows.len(), 1, "it stays one request");
        assert_eq!(requests.per_order().len(), 1);
        producer.stop().await;
    });
}

#[test]
fn an_event_that_cannot_be_translated_becomes_a_letter_and_holds_its_order() {
    run(async {
        let world = World::new().await;
        let (letters, completions) = (world.drain(DEAD), world.drain(COMPLETIONS));
        let mut producer = world.start();
        let order = world.activate_one("");
        eventually("a letter is written", async || letters.count() == 1).await;
        eventually("sales is told", async || completions.count() == 1).await;
        let letter = letters.seen.lock().unwrap()[0].clone();
        let reason = letter.dead_reason().unwrap();
        assert_eq!(
            (reason.stage.as_str(), reason.class.as_str()),
            ("translate", "invalid-request")
        );
        assert!(reason.text.contains("Lines__c[0].item_id"), "{}", reason.text);
        assert!(
            String::from_utf8_lossy(&letter.envelope.body).contains("Order_Number__c"),
            "the decoded event is kept"
        );
        let held = completions.seen.lock().unwrap()[0].clone();
        let held = schemas::read_completion(&held.envelope.body).unwrap();
        assert_eq!(
            (held.data.outcome.as_str(), held.data.order.id.as_str()),
            ("held", order.as_str())
        );
        producer
            .shows("the checkpoint passed it", |status| status.behind == 0)
            .await;
        assert_eq!(world.ledger.counts().await.unwrap().open_letters, 1);
        producer.stop().await;
    });
}

#[test]
fn an_event_that_cannot_be_decoded_becomes_a_letter_and_the_next_one_a_message() {
    run(async {
        let world = World::new().await;
        let (letters, requests) = (world.drain(DEAD), world.drain(REQUESTS));
        let producer = world.start();
        world.org.faults().corrupt_next_payloads(1);
        world.activate(2);
        eventually("a letter is written", async || letters.count() == 1).await;
        eventually("the next event is published", async || requests.count() == 1).await;
        let reason = letters.seen.lock().unwrap()[0].dead_reason().unwrap();
        assert_eq!(reason.code, "undecodable-event");
        producer.stop().await;
    });
}

#[test]
fn a_stream_that_breaks_is_opened_again_from_the_checkpoint() {
    run(async {
        let world = World::new().await;
        let requests = world.drain(REQUESTS);
        let mut producer = world.start();
        let mut orders = world.activate(20);
        eventually("the first are published", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        world
            .org
            .faults()
            .end_streams(StreamEnd::Error(GrpcFault::ServiceUnavailable));
        orders.extend(world.activate(20));
        eventually("the others, too", async || requests.per_order().len() == orders.len()).await;
        producer
            .shows("listening", |status| {
                status.activity == Activity::Listening && status.trouble.is_none()
            })
            .await;
        producer.stop().await;
    });
}

#[test]
fn while_the_broker_is_away_events_wait_at_salesforce() {
    run(async {
        let world = World::new().await;
        let mut producer = world.start();
        producer
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        world.lose_the_vhost().await;
        let orders = world.activate(300);
        producer
            .shows("the credit is used up", |status| status.events == 100)
            .await;
        assert_eq!(producer.status.borrow().behind, 100, "no further event was asked for");
        world.bring_the_vhost_back().await;
        let requests = world.drain(REQUESTS);
        eventually("all orders are published", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        producer.stop().await;
    });
}

#[test]
fn a_stream_that_stands_still_is_thrown_away_by_the_watchdog() {
    run(async {
        let mut world = World::new().await;
        world.settings.watchdog = Duration::from_secs(1);
        let requests = world.drain(REQUESTS);
        let mut producer = world.start();
        producer
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        world.org.faults().silence(true);
        producer
            .shows("the watchdog", |status| {
                status.trouble.as_deref() == Some("nothing moved for too long")
            })
            .await;
        world.org.faults().silence(false);
        world.activate(1);
        eventually("events come again", async || requests.count() == 1).await;
        producer.stop().await;
    });
}

//! Where the producer goes on, and who may move that mark.

use ledger::OrderFilter;
use producer::{Activity, Error};
use salesforce::{Client, FirstStart, StaleCheckpoint, Start};

use crate::world::{REQUESTS, World, eventually, run};

#[test]
fn a_first_start_must_be_told_where_to_begin() {
    run(async {
        let mut world = World::new().await;
        world.source.first_start = None;
        let producer = world.start();
        assert!(matches!(producer.task.await.unwrap(), Err(Error::FirstStartUnknown)));
    });
}

#[test]
fn a_first_start_at_the_latest_event_is_pinned_before_any_event_comes() {
    run(async {
        let mut world = World::new().await;
        world.source.first_start = Some(FirstStart::Latest);
        world.activate(3);
        let requests = world.drain(REQUESTS);
        let producer = world.start();
        eventually("the first keepalive pins the position", async || {
            world.checkpoint().await.is_some()
        })
        .await;
        producer.crash().await;
        let while_away = world.activate(2);
        let producer = world.start();
        eventually("what came while it was away", async || requests.count() == 2).await;
        assert!(while_away.iter().all(|order| requests.per_order().contains_key(order)));
        producer.stop().await;
    });
}

/// Runs a producer, resets the stream under its checkpoint, and returns the world as the next start finds it.
async fn reset_under_the_checkpoint(policy: StaleCheckpoint) -> World {
    let mut world = World::new().await;
    world.source.on_stale_checkpoint = policy;
    let mut producer = world.start();
    world.activate(1);
    producer
        .shows("the event is behind", |status| status.events == 1 && status.behind == 0)
        .await;
    producer.stop().await;
    world.org.faults().reset_bus();
    world
}

#[test]
fn a_stale_checkpoint_means_reading_everything_that_is_kept() {
    run(async {
        let world = reset_under_the_checkpoint(StaleCheckpoint::Earliest).await;
        let requests = world.drain(REQUESTS);
        let orders = world.activate(3);
        let stale = world.checkpoint().await;
        let mut producer = world.start();
        producer
            .shows("the alarm", |status| status.stale_checkpoint.is_some())
            .await;
        eventually("what is kept is read", async || {
            orders.iter().all(|order| requests.per_order().contains_key(order))
        })
        .await;
        eventually("the checkpoint is a new one", async || {
            world.checkpoint().await != stale
        })
        .await;
        producer.stop().await;
    });
}

#[test]
fn a_stale_checkpoint_skips_events_only_where_the_settings_say_so() {
    run(async {
        let world = reset_under_the_checkpoint(StaleCheckpoint::Latest).await;
        let requests = world.drain(REQUESTS);
        let skipped = world.activate_one("CM-PRO");
        let mut producer = world.start();
        producer
            .shows("the alarm", |status| status.stale_checkpoint.is_some())
            .await;
        producer
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        let read = world.activate_one("CM-PRO");
        eventually("the next one is read", async || {
            requests.per_order().contains_key(&read)
        })
        .await;
        assert!(!requests.per_order().contains_key(&skipped));
        producer.stop().await;
    });
}

#[test]
fn a_stale_checkpoint_can_stop_the_producer_until_a_person_sets_it() {
    run(async {
        let world = reset_under_the_checkpoint(StaleCheckpoint::Stop).await;
        let requests = world.drain(REQUESTS);
        let orders = world.activate(2);
        let mut producer = world.start();
        producer
            .shows("it stands still", |status| {
                status.activity == Activity::StoppedAtStaleCheckpoint
            })
            .await;
        assert_eq!(producer.status.borrow().events, 0);
        set_checkpoint_after_the_first_event(&world).await;
        eventually("it goes on by itself", async || {
            requests.per_order().contains_key(&orders[1])
        })
        .await;
        assert!(
            !requests.per_order().contains_key(&orders[0]),
            "only after the position that was set"
        );
        producer.stop().await;
    });
}

/// Does what `ticketsmith checkpoint set` does.
async fn set_checkpoint_after_the_first_event(world: &World) {
    let client = Client::new(&world.source).unwrap();
    let mut events = client.subscribe(&world.org.topic, Start::Earliest).await.unwrap();
    events.grant(1);
    let first = events.next().await.unwrap().events[0].replay_id.clone();
    let lease = world
        .ledger
        .take_lease(&format!("producer/{}{}", world.org.org_id, world.org.topic))
        .await
        .unwrap();
    world
        .ledger
        .move_checkpoint(&lease, &world.org.org_id, &world.org.topic, first.as_bytes(), 1)
        .await
        .unwrap();
    world.ledger.release_lease(&lease).await.unwrap();
}

#[test]
fn the_last_producer_to_start_is_the_active_one_and_the_other_takes_over_when_it_is_gone() {
    run(async {
        let world = World::new().await;
        let requests = world.drain(REQUESTS);
        let mut first = world.start();
        first
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        let mut second = world.start();
        second
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        first
            .shows("standing by", |status| status.activity == Activity::StandingBy)
            .await;
        let orders = world.activate(3);
        eventually("the second one reads", async || {
            requests.per_order().len() == orders.len()
        })
        .await;
        assert_eq!(first.status.borrow().events, 0);
        second.crash().await;
        first
            .shows("the first is active again", |status| {
                status.activity == Activity::Listening
            })
            .await;
        let order = world.activate_one("CM-PRO");
        eventually("and reads", async || requests.per_order().contains_key(&order)).await;
        first.stop().await;
    });
}

#[test]
fn no_checkpoint_passes_an_event_whose_publish_is_not_confirmed() {
    run(async {
        let world = World::new().await;
        let mut producer = world.start();
        producer
            .shows("listening", |status| status.activity == Activity::Listening)
            .await;
        world.lose_the_vhost().await;
        // Fewer than the credit, so that keepalives go on and say that nothing more waits at Salesforce.
        let orders = world.activate(10);
        producer.shows("all are in hand", |status| status.behind == 10).await;
        let rows = async || world.ledger.orders(&OrderFilter::default()).await.unwrap().len();
        eventually("all are accepted", async || rows().await == orders.len()).await;
        for _ in 0..2 {
            let seen = producer.status.borrow().last_response;
            producer
                .shows("a keepalive", |status| status.last_response > seen)
                .await;
        }
        producer.crash().await;
        world.bring_the_vhost_back().await;
        let requests = world.drain(REQUESTS);
        let producer = world.start();
        eventually("all are published", async || requests.per_order().len() == orders.len()).await;
        producer.stop().await;
    });
}

//! A broker that goes away and comes back. Each test has a node of its own.

use crate::place::{Running, eventually, message, settings_for};
use broker::{
    Broker, Disposition, PublishError,
    topology::{REQUESTS, Role},
};
use simulators::rabbitmq::{Node, Options};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{
    sync::Semaphore,
    time::{Instant, timeout},
};
use tokio_util::sync::CancellationToken;

async fn node_and_broker() -> (Node, Broker) {
    let node = Node::start(Options::default()).await.unwrap();
    let broker = Broker::connect(&settings_for(node.amqp_url()), CancellationToken::new())
        .await
        .unwrap();
    broker.prepare(Role::Fulfil).await.unwrap();
    (node, broker)
}

/// Publishes a message until it is confirmed, as a producer would.
async fn publish_surely(broker: &Broker, id: &str) {
    eventually("the message is confirmed", async || {
        match broker
            .publisher()
            .publish(REQUESTS, "salesforce.create", &message(id))
            .await
        {
            Ok(()) => true,
            Err(error) => {
                assert!(error.is_transient(), "{error:?}");
                false
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_killed_broker_comes_back_with_every_confirmed_message_and_work_goes_on() {
    let (mut node, broker) = node_and_broker().await;
    for number in 0..50 {
        publish_surely(&broker, &number.to_string()).await;
    }
    let running = Running::start(&broker, REQUESTS, 4, |_| async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Disposition::Done
    });
    running.seen.reaches(10).await;
    node.kill().await.unwrap();
    let (restarted, ()) = tokio::join!(node.restart(), publish_surely(&broker, "50"));
    restarted.unwrap();
    let all = || running.seen.ids().into_iter().collect::<BTreeSet<_>>().len();
    eventually("every message was handled", async || all() == 51).await;
    eventually("the queue is empty", async || {
        broker.queue_depth(REQUESTS).await.is_ok_and(|depth| depth == 0)
    })
    .await;
    assert!(broker.status().borrow().is_ready());
    running.stop().await;
    broker.close().await;
}

#[tokio::test]
async fn a_broker_that_comes_back_empty_is_declared_anew() {
    let (node, broker) = node_and_broker().await;
    let running = Running::start(&broker, REQUESTS, 4, |_| std::future::ready(Disposition::Done));
    publish_surely(&broker, "before").await;
    running.seen.reaches(1).await;
    node.delete_vhost("/").await.unwrap();
    node.create_vhost("/").await.unwrap();
    eventually("the message is confirmed", async || {
        broker
            .publisher()
            .publish(REQUESTS, "salesforce.create", &message("after"))
            .await
            .is_ok()
    })
    .await;
    running.seen.reaches(2).await;
    running.stop().await;
}

#[tokio::test]
async fn a_publish_to_a_frozen_broker_is_confirmed_when_it_thaws() {
    let (mut node, broker) = node_and_broker().await;
    publish_surely(&broker, "before").await;
    node.freeze().unwrap();
    let publisher = broker.publisher();
    let envelope = message("frozen");
    let mut publish = Box::pin(publisher.publish(REQUESTS, "salesforce.create", &envelope));
    assert!(
        timeout(Duration::from_secs(1), &mut publish).await.is_err(),
        "a frozen broker confirmed"
    );
    node.thaw().unwrap();
    publish.await.unwrap();
    assert_eq!(broker.queue_depth(REQUESTS).await.unwrap(), 2);
}

#[tokio::test]
async fn a_broker_that_blocks_publishers_still_takes_acknowledgments() {
    let (node, broker) = node_and_broker().await;
    publish_surely(&broker, "1").await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let running = Running::start(&broker, REQUESTS, 4, move |_| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            Disposition::Done
        }
    });
    running.seen.reaches(1).await;
    node.block_publishers().await.unwrap();
    // The broker tells a connection that it is blocked when that publishes.
    let publisher = broker.publisher();
    let blocked = tokio::spawn(async move { publisher.publish(REQUESTS, "salesforce.create", &message("2")).await });
    eventually("the block is seen", async || !broker.status().borrow().can_publish()).await;
    gate.add_permits(1);
    // The consumer ends only when its acknowledgment went through, and what was acknowledged does not come back.
    running.stop().await;
    assert_eq!(broker.queue_depth(REQUESTS).await.unwrap(), 0);
    assert!(!blocked.is_finished());

    node.unblock_publishers().await.unwrap();
    blocked.await.unwrap().unwrap();
    eventually("publishes are taken again", async || {
        broker.status().borrow().can_publish()
    })
    .await;
    assert_eq!(broker.queue_depth(REQUESTS).await.unwrap(), 1);
}

#[tokio::test]
async fn a_process_waits_for_a_broker_that_starts_after_it() {
    let mut node = Node::start(Options::default()).await.unwrap();
    let settings = settings_for(node.amqp_url());
    node.stop().await.unwrap();
    let once = Broker::connect(&settings, CancellationToken::new()).await;
    assert!(once.is_err_and(|error| error.is_transient()));

    let patient = tokio::spawn(async move { Broker::connect_patiently(&settings, CancellationToken::new()).await });
    node.restart().await.unwrap();
    let broker = patient.await.unwrap().unwrap();
    broker.prepare(Role::Producer).await.unwrap();
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("1"))
        .await
        .unwrap();
    broker.close().await;
    let started = Instant::now();
    let closed = broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("2"))
        .await;
    assert!(
        matches!(closed, Err(PublishError::Closed)) && started.elapsed() < Duration::from_secs(1),
        "{closed:?}"
    );
}

//! What cannot be provoked from outside, against a node of its own.

use super::{
    BatchHandler, Plan,
    pump::Pump,
    session::{Held, Session},
};
use crate::{
    Broker, Delivery, Disposition, Envelope, Settings, Valve,
    dial::Dial,
    topology::{REQUESTS, Role, Topology},
};
use futures_util::StreamExt as _;
use lapin::{
    Channel,
    options::{ExchangeDeclareOptions, QueueDeleteOptions},
    types::FieldTable,
};
use simulators::rabbitmq::{Node, Options};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

async fn node_and_broker() -> (Node, Broker) {
    let node = Node::start(Options::default()).await.unwrap();
    let settings = Settings {
        url: node.amqp_url().into(),
        ..Settings::default()
    };
    let broker = Broker::connect(&settings, CancellationToken::new()).await.unwrap();
    broker.prepare(Role::Fulfil).await.unwrap();
    (node, broker)
}

async fn publish(broker: &Broker, id: &str) {
    let envelope = Envelope::new(id, "test", "{}");
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &envelope)
        .await
        .unwrap();
}

async fn open(broker: &Broker) -> Session {
    let connection = broker.consuming().usable().await.unwrap();
    Session::open(&connection, REQUESTS, 10).await.unwrap()
}

async fn next(session: &mut Session) -> Held {
    let received = timeout(Duration::from_secs(10), session.consumer.next())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    session.hold(received)
}

/// Makes the server close a channel.
async fn provoke(channel: &Channel) {
    let passive = ExchangeDeclareOptions {
        passive: true,
        ..ExchangeDeclareOptions::default()
    };
    let missing = channel.exchange_declare(
        "no.such".into(),
        lapin::ExchangeKind::Fanout,
        passive,
        FieldTable::default(),
    );
    missing.await.unwrap_err();
}

#[tokio::test]
async fn nothing_of_a_channel_that_the_server_closed_is_acknowledged_and_all_of_it_comes_back() {
    let (_node, broker) = node_and_broker().await;
    publish(&broker, "1").await;
    let mut session = open(&broker).await;
    let held = next(&mut session).await;
    provoke(&session.channel).await;
    assert!(held.is_lost());
    assert!(!held.acknowledge().await);
    assert!(!matches!(session.consumer.next().await, Some(Ok(_))), "the stream ends");

    let mut session = open(&broker).await;
    let held = next(&mut session).await;
    assert!(held.delivery.redelivered);
    assert!(held.acknowledge().await);
    session.finish().await;
    assert_eq!(broker.queue_depth(REQUESTS).await.unwrap(), 0);
}

#[tokio::test]
async fn nothing_of_a_lost_session_is_acknowledged_although_its_channel_looks_alive() {
    let (_node, broker) = node_and_broker().await;
    publish(&broker, "1").await;
    let mut session = open(&broker).await;
    let held = next(&mut session).await;
    let lost = session.lose();
    // The flag is raised before the channel is closed, however long that takes.
    let acknowledged = async {
        tokio::task::yield_now().await;
        held.acknowledge().await
    };
    let ((), acknowledged) = tokio::join!(lost, acknowledged);
    assert!(!acknowledged);
    let mut session = open(&broker).await;
    assert!(next(&mut session).await.delivery.redelivered);
}

struct Forwarder(mpsc::UnboundedSender<String>);

impl BatchHandler for Forwarder {
    async fn handle(&self, batch: Vec<Delivery>) -> Vec<Disposition> {
        for delivery in &batch {
            self.0.send(delivery.envelope.message_id.clone()).unwrap();
        }
        vec![Disposition::Done; batch.len()]
    }
}

#[tokio::test]
async fn a_consumer_that_the_broker_forgot_is_made_anew() {
    let (_node, broker) = node_and_broker().await;
    let (sender, mut handled) = mpsc::unbounded_channel();
    let plan = Plan {
        size: 1,
        within: Duration::ZERO,
        at_once: 4,
        renew_after: Duration::from_millis(500),
    };
    let (handler, shutdown) = (Arc::new(Forwarder(sender)), CancellationToken::new());
    let pump = Pump::new(&broker, REQUESTS, plan, Valve::always_open(), handler, shutdown.clone());
    let running = tokio::spawn(pump.run());
    publish(&broker, "0").await;
    assert_eq!(handled.recv().await.as_deref(), Some("0"));
    // A connection of its own: one on which somebody consumes a queue in the moment it goes may be closed.
    let connection = Dial::new(broker.settings()).unwrap().connect("test").await.unwrap();
    for round in ["1", "2", "3", "4"] {
        let channel = connection.create_channel().await.unwrap();
        channel
            .queue_delete(REQUESTS.into(), QueueDeleteOptions::default())
            .await
            .unwrap();
        Topology::new(broker.tiers()).apply_on(&connection).await.unwrap();
        publish(&broker, round).await;
        let received = timeout(Duration::from_secs(10), handled.recv()).await;
        assert_eq!(received.unwrap().as_deref(), Some(round));
    }
    shutdown.cancel();
    running.await.unwrap().unwrap();
}

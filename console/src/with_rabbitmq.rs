//! Collecting and replaying against a real RabbitMQ and a real ledger file.

use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use broker::{Broker, DeadReason, Delivery, Disposition, Envelope, Handler, Valve, topology};
use ledger::{LetterFilter, LetterState};
use simulators::rabbitmq::Vhost;
use tokio::runtime::Runtime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use crate::collector::Collector;
use crate::console::Console;
use crate::samples::{Sample, sample};
use crate::{Error, collect};

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

struct World {
    sample: Sample,
    broker: Broker,
    console: Console,
}

impl World {
    async fn new() -> Self {
        let sample = sample().await;
        let vhost = Vhost::make().await.unwrap();
        let settings = broker::Settings {
            url: vhost.url().to_owned().into(),
            ..broker::Settings::default()
        };
        let topology = topology::Topology::new(&settings.tiers);
        vhost.import(&topology.definitions_json()).await.unwrap();
        let broker = Broker::connect(&settings, CancellationToken::new()).await.unwrap();
        let console = Console::new(sample.ledger.clone(), Some(broker.clone()));
        Self {
            sample,
            broker,
            console,
        }
    }

    async fn open_letters(&self) -> Vec<crate::LetterSummary> {
        let open = LetterFilter {
            state: Some(LetterState::Open),
            ..LetterFilter::default()
        };
        self.console.letters(&open).await.unwrap()
    }

    async fn publish_dead(&self, letter_id: &str) {
        let reason = DeadReason {
            letter_id: letter_id.into(),
            stage: "fulfil".into(),
            class: "refused".into(),
            code: "UNKNOWN_ITEM".into(),
            text: "unknown item CM-PRO-2".into(),
            request_key: Some("erp/PO-17/1".into()),
        };
        let envelope = Envelope::new("message-17", schemas::REQUEST_TYPE, *b"{}");
        self.broker.publisher().publish_dead(&envelope, &reason).await.unwrap();
    }

    /// Takes one message out of the work queue.
    async fn take_request(&self) -> Delivery {
        let taken = Recorder::default();
        let (broker, recorder, stop) = (self.broker.clone(), taken.clone(), CancellationToken::new());
        let consumer = tokio::spawn({
            let stop = stop.clone();
            async move { broker::consume(&broker, topology::REQUESTS, 1, Valve::always_open(), recorder, stop).await }
        });
        eventually("a request arrives", async || !taken.0.lock().unwrap().is_empty()).await;
        stop.cancel();
        consumer.await.unwrap().unwrap();
        taken.0.lock().unwrap()[0].clone()
    }
}

#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<Vec<Delivery>>>);

impl Handler for Recorder {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        self.0.lock().unwrap().push(delivery);
        Disposition::Done
    }
}

/// A collector that dies after it wrote the letter and before it acknowledges.
struct DiesBeforeTheAck {
    collector: Collector,
    written: CancellationToken,
}

impl Handler for DiesBeforeTheAck {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        assert_eq!(self.collector.handle(delivery).await, Disposition::Done);
        self.written.cancel();
        Disposition::Abandon
    }
}

async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "this never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn run(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
}

#[test]
fn a_collector_killed_between_archive_and_acknowledgement_leaves_one_letter() {
    run(async {
        let world = World::new().await;
        let before = world.open_letters().await.len();
        world.publish_dead("0123456789abcdef0123456789abcdef").await;
        let written = CancellationToken::new();
        let collector = Collector::new(&world.sample.ledger, &written);
        let dies = DiesBeforeTheAck {
            collector,
            written: written.clone(),
        };
        broker::consume(&world.broker, topology::DEAD, 1, Valve::always_open(), dies, written)
            .await
            .unwrap();
        eventually("the mailbox still has its copy", async || {
            world.broker.queue_depth(topology::DEAD).await.unwrap() == 1
        })
        .await;
        assert_eq!(
            world.open_letters().await.len(),
            before + 1,
            "and the archive has one, too"
        );
        world.console.collect_now().await.unwrap();
        assert_eq!(world.broker.queue_depth(topology::DEAD).await.unwrap(), 0);
        let letters = world.open_letters().await;
        assert_eq!(letters.len(), before + 1, "the second copy is the same letter");
        assert!(
            letters
                .iter()
                .any(|letter| letter.id == "0123456789abcdef0123456789abcdef")
        );
    });
}

#[test]
fn whatever_lies_in_the_mailbox_is_collected_whoever_put_it_there() {
    run(async {
        let world = World::new().await;
        let before = world.open_letters().await.len();
        let stop = CancellationToken::new();
        let (broker, ledger) = (world.broker.clone(), world.sample.ledger.clone());
        let collecting = tokio::spawn({
            let stop = stop.clone();
            async move { collect(&broker, &ledger, stop).await }
        });
        let publisher = world.broker.publisher();
        let foreign = Envelope::new("", "", vec![0xff, 0x00, b'<']);
        publisher.publish(topology::DEAD, "", &foreign).await.unwrap();
        publisher
            .publish(topology::COMPLETIONS, "nobody.issued", &foreign)
            .await
            .unwrap();
        eventually("both are letters", async || {
            world.open_letters().await.len() == before + 2
        })
        .await;
        let letters = world.open_letters().await;
        let classes: Vec<&str> = letters.iter().map(|letter| letter.class.as_str()).collect();
        assert!(
            classes.contains(&"foreign") && classes.contains(&"unrouted"),
            "{classes:?}"
        );
        stop.cancel();
        collecting.await.unwrap().unwrap();
    });
}

#[test]
fn a_replayed_order_is_on_its_way_again_and_its_letter_says_by_whom() {
    run(async {
        let world = World::new().await;
        let letter = world.sample.refused_letter.clone();
        let done = world
            .console
            .replay(&letter[..10], "mara", "the item is known now")
            .await
            .unwrap();
        assert_eq!((done.sent, done.published), ("request", true));
        let delivery = world.take_request().await;
        assert_eq!(delivery.envelope.headers[broker::REPLAY_HEADER], letter);
        let shown = world.console.letter(&letter).await.unwrap();
        assert_eq!(shown.summary.state, "replayed");
        assert_eq!(
            (shown.deeds[0].who.as_str(), shown.deeds[0].why.as_str()),
            ("mara", "the item is known now")
        );
        let twice = world.console.replay(&letter, "mara", "again").await;
        assert!(
            matches!(twice, Err(Error::Ledger(ledger::Error::NotAllowed { .. }))),
            "{twice:?}"
        );
    });
}

#[test]
fn a_replay_without_a_broker_is_written_down_and_left_to_recover() {
    run(async {
        let sample = sample().await;
        let console = Console::new(sample.ledger.clone(), None);
        let done = console.replay(&sample.refused_letter, "mara", "mended").await.unwrap();
        assert!(!done.published);
    });
}

#[test]
fn a_letter_that_cannot_be_archived_is_not_acknowledged() {
    run(async {
        let sample = sample().await;
        sample.ledger.close().await.unwrap();
        let delivery = Delivery {
            envelope: Envelope::new("message-18", "", *b"{}"),
            queue: topology::DEAD.into(),
            exchange: topology::DEAD.into(),
            routing_key: String::new(),
            redelivered: false,
            delivery_count: 0,
            broker_death: None,
        };
        let collector = Collector::new(&sample.ledger, &CancellationToken::new());
        assert_eq!(collector.handle(delivery).await, Disposition::Abandon);
    });
}

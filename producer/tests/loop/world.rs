//! One test's world: an org, a vhost of the one RabbitMQ node, a ledger.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use broker::topology::{self, Topology};
use broker::{Broker, Delivery, Disposition, Handler, Valve};
use ledger::Ledger;
use producer::{Deps, Producer, Status};
use salesforce::{Client, ClientCredentials, FirstStart};
use simulators::rabbitmq::Vhost;
use simulators::salesforce::{Handle, Options, SeedOrder};
use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(30);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| Runtime::new().unwrap());

/// Runs a test on the one runtime of this process, so that the one node outlives each test.
pub(crate) fn run(test: impl Future<Output = ()>) {
    RUNTIME.block_on(test);
}

/// Waits until something becomes true.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds().await {
        assert!(Instant::now() < deadline, "this never came true: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

pub(crate) struct World {
    pub(crate) org: Handle,
    pub(crate) ledger: Ledger,
    pub(crate) broker: Broker,
    vhost: Vhost,
    pub(crate) source: salesforce::Settings,
    pub(crate) settings: producer::Settings,
    _folder: tempfile::TempDir,
}

impl World {
    pub(crate) async fn new() -> Self {
        let keepalive = Duration::from_millis(300);
        let org = simulators::salesforce::start(Options {
            keepalive,
            ..Options::default()
        })
        .await
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger::Settings::sqlite(folder.path().join("ledger.db"));
        let vhost = Vhost::make().await.unwrap();
        declare(&vhost).await;
        let settings = broker::Settings {
            url: vhost.url().to_owned().into(),
            ..broker::Settings::default()
        };
        let broker = Broker::connect(&settings, CancellationToken::new()).await.unwrap();
        Self {
            source: source(&org),
            ledger: Ledger::open(&ledger, "producer-test").await.unwrap(),
            broker,
            vhost,
            settings: producer::Settings {
                lease: Duration::from_secs(1),
                ..producer::Settings::default()
            },
            org,
            _folder: folder,
        }
    }

    /// Starts a producer.
    pub(crate) fn start(&self) -> Running {
        let producer = Producer::new(Deps {
            salesforce: Client::new(&self.source).unwrap(),
            source: self.source.clone(),
            ledger: self.ledger.clone(),
            broker: self.broker.clone(),
            settings: self.settings.clone(),
        });
        let shutdown = CancellationToken::new();
        Running {
            status: producer.status(),
            task: tokio::spawn(producer.run(shutdown.clone())),
            shutdown,
        }
    }

    /// Writes and activates orders of one line each.
    pub(crate) fn activate(&self, many: usize) -> Vec<String> {
        (0..many).map(|_| self.activate_one("CM-PRO")).collect()
    }

    pub(crate) fn activate_one(&self, item: &str) -> String {
        let order = SeedOrder {
            customer_name: "Ærø & Søn <Robotics>".into(),
            customer_email: None,
            lines: vec![(item.into(), 2)],
        };
        let id = self.org.seed_order(&order).unwrap();
        self.org.activate(&id).unwrap();
        id
    }

    /// Takes messages out of a queue and keeps them.
    pub(crate) fn drain(&self, queue: &'static str) -> Drained {
        let drained = Drained::default();
        let (broker, kept) = (self.broker.clone(), drained.clone());
        let stop = drained.stop.clone();
        tokio::spawn(async move { broker::consume(&broker, queue, 200, Valve::always_open(), kept, stop).await });
        drained
    }

    /// Takes the broker away from this world, as a broken network would, and waits until that is noticed.
    pub(crate) async fn lose_the_vhost(&self) {
        self.vhost.remove().await.unwrap();
        self.broker
            .status()
            .wait_for(|status| !status.can_publish())
            .await
            .unwrap();
    }

    /// Gives it back, empty.
    pub(crate) async fn bring_the_vhost_back(&self) {
        self.vhost.management().create_vhost(self.vhost.name()).await.unwrap();
        declare(&self.vhost).await;
        self.broker.status().wait_for(broker::Status::is_ready).await.unwrap();
    }

    pub(crate) async fn checkpoint(&self) -> Option<Vec<u8>> {
        let checkpoint = self.ledger.checkpoint(&self.org.org_id, &self.org.topic).await.unwrap();
        checkpoint.map(|checkpoint| checkpoint.replay_id)
    }
}

fn source(org: &Handle) -> salesforce::Settings {
    let client_credentials = Some(ClientCredentials {
        client_id: org.client_id.clone(),
        client_secret: Some(org.client_secret.clone().into()),
        ..ClientCredentials::default()
    });
    salesforce::Settings {
        login_url: org.login_url.parse().unwrap(),
        pubsub_endpoint: org.pubsub_endpoint.clone(),
        auth: salesforce::Auth {
            client_credentials,
            ..salesforce::Auth::default()
        },
        topic: org.topic.clone(),
        first_start: Some(FirstStart::Earliest),
        ..salesforce::Settings::default()
    }
}

/// Imports the topology. Quicker than declaring, which waits until new queues survive a killed node.
async fn declare(vhost: &Vhost) {
    let topology = Topology::new(&broker::Settings::default().tiers);
    vhost.import(&topology.definitions_json()).await.unwrap();
}

/// A producer that runs.
pub(crate) struct Running {
    pub(crate) status: watch::Receiver<Status>,
    pub(crate) shutdown: CancellationToken,
    pub(crate) task: JoinHandle<Result<(), producer::Error>>,
}

impl Running {
    /// Stops it in good order.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }

    /// Ends it as a crash would.
    pub(crate) async fn crash(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Waits until its status is so.
    pub(crate) async fn shows(&mut self, what: &str, holds: impl FnMut(&Status) -> bool) {
        let waited = tokio::time::timeout(PATIENCE, self.status.wait_for(holds)).await;
        assert!(
            waited.is_ok_and(|seen| seen.is_ok()),
            "the producer never showed: {what}"
        );
    }
}

/// Messages that came out of a queue.
#[derive(Clone, Default)]
pub(crate) struct Drained {
    pub(crate) seen: Arc<Mutex<Vec<Delivery>>>,
    stop: CancellationToken,
}

impl Drained {
    /// Counts the messages per order id.
    pub(crate) fn per_order(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for delivery in self.seen.lock().unwrap().iter() {
            let request = schemas::read_request(&delivery.envelope.body).unwrap();
            *counts.entry(request.data.order.id).or_default() += 1;
        }
        counts
    }

    pub(crate) fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

impl Handler for Drained {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        self.seen.lock().unwrap().push(delivery);
        Disposition::Done
    }
}

pub(crate) const REQUESTS: &str = topology::REQUESTS;
pub(crate) const COMPLETIONS: &str = topology::COMPLETIONS_SALESFORCE;
pub(crate) const DEAD: &str = topology::DEAD;

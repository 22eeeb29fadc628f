//! The world of one test: a vhost of its own, a ledger of its own, neighbors of its own.

use std::future::Future;
use std::time::{Duration, Instant};

use broker::topology::{self, Role};
use broker::{Broker, Delivery, Disposition, Envelope, Handler, Valve};
use ledger::{Ledger, Row, State};
use schemas::{CompletionEvent, REQUEST_TYPE, RequestEvent, RequestKey};
use simulators::{license_central, rabbitmq::Vhost};
use tempfile::TempDir;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker::{Schedule, Settings};

/// The waits of the tests' topology.
pub(crate) const TIERS: [Duration; 3] = [
    Duration::from_millis(50),
    Duration::from_millis(200),
    Duration::from_secs(1),
];

/// How long a test waits for what must happen; long, because machines are busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// What one test works in.
pub(crate) struct World {
    pub(crate) license_central: license_central::Handle,
    pub(crate) broker_settings: broker::Settings,
    /// The test's own connection.
    pub(crate) broker: Broker,
    /// The test's own look at the ledger.
    pub(crate) ledger: Ledger,
    vhost: Vhost,
    folder: TempDir,
}

impl World {
    /// Makes a world.
    pub(crate) async fn new() -> Self {
        let vhost = Vhost::make().await.unwrap();
        let broker_settings = broker::Settings {
            url: vhost.url().to_owned().into(),
            tiers: TIERS.to_vec(),
            ..broker::Settings::default()
        };
        let broker = Broker::connect(&broker_settings, CancellationToken::new())
            .await
            .unwrap();
        broker.prepare(Role::Operator).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&ledger::Settings::sqlite(folder.path().join("ledger.db")), "test")
            .await
            .unwrap();
        let license_central = license_central::start(license_central::Options::default())
            .await
            .unwrap();
        Self {
            license_central,
            broker_settings,
            broker,
            ledger,
            vhost,
            folder,
        }
    }

    /// Takes away the right to publish to exchanges of this name; new channels notice at once.
    pub(crate) async fn forbid(&self, exchange: &str) {
        let write = format!("^(?!{exchange}$).*");
        self.vhost
            .management()
            .grant(self.vhost.name(), "guest", [".*", &write, ".*"])
            .await
            .unwrap();
    }

    /// Opens the ledger as another process would.
    pub(crate) async fn open_ledger(&self, process: &str) -> Ledger {
        Ledger::open(&self.ledger_settings(), process).await.unwrap()
    }

    /// Returns where the ledger is.
    pub(crate) fn ledger_settings(&self) -> ledger::Settings {
        ledger::Settings::sqlite(self.folder.path().join("ledger.db"))
    }

    /// Makes a License Central client with this call limit.
    pub(crate) fn license_central_client(&self, call_timeout: Duration) -> ::license_central::Client {
        let endpoint = self.license_central.ready().endpoint.parse().unwrap();
        let settings = ::license_central::Settings {
            call_timeout,
            ..::license_central::Settings::new(endpoint)
        };
        ::license_central::Client::new(&settings).unwrap()
    }

    /// Publishes a request the way a submitter does.
    pub(crate) async fn submit(&self, event: &RequestEvent) {
        self.submit_body(&event.id, event.to_json(), &event.routing_key()).await;
    }

    /// Publishes any body as a request.
    pub(crate) async fn submit_body(&self, message_id: &str, body: Vec<u8>, routing_key: &str) {
        let envelope = Envelope::new(message_id, REQUEST_TYPE, body);
        self.broker
            .publisher()
            .publish(topology::REQUESTS, routing_key, &envelope)
            .await
            .unwrap();
    }

    /// Reads a row.
    pub(crate) async fn row(&self, key: &RequestKey) -> Option<Row> {
        self.ledger
            .rows(std::slice::from_ref(key))
            .await
            .unwrap()
            .pop()
            .flatten()
    }

    /// Waits until a request's row is in a state, and returns it.
    pub(crate) async fn eventually_in(&self, event: &RequestEvent, state: State) -> Row {
        let there = || async { self.row(&event.key()).await.filter(|row| row.state == state) };
        eventually(&format!("{} {state}", event.key()), PATIENCE, there).await
    }

    /// Takes everything that comes into a queue.
    pub(crate) fn listen(&self, queue: &'static str) -> mpsc::UnboundedReceiver<Delivery> {
        let (sender, receiver) = mpsc::unbounded_channel();
        let broker = self.broker.clone();
        tokio::spawn(async move {
            broker::consume(
                &broker,
                queue,
                16,
                Valve::always_open(),
                Collect(sender),
                CancellationToken::new(),
            )
            .await
        });
        receiver
    }
}

/// Hands every delivery to the test.
struct Collect(mpsc::UnboundedSender<Delivery>);

impl Handler for Collect {
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let _ = self.0.send(delivery);
        Disposition::Done
    }
}

/// The worker's settings with short times and a budget that does not run out.
pub(crate) fn quick() -> Settings {
    Settings {
        schedule: Schedule {
            steps: TIERS[..2].to_vec(),
            then: TIERS[2],
            then_times: 1000,
        },
        lease: Duration::from_millis(2000),
        settle: Duration::from_millis(1500),
        recover_every: Duration::from_millis(20),
        nudge_after: Duration::from_secs(2),
        breaker: worker::breaker::Settings {
            after: 5,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_millis(200),
            quota_wait: Duration::from_millis(200),
        },
        ..Settings::default()
    }
}

/// A request of another system for one item.
pub(crate) fn request(source: &str, order: &str, item: &str, message: &str) -> RequestEvent {
    let org = (source == "salesforce").then_some("00D000000000001EAA");
    let mut data = serde_json::json!({
        "order": {"id": order, "number": order},
        "revision": 1,
        "action": "create",
        "customer": {"id": "001000000000001", "name": "Müller & Söhne <GmbH>"},
        "lines": [{"line_id": "1", "item_id": item, "quantity": 2}],
        "requested_at": "2099-11-24T09:30:00Z",
        "reply": "completion",
    });
    if let Some(org) = org {
        data["order"]["org"] = org.into();
    }
    let event = serde_json::json!({
        "specversion": "1.0", "id": message, "source": source, "type": REQUEST_TYPE, "data": data,
    });
    serde_json::from_value(event).unwrap()
}

/// Reads the completion in a delivery.
pub(crate) fn completion(delivery: &Delivery) -> CompletionEvent {
    schemas::read_completion(&delivery.envelope.body).unwrap()
}

/// Takes the next delivery.
pub(crate) async fn next(deliveries: &mut mpsc::UnboundedReceiver<Delivery>) -> Delivery {
    tokio::time::timeout(PATIENCE, deliveries.recv())
        .await
        .expect("a delivery in time")
        .unwrap()
}

/// Asks until there is an answer; says what was waited for if there is none in time.
pub(crate) async fn eventually<T, F: Future<Output = Option<T>>>(
    what: &str,
    within: Duration,
    ask: impl Fn() -> F,
) -> T {
    let started = Instant::now();
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(started.elapsed() < within, "{what} did not happen within {within:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

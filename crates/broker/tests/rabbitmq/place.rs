//! Where a test lives: a vhost of its own on the shared node.

use broker::{
    Broker, Delivery, Disposition, Envelope, Error, Handler, Settings, Valve, ValveHandle, consume, topology::Topology,
};
use simulators::rabbitmq::Vhost;
use std::{
    future::Future,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{
    sync::OnceCell,
    task::JoinHandle,
    time::{Instant, sleep},
};
use tokio_util::sync::CancellationToken;

/// A vhost with the topology in it, and settings for it: short waits, quick reconnects.
pub(crate) struct Place {
    pub(crate) settings: Settings,
    pub(crate) vhost: Vhost,
    watcher: OnceCell<Broker>,
}

/// The waits of the tests.
pub(crate) const TIERS: [Duration; 2] = [Duration::from_millis(200), Duration::from_secs(1)];

/// Settings for a vhost under this address.
pub(crate) fn settings_for(url: String) -> Settings {
    let reconnect = reconnect::Settings {
        initial: Duration::from_millis(50),
        max: Duration::from_millis(500),
    };
    Settings {
        url: url.into(),
        tiers: TIERS.to_vec(),
        reconnect,
        ..Settings::default()
    }
}

impl Place {
    /// Makes an empty vhost.
    pub(crate) async fn empty() -> Self {
        let vhost = Vhost::make().await.unwrap();
        Self {
            settings: settings_for(vhost.url().to_owned()),
            vhost,
            watcher: OnceCell::new(),
        }
    }

    /// Makes a vhost with the topology.
    pub(crate) async fn new() -> Self {
        let place = Self::empty().await;
        // Quicker than `apply`, which waits until new queues survive a killed node: nobody kills the shared one.
        place
            .vhost
            .import(&Topology::new(&TIERS).definitions_json())
            .await
            .unwrap();
        place
    }

    /// A way to the broker with everything it may.
    pub(crate) async fn broker(&self) -> Broker {
        Broker::connect(&self.settings, CancellationToken::new()).await.unwrap()
    }

    /// Waits until so many messages of a queue are ready. With no consumer left that is all of them.
    pub(crate) async fn holds(&self, queue: &str, number: u32) {
        let watcher = self.watcher.get_or_init(|| self.broker()).await;
        eventually(&format!("{queue} holds {number}"), async || {
            watcher.queue_depth(queue).await.unwrap() == number
        })
        .await;
    }

    /// Waits until nobody consumes a queue.
    pub(crate) async fn is_left_alone(&self, queue: &str) {
        let channel = self.stranger().await;
        let passive = lapin::options::QueueDeclareOptions {
            passive: true,
            ..Default::default()
        };
        eventually(&format!("nobody consumes {queue}"), async || {
            let declared = channel.queue_declare(queue.into(), passive, Default::default()).await;
            declared.unwrap().consumer_count() == 0
        })
        .await;
    }

    /// A plain lapin channel, for what a stranger would do.
    pub(crate) async fn stranger(&self) -> lapin::Channel {
        use secrecy::ExposeSecret as _;
        let properties = lapin::ConnectionProperties::default();
        let connection = lapin::Connection::connect(self.settings.url.expose_secret(), properties)
            .await
            .unwrap();
        let channel = connection.create_channel().await.unwrap();
        channel
            .confirm_select(lapin::options::ConfirmSelectOptions::default())
            .await
            .unwrap();
        channel
    }
}

/// Waits until something holds, for at most 30 s.
pub(crate) async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(30);
    while !holds().await {
        assert!(Instant::now() < deadline, "not within 30 s: {what}");
        sleep(Duration::from_millis(20)).await;
    }
}

/// A message with this id.
pub(crate) fn message(id: &str) -> Envelope {
    Envelope::new(id, schemas::REQUEST_TYPE, format!("body of {id}"))
}

/// Keeps what it was given, and answers as it is told.
pub(crate) struct Recorder<F> {
    seen: Arc<Mutex<Vec<Delivery>>>,
    answer: F,
}

/// What a recorder saw.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Delivery>>>);

impl Seen {
    pub(crate) fn all(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn count(&self) -> usize {
        self.all().len()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.all()
            .iter()
            .map(|delivery| delivery.envelope.message_id.clone())
            .collect()
    }

    /// Waits until it saw so many.
    pub(crate) async fn reaches(&self, number: usize) {
        eventually(&format!("{number} deliveries"), async || self.count() >= number).await;
    }
}

impl<F, A> Handler for Recorder<F>
where
    F: Fn(Delivery) -> A + Send + Sync + 'static,
    A: Future<Output = Disposition> + Send + 'static,
{
    async fn handle(&self, delivery: Delivery) -> Disposition {
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(delivery.clone());
        (self.answer)(delivery).await
    }
}

/// A consumer that runs beside the test.
pub(crate) struct Running {
    pub(crate) seen: Seen,
    pub(crate) valve: ValveHandle,
    pub(crate) shutdown: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
}

impl Running {
    /// Starts to consume; `answer` says what becomes of each delivery.
    pub(crate) fn start<F, A>(broker: &Broker, queue: &'static str, max_in_flight: u16, answer: F) -> Self
    where
        F: Fn(Delivery) -> A + Send + Sync + 'static,
        A: Future<Output = Disposition> + Send + 'static,
    {
        let (handle, valve) = Valve::new();
        Self::start_at(broker, queue, max_in_flight, handle, valve, answer)
    }

    /// The same behind a valve that exists.
    pub(crate) fn start_at<F, A>(
        broker: &Broker,
        queue: &'static str,
        max_in_flight: u16,
        handle: ValveHandle,
        valve: Valve,
        answer: F,
    ) -> Self
    where
        F: Fn(Delivery) -> A + Send + Sync + 'static,
        A: Future<Output = Disposition> + Send + 'static,
    {
        let seen = Seen::default();
        let recorder = Recorder {
            seen: seen.0.clone(),
            answer,
        };
        let shutdown = CancellationToken::new();
        let (broker, stop) = (broker.clone(), shutdown.clone());
        let task = tokio::spawn(async move { consume(&broker, queue, max_in_flight, valve, recorder, stop).await });
        Self {
            seen,
            valve: handle,
            shutdown,
            task,
        }
    }

    /// Stops it in good order.
    pub(crate) async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

//! Worker processes that freeze and crash, several in one test.

use std::thread;
use std::time::Duration;

use ledger::Ledger;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use worker::{Settings, Worker};

use crate::world::{World, quick};

/// How long a call may take: less than the pretend License Central is slow.
const CALL_LIMIT: Duration = Duration::from_millis(80);

fn settings() -> Settings {
    let mut settings = quick();
    settings.lease = Duration::from_millis(200);
    // Longer than License Central is slow, also on a busy machine.
    settings.settle = Duration::from_millis(1000);
    // The storm is about claims; a breaker would only let it rest.
    settings.breaker.after = 1000;
    settings
}

/// A worker process, as far as a thread can be one: a runtime of its own, which freezes and dies as a whole.
pub(crate) struct Process {
    freezes: mpsc::UnboundedSender<Duration>,
    crash: CancellationToken,
    thread: thread::JoinHandle<()>,
}

impl Process {
    pub(crate) fn start(world: &World, name: String) -> Self {
        let (freezes, mut frozen) = mpsc::unbounded_channel::<Duration>();
        let crash = CancellationToken::new();
        let crashed = crash.clone();
        let (broker_settings, ledger_settings) = (world.broker_settings.clone(), world.ledger_settings());
        let client = world.license_central_client(CALL_LIMIT);
        let work = async move {
            let broker = broker::Broker::connect(&broker_settings, CancellationToken::new())
                .await
                .unwrap();
            let ledger = Ledger::open(&ledger_settings, &name).await.unwrap();
            // Blocks the one thread, and with it every task of this process: what SIGSTOP does.
            tokio::spawn(async move {
                while let Some(freeze) = frozen.recv().await {
                    thread::sleep(freeze);
                }
            });
            let worker = Worker::new(broker, ledger, settings());
            worker
                .run_fulfil(client, CALL_LIMIT, CancellationToken::new())
                .await
                .unwrap();
        };
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async { crashed.run_until_cancelled(work).await });
            // Whatever was under way ends where it stands.
            runtime.shutdown_background();
        });
        Self { freezes, crash, thread }
    }

    /// Freezes the whole process for so long; answers at once.
    pub(crate) fn freeze(&self, how_long: Duration) {
        let _ = self.freezes.send(how_long);
    }

    /// Ends the process wherever it stands: nothing is drained, nothing in hand is acknowledged.
    pub(crate) async fn crash(self) {
        self.crash.cancel();
        tokio::task::spawn_blocking(|| self.thread.join().unwrap())
            .await
            .unwrap();
    }
}

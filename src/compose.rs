//! Puts the rooms together from the settings, runs the parts that a command asks for, and stops them in good order.

mod notes;
mod parts;

pub(crate) use parts::Parts;

use crate::settings::Settings;
use anyhow::Context as _;
use broker::{Broker, topology::Role};
use ledger::Ledger;
use notes::Notes;
use std::net::SocketAddr;
use telemetry::Health;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// A running composition.
pub(crate) struct Running {
    tasks: JoinSet<anyhow::Result<()>>,
    broker: Broker,
    ledger: Ledger,
    stop: CancellationToken,
    helpers: CancellationToken,
    /// Where the pages are, if they are served.
    pub(crate) console: Option<SocketAddr>,
}

/// Starts the parts. `name` tells this process from others in the ledger's timelines.
pub(crate) async fn start(
    settings: &Settings,
    parts: Parts,
    name: &str,
    stop: CancellationToken,
) -> anyhow::Result<Running> {
    let ledger = Ledger::open(&settings.ledger, name)
        .await
        .context("the ledger cannot be opened")?;
    let health = Health::default();
    health.check("ledger").pass();
    if let Some(address) = settings.health.listen {
        let bound = telemetry::serve(address, health.clone(), stop.clone()).await?;
        tracing::info!(%bound, "health and metrics are served");
    }
    let broker = Broker::connect_patiently(&settings.broker, stop.clone())
        .await
        .context("cannot use RabbitMQ")?;
    for role in parts.roles() {
        broker
            .prepare(role)
            .await
            .context("the exchanges and queues are not as they must be")?;
    }
    // What serves the others (pages, notes, the collector) outlives them: it shows the drain.
    let helpers = CancellationToken::new();
    let mut running = Running {
        tasks: JoinSet::new(),
        broker: broker.clone(),
        ledger: ledger.clone(),
        stop: stop.clone(),
        helpers: helpers.clone(),
        console: None,
    };
    let notes = Notes::new(broker, ledger, &health, helpers);
    parts.spawn(settings, &mut running, notes, health).await?;
    Ok(running)
}

impl Running {
    /// Adds a part; if it fails, everything stops.
    fn run(&mut self, name: &'static str, work: impl Future<Output = anyhow::Result<()>> + Send + 'static) {
        let stop = self.stop.clone();
        self.tasks.spawn(async move {
            let ended = work.await.with_context(|| format!("{name} ended"));
            if ended.is_err() {
                stop.cancel();
            }
            ended
        });
    }

    /// Waits until every part has drained, then closes what they shared.
    pub(crate) async fn ended(mut self) -> anyhow::Result<()> {
        let mut failure = None;
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended.unwrap_or_else(|error| Err(error.into())) {
                self.stop.cancel();
                failure.get_or_insert(error);
            }
        }
        self.helpers.cancel();
        self.broker.close().await;
        if let Err(error) = self.ledger.close().await {
            tracing::warn!(%error, "the ledger was closed before");
        }
        failure.map_or(Ok(()), Err)
    }
}

/// Returns the roles' least rights that a set of parts needs.
fn roles(producer: bool, fulfil: bool, report: bool, console: bool) -> Vec<Role> {
    let all = [
        (producer, Role::Producer),
        (fulfil, Role::Fulfil),
        (report, Role::Report),
        (console, Role::Operator),
    ];
    all.into_iter()
        .filter(|(wanted, _)| *wanted)
        .map(|(_, role)| role)
        .collect()
}

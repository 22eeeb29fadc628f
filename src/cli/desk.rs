//! The operator's room as the commands use it: opened for one question, closed again.

use crate::settings::{Loaded, Role};
use anyhow::Context as _;
use broker::Broker;
use console::Console;
use ledger::Ledger;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// A list must not wait for a broker that is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// The room and what it stands on.
pub(crate) struct Desk {
    pub(crate) console: Console,
    ledger: Ledger,
    broker: Option<Broker>,
}

impl Desk {
    /// Opens the ledger alone: enough to read.
    pub(crate) async fn to_read(loaded: &Loaded) -> anyhow::Result<Self> {
        let settings = super::settings_of_command(loaded, Role::Console)?;
        let ledger = open(&settings.ledger).await?;
        Ok(Self {
            console: Console::new(ledger.clone(), None),
            ledger,
            broker: None,
        })
    }

    /// Opens the ledger, and the broker if it answers.
    pub(crate) async fn with_broker(loaded: &Loaded) -> anyhow::Result<Self> {
        let settings = super::settings_of_command(loaded, Role::Console)?;
        let ledger = open(&settings.ledger).await?;
        let connecting = Broker::connect(&settings.broker, CancellationToken::new());
        let broker = match tokio::time::timeout(PATIENCE, connecting).await {
            Ok(Ok(broker)) => Some(broker),
            Ok(Err(error)) => {
                eprintln!("RabbitMQ cannot be asked ({error}); this is what the ledger knows.");
                None
            }
            Err(_) => {
                eprintln!("RabbitMQ does not answer; this is what the ledger knows.");
                None
            }
        };
        Ok(Self {
            console: Console::new(ledger.clone(), broker.clone()),
            ledger,
            broker,
        })
    }

    /// Closes what was opened.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        if let Some(broker) = self.broker {
            broker.close().await;
        }
        Ok(self.ledger.close().await?)
    }
}

async fn open(settings: &ledger::Settings) -> anyhow::Result<Ledger> {
    let file = settings.file()?;
    anyhow::ensure!(
        file.exists(),
        "there is no ledger at {} yet; it is made by the first run",
        file.display()
    );
    let name = format!("command-{}", std::process::id());
    Ledger::open(settings, &name)
        .await
        .context("the ledger cannot be opened")
}

//! The parts of the program, and how each is started.

use super::{Running, notes::Notes};
use crate::settings::Settings;
use anyhow::Context as _;
use broker::topology::Role;
use console::Console;
use producer::{Deps, Producer};
use telemetry::Health;
use worker::Worker;

/// Which parts a process runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    pub(crate) producer: bool,
    pub(crate) fulfil: bool,
    pub(crate) report: bool,
    /// The pages, and the collector of dead letters.
    pub(crate) console: bool,
}

impl Parts {
    /// Everything in one process.
    pub(crate) const ALL: Self = Self {
        producer: true,
        fulfil: true,
        report: true,
        console: true,
    };
    /// Nothing; to be added to.
    pub(crate) const NONE: Self = Self {
        producer: false,
        fulfil: false,
        report: false,
        console: false,
    };

    pub(super) fn roles(self) -> Vec<Role> {
        super::roles(self.producer, self.fulfil, self.report, self.console)
    }

    /// Starts each part that is wanted.
    pub(super) async fn spawn(
        self,
        settings: &Settings,
        running: &mut Running,
        mut notes: Notes,
        health: Health,
    ) -> anyhow::Result<()> {
        // First what can be refused by this machine alone: an address that is taken.
        if self.console {
            let console = Console::new(running.ledger.clone(), Some(running.broker.clone()));
            let deps = console::Deps {
                console,
                environment: settings.console.environment.clone(),
                health,
            };
            running.console = Some(console::serve(settings.console.listen, deps, running.helpers.clone()).await?);
            let (broker, ledger, stop) = (running.broker.clone(), running.ledger.clone(), running.stop.clone());
            running.run("the collector of dead letters", async move {
                Ok(console::collect(&broker, &ledger, stop).await?)
            });
        }
        if self.producer {
            let deps = Deps {
                salesforce: salesforce::Client::new(&settings.salesforce)?,
                source: settings.salesforce.clone(),
                ledger: running.ledger.clone(),
                broker: running.broker.clone(),
                settings: settings.producer.clone(),
            };
            let producer = Producer::new(deps);
            notes.watch_producer(producer.status());
            let stop = running.stop.clone();
            running.run("the producer", async move { Ok(producer.run(stop).await?) });
        }
        if self.fulfil || self.report {
            self.spawn_worker(settings, running, &mut notes)?;
        }
        notes.keep();
        Ok(())
    }

    fn spawn_worker(self, settings: &Settings, running: &mut Running, notes: &mut Notes) -> anyhow::Result<()> {
        let worker = Worker::new(running.broker.clone(), running.ledger.clone(), settings.worker.clone());
        notes.watch_worker(worker.status(), self.fulfil, self.report);
        if self.fulfil {
            let license_central = settings
                .license_central
                .as_ref()
                .context("license_central.endpoint is not set")?;
            let call_limit = license_central.call_timeout;
            let client = license_central::Client::new(license_central)?;
            let (worker, stop) = (worker.clone(), running.stop.clone());
            running.run("fulfil", async move {
                Ok(worker.run_fulfil(client, call_limit, stop).await?)
            });
        }
        if self.report {
            let client = salesforce::Client::new(&settings.salesforce)?;
            let stop = running.stop.clone();
            running.run("report", async move { Ok(worker.run_report(client, stop).await?) });
        }
        Ok(())
    }
}

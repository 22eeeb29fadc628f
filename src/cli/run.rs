//! `ticketsmith run | producer | worker | console`: processes that run until they are told to stop.

use super::{DONE, signals::stop_on_signals};
use crate::{
    compose::{self, Parts},
    settings::{Loaded, Role},
};
use clap::{Args, ValueEnum};
use std::process::ExitCode;

/// Run the worker alone: license requests become tickets, tickets become reports.
#[derive(Debug, Args)]
pub(crate) struct Worker {
    /// Run one half only, to scale it by itself or to keep the other's credentials away from it.
    #[arg(long, value_enum)]
    only: Option<Half>,
}

/// A half of the worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Half {
    /// Requests to License Central, and what others left unfinished.
    Fulfil,
    /// Outcomes to Salesforce.
    Report,
}

impl Worker {
    pub(crate) async fn run(&self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        let fulfil = self.only != Some(Half::Report);
        let report = self.only != Some(Half::Fulfil);
        let roles: &[Role] = match self.only {
            None => &[Role::Fulfil, Role::Report],
            Some(Half::Fulfil) => &[Role::Fulfil],
            Some(Half::Report) => &[Role::Report],
        };
        process(
            loaded,
            roles,
            Parts {
                fulfil,
                report,
                ..Parts::NONE
            },
            "worker",
        )
        .await
    }
}

/// Runs everything in one process.
pub(crate) async fn everything(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    process(loaded, &[Role::All], Parts::ALL, "run").await
}

/// Runs the producer alone.
pub(crate) async fn producer(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    process(
        loaded,
        &[Role::Producer],
        Parts {
            producer: true,
            ..Parts::NONE
        },
        "producer",
    )
    .await
}

/// Runs the console alone.
pub(crate) async fn console(loaded: &Loaded) -> anyhow::Result<ExitCode> {
    process(
        loaded,
        &[Role::Console],
        Parts {
            console: true,
            ..Parts::NONE
        },
        "console",
    )
    .await
}

async fn process(loaded: &Loaded, roles: &[Role], parts: Parts, name: &str) -> anyhow::Result<ExitCode> {
    let settings = super::settings(loaded, roles)?;
    let stop = stop_on_signals()?;
    let name = format!("{name}-{}", std::process::id());
    let running = match compose::start(&settings, parts, &name, stop.clone()).await {
        // Told to stop before it had begun: nothing is in hand.
        Err(_) if stop.is_cancelled() => return Ok(DONE),
        started => started?,
    };
    if let Some(address) = running.console {
        tracing::info!("the pages are at http://{address}/");
    }
    running.ended().await?;
    tracing::info!("stopped; nothing is in hand");
    Ok(DONE)
}

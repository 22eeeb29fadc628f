//! `ticketsmith topology print | apply | check`.

use super::DONE;
use crate::settings::{Loaded, Role};
use clap::Subcommand;
use std::process::ExitCode;

/// The exchanges and queues: print, declare or check them.
#[derive(Debug, Subcommand)]
pub(crate) enum Topology {
    /// Print the exchanges, queues and bindings as RabbitMQ definitions (JSON).
    Print,
    /// Declare what is missing; what exists with other arguments is an error, never changed.
    Apply,
    /// Check that everything exists as it must, without declaring anything.
    Check,
}

impl Topology {
    pub(crate) async fn run(&self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        let settings = super::settings_of_command(loaded, Role::Broker)?;
        let topology = broker::topology::Topology::new(&settings.broker.tiers);
        match self {
            Self::Print => println!("{}", topology.definitions_json()),
            Self::Apply => {
                let created = topology.apply(&settings.broker).await?;
                println!("The topology stands; {created} queues were created now.");
            }
            Self::Check => {
                topology.check(&settings.broker).await?;
                println!("The topology is as it must be.");
            }
        }
        Ok(DONE)
    }
}

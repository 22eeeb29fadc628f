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
    Check {
        /// The management API, http://user:password@host:15672; with it policies are looked at too: of two limits the
        /// broker takes the smaller, ours or the policy's.
        #[arg(long, value_name = "URL")]
        management: Option<url::Url>,
    },
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
            Self::Check { management } => {
                topology.check(&settings.broker).await?;
                match management {
                    Some(address) => {
                        topology.check_policies(&settings.broker, address).await?;
                        println!("The topology is as it must be, and no policy is in its way.");
                    }
                    None => println!("The topology is as it must be. Policies were not looked at: --management URL."),
                }
            }
        }
        Ok(DONE)
    }
}

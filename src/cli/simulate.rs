//! `ticketsmith simulate`: a pretend neighbour alone, for tests of your own in any language.

use super::{DONE, signals::stop_on_signals};
use clap::Subcommand;
use std::{io::Write as _, path::PathBuf, process::ExitCode};
use tokio::io::AsyncReadExt as _;

/// Run a pretend neighbour alone.
#[derive(Debug, Subcommand)]
pub(crate) enum Simulate {
    /// A private RabbitMQ node with its own port and data, from the installed rabbitmq-server.
    Rabbitmq {
        /// Where its data is kept; without it a temporary folder, removed at the end.
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
        /// Print one line of JSON when it is ready.
        #[arg(long)]
        json: bool,
        /// End as soon as standard input ends, so that it cannot outlive the program that started it.
        #[arg(long)]
        while_stdin: bool,
    },
}

impl Simulate {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let stop = stop_on_signals()?;
        match self {
            Self::Rabbitmq { dir, json, while_stdin } => {
                let options = simulators::rabbitmq::Options {
                    dir,
                    ..Default::default()
                };
                let mut node = simulators::rabbitmq::Node::start(options).await?;
                let (amqp_url, management_url) = (node.amqp_url(), node.management_url());
                if json {
                    say(&serde_json::json!({ "amqp_url": amqp_url, "management_url": management_url }).to_string())?;
                } else {
                    say(&format!(
                        "RabbitMQ is ready.\n  AMQP        {amqp_url}\n  management  {management_url}\nCtrl-C ends it."
                    ))?;
                }
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = stdin_ended(), if while_stdin => {}
                }
                node.stop().await?;
            }
        }
        Ok(DONE)
    }
}

/// Waits until standard input ends.
async fn stdin_ended() {
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 64];
    while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}

/// Prints at once, also into a pipe.
fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

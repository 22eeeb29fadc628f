//! `ticketsmith demo`: the whole loop at work, everything in one process, with real sockets in between.

mod books;
mod cast;
mod play;
mod stage;

use super::{DONE, signals::stop_on_signals};
use clap::Args;
use play::Play;
use stage::Stage;
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  ticketsmith demo                          a dozen orders, then stay for a look at the pages
  ticketsmith demo --orders 1000 --exit     a thousand, then end; exit 0 only if the books balance
  ticketsmith demo --exit --json            the last line is {\"orders\",\"tickets\",\"doubled\",\"lost\",\"dead_letters\",\"seconds\"}
  ticketsmith demo --amqp amqp://guest:guest@127.0.0.1:5672/%2f";

/// Show the whole loop at work, everything in one process, with a private RabbitMQ.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Demo {
    /// How many orders are activated.
    #[arg(long, default_value_t = 12, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    orders: u32,
    /// End when every order has come to rest, instead of staying for a look.
    #[arg(long)]
    exit: bool,
    /// Print one line of JSON at the end; everything else goes to standard error. Implies --exit.
    #[arg(long)]
    json: bool,
    /// Use this running broker, in a virtual host that nobody else uses, instead of a private one.
    #[arg(long, value_name = "URL")]
    amqp: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        telemetry::init_logs(telemetry::LogFormat::Text, "warn,lapin=off")?;
        let stop = stop_on_signals()?;
        let stage = tokio::select! {
            stage = Stage::set(self.amqp.clone()) => stage?,
            () = stop.cancelled() => return Ok(DONE),
        };
        let play = Play::new(&stage, self.orders as usize);
        let books = tokio::select! {
            books = play.perform() => Some(books?),
            () = stop.cancelled() => None,
        };
        let mut balanced = true;
        if let Some(books) = books {
            eprintln!("\n{}", books.sentence());
            balanced = books.balance();
            if self.json {
                println!("{}", serde_json::to_string(&books)?);
            } else if !self.exit {
                stage.invite();
                stop.cancelled().await;
            }
        }
        stage.strike().await?;
        Ok(if balanced { DONE } else { ExitCode::FAILURE })
    }
}

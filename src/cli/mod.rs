//! The command line: which commands there are, and what their ends mean.

mod config;
mod dead_letters;
#[cfg(feature = "simulators")]
mod demo;
mod desk;
mod orders;
mod run;
mod signals;
#[cfg(feature = "simulators")]
mod simulate;
mod submit;
mod table;
mod topology;

use crate::settings::{Loaded, Mistakes, Role, Settings};
use clap::{Parser, Subcommand};
use std::{path::PathBuf, process::ExitCode};

/// What ended well.
const DONE: ExitCode = ExitCode::SUCCESS;
/// The settings have mistakes.
const BAD_SETTINGS: u8 = 3;
/// What was handed in has mistakes.
const BAD_INPUT: u8 = 4;

const AFTER_HELP: &str = "\
Exit codes: 0 done · 1 failed · 2 wrong arguments · 3 mistakes in the settings · 4 mistakes in what was handed in

Settings come from ticketsmith.toml (or --config FILE); a variable such as TICKETSMITH_BROKER__URL is over the file.
The first steps: ticketsmith demo; then copy deploy/ticketsmith.example.toml and run ticketsmith config check.";

/// Turns Salesforce orders into CodeMeter License Central tickets over RabbitMQ.
#[derive(Debug, Parser)]
#[command(name = "ticketsmith", version, after_help = AFTER_HELP)]
pub(crate) struct Arguments {
    /// The settings file; without it ./ticketsmith.toml is read if it is there.
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show the whole loop at work, everything in one process, with a private RabbitMQ.
    #[cfg(feature = "simulators")]
    Demo(demo::Demo),
    /// Run producer, worker and console in one process.
    Run,
    /// Run the producer alone: Salesforce events become license requests.
    Producer,
    /// Run the worker alone: license requests become tickets, tickets become reports.
    Worker(run::Worker),
    /// Run the console alone: the pages, and the collector of dead letters.
    Console,
    /// Check a license request and publish it.
    Submit(submit::Submit),
    /// What happened to an order, from the ledger.
    #[command(subcommand)]
    Orders(orders::Orders),
    /// What could not be done: list, show, replay.
    #[command(subcommand)]
    DeadLetters(dead_letters::DeadLetters),
    /// The exchanges and queues: print, declare or check them.
    #[command(subcommand)]
    Topology(topology::Topology),
    /// The settings: check them, or print each with where it came from.
    #[command(subcommand)]
    Config(config::Config),
    /// Run a pretend neighbour alone, for tests of your own in any language.
    #[cfg(feature = "simulators")]
    #[command(subcommand)]
    Simulate(simulate::Simulate),
}

/// Runs the command.
pub(crate) async fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let loaded = Loaded::read(arguments.config.as_deref());
    match arguments.command {
        #[cfg(feature = "simulators")]
        Command::Demo(demo) => demo.run().await,
        #[cfg(feature = "simulators")]
        Command::Simulate(simulate) => simulate.run().await,
        Command::Run => run::everything(&loaded).await,
        Command::Producer => run::producer(&loaded).await,
        Command::Worker(worker) => worker.run(&loaded).await,
        Command::Console => run::console(&loaded).await,
        Command::Config(config) => config.run(&loaded),
        Command::Submit(submit) => submit.run(&loaded).await,
        Command::Orders(orders) => orders.run(&loaded).await,
        Command::DeadLetters(letters) => letters.run(&loaded).await,
        Command::Topology(topology) => topology.run(&loaded).await,
    }
}

/// Prints an error with its causes, once, and chooses the exit code.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    eprintln!("ticketsmith: {error:#}");
    if error.is::<Mistakes>() {
        return ExitCode::from(BAD_SETTINGS);
    }
    if error.is::<schemas::InvalidRequest>() {
        return ExitCode::from(BAD_INPUT);
    }
    ExitCode::FAILURE
}

/// Reads the settings of a process that runs until it is told to stop, and begins to log.
fn settings(loaded: &Loaded, roles: &[Role]) -> anyhow::Result<Settings> {
    let settings = loaded.settings(roles)?;
    telemetry::init_logs(settings.log.format, &settings.log.filter)?;
    Ok(settings)
}

/// Reads the settings of a command that prints a result; it logs only what a person must know.
fn settings_of_command(loaded: &Loaded, role: Role) -> anyhow::Result<Settings> {
    let settings = loaded.settings(&[role])?;
    telemetry::init_logs(settings.log.format, "warn,lapin=off")?;
    Ok(settings)
}

/// Prints a result for scripts.
fn print_json<T: serde::Serialize>(result: &T) -> anyhow::Result<()> {
    println!("{}", serde_json::to_string_pretty(result)?);
    Ok(())
}

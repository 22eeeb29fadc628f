//! Ticketsmith: turns Salesforce orders into CodeMeter License Central tickets over RabbitMQ, never lost, never doubled,
//! never silent. This package holds the command line and the settings, and composes the rooms; the work is theirs.

mod cli;
mod compose;
mod settings;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("ticketsmith: cannot start: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime
        .block_on(cli::run(arguments))
        .unwrap_or_else(|error| cli::report(&error));
    // A read of standard input cannot be taken back; nothing else is left running here.
    runtime.shutdown_background();
    code
}

//! Ticketsmith: turns Salesforce orders into CodeMeter License Central tickets over RabbitMQ, never lost, never doubled,
//! never silent. This package holds the command line and the settings, and composes the rooms; the work is theirs.

mod cli;
mod compose;
mod settings;

use clap::Parser as _;
use std::process::ExitCode;

fn main() -> ExitCode {
    std::panic::set_hook(Box::new(say_where));
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

/// Says where a panic was and not what it said: a library's message may quote a body, and bodies never reach a log. A
/// closed pipe (`ticketsmith … | head`) makes `println!` panic; that ends the program without a word.
fn say_where(panic: &std::panic::PanicHookInfo<'_>) {
    let message = panic.payload_as_str().unwrap_or_default();
    if message.starts_with("failed printing to stdout") {
        std::process::exit(0);
    }
    let place = panic.location().map(ToString::to_string).unwrap_or_default();
    tracing::error!(place, "a panic: a mistake in the program; its message is withheld");
    eprintln!("ticketsmith: a panic at {place}: a mistake in the program; please report it");
}

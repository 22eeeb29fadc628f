//! `cargo xtask setup | demo | test`: the project's own tasks, each of which does all its own set-up.

mod demo;
mod node;
mod setup;
mod steps;
mod test;

use std::process::ExitCode;

const HELP: &str = "\
cargo xtask TASK

  setup                    install what the tasks below need (Debian packages), saying so first
  demo [OPTIONS]           build, then show orders becoming tickets; OPTIONS go to `ticketsmith demo`,
                           for example --orders 20 --exit, or --amqp URL to use a running RabbitMQ
  test [--no-setup] [FILTER]
                           formatting, lints and every test; closes with `N passed, N failed`.
                           With a FILTER: only the tests whose names hold it, and no lints
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rest = arguments.get(1..).unwrap_or_default();
    let outcome = match arguments.first().map(String::as_str) {
        Some("setup") => setup::install_all(),
        Some("demo") => demo::run(rest),
        Some("test") => test::run(rest),
        Some("help" | "--help" | "-h") | None => {
            print!("{HELP}");
            return ExitCode::SUCCESS;
        }
        Some(other) => {
            eprint!("there is no task {other:?}\n\n{HELP}");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

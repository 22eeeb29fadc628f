//! Builds the program and runs its demo.

use crate::{
    setup,
    steps::{cargo, must, target},
};
use anyhow::Context as _;
use std::{os::unix::process::CommandExt as _, process::Command};

/// Runs `ticketsmith demo` with these arguments.
pub(crate) fn run(arguments: &[String]) -> anyhow::Result<()> {
    let own_broker = !arguments
        .iter()
        .any(|it| it == "--amqp" || it.starts_with("--amqp=") || it == "--help" || it == "-h");
    if own_broker {
        setup::install_all()?;
    }
    eprintln!("Building (some minutes the first time, seconds after that) …");
    must(cargo(&["build", "--quiet", "--package", "ticketsmith"]))?;
    let program = target().join("debug").join("ticketsmith");
    // The demo takes this process's place: a signal to us must end it, and its exit code is ours.
    let failure = Command::new(&program).arg("demo").args(arguments).exec();
    Err(failure).with_context(|| format!("cannot start {}", program.display()))
}

//! Builds the program and runs its demo.

use crate::{
    setup,
    steps::{cargo, must, target},
};
use anyhow::{Context as _, bail};
use std::process::Command;

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
    let status = Command::new(&program)
        .arg("demo")
        .args(arguments)
        .status()
        .with_context(|| format!("cannot start {}", program.display()))?;
    if status.success() {
        Ok(())
    } else {
        bail!("the demo ended with {status}")
    }
}

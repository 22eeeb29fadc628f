//! Commands, one after the other, and where the time went.

use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

/// The folder of the workspace.
pub(crate) fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .map_or_else(|| PathBuf::from("."), PathBuf::from)
}

/// The folder that cargo builds into; this very program lies in it.
pub(crate) fn target() -> PathBuf {
    let own = std::env::current_exe().ok();
    let target = own.as_deref().and_then(|exe| exe.parent()?.parent());
    target.map_or_else(|| workspace().join("target"), PathBuf::from)
}

/// A command of cargo, run in the workspace.
pub(crate) fn cargo(arguments: &[&str]) -> Command {
    let mut command = Command::new("cargo");
    command.args(arguments).current_dir(workspace());
    command
}

/// Says whether a program answers at all.
pub(crate) fn answers(program: &str, argument: &str) -> bool {
    let quiet = || Stdio::null();
    Command::new(program)
        .arg(argument)
        .stdout(quiet())
        .stderr(quiet())
        .stdin(quiet())
        .status()
        .is_ok_and(|it| it.success())
}

/// Runs a command and fails if it fails.
pub(crate) fn must(mut command: Command) -> anyhow::Result<()> {
    let shown = show(&command);
    let status = command.status().with_context(|| format!("cannot start {shown}"))?;
    if status.success() {
        Ok(())
    } else {
        bail!("{shown} failed ({status})")
    }
}

/// Runs a command, shows what it prints, and returns it with whether it succeeded.
pub(crate) fn watched(mut command: Command) -> anyhow::Result<(bool, String)> {
    let shown = show(&command);
    let mut child = command
        .stdout(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {shown}"))?;
    let mut printed = String::new();
    if let Some(output) = child.stdout.take() {
        for line in BufReader::new(output).lines() {
            let line = line.context("the output cannot be read")?;
            writeln!(std::io::stdout(), "{line}")?;
            printed.push_str(&line);
            printed.push('\n');
        }
    }
    let status = child.wait().with_context(|| format!("{shown} was lost"))?;
    Ok((status.success(), printed))
}

fn show(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}

/// Notes how long each step took.
#[derive(Default)]
pub(crate) struct Times(Vec<(String, Duration)>);

impl Times {
    /// Runs a step under a heading.
    pub(crate) fn step<T>(&mut self, name: &str, work: impl FnOnce() -> anyhow::Result<T>) -> anyhow::Result<T> {
        println!("\n== {name}");
        let start = Instant::now();
        let outcome = work();
        self.0.push((name.to_owned(), start.elapsed()));
        outcome
    }

    /// Prints where the time went.
    pub(crate) fn print(&self) {
        println!("\nWhere the time went:");
        for (name, time) in &self.0 {
            println!("  {:>6.1} s  {name}", time.as_secs_f64());
        }
    }
}

//! The real program as a child process: started, signalled, killed; its log is shown when a story fails.

use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs::File,
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};
use tempfile::NamedTempFile;

/// A part of the program that runs.
pub(crate) struct Program {
    child: Child,
    log: NamedTempFile,
    name: String,
}

/// A command of the program with these settings.
pub(crate) fn command(settings: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ticketsmith"));
    command
        .arg("--config")
        .arg(settings)
        .args(arguments)
        .stdin(Stdio::null());
    command
}

impl Program {
    pub(super) fn start(settings: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let log = NamedTempFile::new().unwrap();
        let out = || Stdio::from(File::options().append(true).open(log.path()).unwrap());
        let child = command(settings, arguments)
            .envs(variables.iter().copied())
            .stdout(out())
            .stderr(out())
            .spawn()
            .unwrap();
        Self {
            child,
            log,
            name: arguments.join(" "),
        }
    }

    fn signal(&self, signal: Signal) {
        let pid = Pid::from_child(&self.child);
        kill_process(pid, signal).unwrap();
    }

    /// Kills it without a word.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops its threads in their tracks.
    pub(crate) fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets a frozen one go on.
    pub(crate) fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(
                start.elapsed() < Duration::from_secs(60),
                "{} does not end:\n{}",
                self.name,
                self.log()
            );
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Says whether it still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What it wrote so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).unwrap_or_default()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("--- the end of the log of `{}`:", self.name);
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

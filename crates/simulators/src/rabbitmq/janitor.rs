//! Removes a temporary folder when the process that made it could not.

use super::Error;
use std::{
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

/// Waits until the pipe on its standard input closes, which it does when its owner is gone, however it went. The server
/// is ended by its own watchdog at the same moment and may still write for a blink: hence the repetition.
const SWEEP: &str = r#"cat >/dev/null; for _ in 1 2 3; do rm -rf -- "$1"; sleep 1; done; rm -rf -- "$1""#;

/// A process that outlives us for seconds and removes one folder.
#[derive(Debug)]
pub(super) struct Janitor {
    process: Child,
}

impl Janitor {
    /// Sends for one. In a process group of its own, so that a Ctrl-C meant for us does not end it.
    pub(super) fn of(folder: &Path) -> Result<Self, Error> {
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", SWEEP, "rabbitmq-janitor"])
            .arg(folder)
            .process_group(0);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().map_err(Error::io("run", "/bin/sh"))?;
        Ok(Self { process })
    }
}

impl Drop for Janitor {
    fn drop(&mut self) {
        // We are here, so we remove the folder ourselves.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

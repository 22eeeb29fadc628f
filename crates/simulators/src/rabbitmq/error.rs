//! What can go wrong with a private node.

use std::{io, path::PathBuf, time::Duration};

/// What went wrong with a private RabbitMQ node.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server is not installed where it is looked for.
    #[error("rabbitmq-server is not installed; on Debian and Ubuntu: apt-get install rabbitmq-server")]
    NotInstalled,
    /// A file or a process of the node could not be handled.
    #[error("cannot {what} {}", path.display())]
    Io {
        /// What was tried, such as `write`.
        what: &'static str,
        /// With which file or folder.
        path: PathBuf,
        /// Why it failed.
        source: io::Error,
    },
    /// Another process runs a node in this folder.
    #[error("a node already runs in {}", .0.display())]
    InUse(PathBuf),
    /// Another program listens on the port that the node needs.
    #[error("port {0} is taken by another program")]
    PortTaken(u16),
    /// The server ended before it was ready; the end of its log follows.
    #[error("rabbitmq ended before it was ready; the end of its log:\n{log}")]
    Ended {
        /// The last lines of the node's log.
        log: String,
    },
    /// The server runs but did not become ready in time.
    #[error("rabbitmq was not ready within {waited:?}; the end of its log:\n{log}")]
    NotReady {
        /// How long was waited.
        waited: Duration,
        /// The last lines of the node's log.
        log: String,
    },
    /// The node does not run at the moment.
    #[error("the node is not running")]
    NotRunning,
    /// A signal could not be sent to the server.
    #[error("cannot signal the server")]
    Signal {
        /// Why it failed.
        source: io::Error,
    },
    /// `rabbitmqctl` failed.
    #[error("rabbitmqctl failed: {said}")]
    Control {
        /// What it said.
        said: String,
    },
    /// The management API could not be reached.
    #[error("cannot reach the management api")]
    Management {
        /// Why it failed.
        source: reqwest::Error,
    },
    /// The management API said no.
    #[error("the management api answered {status} to {what}: {body}")]
    Refused {
        /// Method and path.
        what: String,
        /// The HTTP status.
        status: u16,
        /// What it said, shortened.
        body: String,
    },
    /// The given address of the management API is none.
    #[error("{0:?} is no address of a management api")]
    BadAddress(String),
}

impl Error {
    /// Names the action and the file of an I/O failure.
    pub(super) fn io(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { what, path, source }
    }
}

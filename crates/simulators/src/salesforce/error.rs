//! What can go wrong while the pretend org is started or told to do something.

use std::net::SocketAddr;
use std::path::PathBuf;

/// Why the pretend org could not start, or could not do what its owner asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key, certificate or folder of the pretend org could not be written or read.
    #[error("cannot use the file {path}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The key that signs JWTs could not be made.
    #[error("cannot make a signing key")]
    Key,
    /// The certificates could not be made or used.
    #[error("cannot set up TLS")]
    Tls {
        /// Why not.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The sfdx package in the repository is not what the pretend org understands.
    #[error("the sfdx package is not usable: {problem}")]
    Metadata {
        /// The file and what is wrong with it.
        problem: String,
    },
    /// The org refused what its owner asked, as it would refuse a client.
    #[error("salesforce refused: {code}: {message}")]
    Refused {
        /// Salesforce's status code.
        code: String,
        /// Salesforce's message.
        message: String,
    },
}

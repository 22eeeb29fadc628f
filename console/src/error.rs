//! What can go wrong in the operator's room.

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The ledger could not be read or written, knows no such thing, or forbids it; its own words say which.
    #[error(transparent)]
    Ledger(#[from] ledger::Error),
    /// The message that belongs to a replay was not confirmed.
    #[error("the broker did not confirm the message; nothing is lost, try again")]
    NotPublished {
        /// Why.
        source: broker::PublishError,
    },
    /// There is no connection to the broker, and this cannot be done without one.
    #[error("no broker is connected")]
    NoBroker,
    /// The broker did not answer.
    #[error("the broker does not answer")]
    Broker {
        /// Why.
        source: broker::Error,
    },
    /// The page cannot be served where it should.
    #[error("cannot listen on {address} for the console")]
    Listen {
        /// The address.
        address: std::net::SocketAddr,
        /// Why.
        source: std::io::Error,
    },
    /// Without anybody signing in, the console may be reached from its own machine only.
    #[error("the console has no sign-in yet and listens on loopback only: found {address}, expected 127.0.0.1 or ::1")]
    NotLoopback {
        /// The address that was asked for.
        address: std::net::SocketAddr,
    },
}

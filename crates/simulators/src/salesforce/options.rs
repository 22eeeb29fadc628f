//! What the pretend org is started with, and what it says when it is ready.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

/// How the pretend org is set up. The defaults are the real one's, on free loopback ports.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where OAuth, REST and the page listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where Pub/Sub listens; by default a free port of the same address.
    pub pubsub_listen: Option<SocketAddr>,
    /// Serves `https` and Pub/Sub over TLS, with a certificate for `localhost` and `127.0.0.1`.
    pub tls: bool,
    /// A certificate of one's own for TLS; by default one from a CA made at start.
    pub certificate: Option<Certificate>,
    /// How long a stream is quiet before a keepalive is sent (the real one: 60 to 120 s).
    pub keepalive: Duration,
    /// How long a stream stays open with no credit left (the real one: 60 s).
    pub idle_close: Duration,
    /// How long events can be replayed (the real one: 72 h).
    pub retention: Duration,
    /// How long an unused access token lives (the real one: 2 h).
    pub session_timeout: Duration,
    /// How many REST requests the org may use (a full sandbox: 5,000,000 a day); then `REQUEST_LIMIT_EXCEEDED`.
    pub daily_requests: u64,
    /// The organization's name.
    pub org_name: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            pubsub_listen: None,
            tls: false,
            certificate: None,
            keepalive: Duration::from_secs(90),
            idle_close: Duration::from_secs(60),
            retention: Duration::from_secs(72 * 3600),
            session_timeout: Duration::from_secs(2 * 3600),
            daily_requests: 5_000_000,
            org_name: "Pretend Org".to_owned(),
        }
    }
}

/// A certificate and its key, both PEM files.
#[derive(Debug, Clone)]
pub struct Certificate {
    /// The certificate chain, the server's own certificate first.
    pub certificate_file: PathBuf,
    /// The private key of the first certificate.
    pub key_file: PathBuf,
    /// The authority clients should trust, named in the ready line.
    pub ca_file: PathBuf,
}

/// The line a program can read when the pretend org is ready; `simulate salesforce --json` prints it.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Where tokens are had.
    pub login_url: String,
    /// Where REST answers; also in every token answer.
    pub instance_url: String,
    /// `host:port` of Pub/Sub, behind `http://` or `https://`.
    pub pubsub_endpoint: String,
    /// The organization's id, 18 characters.
    pub org_id: String,
    /// The integration user's name, the JWT's `sub`.
    pub username: String,
    /// The consumer key, the JWT's `iss`.
    pub client_id: String,
    /// The consumer secret, for client credentials.
    pub client_secret: String,
    /// The private key (PEM) that signs JWTs.
    pub jwt_key_file: PathBuf,
    /// The topic of license requests.
    pub topic: String,
    /// The id of the standard price book, in which a product needs a price before it can be sold.
    pub standard_pricebook_id: String,
    /// The authority (PEM) to trust, under TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
}

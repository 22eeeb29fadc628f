//! Starting the pretend License Central.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
};

use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use url::Url;

use super::{
    arrivals::Arrivals,
    faults::Faults,
    handle::Handle,
    order::Item,
    server::Server,
    site::{Site, router},
    store::Store,
};
use crate::tls::{self, TestCa};

/// Who plays with the simulator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// People and demonstrations: requests are not kept.
    #[default]
    Auto,
    /// Tests: every SOAP request is kept as it came, until the simulator ends.
    Scripted,
}

/// How to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one. Default `127.0.0.1:0`.
    pub listen: SocketAddr,
    /// With a certificate: TLS only. Default: plaintext.
    pub tls: Option<TestCa>,
    /// Default [`Mode::Auto`].
    pub mode: Mode,
    /// Items known beside the first five.
    pub items: Vec<Item>,
    /// Where customers reach the WebDepot, for the links in answers. Default: the host that the SOAP client asked for.
    pub public_url: Option<Url>,
}

impl Default for Options {
    fn default() -> Self {
        let listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        Self {
            listen,
            tls: None,
            mode: Mode::Auto,
            items: Vec::new(),
            public_url: None,
        }
    }
}

/// Why the simulator did not start.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is taken or not ours.
    #[error("cannot listen on {address}")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// Why not.
        source: io::Error,
    },
    /// The certificate cannot be served.
    #[error("cannot serve TLS")]
    Tls {
        /// Why not.
        #[from]
        source: tls::Error,
    },
    /// The authority's certificate could not be written for clients.
    #[error("cannot write the file of the certificate authority")]
    CaFile {
        /// Why not.
        source: io::Error,
    },
}

/// Starts a pretend License Central and returns once it takes connections.
///
/// # Errors
/// If the address cannot be listened on, or the certificate cannot be served.
pub async fn start(options: Options) -> Result<Handle, Error> {
    let listening = |source| Error::Listen {
        address: options.listen,
        source,
    };
    let listener = TcpListener::bind(options.listen).await.map_err(listening)?;
    let address = listener.local_addr().map_err(listening)?;
    let acceptor = match &options.tls {
        Some(ca) => Some(TlsAcceptor::from(ca.rustls_server_config(&[b"http/1.1"])?)),
        None => None,
    };
    let ca_file = options
        .tls
        .as_ref()
        .map(TestCa::write_ca_file)
        .transpose()
        .map_err(|source| Error::CaFile { source })?;
    let site = Arc::new(Site {
        store: Store::new(),
        faults: Faults::default(),
        arrivals: Arc::new(Arrivals::new(options.mode == Mode::Scripted)),
        scheme: if acceptor.is_some() { "https" } else { "http" },
        authority: reachable(address).to_string(),
        public_url: options
            .public_url
            .map(|url| url.as_str().trim_end_matches('/').to_owned()),
    });
    for item in options.items {
        site.store.add_item(item);
    }
    let stop = CancellationToken::new();
    let server = Server {
        listener,
        tls: acceptor,
        router: router(Arc::clone(&site)),
        site: Arc::clone(&site),
        stop: stop.clone(),
    };
    let serving = tokio::spawn(server.run());
    Ok(Handle {
        address,
        site,
        ca_file,
        serving,
        stop: stop.drop_guard(),
    })
}

/// The address under which this machine reaches a listener on all addresses.
fn reachable(address: SocketAddr) -> SocketAddr {
    match address.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => SocketAddr::new(Ipv4Addr::LOCALHOST.into(), address.port()),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => SocketAddr::new(Ipv6Addr::LOCALHOST.into(), address.port()),
        _ => address,
    }
}

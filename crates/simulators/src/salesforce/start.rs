//! Starting the pretend org: keys, certificates, listeners.

use std::fs;
use std::io::Write as _;
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer as _, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::DecodingKey;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::error::Error;
use super::handle::Handle;
use super::metadata::EVENT;
use super::options::Options;
use super::org::Org;
use super::serve::{Listening, Protocol, route};
use super::{oauth, page, pubsub, rest};
use crate::tls::TestCa;

/// Starts a pretend org; when this returns, it answers.
///
/// # Errors
/// If an address is taken, a file cannot be written, or the certificate given cannot be used.
pub async fn start(options: Options) -> Result<Handle, Error> {
    let files = tempfile::Builder::new()
        .prefix("ticketsmith-salesforce-")
        .tempdir()
        .map_err(|source| Error::File {
            path: PathBuf::from("ticketsmith-salesforce"),
            source,
        })?;
    let (jwt_key_file, key) = signing_key(files.path()).await?;
    let ca = certificates(&options)?;
    let ca_file = match &ca {
        Some(ca) => Some(write(files.path(), "ca.pem", &ca.ca_pem)?),
        None => None,
    };
    let acceptor = |alpn: &[u8]| match &ca {
        Some(ca) => {
            let config = ca.rustls_server_config(&[alpn]).map_err(|source| Error::Tls {
                source: Box::new(source),
            })?;
            Ok(Some(TlsAcceptor::from(config)))
        }
        None => Ok(None),
    };
    let (http_tls, grpc_tls) = (acceptor(b"http/1.1")?, acceptor(b"h2")?);
    let http = listen(options.listen).await?;
    let grpc = listen(options.pubsub_listen.unwrap_or(SocketAddr::new(options.listen.ip(), 0))).await?;
    let scheme = if options.tls { "https" } else { "http" };
    let url = format!("{scheme}://{}", reachable(&http, options.listen));
    let pubsub_endpoint = format!("{scheme}://{}", reachable(&grpc, options.listen));
    let org = Org::new(options, url.clone(), key)?;
    let (stop, tasks) = (CancellationToken::new(), TaskTracker::new());
    let router = oauth::routes(&org).merge(rest::routes(&org)).merge(page::routes(&org));
    let listening = |protocol, tls| Listening::new(protocol, tls, &org.connections, stop.clone(), tasks.clone());
    tasks.spawn(listening(Protocol::Http1, http_tls).serve(http, move |request| route(router.clone(), request)));
    let service = pubsub::Service::new(Arc::clone(&org), tasks.clone());
    tasks.spawn(listening(Protocol::Http2, grpc_tls).serve(grpc, move |request| service.clone().answer(request)));
    let identity = org.identity.clone();
    Ok(Handle {
        login_url: url.clone(),
        instance_url: url,
        pubsub_endpoint,
        org_id: identity.org_id,
        username: identity.username,
        client_id: identity.client_id,
        client_secret: identity.client_secret,
        jwt_key_file,
        topic: format!("/event/{EVENT}"),
        ca_file,
        org,
        stop,
        tasks,
        _files: files,
    })
}

/// Makes the key that signs JWTs, writes it down, and returns what verifies them.
async fn signing_key(folder: &Path) -> Result<(PathBuf, DecodingKey), Error> {
    // Finding two primes takes a moment of computing; other tasks go on meanwhile.
    let pair = tokio::task::spawn_blocking(|| RsaKeyPair::generate(KeySize::Rsa2048))
        .await
        .map_err(|_| Error::Key)?
        .map_err(|_| Error::Key)?;
    let der: Pkcs8V1Der<'_> = pair.as_der().map_err(|_| Error::Key)?;
    let file = write(folder, "jwt-key.pem", &pem("PRIVATE KEY", der.as_ref()))?;
    let public = pair.public_key();
    let (modulus, exponent) = (public.modulus(), public.exponent());
    let key = DecodingKey::from_rsa_raw_components(
        modulus.big_endian_without_leading_zero(),
        exponent.big_endian_without_leading_zero(),
    );
    Ok((file, key))
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = format!("-----BEGIN {label}-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str(&format!("-----END {label}-----\n"));
    pem
}

fn certificates(options: &Options) -> Result<Option<TestCa>, Error> {
    if !options.tls {
        return Ok(None);
    }
    let tls = |source: crate::tls::Error| Error::Tls {
        source: Box::new(source),
    };
    let Some(given) = &options.certificate else {
        return TestCa::for_localhost().map(Some).map_err(tls);
    };
    let read = |path: &Path| {
        fs::read_to_string(path).map_err(|source| Error::File {
            path: path.to_owned(),
            source,
        })
    };
    Ok(Some(TestCa::given(
        read(&given.ca_file)?,
        read(&given.certificate_file)?,
        read(&given.key_file)?,
    )))
}

/// Writes a file that only this user can read.
fn write(folder: &Path, name: &str, text: &str) -> Result<PathBuf, Error> {
    let path = folder.join(name);
    let written = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&path)
        .and_then(|mut file| file.write_all(text.as_bytes()));
    match written {
        Ok(()) => Ok(path),
        Err(source) => Err(Error::File { path, source }),
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, Error> {
    TcpListener::bind(address)
        .await
        .map_err(|source| Error::Listen { address, source })
}

/// `host:port` under which clients of this machine reach a listener.
fn reachable(listener: &TcpListener, asked: SocketAddr) -> SocketAddr {
    let mut address = listener.local_addr().unwrap_or(asked);
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    address
}

//! Makes a connection to the broker.

use crate::{Error, Settings};
use lapin::{
    Connection, ConnectionProperties, DefaultConnectionBuilder,
    tcp::{OwnedIdentity, OwnedTLSConfig},
    uri::AMQPUri,
};
use secrecy::ExposeSecret as _;
use std::{fs, path::Path, time::Duration};
use tokio::time::timeout;

/// How long a connection may take to be made: TCP, TLS and login together.
const PATIENCE: Duration = Duration::from_secs(15);

/// Everything a connection needs, read once.
#[derive(Clone)]
pub(crate) struct Dial {
    uri: AMQPUri,
    tls: OwnedTLSConfig,
}

impl Dial {
    /// Reads the settings and the files they name.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let mistakes = settings.mistakes();
        if !mistakes.is_empty() {
            let lines = mistakes
                .iter()
                .map(|mistake| format!("{}: found {}", mistake.field, mistake.found));
            return Err(Error::Settings(lines.collect::<Vec<_>>().join("; ")));
        }
        let mut uri = uri(settings)?;
        // Heartbeats of 60 s, the default, would leave us blind for two minutes. What the address says goes first.
        let seconds = u16::try_from(settings.heartbeat.as_secs()).unwrap_or(u16::MAX);
        uri.query.heartbeat.get_or_insert(seconds);
        uri.query.connection_timeout.get_or_insert(10_000);
        let read = |path: &Path| {
            fs::read(path).map_err(|source| Error::File {
                path: path.to_owned(),
                source,
            })
        };
        let identity = match (&settings.client_certificate_file, &settings.client_key_file) {
            (Some(certificate), Some(key)) => Some(OwnedIdentity::PKCS8 {
                pem: read(certificate)?,
                key: read(key)?,
            }),
            _ => None,
        };
        let authorities = settings.ca_file.as_deref().map(read).transpose()?;
        let cert_chain = authorities.map(|pem| String::from_utf8_lossy(&pem).into_owned());
        // More than one provider of cryptography is linked in, so the one for all is named; it may be there already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        Ok(Self {
            uri,
            tls: OwnedTLSConfig { identity, cert_chain },
        })
    }

    /// Connects once. lapin's own recovery stays off: the supervisor in `link.rs` makes a new connection instead.
    pub(crate) async fn connect(&self, purpose: &str) -> Result<Connection, Error> {
        let name = format!("ticketsmith {purpose}");
        let properties = ConnectionProperties::default().with_connection_name(name.into());
        let builder = DefaultConnectionBuilder::new().map_err(|source| Error::Unreachable { source })?;
        let builder = builder
            .with_uri(self.uri.clone())
            .with_properties(properties)
            .with_tls_config(self.tls.clone());
        match timeout(PATIENCE, builder.connect()).await {
            Ok(Ok(connection)) => Ok(connection),
            // Here a 403 is about the name and the password.
            Ok(Err(source)) => Err(match Error::sorted("", source) {
                Error::Forbidden { source, .. } => Error::Refused { source },
                other => other,
            }),
            Err(_) => Err(Error::TimedOut { waited: PATIENCE }),
        }
    }
}

/// The vhost that the settings name.
pub(crate) fn vhost(settings: &Settings) -> Result<String, Error> {
    Ok(uri(settings)?.vhost)
}

fn uri(settings: &Settings) -> Result<AMQPUri, Error> {
    let uri = settings.url.expose_secret().parse();
    uri.map_err(|_| Error::Settings("url: not an AMQP address".to_owned()))
}

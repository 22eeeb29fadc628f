//! Certificates for the simulators: a certificate authority made at start and what it signs for this machine.

use std::{
    io::{self, Write},
    sync::Arc,
};

use jiff::{Timestamp, ToSpan, civil::Date, tz::TimeZone};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose};
use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use tempfile::NamedTempFile;

/// The names a simulator's certificate is valid for.
pub const LOCALHOST_NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// A server's certificate and the authority that a client must trust to accept it.
#[derive(Clone)]
pub struct TestCa {
    /// The authority's certificate, PEM. What clients are given as `ca_file`.
    pub ca_pem: String,
    /// The server's certificate, PEM; may be a chain, the server's own first.
    pub cert_pem: String,
    /// The server's private key, PEM.
    pub key_pem: String,
}

impl TestCa {
    /// Makes an authority and lets it sign one certificate for `localhost`, `127.0.0.1` and `::1`.
    ///
    /// The authority's key is thrown away at once, so nothing else can ever be signed by it.
    ///
    /// # Errors
    /// If the operating system gives no randomness.
    pub fn for_localhost() -> Result<Self, Error> {
        Self::for_names(&LOCALHOST_NAMES)
    }

    /// Makes an authority and lets it sign one certificate for the given DNS names and addresses.
    ///
    /// # Errors
    /// If a name is neither a DNS name nor an address.
    pub fn for_names(names: &[&str]) -> Result<Self, Error> {
        let mut authority = CertificateParams::new(Vec::<String>::new())?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        authority
            .distinguished_name
            .push(DnType::CommonName, "Ticketsmith simulator CA");
        limit_to_a_year(&mut authority);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;

        let mut server = CertificateParams::new(names.iter().map(ToString::to_string).collect::<Vec<_>>())?;
        let name = names.first().copied().unwrap_or("localhost");
        server.distinguished_name.push(DnType::CommonName, name);
        server.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        server.insert_extended_key_usage(rcgen::ExtendedKeyUsagePurpose::ServerAuth);
        // Some TLS stacks look for the authority by its key identifier only.
        server.use_authority_key_identifier_extension = true;
        limit_to_a_year(&mut server);
        let key = KeyPair::generate()?;
        let certificate = server.signed_by(&key, &authority)?;
        Ok(Self {
            ca_pem: authority.pem(),
            cert_pem: certificate.pem(),
            key_pem: key.serialize_pem(),
        })
    }

    /// Takes a certificate and key that somebody else made; `ca_pem` is what clients will be told to trust.
    #[must_use]
    pub fn given(ca_pem: String, cert_pem: String, key_pem: String) -> Self {
        Self {
            ca_pem,
            cert_pem,
            key_pem,
        }
    }

    /// Builds what a TLS server needs: TLS 1.2 and 1.3, no client certificates, the given ALPN protocols in order.
    ///
    /// # Errors
    /// If the certificate or key is not PEM, or the two do not belong together.
    pub fn rustls_server_config(&self, alpn: &[&[u8]]) -> Result<Arc<ServerConfig>, Error> {
        let chain = CertificateDer::pem_slice_iter(self.cert_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(|source| Error::Pem {
                what: "certificate",
                source,
            })?;
        let key = PrivateKeyDer::from_pem_slice(self.key_pem.as_bytes()).map_err(|source| Error::Pem {
            what: "private key",
            source,
        })?;
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
            .with_no_client_auth()
            .with_single_cert(chain, key)?;
        config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(Arc::new(config))
    }

    /// Writes the authority's certificate to a temporary file, which lasts as long as the value returned.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub fn write_ca_file(&self) -> io::Result<NamedTempFile> {
        let mut file = tempfile::Builder::new()
            .prefix("ticketsmith-ca-")
            .suffix(".pem")
            .tempfile()?;
        file.write_all(self.ca_pem.as_bytes())?;
        file.flush()?;
        Ok(file)
    }
}

/// Lets a certificate hold from yesterday, for clocks that are behind, and for no more than a year: some TLS stacks take
/// none that holds for long.
fn limit_to_a_year(params: &mut CertificateParams) {
    let today = TimeZone::UTC.to_datetime(Timestamp::now()).date();
    let midnight =
        |day: Date| rcgen::date_time_ymd(day.year().into(), day.month().unsigned_abs(), day.day().unsigned_abs());
    params.not_before = midnight(today.saturating_sub(1.day()));
    params.not_after = midnight(today.saturating_add(364.days()));
}

impl std::fmt::Debug for TestCa {
    /// Leaves the private key out.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TestCa")
            .field("cert_pem", &self.cert_pem)
            .finish_non_exhaustive()
    }
}

/// Why there is no certificate to serve.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A certificate could not be made.
    #[error("cannot make a certificate")]
    Make {
        /// What rcgen says.
        #[from]
        source: rcgen::Error,
    },
    /// A given file is not PEM.
    #[error("the {what} is not PEM")]
    Pem {
        /// Which of the two.
        what: &'static str,
        /// Where it fails.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key do not belong together, or the key is of an unknown kind.
    #[error("the certificate cannot be served")]
    Unusable {
        /// What rustls says.
        #[from]
        source: rustls::Error,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_made_certificate_can_be_served_with_its_key() {
        let ca = TestCa::for_localhost().unwrap();
        let config = ca.rustls_server_config(&[b"h2", b"http/1.1"]).unwrap();
        assert_eq!(config.alpn_protocols, vec![b"h2".to_vec(), b"http/1.1".to_vec()]);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let (one, other) = (TestCa::for_localhost().unwrap(), TestCa::for_localhost().unwrap());
        let mixed = TestCa::given(one.ca_pem, one.cert_pem, other.key_pem);
        assert!(matches!(mixed.rustls_server_config(&[]), Err(Error::Unusable { .. })));
    }

    #[test]
    fn the_private_key_is_not_printed() {
        let ca = TestCa::for_localhost().unwrap();
        assert!(!format!("{ca:?}").contains("PRIVATE KEY"));
    }

    #[test]
    fn the_ca_file_holds_the_authority_and_goes_away_with_its_handle() {
        let ca = TestCa::for_localhost().unwrap();
        let file = ca.write_ca_file().unwrap();
        let path = file.path().to_path_buf();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), ca.ca_pem);
        drop(file);
        assert!(!path.exists());
    }
}

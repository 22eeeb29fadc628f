//! Certificates: whom we trust, and who we are.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::KeyStore;
use secrecy::ExposeSecret as _;

use crate::error::Error;
use crate::settings::Settings;

/// Reads the certificate authorities to trust.
pub(crate) fn authorities(path: &Path) -> Result<Vec<reqwest::Certificate>, Error> {
    let problem = || wrong(path, "it holds no PEM certificate");
    let certificates = reqwest::Certificate::from_pem_bundle(&read(path)?).map_err(|_| problem())?;
    if certificates.is_empty() {
        Err(problem())
    } else {
        Ok(certificates)
    }
}

/// Reads our client certificate, if the settings name one.
pub(crate) fn client_certificate(settings: &Settings) -> Result<Option<reqwest::Identity>, Error> {
    if let Some(path) = &settings.client_pkcs12_file {
        let password = settings
            .client_pkcs12_password
            .as_ref()
            .map_or("", |password| password.expose_secret());
        let pem = pkcs12_to_pem(path, password)?;
        return reqwest::Identity::from_pem(&pem)
            .map(Some)
            .map_err(|_| wrong(path, "its private key or certificate is of an unknown kind"));
    }
    let Some(path) = &settings.client_certificate_file else {
        return Ok(None);
    };
    let mut pem = read(path)?;
    if let Some(key) = &settings.client_key_file {
        pem.push(b'\n');
        pem.extend(read(key)?);
    }
    reqwest::Identity::from_pem(&pem).map(Some).map_err(|_| {
        wrong(
            path,
            "it needs a PEM certificate and one private key that is not encrypted",
        )
    })
}

/// Opens a PKCS#12 file; the TLS library reads PEM only.
fn pkcs12_to_pem(path: &Path, password: &str) -> Result<Vec<u8>, Error> {
    let store = KeyStore::from_pkcs12(&read(path)?, password).map_err(|_| {
        wrong(
            path,
            "it is no PKCS#12 file, or client_pkcs12_password does not open it",
        )
    })?;
    let (_, chain) = store
        .private_key_chain()
        .ok_or_else(|| wrong(path, "it holds no private key with a certificate"))?;
    let mut pem = String::new();
    write_pem(&mut pem, "PRIVATE KEY", chain.key());
    for certificate in chain.chain() {
        write_pem(&mut pem, "CERTIFICATE", certificate.as_der());
    }
    Ok(pem.into_bytes())
}

fn write_pem(pem: &mut String, label: &str, der: &[u8]) {
    let encoded = STANDARD.encode(der);
    pem.push_str(&format!("-----BEGIN {label}-----\n"));
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        // Base64 is ASCII, so every index is a character's.
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str(&format!("-----END {label}-----\n"));
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|source| Error::File {
        path: path.to_owned(),
        source,
    })
}

fn wrong(path: &Path, problem: &str) -> Error {
    Error::Certificate {
        path: path.to_owned(),
        problem: problem.to_owned(),
    }
}

//! TLS with an own authority and client certificates.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use license_central::{Class, Client, Error, Settings};
use p12_keystore::{Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, MacAlgorithm, PrivateKeyChain};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use secrecy::SecretString;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::server::{Act, Server, created, far, order, settings};

/// A folder with an authority, and a server that wants a client certificate of it.
struct House {
    folder: tempfile::TempDir,
    endpoint: String,
    client_chain: [Vec<u8>; 2],
    client_key: Vec<u8>,
}

impl House {
    async fn start() -> Self {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let authority_key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = params.self_signed(&authority_key).unwrap();
        let issuer = Issuer::new(params, authority_key);
        let leaf = |name: &str| {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![name.to_owned(), "127.0.0.1".to_owned()]).unwrap();
            (params.signed_by(&key, &issuer).unwrap(), key)
        };
        let (server, server_key) = leaf("localhost");
        let (client, client_key) = leaf("ticketsmith");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), authority.pem()).unwrap();
        std::fs::write(folder.path().join("client.pem"), client.pem()).unwrap();
        std::fs::write(folder.path().join("client.key"), client_key.serialize_pem()).unwrap();

        let mut roots = rustls::RootCertStore::empty();
        roots.add(authority.der().clone()).unwrap();
        let verifier = WebPkiClientVerifier::builder(Arc::new(roots)).build().unwrap();
        let config = rustls::ServerConfig::builder()
            .with_client_cert_verifier(verifier)
            .with_single_cert(vec![CertificateDer::clone(server.der())], pkcs8(&server_key))
            .unwrap();
        let port = serve(config).await;
        Self {
            folder,
            endpoint: format!("https://127.0.0.1:{port}/"),
            client_chain: [client.der().to_vec(), authority.der().to_vec()],
            client_key: client_key.serialize_der(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> Settings {
        Settings {
            ca_file: Some(self.path("ca.pem")),
            ..settings(&self.endpoint)
        }
    }

    fn write_pkcs12(&self, name: &str, encryption: EncryptionAlgorithm, mac: MacAlgorithm) -> PathBuf {
        let chain = self.client_chain.iter().map(|der| Certificate::from_der(der).unwrap());
        let entry = KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new(&self.client_key, [1], chain));
        let mut store = KeyStore::new();
        store.add_entry("ticketsmith", entry);
        let bytes = store
            .writer("hunter2")
            .encryption_algorithm(encryption)
            .mac_algorithm(mac)
            .write()
            .unwrap();
        let path = self.path(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

fn pkcs8(key: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(key.serialize_der()).into()
}

async fn serve(config: rustls::ServerConfig) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::always(Act::Stall).await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, server) = (acceptor.clone(), server.clone());
            tokio::spawn(async move {
                if let Ok(stream) = acceptor.accept(stream).await {
                    server.serve(stream, Arc::new(|_| Act::Write(created("A-1")))).await;
                }
            });
        }
    });
    port
}

async fn result(settings: &Settings) -> Result<(), Error> {
    Client::new(settings)?
        .create_order(&order("A-1"), far(), None)
        .await
        .map(|_| ())
}

#[tokio::test]
async fn a_client_certificate_in_pem_files_opens_the_door() {
    let house = House::start().await;
    let mut settings = house.settings();
    settings.client_certificate_file = Some(house.path("client.pem"));
    settings.client_key_file = Some(house.path("client.key"));
    result(&settings).await.unwrap();
}

#[tokio::test]
async fn a_client_certificate_in_a_pkcs12_file_opens_the_door() {
    let house = House::start().await;
    let modern = (
        EncryptionAlgorithm::PbeWithHmacSha256AndAes256,
        MacAlgorithm::HmacSha256,
    );
    let legacy = (
        EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc,
        MacAlgorithm::HmacSha1,
    );
    for (name, (encryption, mac)) in [("modern.p12", modern), ("legacy.pfx", legacy)] {
        let mut settings = house.settings();
        settings.client_pkcs12_file = Some(house.write_pkcs12(name, encryption, mac));
        settings.client_pkcs12_password = Some(SecretString::from("hunter2"));
        result(&settings).await.unwrap();

        settings.client_pkcs12_password = Some(SecretString::from("wrong"));
        let error = result(&settings).await.unwrap_err();
        assert!(
            error.to_string().contains("client_pkcs12_password does not open it"),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_server_of_an_authority_that_is_not_trusted_gets_nothing() {
    let house = House::start().await;
    let error = result(&settings(&house.endpoint)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), Class::NotAccepted);
}

#[tokio::test]
async fn a_server_that_does_not_speak_tls_gets_nothing() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.unwrap();
        }
    });
    let error = result(&settings(&endpoint)).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), Class::NotAccepted);
}

#[test]
fn files_that_hold_something_else_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("text.pem");
    std::fs::write(&path, "not a certificate").unwrap();
    let base = settings("https://127.0.0.1:1/");
    let wrong = [
        Settings {
            ca_file: Some(path.clone()),
            ..base.clone()
        },
        Settings {
            client_certificate_file: Some(path.clone()),
            ..base.clone()
        },
        Settings {
            client_pkcs12_file: Some(path.clone()),
            ..base.clone()
        },
        Settings {
            ca_file: Some(Path::new("/nowhere/ca.pem").to_owned()),
            ..base
        },
    ];
    for settings in wrong {
        let error = Client::new(&settings).unwrap_err();
        assert!(
            error.to_string().contains("text.pem") || error.to_string().contains("/nowhere/ca.pem"),
            "{error}"
        );
    }
}

//! TLS with an authority of our own, and clients that are known by their certificate.

use crate::place::{message, settings_for};
use broker::{
    Broker, Error, Settings,
    topology::{REQUESTS, Role},
};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use simulators::{
    rabbitmq::{Node, Options, Tls},
    tls::TestCa,
};
use std::path::Path;
use tokio_util::sync::CancellationToken;

type Authority = CertifiedIssuer<'static, KeyPair>;

fn authority() -> Authority {
    let mut parameters = CertificateParams::new(Vec::<String>::new()).unwrap();
    parameters
        .distinguished_name
        .push(DnType::CommonName, "an authority of our own");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(parameters, KeyPair::generate().unwrap()).unwrap()
}

/// A certificate and its key.
fn signed(authority: &Authority, names: &[&str], purpose: ExtendedKeyUsagePurpose) -> [String; 2] {
    let names: Vec<String> = names.iter().map(ToString::to_string).collect();
    let mut parameters = CertificateParams::new(names).unwrap();
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.insert_extended_key_usage(purpose);
    parameters.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate().unwrap();
    let certificate = parameters.signed_by(&key, authority).unwrap();
    [certificate.pem(), key.serialize_pem()]
}

async fn connect(settings: Settings) -> Result<Broker, Error> {
    Broker::connect(&settings, CancellationToken::new()).await
}

fn write(folder: &Path, name: &str, text: &str) -> Option<std::path::PathBuf> {
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    Some(path)
}

#[tokio::test]
async fn a_broker_behind_our_own_authority_takes_a_client_with_its_certificate_and_no_other() {
    let authority = authority();
    let [certificate, key] = signed(
        &authority,
        &["localhost", "127.0.0.1"],
        ExtendedKeyUsagePurpose::ServerAuth,
    );
    let identity = TestCa::given(authority.pem(), certificate, key);
    let tls = Some(Tls {
        identity,
        only_known_clients: true,
    });
    let node = Node::start(Options {
        tls,
        ..Options::default()
    })
    .await
    .unwrap();

    let folder = tempfile::tempdir().unwrap();
    let [certificate, key] = signed(&authority, &["client"], ExtendedKeyUsagePurpose::ClientAuth);
    let known = Settings {
        ca_file: write(folder.path(), "ca.pem", &authority.pem()),
        client_certificate_file: write(folder.path(), "client.pem", &certificate),
        client_key_file: write(folder.path(), "client.key", &key),
        ..settings_for(node.amqps_url())
    };
    let broker = connect(known.clone()).await.unwrap();
    broker.prepare(Role::Producer).await.unwrap();
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("1"))
        .await
        .unwrap();
    broker.close().await;

    let nobody = Settings {
        client_certificate_file: None,
        client_key_file: None,
        ..known.clone()
    };
    let refused = connect(nobody).await;
    assert!(matches!(refused, Err(Error::Unreachable { .. })), "{refused:?}");
    let trusts_nobody = Settings {
        ca_file: None,
        ..known.clone()
    };
    let refused = connect(trusts_nobody).await;
    assert!(matches!(refused, Err(Error::Unreachable { .. })), "{refused:?}");
    let unreadable = Settings {
        ca_file: Some("/no/such/file".into()),
        ..known
    };
    let refused = connect(unreadable).await;
    assert!(
        matches!(&refused, Err(Error::File { path, .. }) if path.ends_with("file")),
        "{refused:?}"
    );
}

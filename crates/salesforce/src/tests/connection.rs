//! The connection below the stream: PINGs, TLS, own authorities.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use super::bus::{Bus, Script, TOPIC, answer};
use super::settings;
use super::web::{TOKEN, Web, html, json, token};
use crate::{Client, Error, Settings, Start};

fn one_event() -> Script {
    Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let _ = answers.send(Ok(answer(&[1], 9))).await;
        while let Ok(Some(_)) = requests.message().await {}
    })
}

/// Passes bytes on until it is frozen; then it swallows them, and the connection stays open.
async fn freezable(target: String, frozen: watch::Receiver<bool>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((near, _)) = listener.accept().await {
            let far = TcpStream::connect(target.trim_start_matches("http://")).await.unwrap();
            let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
            tokio::spawn(pass(near_in, far_out, frozen.clone()));
            tokio::spawn(pass(far_in, near_out, frozen.clone()));
        }
    });
    url
}

async fn pass(
    mut from: tokio::net::tcp::OwnedReadHalf,
    mut to: tokio::net::tcp::OwnedWriteHalf,
    frozen: watch::Receiver<bool>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        if !*frozen.borrow() && to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

#[tokio::test]
async fn a_connection_that_died_in_silence_is_found_out_by_pings() {
    let bus = Bus::start(one_event()).await;
    let (freeze, frozen) = watch::channel(false);
    let proxy = freezable(bus.url.clone(), frozen).await;
    let web = Web::org(|_, _| html(404)).await;
    let client = Client::new(&Settings {
        keepalive_interval: Duration::from_millis(100),
        keepalive_timeout: Duration::from_millis(200),
        ..settings(&web.url, &proxy)
    })
    .unwrap();
    let mut stream = client.subscribe(TOPIC, Start::Latest).await.unwrap();
    stream.grant(10);
    stream.next().await.unwrap();
    freeze.send(true).unwrap();
    let end = tokio::time::timeout(Duration::from_secs(20), stream.next())
        .await
        .expect("long before the idle time-out");
    let error = end.unwrap_err();
    assert!(
        error.is_transient() && !matches!(error, Error::StreamSilent { .. }),
        "{error:?}"
    );
}

#[tokio::test]
async fn nobody_at_the_endpoint_is_a_transient_error() {
    let web = Web::org(|_, _| html(404)).await;
    let client = Client::new(&settings(&web.url, "http://127.0.0.1:9")).unwrap();
    let error = client.subscribe(TOPIC, Start::Latest).await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { at: "pubsub", .. }) && error.is_transient(),
        "{error:?}"
    );
}

#[tokio::test]
async fn own_authorities_are_trusted_and_strangers_are_not() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let ours = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let bus = Bus::start_tls(one_event(), acceptor(&ours, b"h2")).await;
    let web = Web::start_tls(acceptor(&ours, b"http/1.1"), |url, seen, _| match seen.path.as_str() {
        TOKEN => token(url, "over-tls"),
        _ => json(200, "{}"),
    })
    .await;

    let folder = tempfile::tempdir().unwrap();
    let ca_file = folder.path().join("ca.pem");
    std::fs::write(&ca_file, ours.cert.pem()).unwrap();
    let settings = Settings {
        ca_file: Some(ca_file.clone()),
        ..settings(&web.url, &bus.url)
    };
    let client = Client::new(&settings).unwrap();
    client.limits().await.unwrap();
    let mut stream = client.subscribe(TOPIC, Start::Latest).await.unwrap();
    stream.grant(10);
    assert_eq!(stream.next().await.unwrap().events.len(), 1);
    assert_eq!(bus.calls("Subscribe")[0].get("instanceurl").unwrap(), web.url.as_str());

    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    std::fs::write(&ca_file, other.cert.pem()).unwrap();
    let stranger = Client::new(&settings).unwrap().limits().await.unwrap_err();
    assert!(
        matches!(stranger, Error::Unreachable { at: "token", .. }),
        "{stranger:?}"
    );
    let plain = Web::org(|_, _| html(404)).await;
    let settings = Settings {
        login_url: plain.url.parse().unwrap(),
        ..settings
    };
    let stranger = Client::new(&settings)
        .unwrap()
        .subscribe(TOPIC, Start::Latest)
        .await
        .unwrap_err();
    assert!(
        matches!(stranger, Error::Unreachable { at: "pubsub", .. }),
        "{stranger:?}"
    );
}

fn acceptor(identity: &rcgen::CertifiedKey<rcgen::KeyPair>, alpn: &[u8]) -> tokio_rustls::TlsAcceptor {
    let key = rustls::pki_types::PrivateKeyDer::try_from(identity.signing_key.serialize_der()).unwrap();
    let chain = vec![identity.cert.der().clone()];
    let mut config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    config.alpn_protocols = vec![alpn.to_vec()];
    Arc::new(config).into()
}

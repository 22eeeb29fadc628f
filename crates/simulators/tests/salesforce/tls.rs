use reqwest::StatusCode;
use schemas::pubsub::{ReplayPreset, TopicRequest};
use simulators::salesforce::Options;
use tonic::Code;

use crate::client::{World, error_code};

#[tokio::test]
async fn everything_works_over_tls_with_the_ca_that_is_named() {
    let world = World::with(Options {
        tls: true,
        ..Options::default()
    })
    .await;
    assert!(world.org.login_url.starts_with("https://127.0.0.1:"));
    assert!(world.org.pubsub_endpoint.starts_with("https://127.0.0.1:"));
    assert!(serde_json::to_value(world.org.ready()).unwrap()["ca_file"].is_string());
    assert_eq!(world.get("/limits").await.0, StatusCode::OK);
    let localhost = world.org.instance_url.replace("127.0.0.1", "localhost");
    assert!(
        world
            .http
            .get(format!("{localhost}/services/data"))
            .send()
            .await
            .is_ok()
    );
    world.activated("A");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 1)).await.unwrap();
    assert_eq!(stream.events(1).await.len(), 1);
    let mut unsigned = world.signed(TopicRequest {
        topic_name: world.org.topic.clone(),
    });
    unsigned.metadata_mut().remove("accesstoken");
    let status = world.topic(unsigned).await.unwrap_err();
    assert_eq!(
        (status.code(), error_code(&status, "GetTopic").as_str()),
        (Code::Unauthenticated, "service.auth.error")
    );
}

#[tokio::test]
async fn a_client_that_trusts_others_gets_no_connection() {
    let world = World::with(Options {
        tls: true,
        ..Options::default()
    })
    .await;
    let stranger = reqwest::Client::new();
    assert!(
        stranger
            .get(format!("{}/services/data", world.org.instance_url))
            .send()
            .await
            .is_err()
    );
    let plain = world.org.instance_url.replace("https", "http");
    assert!(stranger.get(format!("{plain}/services/data")).send().await.is_err());
}

#[tokio::test]
async fn an_own_certificate_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let ca = simulators::tls::TestCa::for_localhost().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let certificate = simulators::salesforce::Certificate {
        certificate_file: file("cert.pem", &ca.cert_pem),
        key_file: file("key.pem", &ca.key_pem),
        ca_file: file("ca.pem", &ca.ca_pem),
    };
    let world = World::with(Options {
        tls: true,
        certificate: Some(certificate),
        ..Options::default()
    })
    .await;
    assert_eq!(
        std::fs::read_to_string(world.org.ca_file.clone().unwrap()).unwrap(),
        ca.ca_pem
    );
    assert_eq!(world.get("/limits").await.0, StatusCode::OK);
}

//! The client against small servers of our own making, on real sockets.
//!
//! The pretend Salesforce of the simulators is stricter; these servers do one thing each, the one a test is about.

mod avro;
mod bus;
mod connection;
mod events;
mod records;
mod refused;
mod settings;
mod stream;
mod token;
mod web;

use std::time::Duration;

use crate::{Auth, Client, ClientCredentials, Settings, Start, Subscription};
use web::Web;

const ORG: &str = "00DWU00000Ab1c2MAB";
const USER: &str = "005WU00000Xy9z8YAB";

/// Settings for plaintext servers; `pubsub` may be empty where no stream is opened.
fn settings(login: &str, pubsub: &str) -> Settings {
    Settings {
        login_url: login.parse().unwrap(),
        pubsub_endpoint: if pubsub.is_empty() {
            "http://127.0.0.1:9".to_owned()
        } else {
            pubsub.to_owned()
        },
        auth: Auth {
            jwt: None,
            client_credentials: Some(ClientCredentials {
                client_id: "the-app".to_owned(),
                client_secret: Some("the-secret".into()),
                client_secret_file: None,
            }),
        },
        call_timeout: Duration::from_secs(20),
        ..Settings::default()
    }
}

/// Waits until the condition holds.
async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(tokio::time::Instant::now() < deadline, "never came true: {what}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// A Salesforce that has nothing but tokens.
async fn org() -> Web {
    Web::org(|_, _| web::html(404)).await
}

/// Subscribes to what comes from now on, with that much credit.
async fn open(client: &Client, credit: u32) -> Subscription {
    let subscription = client.subscribe(bus::TOPIC, Start::Latest).await.unwrap();
    subscription.grant(credit);
    subscription
}

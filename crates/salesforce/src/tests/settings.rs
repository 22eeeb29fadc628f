//! Settings: what a file may say, and all mistakes at once.

use std::path::PathBuf;
use std::time::Duration;

use crate::pubsub::channel::address;
use crate::{FirstStart, Settings, StaleCheckpoint};

fn fields(settings: &Settings) -> Vec<String> {
    settings.mistakes().into_iter().map(|(field, _, _)| field).collect()
}

#[test]
fn a_whole_section_is_read() {
    let settings: Settings = toml::from_str(
        r#"
        login_url = "https://acme.my.salesforce.com"
        pubsub_endpoint = "api.deu.pubsub.salesforce.com:7443"
        first_start = "earliest"
        on_stale_checkpoint = "stop"
        idle_timeout = "4m"
        reconnect = { initial = "1s", max = "1m" }
        [auth.client_credentials]
        client_id = "3MVG9"
        client_secret = "s3cret"
        "#,
    )
    .unwrap();
    assert_eq!(settings.mistakes(), []);
    assert_eq!(settings.first_start, Some(FirstStart::Earliest));
    assert_eq!(settings.on_stale_checkpoint, StaleCheckpoint::Stop);
    assert_eq!(settings.idle_timeout, Duration::from_secs(240));
    assert_eq!(settings.api_version, "67.0");
    assert!(toml::from_str::<Settings>("frist_start = \"earliest\"").is_err());
}

#[test]
fn empty_settings_ask_for_what_cannot_be_guessed() {
    assert_eq!(fields(&Settings::default()), ["auth", "first_start"]);
    let report_only: Vec<_> = Settings::default().connection_mistakes();
    assert_eq!(report_only.len(), 1);
}

#[test]
fn all_mistakes_are_named_together() {
    let mut settings: Settings = toml::from_str(
        r#"
        login_url = "ftp://acme"
        pubsub_endpoint = "https://host/path"
        api_version = "v67"
        ca_file = "/nowhere/ca.pem"
        topic = "License_Request__e"
        idle_timeout = "6m"
        keepalive_timeout = "0s"
        connect_timeout = "0s"
        [auth.jwt]
        client_id = ""
        private_key_file = "/nowhere/key.pem"
        "#,
    )
    .unwrap();
    let expected = [
        "login_url",
        "auth.jwt.client_id",
        "auth.jwt.username",
        "auth.jwt.private_key_file",
        "api_version",
        "ca_file",
        "connect_timeout",
        "pubsub_endpoint",
        "topic",
        "first_start",
        "idle_timeout",
        "keepalive_timeout",
    ];
    assert_eq!(fields(&settings), expected);
    settings.auth.client_credentials = Some(crate::ClientCredentials::default());
    assert!(fields(&settings).contains(&"auth".to_owned()));
}

#[test]
fn client_credentials_are_refused_on_the_common_login_hosts() {
    let mut settings = super::settings("https://login.salesforce.com", "");
    settings.first_start = Some(FirstStart::Latest);
    assert_eq!(fields(&settings), ["login_url"]);
}

#[test]
fn a_key_file_without_a_key_is_named_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(
        &file,
        "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n",
    )
    .unwrap();
    let mut settings = super::settings("https://acme.my.salesforce.com", "");
    settings.auth.client_credentials = None;
    settings.auth.jwt = Some(crate::Jwt {
        client_id: "a".into(),
        username: "b".into(),
        private_key_file: file.clone(),
        audience: None,
    });
    let mistakes = settings.connection_mistakes();
    assert_eq!(mistakes.len(), 1, "{mistakes:?}");
    let (field, found, _) = &mistakes[0];
    assert_eq!(field, "auth.jwt.private_key_file");
    assert!(found.contains("key.pem") && !found.contains("c2VjcmV0"), "{found}");
    assert!(crate::Client::new(&settings).is_err_and(|error| error.is_configuration()));
}

#[test]
fn a_secret_comes_from_the_settings_or_from_a_file_and_not_from_both() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("secret");
    std::fs::write(&file, "from-file\n").unwrap();
    let mut credentials = crate::ClientCredentials {
        client_id: "a".into(),
        ..Default::default()
    };
    credentials.client_secret_file = Some(file);
    let secret = crate::oauth::credentials::read_secret(&credentials).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&secret), "from-file");
    credentials.client_secret = Some("too".into());
    assert!(crate::oauth::credentials::read_secret(&credentials).is_err());
    credentials.client_secret = None;
    credentials.client_secret_file = Some(PathBuf::from("/nowhere/secret"));
    assert!(crate::oauth::credentials::read_secret(&credentials).is_err());
}

#[test]
fn an_endpoint_is_understood_with_and_without_scheme_and_port() {
    for (text, whole) in [
        (
            "api.pubsub.salesforce.com:7443",
            "https://api.pubsub.salesforce.com:7443/",
        ),
        ("api.pubsub.salesforce.com", "https://api.pubsub.salesforce.com:7443/"),
        (
            "https://api.pubsub.salesforce.com:443",
            "https://api.pubsub.salesforce.com:443/",
        ),
        (" http://127.0.0.1:50051/ ", "http://127.0.0.1:50051/"),
        ("https://[::1]:7443", "https://[::1]:7443/"),
    ] {
        assert_eq!(address(text).unwrap().to_string(), whole);
    }
    for text in [
        "",
        "https://",
        "grpc://host:1",
        "https://host/path",
        "host:port",
        "a b",
        "https://user@host:1",
    ] {
        assert!(address(text).is_err(), "{text:?}");
    }
}

//! What is wrong with settings whose types are right.

use std::path::Path;
use std::time::Duration;

use crate::pubsub::channel;
use crate::settings::{Auth, ClientCredentials, Jwt, Settings};
use crate::{ca, oauth};

/// The longest silence that still means a living stream: Salesforce promises a keepalive within 270 s.
pub(crate) const LONGEST_SILENCE: Duration = Duration::from_secs(300);

type Mistake = (String, String, String);

fn mistake(field: &str, found: impl Into<String>, expected: &str) -> Mistake {
    (field.to_owned(), found.into(), expected.to_owned())
}

/// Checks what every use of Salesforce needs.
pub(crate) fn connection(settings: &Settings) -> Vec<Mistake> {
    let mut found = Vec::new();
    let url = &settings.login_url;
    if !matches!(url.scheme(), "https" | "http") || url.host_str().is_none() {
        found.push(mistake(
            "login_url",
            url.as_str(),
            "an https address, like https://login.salesforce.com",
        ));
    }
    auth(settings, &mut found);
    if !is_version(&settings.api_version) {
        found.push(mistake(
            "api_version",
            &settings.api_version,
            "a version number without a letter, like 67.0",
        ));
    }
    if let Some(file) = &settings.ca_file
        && let Err(problem) = ca::read(file)
    {
        found.push(mistake(
            "ca_file",
            problem,
            "a readable PEM file with at least one certificate",
        ));
    }
    for (field, value) in [
        ("connect_timeout", settings.connect_timeout),
        ("call_timeout", settings.call_timeout),
        ("token_lifetime", settings.token_lifetime),
    ] {
        if value.is_zero() {
            found.push(mistake(field, "0s", "a time longer than zero, like 10s"));
        }
    }
    found
}

/// Checks what a subscription needs beyond that.
pub(crate) fn subscription(settings: &Settings) -> Vec<Mistake> {
    let mut found = Vec::new();
    if let Err(problem) = channel::address(&settings.pubsub_endpoint) {
        found.push(mistake(
            "pubsub_endpoint",
            problem,
            "host:port, or an address with https:// (http:// for plaintext)",
        ));
    }
    if !is_topic(&settings.topic) {
        found.push(mistake(
            "topic",
            &settings.topic,
            "/event/Name__e, /event/Name__chn or /data/Name",
        ));
    }
    if settings.first_start.is_none() {
        found.push(mistake(
            "first_start",
            "nothing",
            "earliest (everything Salesforce still keeps, up to three days) or latest (only what comes from now on)",
        ));
    }
    if settings.idle_timeout.is_zero() || settings.idle_timeout > LONGEST_SILENCE {
        found.push(mistake(
            "idle_timeout",
            format!("{:?}", settings.idle_timeout),
            "more than 0s, at most 300s",
        ));
    }
    for (field, value) in [
        ("keepalive_interval", settings.keepalive_interval),
        ("keepalive_timeout", settings.keepalive_timeout),
    ] {
        if value.is_zero() {
            found.push(mistake(field, "0s", "a time longer than zero, like 20s"));
        }
    }
    found
}

fn auth(settings: &Settings, found: &mut Vec<Mistake>) {
    let Auth {
        jwt,
        client_credentials,
    } = &settings.auth;
    match (jwt, client_credentials) {
        (Some(jwt), None) => jwt_bearer(jwt, found),
        (None, Some(credentials)) => credentials_flow(settings, credentials, found),
        (Some(_), Some(_)) => found.push(mistake("auth", "jwt and client_credentials", "exactly one of the two")),
        (None, None) => found.push(mistake(
            "auth",
            "nothing",
            "a section auth.jwt or auth.client_credentials",
        )),
    }
}

fn jwt_bearer(jwt: &Jwt, found: &mut Vec<Mistake>) {
    if jwt.client_id.trim().is_empty() {
        found.push(mistake(
            "auth.jwt.client_id",
            "nothing",
            "the consumer key of the external client app",
        ));
    }
    if jwt.username.trim().is_empty() {
        found.push(mistake(
            "auth.jwt.username",
            "nothing",
            "the name of the integration user",
        ));
    }
    if jwt.audience.as_ref().is_some_and(|audience| audience.trim().is_empty()) {
        found.push(mistake(
            "auth.jwt.audience",
            "an empty text",
            "an address, or leave it out to use login_url",
        ));
    }
    let expected = "a readable PEM file with an RSA private key (PKCS#8 or PKCS#1, not encrypted)";
    if jwt.private_key_file == Path::new("") {
        found.push(mistake("auth.jwt.private_key_file", "nothing", expected));
    } else if let Err(problem) = oauth::jwt::read_key(&jwt.private_key_file) {
        found.push(mistake("auth.jwt.private_key_file", problem, expected));
    }
}

fn credentials_flow(settings: &Settings, credentials: &ClientCredentials, found: &mut Vec<Mistake>) {
    if credentials.client_id.trim().is_empty() {
        found.push(mistake(
            "auth.client_credentials.client_id",
            "nothing",
            "the consumer key of the external client app",
        ));
    }
    if let Err(problem) = oauth::credentials::read_secret(credentials) {
        found.push(mistake(
            "auth.client_credentials.client_secret",
            problem,
            "the consumer secret, here or in the file named by client_secret_file, not both",
        ));
    }
    if matches!(
        settings.login_url.host_str(),
        Some("login.salesforce.com" | "test.salesforce.com")
    ) {
        found.push(mistake(
            "login_url",
            settings.login_url.as_str(),
            "the org's My Domain address: client credentials are not served by the common login hosts",
        ));
    }
}

/// Says whether the text is a version number like `67.0`.
fn is_version(text: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.len() <= 3 && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once('.')
        .is_some_and(|(major, minor)| digits(major) && digits(minor))
}

/// Says whether the text has the shape of a channel's name.
fn is_topic(text: &str) -> bool {
    let name = text.strip_prefix("/event/").or_else(|| text.strip_prefix("/data/"));
    name.is_some_and(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'))
}

//! What a person writes under `[salesforce]`.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::{Deserialize, Serialize, Serializer};
use url::Url;

use crate::settings_check;

/// The settings of the connection to one Salesforce org.
///
/// Every field has a default except the ones [`mistakes`](Settings::mistakes) asks for.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Where tokens are asked for: `https://login.salesforce.com` (default), `https://test.salesforce.com`, or the
    /// org's own My Domain address; client credentials work with a My Domain address only.
    pub login_url: Url,
    /// The Pub/Sub endpoint, with or without a scheme; default `api.pubsub.salesforce.com:7443`. Without a scheme it is
    /// TLS, and port 7443 where no port is given; `http://` speaks plaintext (simulators).
    pub pubsub_endpoint: String,
    /// How we prove who we are: exactly one of the two ways.
    pub auth: Auth,
    /// The REST API's version, default `67.0`.
    pub api_version: String,
    /// A PEM file of the authorities to trust *instead of* the system's, for REST and Pub/Sub alike.
    pub ca_file: Option<PathBuf>,
    /// The channel of license requests, default `/event/License_Request__e`.
    pub topic: String,
    /// Where to begin when no position is stored yet. Required by whoever subscribes: a guess would either lose events
    /// or repeat three days of them.
    pub first_start: Option<FirstStart>,
    /// What to do when the stored position is too old or no longer valid; default `earliest`.
    pub on_stale_checkpoint: StaleCheckpoint,
    /// How long a connection may take to be made, default 10 s.
    #[serde(with = "schemas::duration")]
    pub connect_timeout: Duration,
    /// How long one call (token, REST, topic, schema) may take, default 2 min: a write of 200 records runs their
    /// automation before it is answered.
    #[serde(with = "schemas::duration")]
    pub call_timeout: Duration,
    /// How long a stream may be silent before it counts as dead, default and maximum 300 s. Salesforce sends at least a
    /// keepalive every 270 s.
    #[serde(with = "schemas::duration")]
    pub idle_timeout: Duration,
    /// How often an HTTP/2 PING checks the connection below a stream, default 60 s.
    #[serde(with = "schemas::duration")]
    pub keepalive_interval: Duration,
    /// How long a PING may go unanswered, default 20 s.
    #[serde(with = "schemas::duration")]
    pub keepalive_timeout: Duration,
    /// How old a token may become before it is minted anew unasked, default 1 h. Salesforce does not say how long one
    /// lives; its usual limit is 2 h without use.
    #[serde(with = "schemas::duration")]
    pub token_lifetime: Duration,
    /// The waits between reconnects of a stream, for whoever keeps one alive.
    pub reconnect: reconnect::Settings,
}

/// The way to a token. Exactly one is filled in.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Auth {
    /// OAuth 2.0 JWT bearer: a signed assertion, no shared secret.
    pub jwt: Option<Jwt>,
    /// OAuth 2.0 client credentials.
    pub client_credentials: Option<ClientCredentials>,
}

/// The JWT bearer flow.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Jwt {
    /// The consumer key of the external client app.
    pub client_id: String,
    /// The name of the integration user the app acts for.
    pub username: String,
    /// The PEM file of the RSA private key whose certificate was uploaded to the app.
    pub private_key_file: PathBuf,
    /// The `aud` claim; default: `login_url` without its trailing slash.
    pub audience: Option<String>,
}

/// The client credentials flow.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClientCredentials {
    /// The consumer key of the external client app.
    pub client_id: String,
    /// The consumer secret, or …
    #[serde(serialize_with = "masked")]
    pub client_secret: Option<SecretString>,
    /// … the file that holds it; white space around it is dropped.
    pub client_secret_file: Option<PathBuf>,
}

/// Where a subscription begins when no position is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstStart {
    /// Everything Salesforce still keeps (three days).
    Earliest,
    /// Only what is published from now on.
    Latest,
}

/// What to do when the stored position is not accepted any more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum StaleCheckpoint {
    /// Read everything that is still kept; duplicates are harmless here.
    #[default]
    Earliest,
    /// Go on with what comes from now on; what lies between is lost.
    Latest,
    /// Stop and wait for a person.
    Stop,
}

/// Shows that there is a secret, and nothing of it.
#[expect(clippy::ref_option, reason = "the signature that serde asks for")]
fn masked<S: Serializer>(secret: &Option<SecretString>, serializer: S) -> Result<S::Ok, S::Error> {
    match secret {
        Some(_) => serializer.serialize_str("***"),
        None => serializer.serialize_none(),
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            login_url: default_login_url(),
            pubsub_endpoint: "api.pubsub.salesforce.com:7443".to_owned(),
            auth: Auth::default(),
            api_version: "67.0".to_owned(),
            ca_file: None,
            topic: "/event/License_Request__e".to_owned(),
            first_start: None,
            on_stale_checkpoint: StaleCheckpoint::default(),
            connect_timeout: Duration::from_secs(10),
            call_timeout: Duration::from_secs(120),
            idle_timeout: settings_check::LONGEST_SILENCE,
            keepalive_interval: Duration::from_secs(60),
            keepalive_timeout: Duration::from_secs(20),
            token_lifetime: Duration::from_secs(3600),
            reconnect: reconnect::Settings::default(),
        }
    }
}

#[expect(clippy::expect_used, reason = "the text is a constant, and a test parses it")]
fn default_login_url() -> Url {
    Url::parse("https://login.salesforce.com").expect("a constant address")
}

impl Settings {
    /// Names everything that the settings' types cannot: per mistake the field, what was found, what is expected.
    ///
    /// The fields are relative to this section (`auth.jwt.username`).
    pub fn mistakes(&self) -> Vec<(String, String, String)> {
        let mut mistakes = self.connection_mistakes();
        mistakes.extend(self.subscription_mistakes());
        mistakes
    }

    /// Names the mistakes that concern every use of Salesforce.
    pub fn connection_mistakes(&self) -> Vec<(String, String, String)> {
        settings_check::connection(self)
    }

    /// Names the mistakes that concern only whoever subscribes (the producer).
    pub fn subscription_mistakes(&self) -> Vec<(String, String, String)> {
        settings_check::subscription(self)
    }
}

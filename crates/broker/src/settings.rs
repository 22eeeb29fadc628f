//! The `[broker]` section of the settings.

use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize, Serializer};
use std::{path::PathBuf, time::Duration};
use url::Url;

/// How RabbitMQ is reached, and how the topology is cut.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// The address, `amqp://user:password@host:port/vhost` or `amqps://…`; the vhost is URL-encoded, `%2f` is `/`.
    /// With a client certificate, `?auth_mechanism=external` lets it stand for the name.
    #[serde(serialize_with = "without_password")]
    pub url: SecretString,
    /// PEM file with the certificate authorities to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// PEM file with our own certificate and its chain, for brokers that ask for one.
    pub client_certificate_file: Option<PathBuf>,
    /// PEM file with the key of our own certificate.
    pub client_key_file: Option<PathBuf>,
    /// Whether exchanges and queues are declared at the start; else they are only checked.
    pub declare: bool,
    /// How many publishes may wait for their confirm at once, each on a channel of its own.
    pub publish_channels: u16,
    /// The waits before a redelivery; each has a queue of its own that carries the wait in its name. At least one, in
    /// growing order.
    #[serde(with = "schemas::duration::list")]
    pub tiers: Vec<Duration>,
    /// How often the broker is to show that it lives; after twice this time without a sign the connection is given up.
    #[serde(with = "schemas::duration")]
    pub heartbeat: Duration,
    /// How long a publish waits for its confirm before it is given up together with its channel. A frozen leader of a
    /// cluster took 9 s and confirmed then: nothing below 30 s is allowed.
    #[serde(with = "schemas::duration")]
    pub confirm_timeout: Duration,
    /// The waits between two tries to connect.
    pub reconnect: reconnect::Settings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            url: "amqp://guest:guest@127.0.0.1:5672/%2f".to_owned().into(),
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
            declare: true,
            publish_channels: 32,
            tiers: [5, 30, 2 * 60, 10 * 60, 60 * 60].map(Duration::from_secs).to_vec(),
            heartbeat: Duration::from_secs(10),
            confirm_timeout: Duration::from_secs(30),
            reconnect: reconnect::Settings::default(),
        }
    }
}

/// One thing that is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// The field of the section.
    pub field: &'static str,
    /// What stands there; never a password.
    pub found: String,
    /// What may stand there.
    pub expected: &'static str,
}

impl Settings {
    /// Lists everything that is wrong, at once.
    pub fn mistakes(&self) -> Vec<Mistake> {
        let url = self.url.expose_secret();
        let channels = self.publish_channels;
        let display = schemas::duration::display;
        let tiers = self.tiers.iter().copied().map(display).collect::<Vec<_>>().join(", ");
        let rising = !self.tiers.is_empty() && self.tiers.windows(2).all(|pair| pair[0] < pair[1]);
        let lengths = Duration::from_millis(1)..=Duration::from_secs(30 * 24 * 3600);
        let heartbeats = Duration::from_secs(1)..=Duration::from_secs(600);
        let half = self.client_certificate_file.is_some() != self.client_key_file.is_some();
        let rows = [
            (
                url.parse::<lapin::uri::AMQPUri>().is_ok(),
                "url",
                masked(url),
                "amqp(s)://user:password@host:port/vhost",
            ),
            // RabbitMQ allows 2047 channels on one connection.
            (
                (1..=2000).contains(&channels),
                "publish_channels",
                channels.to_string(),
                "between 1 and 2000",
            ),
            (rising, "tiers", tiers.clone(), "one or more waits in growing order"),
            (
                self.tiers.iter().all(|tier| lengths.contains(tier)),
                "tiers",
                tiers,
                "waits between 1ms and 30 days",
            ),
            (
                heartbeats.contains(&self.heartbeat),
                "heartbeat",
                display(self.heartbeat),
                "between 1s and 10m",
            ),
            (
                self.confirm_timeout.as_secs() >= 30,
                "confirm_timeout",
                display(self.confirm_timeout),
                "at least 30s",
            ),
            (
                !half,
                "client_certificate_file",
                "one of the two".to_owned(),
                "certificate and key, or neither",
            ),
        ];
        let wrong = rows.into_iter().filter(|(right, ..)| !right);
        wrong
            .map(|(_, field, found, expected)| Mistake { field, found, expected })
            .collect()
    }
}

fn without_password<S: Serializer>(url: &SecretString, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&masked(url.expose_secret()))
}

/// The address without its password; nothing of it if it cannot be read.
fn masked(url: &str) -> String {
    match Url::parse(url) {
        Ok(mut url) => {
            if url.password().is_some() && url.set_password(Some("***")).is_err() {
                return "***".to_owned();
            }
            url.to_string()
        }
        Err(_) => "an address that cannot be read".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_have_no_mistake() {
        assert_eq!(Settings::default().mistakes(), []);
    }

    #[test]
    fn all_mistakes_are_reported_at_once_and_none_shows_the_password() {
        let settings = Settings {
            url: "http://me:secret@host/".to_owned().into(),
            publish_channels: 0,
            tiers: vec![Duration::from_secs(30), Duration::from_secs(5)],
            heartbeat: Duration::ZERO,
            confirm_timeout: Duration::from_secs(5),
            client_key_file: Some("key.pem".into()),
            ..Settings::default()
        };
        let fields: Vec<&str> = settings.mistakes().iter().map(|mistake| mistake.field).collect();
        let expected = [
            "url",
            "publish_channels",
            "tiers",
            "heartbeat",
            "confirm_timeout",
            "client_certificate_file",
        ];
        assert_eq!(fields, expected);
        assert!(!format!("{:?}", settings.mistakes()).contains("secret"));
        assert!(!format!("{settings:?}").contains("secret"));
    }

    #[test]
    fn settings_are_read_from_friendly_text_and_written_without_the_password() {
        let text = r#"{"url": "amqp://me:secret@host/x", "tiers": ["200ms", "1s"], "declare": false}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.tiers, [Duration::from_millis(200), Duration::from_secs(1)]);
        let written = serde_json::to_string(&settings).unwrap();
        assert!(
            written.contains("amqp://me:***@host/x") && !written.contains("secret"),
            "{written}"
        );
    }
}

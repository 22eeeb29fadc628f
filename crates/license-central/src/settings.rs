//! The `[license_central]` section of the settings.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::error::{Mistake, Mistakes};
use crate::profile::SoapVersion;
use crate::web_depot;

/// The headers that this room writes itself; `headers` must not name them.
const OWN_HEADERS: [&str; 9] = [
    "connection",
    "content-encoding",
    "content-length",
    "content-type",
    "host",
    "soapaction",
    "traceparent",
    "transfer-encoding",
    "user-agent",
];

/// How License Central is reached and which profile it speaks.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The address of the SOAP service, `http` or `https`. Required.
    pub endpoint: Url,
    /// The profile to speak: `default` (built in) or a folder with a `profile.toml`. Default `default`.
    #[serde(default)]
    pub profile: ProfileChoice,
    /// The SOAP version, `1.1` or `1.2`, instead of the profile's own. Default: what the profile says.
    #[serde(default)]
    pub soap: Option<SoapVersion>,
    /// What stands before every order number at License Central. Default empty. Required from the second Salesforce
    /// org on, because order numbers are unique within one org only.
    #[serde(default)]
    pub order_number_prefix: String,
    /// The link that a customer follows to redeem a ticket, with `{ticket}` in it, used where the answer carries no
    /// link of its own. Default: what the profile says, else no link.
    #[serde(default)]
    pub web_depot_link: Option<String>,
    /// How long making a connection may take, TLS included. Default `5s`; zero is a mistake.
    #[serde(default = "default_connect_timeout", with = "schemas::duration")]
    pub connect_timeout: Duration,
    /// How long a whole call may take, from its start to the last byte of the answer. Default `30s`; zero is a mistake.
    #[serde(default = "default_call_timeout", with = "schemas::duration")]
    pub call_timeout: Duration,
    /// A PEM file with the certificate authorities to trust *instead of* the system's. Default: the system's.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// A PEM file with our client certificate, leaf first. Needs `client_key_file` unless it also holds the key.
    #[serde(default)]
    pub client_certificate_file: Option<PathBuf>,
    /// A PEM file with the client certificate's private key (PKCS#8, PKCS#1 or SEC1, not encrypted).
    #[serde(default)]
    pub client_key_file: Option<PathBuf>,
    /// A PKCS#12 file (`.p12`, `.pfx`) with our client certificate and its key, instead of the two PEM files.
    #[serde(default)]
    pub client_pkcs12_file: Option<PathBuf>,
    /// The password of the PKCS#12 file. Default empty.
    #[serde(default)]
    pub client_pkcs12_password: Option<SecretString>,
    /// The user for HTTP Basic authentication. Needs `basic_password`.
    #[serde(default)]
    pub basic_user: Option<String>,
    /// The password for HTTP Basic authentication. Needs `basic_user`.
    #[serde(default)]
    pub basic_password: Option<SecretString>,
    /// Further headers of every request, for example a gateway's key. Values are treated as secrets. Default none.
    #[serde(default)]
    pub headers: BTreeMap<String, SecretString>,
}

/// Which profile is spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "String")]
pub enum ProfileChoice {
    /// The profile that is built into the program.
    #[default]
    BuiltIn,
    /// A folder with a `profile.toml` and its templates.
    Folder(PathBuf),
}

impl From<String> for ProfileChoice {
    fn from(text: String) -> Self {
        if text == "default" {
            Self::BuiltIn
        } else {
            Self::Folder(PathBuf::from(text))
        }
    }
}

fn default_connect_timeout() -> Duration {
    Duration::from_secs(5)
}

fn default_call_timeout() -> Duration {
    Duration::from_secs(30)
}

impl Settings {
    /// Returns the default settings for an endpoint.
    pub fn new(endpoint: Url) -> Self {
        Self {
            endpoint,
            profile: ProfileChoice::default(),
            soap: None,
            order_number_prefix: String::new(),
            web_depot_link: None,
            connect_timeout: default_connect_timeout(),
            call_timeout: default_call_timeout(),
            ca_file: None,
            client_certificate_file: None,
            client_key_file: None,
            client_pkcs12_file: None,
            client_pkcs12_password: None,
            basic_user: None,
            basic_password: None,
            headers: BTreeMap::new(),
        }
    }

    /// Lists what is wrong with these settings by themselves; files are read by [`crate::Client::new`].
    pub fn mistakes(&self) -> Mistakes {
        let mut found = Mistakes::default();
        self.check_endpoint(&mut found);
        self.check_times(&mut found);
        self.check_credentials(&mut found);
        self.check_headers(&mut found);
        if let Some(character) = self.order_number_prefix.chars().find(|c| c.is_control()) {
            let shown = format!("U+{:04X} in it", u32::from(character));
            found.add(Mistake::setting(
                "order_number_prefix",
                shown,
                "characters that can be printed",
            ));
        }
        if let Some(template) = &self.web_depot_link
            && let Err(expected) = web_depot::check(template)
        {
            found.add(Mistake::setting("web_depot_link", template, expected));
        }
        found
    }

    fn check_endpoint(&self, found: &mut Mistakes) {
        if !matches!(self.endpoint.scheme(), "http" | "https") {
            found.add(Mistake::setting(
                "endpoint",
                self.endpoint.scheme(),
                "an address with http:// or https://",
            ));
        }
        if !self.endpoint.username().is_empty() || self.endpoint.password().is_some() {
            let expected = "an address without user and password (use basic_user and basic_password)";
            found.add(Mistake::setting("endpoint", "a user or password in it", expected));
        }
    }

    fn check_times(&self, found: &mut Mistakes) {
        for (field, value) in [
            ("connect_timeout", self.connect_timeout),
            ("call_timeout", self.call_timeout),
        ] {
            if value.is_zero() {
                found.add(Mistake::setting(field, "0s", "more than zero"));
            }
        }
    }

    fn check_credentials(&self, found: &mut Mistakes) {
        if self.client_key_file.is_some() && self.client_certificate_file.is_none() {
            found.add(Mistake::setting(
                "client_certificate_file",
                "nothing",
                "the certificate of client_key_file",
            ));
        }
        if self.client_pkcs12_file.is_some() && self.client_certificate_file.is_some() {
            let expected = "either a PKCS#12 file or PEM files";
            found.add(Mistake::setting(
                "client_pkcs12_file",
                "client_certificate_file as well",
                expected,
            ));
        }
        if self.client_pkcs12_password.is_some() && self.client_pkcs12_file.is_none() {
            found.add(Mistake::setting(
                "client_pkcs12_file",
                "nothing",
                "the file that the password opens",
            ));
        }
        match (&self.basic_user, &self.basic_password) {
            (Some(_), None) => found.add(Mistake::setting(
                "basic_password",
                "nothing",
                "the password of basic_user",
            )),
            (None, Some(_)) => found.add(Mistake::setting("basic_user", "nothing", "the user of basic_password")),
            (Some(user), Some(_)) if user.contains(':') => {
                found.add(Mistake::setting(
                    "basic_user",
                    "a colon in it",
                    "a user name without a colon",
                ));
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
    }

    fn check_headers(&self, found: &mut Mistakes) {
        use secrecy::ExposeSecret as _;

        for (name, value) in &self.headers {
            let field = format!("headers.{name}");
            if http::HeaderName::from_bytes(name.as_bytes()).is_err() {
                found.add(Mistake::setting(&field, name, "a header name"));
            }
            let lower = name.to_ascii_lowercase();
            if OWN_HEADERS.contains(&lower.as_str()) {
                found.add(Mistake::setting(
                    &field,
                    name,
                    "a header that this program does not write itself",
                ));
            }
            if lower == "authorization" && self.basic_user.is_some() {
                found.add(Mistake::setting(&field, name, "either this header or basic_user"));
            }
            if http::HeaderValue::from_str(value.expose_secret()).is_err() {
                found.add(Mistake::setting(
                    &field,
                    "a character a header cannot carry",
                    "visible ASCII characters",
                ));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_endpoint_is_the_only_setting_that_must_be_given() {
        let settings: Settings = toml::from_str("endpoint = \"https://lc.example/soap\"").unwrap();
        assert_eq!(settings.profile, ProfileChoice::BuiltIn);
        assert_eq!(settings.call_timeout, Duration::from_secs(30));
        assert!(settings.mistakes().is_empty());
        assert!(toml::from_str::<Settings>("").is_err());
        assert!(toml::from_str::<Settings>("endpoint = \"http://x/\"\nproflie = \"x\"").is_err());
    }

    #[test]
    fn settings_are_read_as_people_write_them() {
        let text = "endpoint = \"http://lc.example/\"\nprofile = \"/etc/ticketsmith/ours\"\nsoap = \"1.2\"\ncall_timeout = \"1m\"\n\
                    headers = { x-key = \"k\" }";
        let settings: Settings = toml::from_str(text).unwrap();
        assert_eq!(
            settings.profile,
            ProfileChoice::Folder(PathBuf::from("/etc/ticketsmith/ours"))
        );
        assert_eq!(
            (settings.soap, settings.call_timeout),
            (Some(SoapVersion::V1_2), Duration::from_secs(60))
        );
    }

    #[test]
    fn all_mistakes_are_told_at_once() {
        let mut settings = Settings::new("ftp://user@lc.example/".parse().unwrap());
        settings.connect_timeout = Duration::ZERO;
        settings.client_key_file = Some(PathBuf::from("key.pem"));
        settings.client_pkcs12_password = Some(SecretString::from("hush"));
        settings.basic_password = Some(SecretString::from("hush"));
        settings
            .headers
            .insert("SOAPAction".to_owned(), SecretString::from("x\ny"));
        settings.web_depot_link = Some("https://depot.example/".to_owned());
        settings.order_number_prefix = "a\nb".to_owned();
        let fields: Vec<String> = settings
            .mistakes()
            .iter()
            .map(|mistake| mistake.field.clone())
            .collect();
        let expected = [
            "endpoint",
            "endpoint",
            "connect_timeout",
            "client_certificate_file",
            "client_pkcs12_file",
            "basic_user",
            "headers.SOAPAction",
            "headers.SOAPAction",
            "order_number_prefix",
            "web_depot_link",
        ];
        assert_eq!(fields, expected.map(|field| format!("license_central.{field}")));
        assert!(!settings.mistakes().to_string().contains("hush"));
    }
}

//! The JWT bearer flow: an assertion signed with our own key instead of a shared secret.

use std::path::Path;
use std::time::Duration;

use jsonwebtoken::{Algorithm, EncodingKey, Header};
use serde::Serialize;

use crate::Error;
use crate::settings::Settings;

/// The `grant_type` of this flow.
pub(crate) const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

/// How long an assertion may be used. Salesforce takes at most three minutes; the rest is for clocks that differ.
const LIFETIME: Duration = Duration::from_secs(170);

/// Who asks, and the key that proves it.
pub(crate) struct Signer {
    client_id: String,
    username: String,
    audience: String,
    key: EncodingKey,
}

#[derive(Serialize)]
struct Claims<'a> {
    iss: &'a str,
    sub: &'a str,
    aud: &'a str,
    exp: i64,
}

impl Signer {
    /// Reads the key file of the settings.
    pub(crate) fn new(jwt: &crate::Jwt, settings: &Settings) -> Result<Self, Error> {
        let key = read_key(&jwt.private_key_file).map_err(|found| Error::Settings {
            field: "auth.jwt.private_key_file".to_owned(),
            found,
        })?;
        let login = settings.login_url.as_str().trim_end_matches('/');
        Ok(Self {
            client_id: jwt.client_id.clone(),
            username: jwt.username.clone(),
            audience: jwt.audience.clone().unwrap_or_else(|| login.to_owned()),
            key,
        })
    }

    /// Signs a fresh assertion.
    pub(crate) fn assertion(&self, now: jiff::Timestamp) -> Result<String, Error> {
        let claims = Claims {
            iss: &self.client_id,
            sub: &self.username,
            aud: &self.audience,
            exp: now.as_second().saturating_add_unsigned(LIFETIME.as_secs()),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::RS256), &claims, &self.key).map_err(|error| Error::Settings {
            field: "auth.jwt.private_key_file".to_owned(),
            found: format!("a key that cannot sign ({error})"),
        })
    }
}

/// Reads an RSA private key and tries it; the error says what was found instead, never the content.
pub(crate) fn read_key(file: &Path) -> Result<EncodingKey, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let key = EncodingKey::from_rsa_pem(&pem).map_err(|error| format!("{}: {error}", file.display()))?;
    // Only signing shows a key that is too short or cut.
    jsonwebtoken::encode(&Header::new(Algorithm::RS256), &serde_json::json!({}), &key)
        .map_err(|error| format!("{}: {error}", file.display()))?;
    Ok(key)
}

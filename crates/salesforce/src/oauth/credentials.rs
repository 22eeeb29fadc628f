//! The client credentials flow: a key and a shared secret.

use secrecy::{ExposeSecret, SecretString};

use crate::Error;
use crate::settings::ClientCredentials;

/// The `grant_type` of this flow.
pub(crate) const GRANT: &str = "client_credentials";

/// Who asks, and the secret that proves it.
pub(crate) struct Pair {
    pub(crate) client_id: String,
    pub(crate) client_secret: SecretString,
}

impl Pair {
    /// Takes the pair from the settings, reading the secret's file if it has one.
    pub(crate) fn new(credentials: &ClientCredentials) -> Result<Self, Error> {
        let client_secret = read_secret(credentials).map_err(|found| Error::Settings {
            field: "auth.client_credentials.client_secret".to_owned(),
            found,
        })?;
        Ok(Self {
            client_id: credentials.client_id.clone(),
            client_secret,
        })
    }
}

/// Finds the secret; the error says what was found instead, never the content.
pub(crate) fn read_secret(credentials: &ClientCredentials) -> Result<SecretString, String> {
    match (&credentials.client_secret, &credentials.client_secret_file) {
        (Some(_), Some(_)) => Err("both client_secret and client_secret_file".to_owned()),
        (None, None) => Err("nothing".to_owned()),
        (Some(secret), None) if secret.expose_secret().is_empty() => Err("an empty text".to_owned()),
        (Some(secret), None) => Ok(secret.clone()),
        (None, Some(file)) => {
            let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
            match text.trim() {
                "" => Err(format!("{}: an empty file", file.display())),
                secret => Ok(secret.into()),
            }
        }
    }
}

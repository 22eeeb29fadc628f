//! The one token everybody shares.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::answer::{self, Granted};
use super::credentials::Pair;
use super::jwt::Signer;
use super::{credentials, jwt};
use crate::Error;
use crate::http_client::{self, Http};
use crate::settings::{Auth, Settings};
use crate::single_flight::SingleFlight;

/// A token answer is about 1 KiB.
const MOST_BYTES: usize = 64 * 1024;

/// A token, and what came with it.
pub(crate) struct Token {
    granted: Granted,
    minted: Instant,
}

impl Token {
    /// Returns the raw token. Never log it.
    pub(crate) fn access(&self) -> &str {
        self.granted.access.expose_secret()
    }

    /// Returns the org's own address.
    pub(crate) fn instance_url(&self) -> &Url {
        &self.granted.instance_url
    }

    /// Returns the org's id, 18 characters.
    pub(crate) fn org_id(&self) -> &str {
        &self.granted.org_id
    }

    /// Returns the integration user's id, 18 characters.
    pub(crate) fn user_id(&self) -> &str {
        &self.granted.user_id
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token")
            .field("org_id", &self.granted.org_id)
            .finish_non_exhaustive()
    }
}

/// Mints the token when it is needed, once for all who wait.
#[derive(Clone)]
pub(crate) struct Tokens {
    inner: Arc<Inner>,
}

struct Inner {
    http: Http,
    endpoint: Url,
    proof: Proof,
    lifetime: Duration,
    current: Mutex<Option<Arc<Token>>>,
    minting: SingleFlight<Arc<Token>>,
}

enum Proof {
    Jwt(Box<Signer>),
    Credentials(Pair),
}

impl Tokens {
    /// Reads keys and secrets; mints nothing yet.
    pub(crate) fn new(settings: &Settings, http: Http) -> Result<Self, Error> {
        let proof = match &settings.auth {
            Auth {
                jwt: Some(jwt),
                client_credentials: None,
            } => Proof::Jwt(Box::new(Signer::new(jwt, settings)?)),
            Auth {
                jwt: None,
                client_credentials: Some(pair),
            } => Proof::Credentials(Pair::new(pair)?),
            Auth {
                jwt: None,
                client_credentials: None,
            } => return Err(auth_setting("nothing")),
            Auth {
                jwt: Some(_),
                client_credentials: Some(_),
            } => return Err(auth_setting("two ways at once")),
        };
        let login = settings.login_url.as_str().trim_end_matches('/');
        let endpoint = Url::parse(&format!("{login}/services/oauth2/token")).map_err(|error| Error::Settings {
            field: "login_url".to_owned(),
            found: error.to_string(),
        })?;
        Ok(Self {
            inner: Arc::new(Inner {
                http,
                endpoint,
                proof,
                lifetime: settings.token_lifetime,
                current: Mutex::new(None),
                minting: SingleFlight::new("token"),
            }),
        })
    }

    /// Returns the shared token, minting it if there is none or it is old.
    pub(crate) async fn token(&self) -> Result<Arc<Token>, Error> {
        if let Some(token) = self.inner.fresh() {
            return Ok(token);
        }
        let inner = Arc::clone(&self.inner);
        self.inner
            .minting
            .run(async move {
                match inner.fresh() {
                    Some(token) => Ok(token),
                    None => inner.mint().await,
                }
            })
            .await
    }

    /// Forgets this very token. A newer one that somebody else minted meanwhile stays.
    pub(crate) fn invalidate(&self, token: &Arc<Token>) {
        let mut current = self.inner.current();
        if current.as_ref().is_some_and(|kept| Arc::ptr_eq(kept, token)) {
            *current = None;
        }
    }
}

impl Inner {
    fn current(&self) -> std::sync::MutexGuard<'_, Option<Arc<Token>>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fresh(&self) -> Option<Arc<Token>> {
        self.current()
            .as_ref()
            .filter(|token| token.minted.elapsed() < self.lifetime)
            .cloned()
    }

    async fn mint(&self) -> Result<Arc<Token>, Error> {
        let minted = Instant::now();
        let form = self.form()?;
        let fields: Vec<(&str, &str)> = form
            .iter()
            .map(|(name, value)| (*name, value.expose_secret()))
            .collect();
        let request = self.http.client().post(self.endpoint.clone()).form(&fields);
        let answer = self.http.send("token", request, MOST_BYTES).await?;
        let granted = answer::read(answer.status, &answer.body, http_client::is_secure(&self.endpoint))?;
        tracing::debug!(salesforce.org = granted.org_id, "a new Salesforce token was minted");
        let token = Arc::new(Token { granted, minted });
        *self.current() = Some(Arc::clone(&token));
        Ok(token)
    }

    fn form(&self) -> Result<Vec<(&'static str, SecretString)>, Error> {
        Ok(match &self.proof {
            Proof::Jwt(signer) => vec![
                ("grant_type", jwt::GRANT.into()),
                ("assertion", signer.assertion(jiff::Timestamp::now())?.into()),
            ],
            Proof::Credentials(pair) => vec![
                ("grant_type", credentials::GRANT.into()),
                ("client_id", pair.client_id.as_str().into()),
                ("client_secret", pair.client_secret.clone()),
            ],
        })
    }
}

fn auth_setting(found: &str) -> Error {
    Error::Settings {
        field: "auth".to_owned(),
        found: found.to_owned(),
    }
}

//! What the token endpoint answers.

use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::Error;

const AT: &str = "token";

/// The parts of a token answer we use. There is no lifetime in it.
pub(crate) struct Granted {
    pub(crate) access: SecretString,
    /// The org's own address, without a trailing slash.
    pub(crate) instance_url: Url,
    /// 18 characters.
    pub(crate) org_id: String,
    /// 18 characters.
    pub(crate) user_id: String,
}

#[derive(Deserialize)]
struct Success {
    #[serde(default)]
    access_token: SecretString,
    #[serde(default)]
    instance_url: String,
    #[serde(default)]
    id: String,
}

#[derive(Deserialize)]
struct Refusal {
    error: String,
    #[serde(default)]
    error_description: String,
}

/// Reads the answer of the token endpoint.
///
/// `secure` says that the call went over TLS; then a token is not carried to a plaintext address.
pub(crate) fn read(status: u16, body: &[u8], secure: bool) -> Result<Granted, Error> {
    match status {
        200 => granted(body, secure).map_err(|what| foreign(status, what)),
        400..=499 if status != 408 && status != 429 => Err(match serde_json::from_slice::<Refusal>(body) {
            Ok(refusal) => refused(refusal),
            Err(_) => Error::TokenRefused {
                error: format!("status {status}"),
                description: "an answer that is not Salesforce's".to_owned(),
                hint: "is login_url the address of a Salesforce org, and no proxy between?",
            },
        }),
        300..=399 => Err(foreign(status, "a redirect, which is not followed".to_owned())),
        _ => Err(foreign(status, "an error of the server".to_owned())),
    }
}

fn foreign(status: u16, what: String) -> Error {
    Error::ForeignAnswer { at: AT, status, what }
}

fn granted(body: &[u8], secure: bool) -> Result<Granted, String> {
    let success: Success = serde_json::from_slice(body).map_err(|_| "not a token answer".to_owned())?;
    // An empty token must never be kept: Pub/Sub answers it with INTERNAL, and nothing would ever mint another.
    if secrecy::ExposeSecret::expose_secret(&success.access_token)
        .trim()
        .is_empty()
    {
        return Err("a token answer without a token".to_owned());
    }
    let instance_url = Url::parse(success.instance_url.trim_end_matches('/'))
        .ok()
        .filter(|url| url.has_host() && (url.scheme() == "https" || (!secure && url.scheme() == "http")))
        .ok_or_else(|| "a token answer without a usable instance_url".to_owned())?;
    let (org_id, user_id) =
        ids(&success.id).ok_or_else(|| "a token answer whose id names no org and user".to_owned())?;
    Ok(Granted {
        access: success.access_token,
        instance_url,
        org_id,
        user_id,
    })
}

/// Takes the org's and the user's id from the last two segments of the `id` address.
fn ids(id: &str) -> Option<(String, String)> {
    let mut segments = id.trim_end_matches('/').rsplit('/');
    let (user, org) = (segments.next()?, segments.next()?);
    (is_id(user, "005") && is_id(org, "00D")).then(|| (schemas::widen_id(org), schemas::widen_id(user)))
}

fn is_id(text: &str, prefix: &str) -> bool {
    matches!(text.len(), 15 | 18) && text.starts_with(prefix) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn refused(
    Refusal {
        error,
        error_description,
    }: Refusal,
) -> Error {
    let hint = hint(&error, &error_description);
    Error::TokenRefused {
        error: short(&error),
        description: short(&error_description),
        hint,
    }
}

fn short(text: &str) -> String {
    text.chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Says where to look for the usual refusals.
fn hint(error: &str, description: &str) -> &'static str {
    let description = description.to_ascii_lowercase();
    let says = |words: &str| description.contains(words);
    if says("hasn't approved this consumer") {
        "pre-authorize the integration user in the external client app's policies"
    } else if says("not admin approved") {
        "give the integration user's profile or permission set access to the external client app"
    } else if says("no client credentials user") {
        "name a run-as user in the external client app's client credentials policy"
    } else if says("not supported on this domain") {
        "client credentials need login_url to be the org's My Domain address"
    } else if says("audience") {
        "auth.jwt.audience must be https://login.salesforce.com, https://test.salesforce.com or the org's login address"
    } else if says("expired") || says("invalid assertion") {
        "is this machine's clock right, and does the key belong to the certificate in the app?"
    } else if says("not installed") {
        "the external client app is missing in this org"
    } else if error == "invalid_client_id" || says("client identifier invalid") {
        "is client_id the app's consumer key? A new app needs 2 to 10 minutes to be known"
    } else if error == "invalid_client" || says("invalid client credentials") {
        "is client_secret the app's consumer secret?"
    } else if error == "unsupported_grant_type" {
        "enable this flow in the external client app"
    } else {
        "check client_id, the user, and the external client app's policies"
    }
}

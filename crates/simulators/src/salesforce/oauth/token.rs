//! `POST /services/oauth2/token` and `/services/oauth2/revoke`.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::jwt;
use crate::salesforce::faults::TokenFault;
use crate::salesforce::org::Org;

/// A token request is small; more is not read.
const LARGEST_FORM: usize = 64 * 1024;

/// Why there is no token: what the real one says in `error` and `error_description`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    error: &'static str,
    description: &'static str,
}

impl Refusal {
    pub(super) fn new(error: &'static str, description: &'static str) -> Self {
        Self { error, description }
    }
}

/// Answers a token request.
pub(super) async fn token(State(org): State<Arc<Org>>, request: Request<Body>) -> Response {
    org.seen.note(|arrivals| arrivals.token_requests += 1);
    let (wait, fault) = org.faults.on_token();
    tokio::time::sleep(wait).await;
    match fault {
        Some(TokenFault::Status(status)) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            return (status, "We are down for maintenance.").into_response();
        }
        Some(TokenFault::NotApproved) => {
            return refused(&Refusal::new("invalid_grant", "user hasn't approved this consumer"));
        }
        None => {}
    }
    let headers = request.headers().clone();
    let Some(form) = form(request.into_body()).await else {
        return refused(&Refusal::new(
            "invalid_request",
            "the request is too large or was cut off",
        ));
    };
    let grant = match form.get("grant_type").map(String::as_str) {
        Some("urn:ietf:params:oauth:grant-type:jwt-bearer") => jwt_bearer(&org, &form),
        Some("client_credentials") => client_credentials(&org, &headers, &form),
        _ => Err(Refusal::new("unsupported_grant_type", "grant type not supported")),
    };
    match grant {
        Ok(()) => granted(&org),
        Err(refusal) => refused(&refusal),
    }
}

/// Answers anything but a POST to the token endpoint.
pub(super) async fn must_post() -> Response {
    refused(&Refusal::new("invalid_request", "must use HTTP POST"))
}

/// Ends a token at once.
pub(super) async fn revoke(State(org): State<Arc<Org>>, request: Request<Body>) -> Response {
    let query = request.uri().query().unwrap_or_default().to_owned();
    let form = form(request.into_body()).await.unwrap_or_default();
    let in_query = url::form_urlencoded::parse(query.as_bytes()).find(|(name, _)| name == "token");
    let token = form
        .get("token")
        .cloned()
        .or_else(|| in_query.map(|(_, token)| token.into_owned()));
    if token.is_some_and(|token| org.sessions.revoke(&token)) {
        // Streams with that token end, too.
        org.bus.nudge();
        StatusCode::OK.into_response()
    } else {
        refused(&Refusal::new(
            "unsupported_token_type",
            "this token type is not supported",
        ))
    }
}

fn jwt_bearer(org: &Org, form: &HashMap<String, String>) -> Result<(), Refusal> {
    let assertion = form
        .get("assertion")
        .ok_or(Refusal::new("invalid_request", "must have assertion"))?;
    jwt::verify(assertion, &org.sessions.key, &org.identity, Timestamp::now())
}

fn client_credentials(org: &Org, headers: &HeaderMap, form: &HashMap<String, String>) -> Result<(), Refusal> {
    let host = headers
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    if host.starts_with("login.salesforce.com") || host.starts_with("test.salesforce.com") {
        return Err(Refusal::new("invalid_grant", "request not supported on this domain"));
    }
    let in_form = || {
        Some((
            form.get("client_id")?.clone(),
            form.get("client_secret").cloned().unwrap_or_default(),
        ))
    };
    let (id, secret) = basic(headers).or_else(in_form).unwrap_or_default();
    if id != org.identity.client_id {
        Err(Refusal::new("invalid_client_id", "client identifier invalid"))
    } else if secret != org.identity.client_secret {
        Err(Refusal::new("invalid_client", "invalid client credentials"))
    } else {
        Ok(())
    }
}

/// Client id and secret from HTTP Basic.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let (scheme, encoded) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

async fn form(body: Body) -> Option<HashMap<String, String>> {
    let bytes = axum::body::to_bytes(body, LARGEST_FORM).await.ok()?;
    Some(url::form_urlencoded::parse(&bytes).into_owned().collect())
}

fn granted(org: &Org) -> Response {
    let (token, made) = org.sessions.sign_in();
    if made {
        org.seen.note(|arrivals| arrivals.tokens_made += 1);
    }
    let identity = &org.identity;
    let id = format!("{}/id/{}/{}", identity.url, identity.org_id, identity.user_id);
    let issued_at = Timestamp::now().as_millisecond().to_string();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, identity.client_secret.as_bytes());
    let signature = aws_lc_rs::hmac::sign(&key, format!("{id}{issued_at}").as_bytes());
    answer(
        StatusCode::OK,
        &json!({
            "access_token": token,
            "instance_url": identity.url,
            "id": id,
            "token_type": "Bearer",
            "scope": "api",
            "issued_at": issued_at,
            "signature": STANDARD.encode(signature.as_ref()),
        }),
    )
}

fn refused(refusal: &Refusal) -> Response {
    let body = json!({"error": refusal.error, "error_description": refusal.description});
    answer(StatusCode::BAD_REQUEST, &body)
}

/// A JSON answer that no proxy keeps.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "application/json;charset=UTF-8"),
        (
            header::CACHE_CONTROL,
            "no-cache,must-revalidate,max-age=0,no-store,private",
        ),
    ];
    (status, headers, body.to_string()).into_response()
}

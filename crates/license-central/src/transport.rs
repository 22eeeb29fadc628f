//! One HTTP exchange: at most one request, one bounded answer.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::redirect;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::Instant;
use url::Url;

use crate::error::Error;
use crate::gate::{Gate, OnceBody, Passage};
use crate::identity;
use crate::profile::SoapVersion;
use crate::settings::Settings;

/// The largest answer that is read. A found order of a thousand lines has about 100 KiB.
pub(crate) const MAX_ANSWER_BYTES: usize = 1024 * 1024;

/// How long an idle connection is kept: less than the five seconds after which common servers (Apache) close theirs,
/// so that a request seldom meets a connection that is just being closed.
const IDLE_TIMEOUT: Duration = Duration::from_secs(4);

/// The longest wait that an answer may ask for.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(3600);

/// The way to one License Central.
#[derive(Debug, Clone)]
pub(crate) struct Transport {
    http: reqwest::Client,
    endpoint: Url,
    call_timeout: Duration,
    basic: Option<(String, SecretString)>,
}

/// A request to be sent.
pub(crate) struct Outgoing<'a> {
    /// The whole envelope.
    pub(crate) body: String,
    /// Which SOAP it is.
    pub(crate) soap: SoapVersion,
    /// The operation's SOAPAction.
    pub(crate) action: &'a str,
    /// When it must not be sent any more.
    pub(crate) deadline: Option<Instant>,
    /// The W3C trace context to pass on.
    pub(crate) traceparent: Option<&'a str>,
}

/// An answer whose head arrived.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// The head's fields.
    pub(crate) headers: HeaderMap,
    /// The body, or why it did not arrive whole.
    pub(crate) body: Result<Bytes, Error>,
}

impl Answer {
    /// Returns how long the answer asks to wait. Only seconds are understood: a date would need a trusted clock.
    pub(crate) fn retry_after(&self) -> Option<Duration> {
        let seconds: u64 = self.headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
        Some(Duration::from_secs(seconds).min(MAX_RETRY_AFTER))
    }
}

impl Transport {
    /// Builds the HTTP client; connects to nothing.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        // One TLS provider for the whole program; whoever comes second is told that it is installed already.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ticketsmith/", env!("CARGO_PKG_VERSION")))
            .default_headers(own_headers(settings))
            .redirect(redirect::Policy::none())
            .retry(reqwest::retry::never())
            .referer(false)
            .no_proxy()
            // HTTP/2 lets a server decline a stream, which invites clients to repeat it.
            .http1_only()
            .tcp_nodelay(true)
            .connect_timeout(settings.connect_timeout)
            .pool_idle_timeout(IDLE_TIMEOUT);
        if let Some(path) = &settings.ca_file {
            builder = builder.tls_certs_only(identity::authorities(path)?);
        }
        if let Some(identity) = identity::client_certificate(settings)? {
            builder = builder.identity(identity);
        }
        let http = builder.build().map_err(|source| Error::HttpClient { source })?;
        let basic = settings.basic_user.clone().zip(settings.basic_password.clone());
        Ok(Self {
            http,
            endpoint: settings.endpoint.clone(),
            call_timeout: settings.call_timeout,
            basic,
        })
    }

    /// Sends a request at most once and reads its answer.
    pub(crate) async fn call(&self, outgoing: Outgoing<'_>) -> Result<Answer, Error> {
        let (body, gate) = OnceBody::new(Bytes::from(outgoing.body), outgoing.deadline);
        let mut request = self
            .http
            .post(self.endpoint.clone())
            .header(CONTENT_TYPE, outgoing.soap.content_type(outgoing.action))
            .body(reqwest::Body::wrap(body));
        if outgoing.soap == SoapVersion::V1_1 {
            request = request.header("SOAPAction", format!("\"{}\"", outgoing.action));
        }
        if let Some(traceparent) = outgoing.traceparent.and_then(|text| HeaderValue::from_str(text).ok()) {
            request = request.header("traceparent", traceparent);
        }
        if let Some((user, password)) = &self.basic {
            request = request.basic_auth(user, Some(password.expose_secret()));
        }
        match tokio::time::timeout(self.call_timeout, exchange(request, &gate)).await {
            Ok(result) => result,
            Err(_elapsed) => Err(match gate.close() {
                Passage::Withdrawn => Error::NotConnected {
                    waited: self.call_timeout,
                },
                Passage::Late => Error::Late,
                Passage::Sent => Error::NoAnswer {
                    waited: self.call_timeout,
                },
            }),
        }
    }
}

/// Sends and reads; an error of the head says how far the request came.
async fn exchange(request: reqwest::RequestBuilder, gate: &Gate) -> Result<Answer, Error> {
    let mut response = request.send().await.map_err(|source| {
        let source = source.without_url();
        match gate.close() {
            Passage::Withdrawn => Error::Unreachable { source },
            Passage::Late => Error::Late,
            Passage::Sent => Error::Interrupted { source },
        }
    })?;
    let status = response.status();
    let headers = response.headers().clone();
    let body = if status.is_redirection() {
        Ok(Bytes::new())
    } else {
        read_body(&mut response).await
    };
    Ok(Answer { status, headers, body })
}

async fn read_body(response: &mut reqwest::Response) -> Result<Bytes, Error> {
    let mut body = BytesMut::new();
    let broken = |source: reqwest::Error| Error::Interrupted {
        source: source.without_url(),
    };
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if body.len() + chunk.len() > MAX_ANSWER_BYTES {
            return Err(Error::TooLarge {
                limit: MAX_ANSWER_BYTES,
            });
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body.freeze())
}

/// Turns the configured headers into ones that never show in a debug print.
fn own_headers(settings: &Settings) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in &settings.headers {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::from_str(value.expose_secret());
        // Both were checked with the settings.
        if let (Ok(name), Ok(mut value)) = (name, value) {
            value.set_sensitive(true);
            headers.insert(name, value);
        }
    }
    headers
}

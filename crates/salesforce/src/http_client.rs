//! One careful HTTP client: no redirect, no proxy of the environment, no repetition by itself, no endless answer.

use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::redirect::Policy;
use url::Url;

use crate::settings::Settings;
use crate::{Error, ca};

/// Sends requests and reads bounded answers.
#[derive(Clone)]
pub(crate) struct Http {
    client: reqwest::Client,
    call_timeout: Duration,
}

/// A whole answer.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Http {
    /// Builds the client; opens no connection.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Error> {
        let unusable = |field: &str, found: String| Error::Settings {
            field: field.to_owned(),
            found,
        };
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("ticketsmith/", env!("CARGO_PKG_VERSION")))
            // A redirect of a REST call would carry token and body to an address nobody configured.
            .redirect(Policy::none())
            .no_proxy()
            .retry(reqwest::retry::never())
            .connect_timeout(settings.connect_timeout)
            .timeout(settings.call_timeout)
            // Load balancers drop idle connections without a word.
            .pool_idle_timeout(Duration::from_secs(30))
            .tcp_keepalive(Duration::from_secs(30));
        if let Some(file) = &settings.ca_file {
            let pem = ca::read(file).map_err(|found| unusable("ca_file", found))?;
            let trusted =
                reqwest::Certificate::from_pem_bundle(&pem).map_err(|error| unusable("ca_file", error.to_string()))?;
            builder = builder.tls_certs_only(trusted);
        } else if !is_secure(&settings.login_url) {
            // Plaintext all the way: a machine without any system certificates can still run the simulators.
            builder = builder.tls_certs_only([]);
        }
        let client = builder
            .build()
            .map_err(|error| unusable("ca_file", error.to_string()))?;
        Ok(Self {
            client,
            call_timeout: settings.call_timeout,
        })
    }

    /// Returns the client to build requests with.
    pub(crate) fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Sends a request and reads its answer, at most `most` bytes of it. `at` names the door in an error.
    pub(crate) async fn send(
        &self,
        at: &'static str,
        request: reqwest::RequestBuilder,
        most: usize,
    ) -> Result<Answer, Error> {
        let mut response = request.send().await.map_err(|error| self.failed(at, error))?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let mut body = BytesMut::new();
        while let Some(chunk) = response.chunk().await.map_err(|error| self.failed(at, error))? {
            if body.len() + chunk.len() > most {
                return Err(Error::ForeignAnswer {
                    at,
                    status,
                    what: format!("more than {most} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status,
            headers,
            body: body.freeze(),
        })
    }

    fn failed(&self, at: &'static str, error: reqwest::Error) -> Error {
        if error.is_timeout() && !error.is_connect() {
            return Error::NoAnswer {
                at,
                waited: self.call_timeout,
            };
        }
        Error::Unreachable {
            at,
            source: Arc::new(error.without_url()),
        }
    }
}

impl Answer {
    /// Says what an answer that is not JSON looks like, without showing it.
    pub(crate) fn looks(&self) -> String {
        let kind = self
            .headers
            .get(CONTENT_TYPE)
            .and_then(|kind| kind.to_str().ok())
            .unwrap_or("no content type");
        let kind: String = kind.chars().take(60).collect();
        format!("{} bytes of {kind}", self.body.len())
    }
}

/// Says whether the address is spoken to over TLS.
pub(crate) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
}

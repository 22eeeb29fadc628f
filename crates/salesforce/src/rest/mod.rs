//! The REST API: records and limits.

pub(crate) mod collections;
pub(crate) mod limits;
pub(crate) mod refusal;
pub(crate) mod rows;

use std::sync::{Arc, Mutex, PoisonError};

use reqwest::{Method, RequestBuilder};

use crate::Error;
use crate::http_client::{Answer, Http};
use crate::oauth::{Token, Tokens};
use limits::ApiUsage;

/// The door's name in errors.
pub(crate) const AT: &str = "rest";

/// 200 results with their error texts are far below this.
const MOST_BYTES: usize = 8 * 1024 * 1024;

/// Calls the REST API with the shared token.
#[derive(Clone)]
pub(crate) struct Rest {
    http: Http,
    tokens: Tokens,
    version: String,
    usage: Arc<Mutex<Option<ApiUsage>>>,
}

impl Rest {
    /// Makes the caller; sends nothing yet.
    pub(crate) fn new(http: Http, tokens: Tokens, version: &str) -> Self {
        Self {
            http,
            tokens,
            version: version.to_owned(),
            usage: Arc::default(),
        }
    }

    /// Returns what Salesforce last said about the day's allowance.
    pub(crate) fn usage(&self) -> Option<ApiUsage> {
        *self.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `/services/data/vXX.0/{path}` and returns the answer to a call that was accepted (200).
    ///
    /// A token that is not accepted is replaced, and the call repeated, once. That is safe for every call we make: what
    /// Salesforce answers with "no session" it has not looked at.
    async fn call(
        &self,
        method: Method,
        path: &str,
        body: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Error> {
        let token = self.tokens.token().await?;
        let first = self.send(&token, method.clone(), path, &body).await?;
        if !refusal::is_session(&first) {
            return refusal::accepted(first);
        }
        self.tokens.invalidate(&token);
        let token = self.tokens.token().await?;
        let second = self.send(&token, method, path, &body).await?;
        if refusal::is_session(&second) {
            self.tokens.invalidate(&token);
            return Err(refusal::session(&second));
        }
        refusal::accepted(second)
    }

    async fn send(
        &self,
        token: &Token,
        method: Method,
        path: &str,
        body: impl Fn(RequestBuilder) -> RequestBuilder,
    ) -> Result<Answer, Error> {
        let base = token.instance_url().as_str().trim_end_matches('/');
        let address = format!("{base}/services/data/v{}/{path}", self.version);
        let request = body(self.http.client().request(method, address).bearer_auth(token.access()));
        let answer = self.http.send(AT, request, MOST_BYTES).await?;
        if let Some(usage) = ApiUsage::from_headers(&answer.headers) {
            *self.usage.lock().unwrap_or_else(PoisonError::into_inner) = Some(usage);
        }
        Ok(answer)
    }
}

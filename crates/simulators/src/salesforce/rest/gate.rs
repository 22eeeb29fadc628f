//! What every REST call passes: planned faults, version, token, the daily limit; and what every answer carries.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::{HeaderMap, HeaderValue, Request, StatusCode, header};

use super::answer::{Failure, failed, session_invalid, written};
use super::call::{self, Call};
use super::{resource, resources};
use crate::salesforce::faults::RestFault;
use crate::salesforce::org::Org;
use crate::salesforce::serve::AnswerLost;

/// No request to the real one may be larger.
const LARGEST_BODY: usize = 50 * 1024 * 1024;

/// Answers one call.
pub(super) async fn answer(State(org): State<Arc<Org>>, request: Request<Body>) -> Response {
    let (wait, fault) = org.faults.on_rest();
    tokio::time::sleep(wait).await;
    let mut response = match fault {
        Some(RestFault::Unavailable) => failed(&Failure::unavailable()),
        Some(RestFault::Unexpected) => failed(&Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "UNKNOWN_EXCEPTION",
            "An unexpected error occurred. Please include this ErrorId if you contact support: 0-0 (0)",
        )),
        Some(RestFault::LimitExceeded) => failed(&limit_exceeded()),
        Some(RestFault::SessionInvalid) => session_invalid(),
        Some(RestFault::AnswerLost) => {
            let mut response = work(&org, request).await;
            response.extensions_mut().insert(AnswerLost);
            response
        }
        Some(RestFault::UnavailableAfterDone) => {
            work(&org, request).await;
            failed(&Failure::unavailable())
        }
        None => work(&org, request).await,
    };
    let used = org.seen.note(|arrivals| arrivals.rest_requests);
    let info = format!("api-usage={used}/{}", org.options.daily_requests);
    if let Ok(info) = HeaderValue::try_from(info) {
        response.headers_mut().insert("sforce-limit-info", info);
    }
    response
}

/// The token in the `Authorization` header.
pub(in crate::salesforce) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    // `OAuth` is what old clients write.
    (scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth")).then_some(token.trim())
}

async fn work(org: &Arc<Org>, request: Request<Body>) -> Response {
    let (head, body) = request.into_parts();
    let mut path = call::parts(head.uri.path());
    if path.is_empty() {
        return written(Ok(resources::versions()));
    }
    let version = path.remove(0);
    if let Err(failure) = call::supported(&version) {
        return failed(&failure);
    }
    if bearer(&head.headers)
        .and_then(|token| org.sessions.find(token))
        .is_none()
    {
        return session_invalid();
    }
    let used = org.seen.note(|arrivals| {
        arrivals.rest_requests += 1;
        arrivals.rest_requests
    });
    if used > org.options.daily_requests {
        return failed(&limit_exceeded());
    }
    let Ok(bytes) = axum::body::to_bytes(body, LARGEST_BODY).await else {
        let message = "The request body is too large or was cut off.";
        return failed(&Failure::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "REQUEST_TOO_LARGE",
            message,
        ));
    };
    let query: HashMap<String, String> = url::form_urlencoded::parse(head.uri.query().unwrap_or_default().as_bytes())
        .into_owned()
        .collect();
    let method = call::method(&head.method, &query);
    let answer = call::body(&head.headers, &bytes).and_then(|body| {
        resource(&Call {
            org,
            method,
            version,
            path,
            query,
            body,
        })
    });
    written(answer)
}

fn limit_exceeded() -> Failure {
    Failure::new(
        StatusCode::FORBIDDEN,
        "REQUEST_LIMIT_EXCEEDED",
        "TotalRequests Limit exceeded.",
    )
}

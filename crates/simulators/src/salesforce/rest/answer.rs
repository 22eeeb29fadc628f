//! Answers of the REST API: JSON, errors as an array.

use axum::response::{IntoResponse as _, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use crate::salesforce::store::rows::RowError;

/// A status and a body, or why not.
pub(super) type Answer = Result<(StatusCode, Option<Value>), Failure>;

/// A request that is refused whole.
#[derive(Debug)]
pub(super) struct Failure {
    status: StatusCode,
    error: RowError,
}

impl Failure {
    pub(super) fn new(status: StatusCode, code: &str, message: &str) -> Self {
        Self {
            status,
            error: RowError::new(code, message),
        }
    }

    /// There is no such resource.
    pub(super) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NOT_FOUND",
            "The requested resource does not exist",
        )
    }

    /// The resource does not take this method.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "METHOD_NOT_ALLOWED",
            "HTTP Method not allowed for this resource.",
        )
    }

    /// The body cannot be read.
    pub(super) fn unreadable(why: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "JSON_PARSER_ERROR", why)
    }

    /// The org cannot answer now.
    pub(super) fn unavailable() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "SERVER_UNAVAILABLE",
            "The server is temporarily unavailable. Try again later.",
        )
    }
}

impl From<RowError> for Failure {
    /// A single record that is refused: its kind decides the status.
    fn from(error: RowError) -> Self {
        let status = match error.code.as_str() {
            "ENTITY_IS_DELETED" => StatusCode::NOT_FOUND,
            "INVALID_TYPE_FOR_OPERATION" => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::BAD_REQUEST,
        };
        Self { status, error }
    }
}

/// Writes a failure: an array of one error.
pub(super) fn failed(failure: &Failure) -> Response {
    let RowError { code, message, fields } = &failure.error;
    let mut error = json!({"message": message, "errorCode": code});
    if !fields.is_empty() {
        error["fields"] = json!(fields);
    }
    json_answer(failure.status, &json!([error]))
}

/// Writes an answer.
pub(super) fn written(answer: Answer) -> Response {
    match answer {
        Ok((status, Some(body))) => json_answer(status, &body),
        Ok((status, None)) => status.into_response(),
        Err(failure) => failed(&failure),
    }
}

/// 401: the token is missing, wrong, expired or revoked.
pub(in crate::salesforce) fn session_invalid() -> Response {
    let failure = Failure::new(
        StatusCode::UNAUTHORIZED,
        "INVALID_SESSION_ID",
        "Session expired or invalid",
    );
    let mut response = failed(&failure);
    response
        .headers_mut()
        .insert(header::WWW_AUTHENTICATE, http::HeaderValue::from_static("Token"));
    response
}

/// A row's errors as the collections write them: `statusCode`, and `fields` always.
pub(super) fn row_error(error: &RowError) -> Value {
    json!({"statusCode": error.code, "message": error.message, "fields": error.fields})
}

fn json_answer(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [(header::CONTENT_TYPE, "application/json;charset=UTF-8")],
        body.to_string(),
    )
        .into_response()
}

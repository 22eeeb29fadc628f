//! One REST call, read.

use std::collections::HashMap;

use http::{Method, StatusCode, header};
use serde_json::{Map, Value};

use super::answer::Failure;
use crate::salesforce::org::Org;

/// The oldest API version that is still answered.
const OLDEST: u32 = 50;
/// The newest: Winter '27.
const NEWEST: u32 = 68;
/// Versions up to this one are retired.
const RETIRED: u32 = 30;

/// A call with a good token.
pub(super) struct Call<'a> {
    pub(super) org: &'a Org,
    pub(super) method: Method,
    /// `v67.0`
    pub(super) version: String,
    /// What follows the version.
    pub(super) path: Vec<String>,
    pub(super) query: HashMap<String, String>,
    pub(super) body: Option<Value>,
}

impl Call<'_> {
    /// The body, which must be a JSON object.
    pub(super) fn object(&self) -> Result<&Map<String, Value>, Failure> {
        let body = self.body.as_ref().ok_or_else(|| {
            Failure::unreadable("The HTTP entity body is required, but this request has no entity body.")
        })?;
        body.as_object()
            .ok_or_else(|| Failure::unreadable("The HTTP entity body must be a JSON object."))
    }
}

/// All versions that are answered, oldest first.
pub(super) fn versions() -> impl Iterator<Item = (u32, String)> {
    (OLDEST..=NEWEST).map(|version| {
        // Three releases a year; version 50 was Winter '21.
        let season = ["Winter", "Spring", "Summer"][usize::try_from(version - OLDEST).unwrap_or(0) % 3];
        (version, format!("{season} '{}", 21 + (version - OLDEST) / 3))
    })
}

/// Says whether a version such as `v67.0` is answered.
pub(super) fn supported(version: &str) -> Result<(), Failure> {
    let number = version
        .strip_prefix('v')
        .and_then(|text| text.strip_suffix(".0"))
        .and_then(|text| text.parse().ok());
    match number {
        Some(OLDEST..=NEWEST) => Ok(()),
        Some(..=RETIRED) => Err(Failure::new(
            StatusCode::GONE,
            "UNSUPPORTED_API_VERSION",
            "The requested API version is retired.",
        )),
        _ => Err(Failure::not_found()),
    }
}

/// Splits `/services/data/v67.0/sobjects/Order` into its parts after `data`.
pub(super) fn parts(path: &str) -> Vec<String> {
    path.split('/')
        .skip(3)
        .filter(|part| !part.is_empty())
        .map(decode)
        .collect()
}

/// The method meant: old clients that cannot PATCH say it in the query.
pub(super) fn method(method: &Method, query: &HashMap<String, String>) -> Method {
    match query.get("_HttpMethod") {
        Some(meant) if method == Method::POST => meant.parse().unwrap_or(Method::POST),
        _ => method.clone(),
    }
}

/// Reads a JSON body, if there is one.
pub(super) fn body(headers: &http::HeaderMap, bytes: &[u8]) -> Result<Option<Value>, Failure> {
    if bytes.is_empty() {
        return Ok(None);
    }
    let kind = headers
        .get(header::CONTENT_TYPE)
        .map(|kind| String::from_utf8_lossy(kind.as_bytes()).to_lowercase());
    if kind.is_some_and(|kind| !kind.contains("json")) {
        return Err(Failure::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UNSUPPORTED_MEDIA_TYPE",
            "Content type must be application/json.",
        ));
    }
    serde_json::from_slice(bytes)
        .map(Some)
        .map_err(|error| Failure::unreadable(&error.to_string()))
}

fn decode(part: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = part.as_bytes();
    while let Some((first, others)) = rest.split_first() {
        let hex = others.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) if *first == b'%' => {
                bytes.push(byte);
                rest = &others[2..];
            }
            _ => {
                bytes.push(*first);
                rest = others;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_have_their_releases_names() {
        let named: HashMap<u32, String> = versions().collect();
        assert_eq!(named[&50], "Winter '21");
        assert_eq!(named[&67], "Summer '26");
        assert_eq!(named[&68], "Winter '27");
    }

    #[test]
    fn only_known_versions_are_answered() {
        assert!(supported("v50.0").is_ok() && supported("v68.0").is_ok());
        for unknown in ["v49.0", "v69.0", "67.0", "v67", "v067.1", "latest"] {
            assert!(supported(unknown).is_err(), "{unknown}");
        }
    }

    #[test]
    fn paths_are_split_and_decoded() {
        assert_eq!(
            parts("/services/data/v67.0/sobjects/A%20%C3%9F%zz"),
            ["v67.0", "sobjects", "A ß%zz"]
        );
        assert!(parts("/services/data").is_empty());
    }
}

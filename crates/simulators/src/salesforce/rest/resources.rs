//! Versions, the resources of a version, and the org's limits.

use http::StatusCode;
use serde_json::{Value, json};

use super::call::{self, Call};

/// `GET /services/data`: every version, without a token.
pub(super) fn versions() -> (StatusCode, Option<Value>) {
    let versions: Vec<Value> = call::versions()
        .map(|(version, label)| {
            json!({"label": label, "url": format!("/services/data/v{version}.0"), "version": format!("{version}.0")})
        })
        .collect();
    (StatusCode::OK, Some(Value::Array(versions)))
}

/// `GET /services/data/v67.0`: what there is.
pub(super) fn root(call: &Call<'_>) -> (StatusCode, Option<Value>) {
    let at = |resource: &str| format!("/services/data/{}/{resource}", call.version);
    let identity = &call.org.identity;
    let body = json!({
        "composite": at("composite"),
        "identity": format!("{}/id/{}/{}", identity.url, identity.org_id, identity.user_id),
        "limits": at("limits"),
        "sobjects": at("sobjects"),
    });
    (StatusCode::OK, Some(body))
}

/// `GET /services/data/v67.0/limits`.
pub(super) fn limits(call: &Call<'_>) -> (StatusCode, Option<Value>) {
    let arrivals = call.org.seen.arrivals();
    let of = |max: u64, used: u64| json!({"Max": max, "Remaining": max.saturating_sub(used)});
    let body = json!({
        "DailyApiRequests": of(call.org.options.daily_requests, arrivals.rest_requests),
        "DailyDeliveredPlatformEvents": of(50_000, arrivals.events_delivered),
        "DailyStandardVolumePlatformEvents": of(25_000, 0),
        "HourlyPublishedPlatformEvents": of(250_000, 0),
        "HourlyPublishedStandardVolumePlatformEvents": of(100_000, 0),
        "MonthlyPlatformEvents": of(750_000, 0),
        "DataStorageMB": of(1_024, 1),
        "FileStorageMB": of(1_024, 0),
    });
    (StatusCode::OK, Some(body))
}

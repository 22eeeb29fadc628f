//! What is left of the org's allowances.

use std::collections::BTreeMap;

use reqwest::Method;
use reqwest::header::HeaderMap;
use serde::Deserialize;

use super::{AT, Rest};
use crate::Error;

/// The org's allowances, by Salesforce's name for each (`DailyApiRequests`, `HourlyPublishedPlatformEvents`, …).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Limits(BTreeMap<String, Allowance>);

/// One allowance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub struct Allowance {
    /// How much there is in all.
    #[serde(rename = "Max")]
    pub max: i64,
    /// How much is left.
    #[serde(rename = "Remaining")]
    pub remaining: i64,
}

impl Limits {
    /// Returns one allowance by its name.
    pub fn get(&self, name: &str) -> Option<Allowance> {
        self.0.get(name).copied()
    }

    /// Returns the REST calls of the last 24 hours.
    pub fn daily_api_requests(&self) -> Option<Allowance> {
        self.get("DailyApiRequests")
    }

    /// Returns the event deliveries of the last 24 hours, shared by all subscribers of the org.
    pub fn daily_delivered_events(&self) -> Option<Allowance> {
        self.get("DailyDeliveredPlatformEvents")
    }

    /// Goes through all allowances.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Allowance)> {
        self.0.iter().map(|(name, allowance)| (name.as_str(), *allowance))
    }
}

/// The REST calls of the last 24 hours, as every answer tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ApiUsage {
    /// How many were made.
    pub used: u64,
    /// How many are allowed.
    pub max: u64,
}

impl ApiUsage {
    /// Reads `Sforce-Limit-Info: api-usage=18/5000`, which may carry other usages beside it.
    pub(super) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let text = headers.get("sforce-limit-info")?.to_str().ok()?;
        let usage = text
            .split([',', ';'])
            .find_map(|part| part.trim().strip_prefix("api-usage="))?;
        let (used, max) = usage.trim().split_once('/')?;
        Some(Self {
            used: used.parse().ok()?,
            max: max.parse().ok()?,
        })
    }
}

impl Rest {
    /// See [`Client::limits`](crate::Client::limits).
    pub(crate) async fn limits(&self) -> Result<Limits, Error> {
        let answer = self.call(Method::GET, "limits", |request| request).await?;
        let all: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(&answer.body).map_err(|_| Error::ForeignAnswer {
                at: AT,
                status: answer.status,
                what: answer.looks(),
            })?;
        // An entry of another shape is one we do not know, not an error.
        let known = all
            .into_iter()
            .filter_map(|(name, value)| Some((name, Allowance::deserialize(value).ok()?)));
        Ok(Limits(known.collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usage_is_read_wherever_it_stands_in_the_header() {
        for (text, usage) in [
            ("api-usage=18/5000", Some((18, 5000))),
            (
                "per-app-api-usage=17/250(appName=sample), api-usage=25/5000",
                Some((25, 5000)),
            ),
            (
                "api-usage=25/5000; per-app-api-usage=17/250(appName=sample)",
                Some((25, 5000)),
            ),
            ("api-usage=", None),
            ("something else", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("Sforce-Limit-Info", text.parse().unwrap());
            let found = ApiUsage::from_headers(&headers).map(|found| (found.used, found.max));
            assert_eq!(found, usage, "{text}");
        }
        assert_eq!(ApiUsage::from_headers(&HeaderMap::new()), None);
    }
}

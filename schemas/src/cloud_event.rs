//! The envelope of every AMQP body: `CloudEvents` 1.0, structured JSON mode.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The media type of every AMQP body of ours.
pub const CONTENT_TYPE: &str = "application/cloudevents+json";

/// The version of `CloudEvents` that is spoken.
pub const SPEC_VERSION: &str = "1.0";

/// The largest AMQP body that is read or written, in bytes.
pub const MAX_BODY_BYTES: usize = 256 * 1024;

/// Carries one message in the form of <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md>.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CloudEvent<T> {
    /// Always `1.0`.
    pub specversion: String,
    /// What tells one message from another; of a Salesforce event its `EventUuid`.
    pub id: String,
    /// Who submitted the order.
    pub source: Source,
    /// The message's type, such as `io.ticketsmith.license.request.v1`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The order's number, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subject: Option<String>,
    /// When the event happened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub time: Option<Timestamp>,
    /// The media type of `data`; only JSON is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datacontenttype: Option<String>,
    /// The message itself.
    pub data: T,
}

/// Writes an event of ours as an AMQP body.
#[expect(
    clippy::expect_used,
    reason = "our events have string keys and no custom serializer, so this cannot fail"
)]
pub(crate) fn to_json<T: Serialize>(event: &CloudEvent<T>) -> Vec<u8> {
    serde_json::to_vec(event).expect("an event of ours is plain JSON")
}

/// Names the system that submits orders: 1 to 32 characters of `a-z`, `0-9` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(extend("pattern" = "^[a-z0-9-]{1,32}$"))]
pub struct Source(#[schemars(with = "String")] String);

impl Source {
    /// The source of everything that the producer reads.
    pub const SALESFORCE: &'static str = "salesforce";

    /// Returns the source of everything that the producer reads.
    pub fn salesforce() -> Self {
        Self(Self::SALESFORCE.to_owned())
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Says whether orders of this source live in Salesforce.
    pub fn is_salesforce(&self) -> bool {
        self.0 == Self::SALESFORCE
    }
}

/// The text is not the name of a source.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a source is 1 to 32 characters of a-z, 0-9 and '-'")]
pub struct InvalidSource;

impl FromStr for Source {
    type Err = InvalidSource;

    fn from_str(text: &str) -> Result<Self, InvalidSource> {
        Self::try_from(text.to_owned())
    }
}

impl TryFrom<String> for Source {
    type Error = InvalidSource;

    fn try_from(text: String) -> Result<Self, InvalidSource> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidSource)
        }
    }
}

impl From<Source> for String {
    fn from(source: Source) -> Self {
        source.0
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_a_short_plain_word() {
        for good in ["salesforce", "erp-2", "a"] {
            assert!(good.parse::<Source>().is_ok(), "{good}");
        }
        for bad in ["", "Salesforce", "a b", "ä", "a/b", &"x".repeat(33)] {
            assert!(bad.parse::<Source>().is_err(), "{bad}");
        }
    }
}

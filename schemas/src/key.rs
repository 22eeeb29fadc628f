//! What must not happen twice, and how Salesforce ids are written in one way.

use crate::{OrderRef, Source};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Names one operation on one order: `{org, else source}/{order id}/{revision}`.
///
/// It is derived, never read from a request: a repeated activation, another event id, a later time or other content do
/// not make a new key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct RequestKey(#[schemars(with = "String")] String);

/// The text is not a request key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a request key reads ORG-OR-SOURCE/ORDER-ID/REVISION")]
pub struct InvalidKey;

impl RequestKey {
    /// Derives the key of an order's revision.
    pub fn derive(source: &Source, order: &OrderRef, revision: u32) -> Self {
        let realm = order.org.as_deref().map_or_else(|| source.to_string(), widen_id);
        Self(format!("{realm}/{}/{revision}", widen_id(&order.id)))
    }

    /// Returns the key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key without its revision: the order.
    pub fn order_part(&self) -> &str {
        self.0.rsplit_once('/').map_or(&self.0, |(order, _)| order)
    }

    /// Returns the revision.
    pub fn revision(&self) -> u32 {
        self.0
            .rsplit_once('/')
            .and_then(|(_, revision)| revision.parse().ok())
            .unwrap_or(1)
    }

    /// Returns the key of another revision of the same order.
    #[must_use]
    pub fn with_revision(&self, revision: u32) -> Self {
        Self(format!("{}/{revision}", self.order_part()))
    }
}

impl TryFrom<String> for RequestKey {
    type Error = InvalidKey;

    fn try_from(text: String) -> Result<Self, InvalidKey> {
        let (order, revision) = text.rsplit_once('/').ok_or(InvalidKey)?;
        let (realm, id) = order.split_once('/').ok_or(InvalidKey)?;
        let positive = revision.parse::<u32>().is_ok_and(|number| number >= 1);
        if realm.is_empty() || id.is_empty() || !positive {
            Err(InvalidKey)
        } else {
            Ok(Self(text))
        }
    }
}

impl FromStr for RequestKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, InvalidKey> {
        Self::try_from(text.to_owned())
    }
}

impl From<RequestKey> for String {
    fn from(key: RequestKey) -> Self {
        key.0
    }
}

impl fmt::Display for RequestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Widens a case-sensitive Salesforce id of 15 characters to the 18 of the case-safe form; leaves any other text alone.
///
/// Each of the three characters added says which letters of a group of five are upper case, lowest bit first.
pub fn widen_id(id: &str) -> String {
    if !looks_like_a_short_id(id) {
        return id.to_owned();
    }
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let mut wide = id.to_owned();
    for group in id.as_bytes().chunks(5) {
        let bits = group.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
        wide.push(char::from(ALPHABET[bits.map(|(place, _)| 1 << place).sum::<usize>()]));
    }
    wide
}

/// Salesforce ids begin with a three-character key prefix that holds a digit in its first place (`801`, `00D`, `a0B` for
/// custom objects); a submitter's own 15-character order ids must not be taken for one.
fn looks_like_a_short_id(id: &str) -> bool {
    let bytes = id.as_bytes();
    bytes.len() == 15
        && bytes.iter().all(u8::is_ascii_alphanumeric)
        && (bytes[0].is_ascii_digit() || (bytes[0] == b'a' && bytes[1].is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(id: &str, org: Option<&str>) -> OrderRef {
        OrderRef {
            id: id.to_owned(),
            number: "00000100".to_owned(),
            org: org.map(str::to_owned),
        }
    }

    #[test]
    fn short_and_long_ids_of_one_record_give_one_key() {
        let source = Source::salesforce();
        let short = RequestKey::derive(&source, &order("8015g00000AbCdE", Some("00D5g000004abcD")), 1);
        let long = RequestKey::derive(
            &source,
            &order(&widen_id("8015g00000AbCdE"), Some(&widen_id("00D5g000004abcD"))),
            1,
        );
        assert_eq!(short, long);
    }

    #[test]
    fn widening_follows_the_published_algorithm() {
        assert_eq!(widen_id("001A0000006Vm9r"), "001A0000006Vm9rIAC");
        assert_eq!(widen_id("PO-2026-0000001"), "PO-2026-0000001", "not a Salesforce id");
    }

    #[test]
    fn the_same_order_in_two_orgs_has_two_keys() {
        let source = Source::salesforce();
        let one = RequestKey::derive(&source, &order("8015g00000AbCdEAAA", Some("00D5g000004abcDEAU")), 1);
        let two = RequestKey::derive(&source, &order("8015g00000AbCdEAAA", Some("00D5g000004abcEEAU")), 1);
        assert_ne!(one, two);
    }

    #[test]
    fn a_key_can_be_taken_apart() {
        let key: RequestKey = "erp/PO/17/3".parse().unwrap();
        assert_eq!((key.order_part(), key.revision()), ("erp/PO/17", 3));
        assert_eq!(key.with_revision(4).as_str(), "erp/PO/17/4");
        for bad in ["", "a/b", "a/b/0", "a/b/x", "/b/1", "a//1"] {
            assert!(bad.parse::<RequestKey>().is_err(), "{bad}");
        }
    }
}

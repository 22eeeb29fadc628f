//! A position in a topic's stream.

use std::fmt;
use std::str::FromStr;

/// A position on Salesforce's event bus: opaque bytes, shown as hex.
///
/// Never a number: its length and meaning are Salesforce's own business, so nothing here compares or counts with it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ReplayId(Vec<u8>);

impl ReplayId {
    /// Wraps the bytes as Salesforce sent them.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// Returns the bytes to store and to send back.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Says whether Salesforce sent no position at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<Vec<u8>> for ReplayId {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl fmt::Display for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ReplayId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReplayId({self})")
    }
}

/// The text is not a replay id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a replay id is an even number of hexadecimal digits, found {found:?}")]
pub struct NotAReplayId {
    /// The text that was found.
    pub found: String,
}

impl FromStr for ReplayId {
    type Err = NotAReplayId;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = || NotAReplayId {
            found: text.chars().take(80).collect(),
        };
        let digits: Option<Vec<u8>> = text
            .chars()
            .map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok()))
            .collect();
        let digits = digits.ok_or_else(wrong)?;
        let (pairs, rest) = digits.as_chunks::<2>();
        if pairs.is_empty() || !rest.is_empty() {
            return Err(wrong());
        }
        Ok(Self(pairs.iter().map(|[high, low]| high << 4 | low).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_id_is_shown_as_hex_and_read_back() {
        let id = ReplayId::new([0, 0, 0, 0, 0, 0x10, 0xdb, 0x4d, 0, 0]);
        assert_eq!(id.to_string(), "000000000010db4d0000");
        assert_eq!("000000000010DB4D0000".parse::<ReplayId>(), Ok(id));
    }

    #[test]
    fn a_text_that_is_no_hex_is_refused() {
        for text in ["", "0", "xy", "00 0", "0x00", "ä1"] {
            assert!(text.parse::<ReplayId>().is_err(), "{text:?}");
        }
    }
}

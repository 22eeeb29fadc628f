//! What becomes of a delivery.

use crate::headers;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a handler says about a delivery when it is done with it.
///
/// Whatever is published for it is confirmed before the delivery is acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// Nothing more is to be done: acknowledged.
    Done,
    /// To be delivered again after a wait, as one attempt more, with this failure added.
    Later {
        /// How long.
        wait: Wait,
        /// What went wrong.
        error: AttemptError,
    },
    /// To be delivered again after the shortest wait; nobody's fault, no attempt is spent.
    Snooze,
    /// Never: parked with the dead letters.
    Dead(DeadReason),
    /// Neither: what follows from it could not be confirmed. It is not acknowledged, and comes back soon.
    Abandon,
}

/// How long a delivery waits before it comes again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// The tier with this index; the last one if there are fewer.
    Tier(usize),
    /// The tier that follows this many failed attempts: 0 and 1 → the first, 2 → the second, …, at most the last.
    ForAttempt(u32),
    /// The first tier.
    Shortest,
}

impl Wait {
    /// The index in a table of `tiers` tiers.
    pub(crate) fn index(self, tiers: usize) -> usize {
        let wanted = match self {
            Self::Tier(index) => index,
            Self::ForAttempt(attempt) => usize::try_from(attempt.saturating_sub(1)).unwrap_or(usize::MAX),
            Self::Shortest => 0,
        };
        wanted.min(tiers.saturating_sub(1))
    }
}

/// One failed attempt at a message, as it stands in its headers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptError {
    /// When it failed.
    pub at: Timestamp,
    /// Which attempt it was, from 0.
    pub attempt: u32,
    /// The kind of failure, a short word.
    pub class: String,
    /// What happened; at most 400 bytes are kept. No ticket, no personal data.
    pub text: String,
}

impl AttemptError {
    /// The most bytes of text that are kept.
    const MOST_BYTES: usize = 400;

    /// Describes a failure that happened just now.
    pub fn new(attempt: u32, class: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            at: Timestamp::now(),
            attempt,
            class: class.into(),
            text: text.into(),
        }
    }

    /// The same, short enough for a header.
    pub(crate) fn shortened(&self) -> Self {
        let [class, text] = [(&self.class, 64), (&self.text, Self::MOST_BYTES)].map(|(text, most)| cut(text, most));
        Self {
            class,
            text,
            ..self.clone()
        }
    }
}

/// Why a message is parked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeadReason {
    /// The letter's id: the same for the same failure, however often it is published.
    pub letter_id: String,
    /// Where it failed, such as `fulfil`.
    pub stage: String,
    /// The kind of failure, such as `refused`.
    pub class: String,
    /// The machine's word for it, such as `unknown-item`.
    pub code: String,
    /// A sentence for a person; at most 2,000 bytes are sent.
    pub text: String,
    /// The request's key, if it is known.
    pub request_key: Option<String>,
}

impl DeadReason {
    /// Writes the reason into the headers of a message; an older one there is replaced.
    pub(crate) fn write(&self, headers: &mut BTreeMap<String, String>) {
        Self::strip(headers);
        let key = self.request_key.as_deref();
        let values = [&self.letter_id, &self.stage, &self.class, &self.code, &self.text].map(|text| cut(text, 2000));
        headers.extend(headers::LETTER.map(str::to_owned).into_iter().zip(values));
        headers.extend(key.map(|key| (headers::LETTER_KEY.to_owned(), key.to_owned())));
    }

    /// Reads the reason back, if there is one.
    pub(crate) fn read(headers: &BTreeMap<String, String>) -> Option<Self> {
        let text = |name: &str| headers.get(name).cloned();
        let word = |name: &str| text(name).unwrap_or_default();
        Some(Self {
            letter_id: text(headers::LETTER_ID)?,
            stage: word(headers::LETTER_STAGE),
            class: word(headers::LETTER_CLASS),
            code: word(headers::LETTER_CODE),
            text: word(headers::LETTER_TEXT),
            request_key: text(headers::LETTER_KEY),
        })
    }

    /// Takes the reason out of the headers: a message that lives again has none.
    pub(crate) fn strip(headers: &mut BTreeMap<String, String>) {
        headers.retain(|name, _| !headers::LETTER.contains(&name.as_str()));
    }
}

/// The beginning of a text, of at most so many bytes and whole characters.
fn cut(text: &str, most: usize) -> String {
    text[..text.floor_char_boundary(most)].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_beyond_the_last_tier_is_the_last_tier() {
        let table = [(0, 0), (1, 0), (2, 1), (5, 4), (6, 4), (u32::MAX, 4)];
        for (attempt, tier) in table {
            assert_eq!(Wait::ForAttempt(attempt).index(5), tier, "attempt {attempt}");
        }
        assert_eq!(Wait::Tier(9).index(5), 4);
        assert_eq!(Wait::Shortest.index(5), 0);
    }

    #[test]
    fn a_reason_is_read_back_as_it_was_written_and_replaces_an_older_one() {
        let reason = |key: Option<&str>| DeadReason {
            letter_id: "l-1".to_owned(),
            stage: "fulfil".to_owned(),
            class: "refused".to_owned(),
            code: "unknown-item".to_owned(),
            text: "ä".repeat(5000),
            request_key: key.map(str::to_owned),
        };
        let mut headers = BTreeMap::from([("other".to_owned(), "kept".to_owned())]);
        reason(Some("org/order/1")).write(&mut headers);
        reason(None).write(&mut headers);
        let read = DeadReason::read(&headers).unwrap();
        assert_eq!(
            read,
            DeadReason {
                text: "ä".repeat(1000),
                ..reason(None)
            }
        );
        DeadReason::strip(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(DeadReason::read(&headers), None);
    }
}

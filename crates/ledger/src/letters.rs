//! Dead letters: what could not be done, kept until a person has dealt with it.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use schemas::{Fingerprint, HeldCode, RequestKey};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::arrival::{Request, Rest};
use crate::row::{Body, Row, State};

/// A letter's identity: 32 hex digits, the same for the same failure, whoever reports it and however often.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LetterId(String);

impl LetterId {
    /// Returns the identity of the failure of `subject` (a key or a message id) in `stage` at `number` (a version or an
    /// attempt).
    pub fn of(subject: &str, stage: Stage, number: u64) -> Self {
        let digest = Sha256::new()
            .chain_update(subject.as_bytes())
            .chain_update([0])
            .chain_update(stage.as_str().as_bytes())
            .chain_update([0])
            .chain_update(number.to_be_bytes())
            .finalize();
        Self(digest[..16].iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// Returns the identity that was read from a header or a command line.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LetterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// In which part of the way something failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// A Salesforce event could not be made into a request.
    Translate,
    /// A request did not become a ticket.
    Fulfil,
    /// An outcome could not be written to Salesforce.
    Report,
}

impl Stage {
    /// Every stage, in the order of an order's way.
    pub const ALL: [Self; 3] = [Self::Translate, Self::Fulfil, Self::Report];

    /// Returns the word that stands in the ledger and in headers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Translate => "translate",
            Self::Fulfil => "fulfil",
            Self::Report => "report",
        }
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|stage| stage.as_str() == word)
            .ok_or_else(|| Error::Damaged {
                what: "stage",
                found: word.to_owned(),
            })
    }
}

/// Where a letter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LetterState {
    /// Nobody dealt with it yet.
    Open,
    /// Sent again by an operator.
    Replayed,
    /// Its order was issued meanwhile.
    Overtaken,
    /// Put aside by an operator.
    Discarded,
}

impl LetterState {
    /// Every state.
    pub const ALL: [Self; 4] = [Self::Open, Self::Replayed, Self::Overtaken, Self::Discarded];

    /// Returns the word that stands in the ledger.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
            Self::Overtaken => "overtaken",
            Self::Discarded => "discarded",
        }
    }
}

impl fmt::Display for LetterState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for LetterState {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| Error::Damaged {
                what: "letter state",
                found: word.to_owned(),
            })
    }
}

/// One failure that a person should know of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Its identity.
    pub id: LetterId,
    /// Where it failed.
    pub stage: Stage,
    /// Kind of failure: `refused`, `held`, `conflicting-request`, `invalid-request`, `worker-died`, …
    pub class: String,
    /// License Central's or Salesforce's fault code, or a held code.
    pub code: String,
    /// One readable line.
    pub text: String,
    /// The order's key, if it is known.
    pub key: Option<RequestKey>,
    /// The row's version when it failed, if there is a row.
    pub version: Option<u64>,
    /// The order's number, if it is known.
    pub order_number: Option<String>,
    /// Who asked, if it is known.
    pub source: Option<String>,
    /// The message that failed.
    pub message_id: Option<String>,
    /// The message's body: a request, a completion, or a decoded event.
    pub body: Body,
    /// The message's own headers.
    pub headers: BTreeMap<String, String>,
    /// When it failed.
    pub created_at: Timestamp,
}

impl Letter {
    /// Returns the letter of a refused or held row; the same for the same version.
    ///
    /// A row held `invalid-request` has none: whoever parked the request wrote the letter about its message.
    pub fn of_row(row: &Row) -> Option<Self> {
        let class = match row.state {
            State::Refused => "refused",
            State::Held => "held",
            State::Accepted | State::Calling | State::Unknown | State::Issued => return None,
        };
        if row.held_code() == Some(HeldCode::InvalidRequest) {
            return None;
        }
        let reason = row.reason.as_ref()?;
        let text = if reason.detail.is_empty() {
            &reason.sentence
        } else {
            &reason.detail
        };
        Some(Self {
            id: LetterId::of(row.key.as_str(), Stage::Fulfil, row.version),
            class: class.to_owned(),
            code: reason.code.clone(),
            text: text.clone(),
            ..Self::about(row, Stage::Fulfil)
        })
    }

    /// Returns the letter of other content for an issued order; the same for the same content.
    pub(crate) fn conflict(row: &Row, body: &Body, fingerprint: &Fingerprint, message_id: &str, at: Timestamp) -> Self {
        Self {
            id: LetterId::of(&format!("{}/{fingerprint}", row.key), Stage::Fulfil, 0),
            class: "conflicting-request".to_owned(),
            code: "conflicting-request".to_owned(),
            text: "other content was requested for an order that already has its ticket".to_owned(),
            message_id: Some(message_id.to_owned()),
            body: body.clone(),
            created_at: at,
            ..Self::about(row, Stage::Fulfil)
        }
    }

    /// Returns what groups letters of one cause: a hash of stage, class, code and the text without its numbers.
    pub fn cause(&self) -> String {
        let words: String = self
            .text
            .chars()
            .filter(|character| !character.is_ascii_digit())
            .collect();
        LetterId::of(&format!("{}/{}/{words}", self.class, self.code), self.stage, 0).0
    }

    /// Returns what every letter about this row has in common.
    pub(crate) fn about(row: &Row, stage: Stage) -> Self {
        Self {
            id: LetterId::of(row.key.as_str(), stage, row.version),
            stage,
            class: String::new(),
            code: String::new(),
            text: String::new(),
            key: Some(row.key.clone()),
            version: Some(row.version),
            order_number: Some(row.order.number.clone()),
            source: Some(row.source.as_str().to_owned()),
            message_id: row.message_ids.last().cloned(),
            body: row.body.clone(),
            headers: BTreeMap::new(),
            created_at: row.updated_at,
        }
    }
}

/// Which letters to list; everything that is set must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LetterFilter {
    /// Only letters in this state.
    pub state: Option<LetterState>,
    /// Only letters of this stage.
    pub stage: Option<Stage>,
    /// Only letters of this class.
    pub class: Option<String>,
    /// Only letters of this order number or request key.
    pub order: Option<String>,
    /// Only letters whose text, code or order contains this.
    pub text: Option<String>,
    /// At most this many, the latest first; 0 means 100.
    pub limit: usize,
}

/// A letter in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedLetter {
    /// The letter; in a list its body is empty.
    pub letter: Letter,
    /// Where it stands.
    pub state: LetterState,
    /// When it was closed.
    pub closed_at: Option<Timestamp>,
    /// Groups letters of one cause: hash of stage, class, code and normalized text.
    pub group: String,
}

/// A failure that came before a letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastAttempt {
    /// When.
    pub at: Timestamp,
    /// What happened, a word: `not-accepted`, `unknown`, `refused`, …
    pub event: String,
    /// What was said.
    pub text: String,
}

/// A letter with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownLetter {
    /// The letter, where it stands, and its body.
    pub listed: ListedLetter,
    /// What was tried before, the earliest first.
    pub attempts: Vec<PastAttempt>,
    /// What operators did with it, the earliest first.
    pub audit: Vec<AuditEntry>,
    /// The order's row, if there is one.
    pub row: Option<Row>,
}

/// One thing an operator did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What: `replay`, `discard`, …
    pub action: String,
    /// The letter or order it was done to.
    pub subject: String,
    /// Why, in their words.
    pub why: String,
}

/// What to publish for a replayed letter; `recover` repeats the first two if the publisher dies.
#[derive(Debug, Clone, PartialEq)]
pub enum Replayed {
    /// The row is accepted again with a new budget: publish its request.
    Request(Request),
    /// The row's outcome is to be reported again: publish its completion.
    Completion(Rest),
    /// There is no row to move: publish this letter's body as a request, marked as a replay, confirmed, then call
    /// [`Ledger::mark_replayed`](crate::Ledger::mark_replayed).
    Publish(Letter),
}

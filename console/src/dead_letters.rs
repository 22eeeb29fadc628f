//! Dead letters, as an operator sees them: what failed, why, and what was done about it.

use std::collections::BTreeMap;

use jiff::Timestamp;
use ledger::{AuditEntry, ListedLetter, PastAttempt, ShownLetter};
use serde::Serialize;
use serde_json::Value;

use crate::mask;
use crate::orders::OrderSummary;

/// One dead letter, in one row of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterSummary {
    /// Its identity; the beginning is enough wherever one is asked for.
    pub id: String,
    /// In which part of the way it failed: translate, fulfil, report.
    pub stage: String,
    /// Kind of failure: refused, held, conflicting-request, …
    pub class: String,
    /// The fault's or the reason's code.
    pub code: String,
    /// Why, in one line; tickets masked.
    pub text: String,
    /// Where it stands: open, replayed, overtaken, discarded.
    pub state: String,
    /// The order's key, if it is known.
    pub key: Option<String>,
    /// The order's number, if it is known.
    pub order_number: Option<String>,
    /// When it failed.
    pub at: Timestamp,
    /// Letters of one cause share this.
    pub group: String,
}

impl LetterSummary {
    /// Describes a letter of a list.
    pub(crate) fn of(listed: &ListedLetter) -> Self {
        let letter = &listed.letter;
        Self {
            id: letter.id.to_string(),
            stage: letter.stage.to_string(),
            class: letter.class.clone(),
            code: letter.code.clone(),
            text: mask::text(&letter.text),
            state: listed.state.to_string(),
            key: letter.key.as_ref().map(ToString::to_string),
            order_number: letter.order_number.clone(),
            at: letter.created_at,
            group: listed.group.clone(),
        }
    }

    /// Says whether sending it again may help: a hint for the pages, for it is the ledger that decides.
    pub fn may_be_replayed(&self) -> bool {
        let another_way = [
            "outcome-unknown",
            "foreign-order",
            "suspected-double",
            "conflicting-request",
        ];
        self.state == "open" && self.stage != "translate" && !another_way.contains(&self.code.as_str())
    }

    /// Returns the beginning of the identity that people type.
    pub fn short_id(&self) -> &str {
        self.id.get(..12).unwrap_or(&self.id)
    }
}

/// One failure that came before the letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// What happened, in one word.
    pub event: String,
    /// What was said; tickets masked.
    pub text: String,
}

impl Attempt {
    fn of(past: &PastAttempt) -> Self {
        Self {
            at: past.at,
            event: past.event.clone(),
            text: mask::text(&past.text),
        }
    }
}

/// One thing an operator did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub who: String,
    /// What.
    pub action: String,
    /// Why, in their words.
    pub why: String,
}

impl Deed {
    pub(crate) fn of(entry: &AuditEntry) -> Self {
        Self {
            at: entry.at,
            who: entry.who.clone(),
            action: entry.action.clone(),
            why: entry.why.clone(),
        }
    }
}

/// One dead letter with everything that is known about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LetterDetail {
    /// The letter in one row.
    #[serde(flatten)]
    pub summary: LetterSummary,
    /// The message that failed.
    pub message_id: Option<String>,
    /// Who asked, if it is known.
    pub source: Option<String>,
    /// The message's body: JSON where it is JSON, text otherwise; tickets masked.
    pub body: Value,
    /// The message's own headers.
    pub headers: BTreeMap<String, String>,
    /// What was tried before, oldest first.
    pub attempts: Vec<Attempt>,
    /// What operators did with it, oldest first.
    pub deeds: Vec<Deed>,
    /// The order as it stands now, if the ledger has it.
    pub order: Option<OrderSummary>,
}

impl LetterDetail {
    /// Describes a letter.
    pub(crate) fn of(shown: &ShownLetter) -> Self {
        let letter = &shown.listed.letter;
        Self {
            summary: LetterSummary::of(&shown.listed),
            message_id: letter.message_id.clone(),
            source: letter.source.clone(),
            body: mask::body(letter.body.as_bytes()),
            headers: letter
                .headers
                .iter()
                .map(|(name, value)| (name.clone(), mask::text(value)))
                .collect(),
            attempts: shown.attempts.iter().map(Attempt::of).collect(),
            deeds: shown.audit.iter().map(Deed::of).collect(),
            order: shown.row.as_ref().map(OrderSummary::of),
        }
    }
}

/// What a replay set in motion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReplayDone {
    /// The letter.
    pub id: String,
    /// What was sent: `request`, `completion`, or `message` for a letter without a row.
    pub sent: &'static str,
    /// The order's key, if it is known.
    pub key: Option<String>,
    /// False if the broker did not confirm: it is sent all the same, within minutes, by `recover`.
    pub published: bool,
}

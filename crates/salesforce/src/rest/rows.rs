//! What became of each record of a call.

use serde::Deserialize;

use crate::Class;

/// What became of one record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowOutcome {
    /// Salesforce has written it.
    Updated,
    /// Salesforce has not written it.
    Refused(RowRefusal),
}

/// Why one record was not written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowRefusal {
    /// Salesforce's code, like `UNABLE_TO_LOCK_ROW`.
    pub code: String,
    /// Salesforce's sentence, on one line and bounded.
    pub message: String,
    /// The fields it names.
    pub fields: Vec<String>,
}

impl RowOutcome {
    /// Says whether the record may well be written by trying it again soon.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.class() == Class::Transient)
    }

    /// Says whether an allowance is used up.
    pub fn is_quota(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.class() == Class::Quota)
    }
}

impl RowRefusal {
    /// Says what this refusal means; [`Class::Configuration`] is "never as it stands".
    pub fn class(&self) -> Class {
        class(&self.code, &self.message)
    }
}

/// Sorts one of Salesforce's status codes. A code nobody listed is for good: a person sees it soon, while a retry would
/// hide it for a day.
pub(super) fn class(code: &str, message: &str) -> Class {
    match code {
        "UNABLE_TO_LOCK_ROW"
        | "UNKNOWN_EXCEPTION"
        | "UNEXPECTED_ERROR"
        | "SERVER_UNAVAILABLE"
        | "QUERY_TIMEOUT"
        | "REQUEST_RUNNING_TOO_LONG"
        | "TOO_MANY_APEX_REQUESTS"
        | "PLATFORM_EVENT_PUBLISHING_UNAVAILABLE"
        | "ALL_OR_NONE_OPERATION_ROLLED_BACK"
        | "PROCESSING_HALTED" => Class::Transient,
        "REQUEST_LIMIT_EXCEEDED" | "LIMIT_EXCEEDED" | "STORAGE_LIMIT_EXCEEDED" => Class::Quota,
        "INVALID_SESSION_ID" => Class::Reauthenticate,
        // Automation of the org failed while the record was saved, which hides a lock in its text.
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY" if hides_a_lock(message) => Class::Transient,
        _ if code.starts_with("CONCURRENT_REQUESTS") => Class::Transient,
        _ => Class::Configuration,
    }
}

fn hides_a_lock(message: &str) -> bool {
    message.contains("UNABLE_TO_LOCK_ROW") || message.contains("unable to obtain exclusive access")
}

/// One element of the answer.
#[derive(Deserialize)]
pub(super) struct Row {
    #[serde(default)]
    pub(super) id: Option<String>,
    success: bool,
    #[serde(default)]
    errors: Vec<RowError>,
}

#[derive(Deserialize)]
struct RowError {
    #[serde(default, rename = "statusCode")]
    code: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    fields: Vec<String>,
}

impl Row {
    /// Turns the element into an outcome. Of several errors the one that will not pass by itself counts.
    pub(super) fn outcome(self) -> RowOutcome {
        if self.success {
            return RowOutcome::Updated;
        }
        let mut errors = self.errors.into_iter().map(RowError::refusal);
        let first = errors.next().unwrap_or_else(|| RowRefusal {
            code: "UNEXPECTED_ERROR".to_owned(),
            message: "not written, and no reason given".to_owned(),
            fields: Vec::new(),
        });
        let lasting = |refusal: &RowRefusal| refusal.class() == Class::Configuration;
        RowOutcome::Refused(if lasting(&first) {
            first
        } else {
            errors.find(lasting).unwrap_or(first)
        })
    }
}

impl RowError {
    fn refusal(self) -> RowRefusal {
        RowRefusal {
            code: one_line(&self.code, 80),
            message: one_line(&self.message, 400),
            fields: self.fields.iter().take(20).map(|field| one_line(field, 80)).collect(),
        }
    }
}

/// Makes foreign text fit for logs and letters: no control characters, and not longer than `most` characters.
pub(super) fn one_line(text: &str, most: usize) -> String {
    text.chars()
        .take(most)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

//! One record, and why one may be refused.

use serde_json::{Map, Value};

/// A record's fields, by their exact names.
pub(in crate::salesforce) type Record = Map<String, Value>;

/// Why a row is refused: Salesforce's status code, message and fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::salesforce) struct RowError {
    pub(in crate::salesforce) code: String,
    pub(in crate::salesforce) message: String,
    pub(in crate::salesforce) fields: Vec<String>,
}

impl RowError {
    /// An error that names no field.
    pub(in crate::salesforce) fn new(code: &str, message: impl Into<String>) -> Self {
        Self {
            code: code.to_owned(),
            message: message.into(),
            fields: Vec::new(),
        }
    }

    /// The same, about that field.
    pub(in crate::salesforce) fn on(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    /// The object has no such field, or the user may not see it.
    pub(in crate::salesforce) fn no_such_field(object: &str, field: &str) -> Self {
        Self::new(
            "INVALID_FIELD",
            format!("No such column '{field}' on sobject of type {object}"),
        )
        .on(field)
    }

    /// Fields that must be given are missing or empty.
    pub(in crate::salesforce) fn missing(fields: Vec<String>) -> Self {
        let message = format!("Required fields are missing: [{}]", fields.join(", "));
        Self {
            code: "REQUIRED_FIELD_MISSING".to_owned(),
            message,
            fields,
        }
    }

    /// The record is gone.
    pub(in crate::salesforce) fn deleted() -> Self {
        Self::new("ENTITY_IS_DELETED", "entity is deleted")
    }

    /// An id points nowhere.
    pub(in crate::salesforce) fn points_nowhere() -> Self {
        Self::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    }
}

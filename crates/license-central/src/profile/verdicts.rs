//! What faults and statuses mean.

use http::StatusCode;

use super::names::Name;

/// What a profile says about answers that carry no result.
#[derive(Debug)]
pub(crate) struct Verdicts {
    pub(crate) fault: FaultPaths,
    pub(crate) faults: Vec<FaultRule>,
    pub(crate) statuses: Vec<StatusRule>,
}

/// Where in a fault's detail things stand.
#[derive(Debug, Default)]
pub(crate) struct FaultPaths {
    pub(crate) code: Option<Vec<Name>>,
    pub(crate) message: Option<Vec<Name>>,
    pub(crate) item: Option<Vec<Name>>,
}

/// What one fault code means.
#[derive(Debug, Clone)]
pub(crate) struct FaultRule {
    /// License Central's code, else the SOAP fault code's local name.
    pub(crate) code: String,
    /// The class.
    pub(crate) class: Sorted,
}

/// What one HTTP status means.
#[derive(Debug, Clone)]
pub(crate) struct StatusRule {
    pub(crate) status: u16,
    pub(crate) class: Sorted,
}

/// The class of a listed fault or status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Sorted {
    /// Declined, with our code and a sentence that may contain `{item}`, `{order}` and `{message}`.
    Refused { report: String, sentence: String },
    /// Surely not processed.
    NotAccepted,
    /// Nobody knows.
    Unknown,
}

impl Verdicts {
    /// Returns the class of a fault, if it is listed.
    pub(crate) fn of_fault(&self, code: &str) -> Option<&Sorted> {
        self.faults
            .iter()
            .find(|rule| rule.code == code)
            .map(|rule| &rule.class)
    }

    /// Returns the class of a status, if it is listed.
    pub(crate) fn of_status(&self, status: StatusCode) -> Option<&Sorted> {
        self.statuses
            .iter()
            .find(|rule| rule.status == status.as_u16())
            .map(|rule| &rule.class)
    }
}

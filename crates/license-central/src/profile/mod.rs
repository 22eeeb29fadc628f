//! The profile: everything about one License Central that can differ.

mod document;
mod limits;
mod names;
mod number;
mod read;
mod read_operations;
mod templates;
#[cfg(test)]
mod tests;
mod ticket;
mod verdicts;

use std::fmt;
use std::path::Path;

use serde::Deserialize;

pub(crate) use limits::{Limit, Limits};
pub(crate) use names::Name;
pub(crate) use number::NumberFormat;
pub(crate) use templates::Templates;
pub(crate) use ticket::TicketRule;
pub(crate) use verdicts::{FaultPaths, Sorted, Verdicts};

use crate::error::Error;

/// Which SOAP is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum SoapVersion {
    /// SOAP 1.1: `text/xml` and a `SOAPAction` header.
    #[serde(rename = "1.1")]
    V1_1,
    /// SOAP 1.2: `application/soap+xml` with the action as its parameter.
    #[serde(rename = "1.2")]
    V1_2,
}

impl SoapVersion {
    /// Returns the envelope's namespace.
    pub fn namespace(self) -> &'static str {
        match self {
            Self::V1_1 => "http://schemas.xmlsoap.org/soap/envelope/",
            Self::V1_2 => "http://www.w3.org/2003/05/soap-envelope",
        }
    }

    /// Returns a request's media type.
    pub(crate) fn content_type(self, action: &str) -> String {
        match self {
            Self::V1_1 => "text/xml; charset=utf-8".to_owned(),
            // RFC 3902: the action moves into the media type.
            Self::V1_2 => format!("application/soap+xml; charset=utf-8; action=\"{action}\""),
        }
    }
}

/// What License Central can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// Orders licenses.
    CreateOrder,
    /// Looks an order up by its number.
    FindOrder,
    /// Asks for something without effect.
    Probe,
}

impl Operation {
    /// Returns the name in the profile.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::CreateOrder => "create_order",
            Self::FindOrder => "find_order",
            Self::Probe => "probe",
        }
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A profile that was read and checked.
#[derive(Debug)]
pub struct Profile {
    pub(crate) soap: SoapVersion,
    pub(crate) order_number: NumberFormat,
    pub(crate) web_depot_link: Option<String>,
    pub(crate) create_order: CreateOrder,
    pub(crate) find_order: Option<FindOrder>,
    pub(crate) probe: Call,
    pub(crate) ticket: TicketRule,
    pub(crate) limits: Limits,
    pub(crate) verdicts: Verdicts,
    pub(crate) templates: Templates,
}

/// What every operation has.
#[derive(Debug)]
pub(crate) struct Call {
    /// Its SOAPAction.
    pub(crate) action: String,
    /// The element that the SOAP body of a good answer holds.
    pub(crate) answer: Name,
}

/// How an order is made and its answer is read; paths start at the answer's element.
#[derive(Debug)]
pub(crate) struct CreateOrder {
    pub(crate) call: Call,
    pub(crate) order_number: Option<Vec<Name>>,
    pub(crate) ticket: Vec<Name>,
    pub(crate) web_depot_link: Option<Vec<Name>>,
}

/// How an order is looked up and the answer is read; paths start at the order, `item_id` and `quantity` at a line.
#[derive(Debug)]
pub(crate) struct FindOrder {
    pub(crate) call: Call,
    pub(crate) order: Vec<Name>,
    pub(crate) order_number: Option<Vec<Name>>,
    pub(crate) ticket: Vec<Name>,
    pub(crate) web_depot_link: Option<Vec<Name>>,
    pub(crate) customer_id: Option<Vec<Name>>,
    pub(crate) accepted: Option<Vec<Name>>,
    pub(crate) lines: Option<FoundLines>,
    pub(crate) not_found: NotFound,
}

/// Where the lines of a found order stand.
#[derive(Debug)]
pub(crate) struct FoundLines {
    pub(crate) line: Vec<Name>,
    pub(crate) item_id: Vec<Name>,
    pub(crate) quantity: Vec<Name>,
}

/// How License Central says that it has no such order, besides an answer that is empty.
#[derive(Debug, Default)]
pub(crate) struct NotFound {
    /// Fault codes that mean so.
    pub(crate) faults: Vec<String>,
    /// An element of the answer, and the text in it that means so.
    pub(crate) element: Option<(Vec<Name>, String)>,
}

impl Profile {
    /// Reads the profile that is built into the program; `soap` takes the place of its own SOAP version.
    ///
    /// # Errors
    /// When the profile is mistaken, which its test rules out.
    pub fn built_in(soap: Option<SoapVersion>) -> Result<Self, Error> {
        read::profile(&document::Folder::BuiltIn, soap)
    }

    /// Reads a profile folder; `soap` takes the place of its own SOAP version.
    ///
    /// # Errors
    /// When `profile.toml` cannot be read, or with all mistakes of the folder at once.
    pub fn load(folder: &Path, soap: Option<SoapVersion>) -> Result<Self, Error> {
        read::profile(&document::Folder::Path(folder.to_owned()), soap)
    }
}

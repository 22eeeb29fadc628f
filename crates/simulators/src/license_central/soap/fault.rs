//! What a SOAP fault says, whichever version writes it.

use super::{schema::Invalid, tree::Malformed};

/// The fault codes of the default wire.
pub(crate) mod code {
    /// No item of this id: refused, nothing created.
    pub(crate) const UNKNOWN_ITEM: &str = "UNKNOWN_ITEM";
    /// Something in the request is not as the WSDL says: refused, nothing created.
    pub(crate) const INVALID_DATA: &str = "INVALID_DATA";
    /// Too much to do: not accepted.
    pub(crate) const BUSY: &str = "BUSY";
}

/// Whose fault it is, in the two versions' words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blame {
    /// The envelope is of neither SOAP 1.1 nor 1.2.
    VersionMismatch,
    /// A header entry that must be understood is not.
    MustUnderstand,
    /// `Client` in SOAP 1.1, `Sender` in 1.2.
    Sender,
    /// `Server` in SOAP 1.1, `Receiver` in 1.2.
    Receiver,
}

/// A SOAP fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SoapFault {
    pub(crate) blame: Blame,
    pub(crate) message: String,
    /// Only where the body itself was understood and judged.
    pub(crate) detail: Option<Detail>,
}

/// The content of `LicenseCentralFault` beside its message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Detail {
    pub(crate) code: String,
    pub(crate) item_id: Option<String>,
}

impl SoapFault {
    /// A fault about the message as such, not about its content.
    pub(crate) fn new(blame: Blame, message: impl Into<String>) -> Self {
        Self {
            blame,
            message: message.into(),
            detail: None,
        }
    }

    /// A fault that License Central itself answers, with a code that stands in the WSDL or one that does not.
    pub(crate) fn coded(blame: Blame, code: &str, message: impl Into<String>) -> Self {
        Self {
            blame,
            message: message.into(),
            detail: Some(Detail {
                code: code.to_owned(),
                item_id: None,
            }),
        }
    }

    /// Names the item that the fault is about.
    pub(crate) fn about_item(mut self, item_id: &str) -> Self {
        if let Some(detail) = &mut self.detail {
            detail.item_id = Some(item_id.to_owned());
        }
        self
    }
}

impl From<Malformed> for SoapFault {
    fn from(error: Malformed) -> Self {
        Self::new(
            Blame::Sender,
            format!("the request is not a readable XML document: {error}"),
        )
    }
}

impl From<Invalid> for SoapFault {
    fn from(error: Invalid) -> Self {
        Self::coded(Blame::Sender, code::INVALID_DATA, error.to_string())
    }
}

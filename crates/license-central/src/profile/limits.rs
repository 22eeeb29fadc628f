//! How long the fields of an order may be.

use std::collections::BTreeMap;

/// A field that a profile can limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Limit {
    OrderNumber,
    CustomerId,
    CustomerName,
    CustomerEmail,
    LineId,
    ItemId,
    TermName,
    TermValue,
}

impl Limit {
    const ALL: [Self; 8] = [
        Self::OrderNumber,
        Self::CustomerId,
        Self::CustomerName,
        Self::CustomerEmail,
        Self::LineId,
        Self::ItemId,
        Self::TermName,
        Self::TermValue,
    ];

    /// Returns the name in the profile.
    fn as_str(self) -> &'static str {
        match self {
            Self::OrderNumber => "order.number",
            Self::CustomerId => "customer.id",
            Self::CustomerName => "customer.name",
            Self::CustomerEmail => "customer.email",
            Self::LineId => "line.line_id",
            Self::ItemId => "line.item_id",
            Self::TermName => "term.name",
            Self::TermValue => "term.value",
        }
    }

    /// Reads a name; the error says what is expected.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let known = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL
            .into_iter()
            .find(|limit| limit.as_str() == text)
            .ok_or_else(|| format!("one of {}", known()))
    }
}

/// The most characters per field; a field that is not named has no limit.
pub(crate) type Limits = BTreeMap<Limit, usize>;

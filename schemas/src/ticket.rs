//! The ticket, which is money: whoever holds it can fetch the licenses.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A License Central ticket. It shows itself only in part unless it is revealed on purpose.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Ticket(String);

impl Ticket {
    /// Takes a ticket as License Central gave it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Returns the whole ticket, a bearer secret: for Salesforce and for the ledger, never for a log.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns a form that people can compare and nobody can redeem: the first group and the last character.
    pub fn masked(&self) -> String {
        let shown: usize = if self.0.chars().count() >= 20 { 5 } else { 0 };
        let last = self.0.chars().count().saturating_sub(1);
        let hide = |(place, character): (usize, char)| match character {
            '-' => '-',
            _ if place < shown || (shown > 0 && place == last) => character,
            _ => '•',
        };
        self.0.chars().enumerate().map(hide).collect()
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ticket({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_never_shows_itself_whole() {
        let ticket = Ticket::new("7KQ2M-AAAAA-BBBBB-CCCCC-DDDDX");
        assert_eq!(ticket.to_string(), "7KQ2M-•••••-•••••-•••••-••••X");
        assert_eq!(format!("{ticket:?}"), "Ticket(7KQ2M-•••••-•••••-•••••-••••X)");
        assert_eq!(Ticket::new("short").to_string(), "•••••");
    }
}

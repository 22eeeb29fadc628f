//! What one completion needs before its record can be written, given what the ledger says now. Pure.

use ledger::{Row, State};
use schemas::{HeldCode, Outcome};

/// What a completion's row calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// The record may be written, if it is behind.
    Record,
    /// The completion carries the row's ticket: written into the row first.
    Adopt,
    /// The completion is ahead of its row: comes again later.
    Wait,
}

/// Where a completion's row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    version: u64,
    state: State,
    held: Option<HeldCode>,
}

impl From<&Row> for Standing {
    fn from(row: &Row) -> Self {
        Self {
            version: row.version,
            state: row.state,
            held: row.held_code(),
        }
    }
}

/// Decides by the completion's outcome and sequence, and by its row, if there is one.
pub(super) fn need(outcome: &Outcome, sequence: u64, row: Option<Standing>) -> Need {
    let brings_ticket = matches!(outcome, Outcome::Issued { .. });
    let Some(row) = row else {
        // A ledger that was restored may have lost the row; `adopt` finds out.
        return if brings_ticket { Need::Adopt } else { Need::Wait };
    };
    if sequence <= row.version {
        return Need::Record;
    }
    let takes_ticket = match row.state {
        State::Calling | State::Unknown => true,
        State::Held => row.held == Some(HeldCode::OutcomeUnknown),
        State::Accepted | State::Issued | State::Refused => false,
    };
    if brings_ticket && takes_ticket {
        Need::Adopt
    } else {
        Need::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Ticket;

    #[test]
    fn the_table_of_completions_and_rows() {
        let issued = Outcome::Issued {
            ticket: Ticket::new("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"),
            web_depot_link: None,
        };
        let refused = Outcome::Refused {
            code: "unknown-item".to_owned(),
            sentence: "no such item".to_owned(),
        };
        let row = |version, state, held| Some(Standing { version, state, held });
        let unknown = Some(HeldCode::OutcomeUnknown);
        let table = [
            (&issued, 3, row(3, State::Issued, None), Need::Record),
            (&refused, 2, row(3, State::Issued, None), Need::Record),
            (&issued, 3, row(5, State::Calling, None), Need::Record),
            (&issued, 3, row(2, State::Calling, None), Need::Adopt),
            (&issued, 3, row(2, State::Unknown, None), Need::Adopt),
            (&issued, 3, row(2, State::Held, unknown), Need::Adopt),
            (
                &issued,
                3,
                row(2, State::Held, Some(HeldCode::SuspectedDouble)),
                Need::Wait,
            ),
            (&issued, 3, row(2, State::Refused, None), Need::Wait),
            (&refused, 3, row(2, State::Calling, None), Need::Wait),
            (&issued, 3, None, Need::Adopt),
            (&refused, 3, None, Need::Wait),
        ];
        for (outcome, sequence, row, expected) in table {
            assert_eq!(
                need(outcome, sequence, row),
                expected,
                "{} {sequence} at {row:?}",
                outcome.as_str()
            );
        }
    }
}

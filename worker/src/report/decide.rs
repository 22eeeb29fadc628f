//! What one completion needs before its record can be written, given what the ledger says now. Pure.

use ledger::{Row, State};
use schemas::{HeldCode, Outcome, Ticket};

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
pub(super) struct Standing<'a> {
    version: u64,
    state: State,
    held: Option<HeldCode>,
    ticket: Option<&'a Ticket>,
}

impl<'a> From<&'a Row> for Standing<'a> {
    fn from(row: &'a Row) -> Self {
        Self {
            version: row.version,
            state: row.state,
            held: row.held_code(),
            ticket: row.ticket.as_ref(),
        }
    }
}

/// Decides by the completion's outcome and sequence, and by its row, if there is one.
pub(super) fn need(outcome: &Outcome, sequence: u64, row: Option<Standing<'_>>) -> Need {
    let brought = match outcome {
        Outcome::Issued { ticket, .. } => Some(ticket),
        Outcome::Refused { .. } | Outcome::Held { .. } => None,
    };
    let Some(row) = row else {
        // A ledger that was restored may have lost the row; `adopt` finds out.
        return if brought.is_some() { Need::Adopt } else { Need::Wait };
    };
    if sequence <= row.version {
        // The row went on without its claimant's result. A ticket that it does not have is real all the same: it is its
        // own, or a second one, and the ledger's timeline tells which.
        let has_it = brought.is_none_or(|ticket| row.ticket == Some(ticket));
        return if has_it { Need::Record } else { Need::Adopt };
    }
    let takes_ticket = match row.state {
        State::Calling | State::Unknown => true,
        State::Held => row.held == Some(HeldCode::OutcomeUnknown),
        State::Accepted | State::Issued | State::Refused => false,
    };
    if brought.is_some() && takes_ticket {
        Need::Adopt
    } else {
        Need::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticket(beginning: &str) -> Ticket {
        Ticket::new(format!("{beginning}-BBBBB-CCCCC-DDDDD-EEEEE"))
    }

    #[test]
    fn the_table_of_completions_and_rows() {
        let issued = Outcome::Issued {
            ticket: ticket("AAAAA"),
            web_depot_link: None,
        };
        let refused = Outcome::Refused {
            code: "unknown-item".to_owned(),
            sentence: "no such item".to_owned(),
        };
        let (ours, other) = (ticket("AAAAA"), ticket("FFFFF"));
        let standing = |version, state, held, ticket| {
            Some(Standing {
                version,
                state,
                held,
                ticket,
            })
        };
        let row = |version, state, held| standing(version, state, held, None);
        let with = |ticket| standing(4, State::Issued, None, Some(ticket));
        let unknown = Some(HeldCode::OutcomeUnknown);
        let table = [
            (&issued, 3, with(&ours), Need::Record),
            (&refused, 2, with(&ours), Need::Record),
            // The claim of version 2 was taken over: its ticket is the row's own, or a second one.
            (&issued, 3, row(3, State::Unknown, None), Need::Adopt),
            (&issued, 3, row(4, State::Held, unknown), Need::Adopt),
            (&issued, 3, row(4, State::Accepted, None), Need::Adopt),
            (&issued, 3, row(5, State::Calling, None), Need::Adopt),
            (&issued, 3, row(6, State::Refused, None), Need::Adopt),
            (&issued, 3, with(&other), Need::Adopt),
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

//! Several revisions of one order, one record in Salesforce: what is written there. Pure.
//!
//! The highest revision at rest gives status and reason; the highest *issued* one gives ticket and link. So a refusal
//! of something more never takes away the ticket that was handed out before.

use schemas::{Outcome, Ticket};

/// One revision of an order as the ledger has it now.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Revision {
    /// The revision's number.
    pub(crate) number: u32,
    /// Its outcome, if it is at rest.
    pub(crate) outcome: Option<Outcome>,
}

/// The word a sales person reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Status {
    Issued,
    Refused,
    NeedsAttention,
}

/// What one Salesforce record must say.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Wanted {
    /// The status word.
    pub(crate) status: Status,
    /// Why, where it is not issued: a sentence for a sales person.
    pub(crate) reason: Option<String>,
    /// The revision the status speaks of.
    pub(crate) revision: u32,
    /// The ticket and its page; `None` leaves what the record has.
    pub(crate) ticket: Option<(Ticket, Option<String>)>,
}

/// Returns what the record of these revisions must say; `None` while none is at rest: the order then says *Requested*,
/// as it has since its activation.
pub(crate) fn coalesce(revisions: &[Revision]) -> Option<Wanted> {
    let at_rest = revisions
        .iter()
        .filter_map(|row| row.outcome.as_ref().map(|outcome| (row.number, outcome)));
    let ticket = at_rest
        .clone()
        .filter_map(|(number, outcome)| match outcome {
            Outcome::Issued { ticket, web_depot_link } => Some((number, ticket, web_depot_link)),
            Outcome::Refused { .. } | Outcome::Held { .. } => None,
        })
        .max_by_key(|(number, ..)| *number)
        .map(|(_, ticket, link)| (ticket.clone(), link.clone()));
    let (revision, outcome) = at_rest.max_by_key(|(number, _)| *number)?;
    let (status, reason) = match outcome {
        Outcome::Issued { .. } => (Status::Issued, None),
        Outcome::Refused { sentence, .. } => (Status::Refused, Some(sentence.clone())),
        Outcome::Held { sentence, .. } => (Status::NeedsAttention, Some(sentence.clone())),
    };
    Some(Wanted {
        status,
        reason,
        revision,
        ticket,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use schemas::HeldCode;

    fn issued(ticket: &str) -> Option<Outcome> {
        let ticket = serde_json::from_value(serde_json::json!(ticket)).unwrap();
        Some(Outcome::Issued {
            ticket,
            web_depot_link: Some("https://depot.example/x".to_owned()),
        })
    }

    fn refused() -> Option<Outcome> {
        Some(Outcome::Refused {
            code: "UNKNOWN_ITEM".to_owned(),
            sentence: "no such item".to_owned(),
        })
    }

    fn held() -> Option<Outcome> {
        Some(Outcome::Held {
            code: HeldCode::OutcomeUnknown,
            sentence: "nobody knows".to_owned(),
        })
    }

    fn wanted(outcomes: &[Option<Outcome>]) -> Option<Wanted> {
        let rows: Vec<Revision> = (1..)
            .zip(outcomes)
            .map(|(number, outcome)| Revision {
                number,
                outcome: outcome.clone(),
            })
            .collect();
        coalesce(&rows)
    }

    fn ticket_of(wanted: &Wanted) -> Option<&str> {
        wanted.ticket.as_ref().map(|(ticket, _)| ticket.reveal())
    }

    #[test]
    fn an_issued_order_says_issued_and_clears_the_reason() {
        let wanted = wanted(&[issued("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA")]).unwrap();
        assert_eq!(
            (wanted.status, wanted.reason.as_deref(), wanted.revision),
            (Status::Issued, None, 1)
        );
        assert_eq!(ticket_of(&wanted), Some("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"));
    }

    #[test]
    fn a_refused_extension_keeps_the_ticket_of_the_first_revision() {
        let wanted = wanted(&[issued("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"), refused()]).unwrap();
        assert_eq!((wanted.status, wanted.revision), (Status::Refused, 2));
        assert_eq!(wanted.reason.as_deref(), Some("no such item"));
        assert_eq!(ticket_of(&wanted), Some("AAAAA-AAAAA-AAAAA-AAAAA-AAAAA"));
    }

    #[test]
    fn an_open_revision_leaves_the_word_to_the_highest_at_rest() {
        let wanted = wanted(&[held(), None]).unwrap();
        assert_eq!((wanted.status, wanted.revision), (Status::NeedsAttention, 1));
        assert_eq!(wanted.ticket, None);
    }

    #[test]
    fn an_order_with_nothing_at_rest_is_left_as_it_is() {
        assert_eq!(wanted(&[None]), None);
        assert_eq!(wanted(&[]), None);
    }

    proptest! {
        #[test]
        fn the_order_in_which_rows_are_read_makes_no_difference(kinds in prop::collection::vec(0u8..4, 1..6), turn in 0usize..6) {
            let mut rows: Vec<Revision> = (1..)
                .zip(&kinds)
                .map(|(number, kind)| {
                    let outcome = match kind {
                        0 => None,
                        1 => refused(),
                        2 => held(),
                        _ => issued(&format!("AAAAA-AAAAA-AAAAA-AAAAA-AAAA{number}")),
                    };
                    Revision { number, outcome }
                })
                .collect();
            let straight = coalesce(&rows);
            let turn = turn % rows.len();
            rows.rotate_left(turn);
            prop_assert_eq!(&coalesce(&rows), &straight);
            let any_issued = kinds.contains(&3);
            let ticket = straight.and_then(|wanted| wanted.ticket);
            prop_assert_eq!(ticket.is_some(), any_issued, "a handed out ticket always shows");
        }
    }
}

//! Tickets: 5×5 characters that nobody can guess.

use rand::RngExt;

/// Digits and letters without those that are mistaken for one another on paper (0 and O, 1 and I).
const ALPHABET: &[u8] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// Makes a ticket.
pub(crate) fn new_ticket() -> String {
    let mut random = rand::rng();
    let mut ticket = String::with_capacity(29);
    for place in 0..25 {
        if place > 0 && place % 5 == 0 {
            ticket.push('-');
        }
        ticket.push(char::from(ALPHABET[random.random_range(0..ALPHABET.len())]));
    }
    ticket
}

/// Reads what a person typed: any case, spaces anywhere.
pub(crate) fn as_typed(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_uppercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ticket_is_five_groups_of_five_and_no_two_are_equal() {
        let tickets: std::collections::BTreeSet<_> = (0..1000).map(|_| new_ticket()).collect();
        assert_eq!(tickets.len(), 1000);
        for ticket in tickets {
            assert!(
                ticket.split('-').count() == 5 && ticket.split('-').all(|group| group.len() == 5),
                "{ticket}"
            );
        }
    }

    #[test]
    fn a_ticket_may_be_typed_carelessly() {
        assert_eq!(as_typed(" abcde-23456 -ABCDE\n"), "ABCDE-23456-ABCDE");
    }
}

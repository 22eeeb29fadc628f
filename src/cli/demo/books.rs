//! The books: what became of every order, counted at the simulators and not at ourselves.

use serde::Serialize;
use simulators::{license_central, salesforce::OrderView};
use std::collections::BTreeMap;

/// What the books of License Central say, per order number there.
pub(super) type Issued = BTreeMap<String, license_central::Book>;

/// The accounting of a demo; its JSON is the last line of `demo --json`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Books {
    /// Orders that were activated.
    orders: usize,
    /// Orders whose ticket in Salesforce is the one that License Central holds for their number.
    tickets: usize,
    /// Orders that License Central accepted more than once.
    doubled: usize,
    /// What is in none of the other columns.
    lost: usize,
    /// Orders that Salesforce shows as Refused or Needs attention.
    dead_letters: usize,
    /// From the first activation to the last order at rest.
    seconds: f64,
}

impl Books {
    /// Counts. `number_at_license_central` says under which number an order of Salesforce is known there.
    pub(super) fn count(
        orders: &[OrderView],
        issued: &Issued,
        number_at_license_central: impl Fn(&OrderView) -> String,
        seconds: f64,
    ) -> Self {
        let entry = |order: &OrderView| issued.get(&number_at_license_central(order));
        let right =
            |order: &&OrderView| order.ticket.is_some() && entry(order).map(|it| &it.ticket) == order.ticket.as_ref();
        let parked = |order: &&OrderView| order.ticket.is_none() && is_parked(order);
        let tickets = orders.iter().filter(right).count();
        let dead_letters = orders.iter().filter(parked).count();
        let doubled = issued.values().filter(|it| it.accepted > 1).count();
        let lost = orders.len() - tickets - dead_letters;
        let seconds = (seconds * 1000.0).round() / 1000.0;
        Self {
            orders: orders.len(),
            tickets,
            doubled,
            lost,
            dead_letters,
            seconds,
        }
    }

    /// Says whether nothing is lost and nothing doubled.
    pub(super) fn balance(&self) -> bool {
        self.lost == 0 && self.doubled == 0
    }

    /// Says it in a sentence.
    pub(super) fn sentence(&self) -> String {
        format!(
            "{} orders: {} tickets, {} doubled, {} lost, {} dead letter{}; {:.1} s. The books {}.",
            self.orders,
            self.tickets,
            self.doubled,
            self.lost,
            self.dead_letters,
            if self.dead_letters == 1 { "" } else { "s" },
            self.seconds,
            if self.balance() { "balance" } else { "DO NOT BALANCE" }
        )
    }
}

/// Says whether Salesforce shows that the order needs a person.
pub(super) fn is_parked(order: &OrderView) -> bool {
    matches!(order.status.as_deref(), Some("Refused" | "Needs attention"))
}

/// Says whether the order has come to rest in Salesforce.
pub(super) fn at_rest(order: &OrderView) -> bool {
    order.ticket.is_some() || is_parked(order)
}

#[cfg(test)]
mod tests {
    use super::*;
    use simulators::license_central::Book;

    fn order(number: &str, status: &str, ticket: Option<&str>) -> OrderView {
        OrderView {
            id: number.to_owned(),
            number: number.to_owned(),
            customer_name: "A".to_owned(),
            activated: true,
            status: Some(status.to_owned()),
            ticket: ticket.map(str::to_owned),
            link: None,
            reason: None,
            revision: Some(1),
            lines: Vec::new(),
        }
    }

    fn issued(entries: &[(&str, u32, &str)]) -> Issued {
        let entry = |(number, accepted, ticket): &(&str, u32, &str)| {
            let entry = Book {
                accepted: *accepted,
                doubled: accepted - 1,
                ticket: (*ticket).to_owned(),
                licenses: u64::from(*accepted),
            };
            ((*number).to_owned(), entry)
        };
        entries.iter().map(entry).collect()
    }

    fn count(orders: &[OrderView], issued: &Issued) -> (usize, usize, usize, usize) {
        let books = Books::count(orders, issued, |order| order.number.clone(), 1.0);
        (books.tickets, books.doubled, books.lost, books.dead_letters)
    }

    #[test]
    fn books_balance_when_every_order_has_the_ticket_that_license_central_holds_or_a_reason() {
        let orders = [order("1", "Issued", Some("A")), order("2", "Refused", None)];
        assert_eq!(count(&orders, &issued(&[("1", 1, "A")])), (1, 0, 0, 1));
    }

    #[test]
    fn another_ticket_than_license_centrals_is_a_lost_order() {
        assert_eq!(
            count(&[order("1", "Issued", Some("B"))], &issued(&[("1", 1, "A")])),
            (0, 0, 1, 0)
        );
    }

    #[test]
    fn an_order_without_an_end_is_lost_and_one_accepted_twice_is_doubled() {
        let orders = [order("1", "Requested", None), order("2", "Issued", Some("A"))];
        assert_eq!(count(&orders, &issued(&[("2", 2, "A")])), (1, 1, 1, 0));
    }
}

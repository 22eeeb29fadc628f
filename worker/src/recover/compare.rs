//! Is the order License Central found the one we sent? Pure.
//!
//! A look-up by number can meet somebody else's order (two orgs with one number and no prefix) or our own, made twice.
//! Only an order whose customer, items and quantities agree is ours; what the profile cannot read is not compared.

use std::collections::BTreeMap;

use license_central::Found;
use schemas::{LicenseRequest, widen_id};

/// What a found order is to the one that was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kinship {
    /// Ours, made once.
    Ours,
    /// License Central accepted the number more than once: a person must see what was handed out.
    Doubled,
    /// Same number, but something else; says what differs, without personal data.
    Foreign {
        /// What differs.
        difference: &'static str,
    },
}

/// Compares a found order with the request it should be.
pub(crate) fn compare(found: &Found, request: &LicenseRequest) -> Kinship {
    // First, because a doubled order may well show doubled quantities: that is not somebody else's order.
    if found.accepted.is_some_and(|accepted| accepted > 1) {
        return Kinship::Doubled;
    }
    if let Some(customer) = &found.customer_id
        && widen_id(customer) != widen_id(&request.customer.id)
    {
        return Kinship::Foreign {
            difference: "the customers",
        };
    }
    let Some(lines) = &found.lines else {
        return Kinship::Ours;
    };
    let theirs = totals(lines.iter().map(|line| (line.item_id.as_str(), line.quantity)));
    let ours = totals(
        request
            .lines
            .iter()
            .map(|line| (line.item_id.as_str(), u64::from(line.quantity))),
    );
    if theirs == ours {
        Kinship::Ours
    } else if theirs.keys().eq(ours.keys()) {
        Kinship::Foreign {
            difference: "the quantities",
        }
    } else {
        Kinship::Foreign {
            difference: "the items",
        }
    }
}

/// Sums the quantities per item: License Central may join lines of one item.
fn totals<'a>(lines: impl Iterator<Item = (&'a str, u64)>) -> BTreeMap<&'a str, u64> {
    let mut totals = BTreeMap::new();
    for (item, quantity) in lines {
        *totals.entry(item).or_default() += quantity;
    }
    totals
}

#[cfg(test)]
mod tests {
    use super::*;
    use license_central::FoundLine;
    use proptest::prelude::*;
    use schemas::Ticket;

    fn request(lines: &[(&str, u32)]) -> LicenseRequest {
        let lines: Vec<_> = lines
            .iter()
            .enumerate()
            .map(|(line, (item, quantity))| {
                serde_json::json!({"line_id": line.to_string(), "item_id": item, "quantity": quantity})
            })
            .collect();
        serde_json::from_value(serde_json::json!({
            "order": {"id": "801000000000001", "number": "00000101"},
            "customer": {"id": "001000000000001", "name": "Müller & Söhne"},
            "lines": lines,
            "requested_at": "2026-11-24T09:30:00Z",
        }))
        .unwrap()
    }

    fn found(lines: &[(&str, u64)]) -> Found {
        Found {
            ticket: Ticket::new("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"),
            web_depot_link: None,
            customer_id: Some("001000000000001".to_owned()),
            lines: Some(
                lines
                    .iter()
                    .map(|(item, quantity)| FoundLine {
                        item_id: (*item).to_owned(),
                        quantity: *quantity,
                    })
                    .collect(),
            ),
            accepted: Some(1),
        }
    }

    #[test]
    fn the_same_items_in_another_order_and_on_joined_lines_are_ours() {
        let request = request(&[("CM-PRO", 2), ("CM-BASIC", 1), ("CM-PRO", 3)]);
        assert_eq!(
            compare(&found(&[("CM-BASIC", 1), ("CM-PRO", 5)]), &request),
            Kinship::Ours
        );
    }

    #[test]
    fn other_items_quantities_or_customers_are_somebody_elses() {
        let ours = request(&[("CM-PRO", 2)]);
        let difference = |found: &Found| match compare(found, &ours) {
            Kinship::Foreign { difference } => Some(difference),
            Kinship::Ours | Kinship::Doubled => None,
        };
        assert_eq!(difference(&found(&[("CM-PRO", 3)])), Some("the quantities"));
        assert_eq!(difference(&found(&[("CM-BASIC", 2)])), Some("the items"));
        let other = Found {
            customer_id: Some("001000000000002".to_owned()),
            ..found(&[("CM-PRO", 2)])
        };
        assert_eq!(difference(&other), Some("the customers"));
    }

    #[test]
    fn an_order_accepted_twice_is_a_double_whatever_its_lines_say() {
        let found = Found {
            accepted: Some(2),
            ..found(&[("CM-PRO", 4)])
        };
        assert_eq!(compare(&found, &request(&[("CM-PRO", 2)])), Kinship::Doubled);
    }

    #[test]
    fn a_customer_id_of_15_characters_equals_its_form_of_18() {
        let found = Found {
            customer_id: Some(widen_id("001000000000001")),
            ..found(&[("CM-PRO", 2)])
        };
        assert_eq!(compare(&found, &request(&[("CM-PRO", 2)])), Kinship::Ours);
    }

    #[test]
    fn what_the_profile_cannot_read_is_not_compared() {
        let found = Found {
            customer_id: None,
            lines: None,
            accepted: None,
            ..found(&[])
        };
        assert_eq!(compare(&found, &request(&[("CM-PRO", 2)])), Kinship::Ours);
    }

    proptest! {
        #[test]
        fn a_changed_quantity_is_never_ours(quantities in prop::collection::vec(1u32..1000, 1..8), place in 0usize..8, more in 1u64..10) {
            let names: Vec<String> = (0..quantities.len()).map(|item| format!("ITEM-{item}")).collect();
            let ours: Vec<(&str, u32)> = names.iter().map(String::as_str).zip(quantities.iter().copied()).collect();
            let mut theirs: Vec<(&str, u64)> = ours.iter().map(|(item, quantity)| (*item, u64::from(*quantity))).collect();
            prop_assert_eq!(compare(&found(&theirs), &request(&ours)), Kinship::Ours);
            let place = place % theirs.len();
            theirs[place].1 += more;
            prop_assert_ne!(compare(&found(&theirs), &request(&ours)), Kinship::Ours);
        }
    }
}

//! What the books say after orders, repeated orders and people in the WebDepot.

use super::*;
use crate::license_central::soap::read::NewLine;

fn order(number: &str, lines: &[(&str, u32)]) -> NewOrder {
    let line = |(at, (item_id, quantity)): (usize, &(&str, u32))| NewLine {
        line_id: at.to_string(),
        item_id: (*item_id).to_owned(),
        quantity: *quantity,
        terms: BTreeMap::new(),
    };
    NewOrder {
        number: number.to_owned(),
        customer_id: "C-1".to_owned(),
        customer_name: "Müller & Söhne".to_owned(),
        lines: lines.iter().enumerate().map(line).collect(),
    }
}

#[test]
fn a_repeated_order_number_extends_the_same_ticket() {
    let store = Store::new();
    let first = store.create(&order("1-1", &[("CM-PRO", 2), ("CM-BASIC", 1)])).unwrap();
    let again = store.create(&order("1-1", &[("CM-PRO", 2), ("CM-BASIC", 1)])).unwrap();
    assert_eq!(first, again);
    let book = Book {
        accepted: 2,
        doubled: 1,
        ticket: first,
        licenses: 6,
    };
    assert_eq!(store.books(), BTreeMap::from([("1-1".to_owned(), book)]));
    assert_eq!(store.find("1-1").unwrap().lines.len(), 4);
}

#[test]
fn an_order_with_one_unknown_item_issues_nothing() {
    let store = Store::new();
    assert_eq!(
        store.create(&order("1-1", &[("CM-PRO", 2), ("CM-NO", 1)])),
        Err("CM-NO".to_owned())
    );
    assert_eq!((store.books().len(), store.find("1-1")), (0, None));
    assert!(store.add_item(Item {
        item_id: "CM-NO".to_owned(),
        name: "Now known".to_owned()
    }));
    assert!(store.create(&order("1-1", &[("CM-PRO", 2), ("CM-NO", 1)])).is_ok());
}

#[test]
fn a_line_of_two_billion_licenses_costs_no_memory() {
    let store = Store::new();
    let most = u32::try_from(i32::MAX).unwrap();
    let ticket = store
        .create(&order("big", &[("CM-PRO", most), ("CM-PRO", most), ("CM-PRO", most)]))
        .unwrap();
    assert_eq!(store.books()["big"].licenses, 3 * u64::from(most));
    assert_eq!(
        store.act(&ticket, 2, most - 1, LicenseAction::Activate),
        Some(LicenseState::Collected)
    );
    assert_eq!(store.act(&ticket, 2, most, LicenseAction::Activate), None);
    assert_eq!(store.order("big").unwrap().collected(), 1);
}

#[test]
fn orders_created_by_many_threads_are_all_counted() {
    let store = Store::new();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| (0..50).for_each(|_| drop(store.create(&order("same", &[("CM-PRO", 1)])).unwrap())));
        }
    });
    let book = &store.books()["same"];
    assert_eq!((book.accepted, book.doubled, book.licenses), (400, 399, 400));
}

//! What the pretend License Central holds: items, orders, licenses. In memory, gone with the process.
//!
//! It never recognizes a repeated request: an order number that is already known extends its ticket, every time.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
};

use jiff::Timestamp;

use super::{
    license::{LicenseAction, LicenseState},
    order::{Book, Item, Line, Order},
    soap::read::NewOrder,
    ticket::new_ticket,
};

/// The items that are known at start.
const FIRST_ITEMS: [(&str, &str); 5] = [
    ("CM-BASIC", "Basic edition"),
    ("CM-PRO", "Professional edition"),
    ("CM-ENTERPRISE", "Enterprise edition"),
    ("CM-ADDON-3D", "3D add-on"),
    ("CM-MAINT-1Y", "Maintenance, one year"),
];

/// What `FindOrder` says of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) number: String,
    pub(crate) ticket: String,
    pub(crate) customer_id: String,
    pub(crate) accepted: u32,
    pub(crate) lines: Vec<(String, u32)>,
}

/// Everything, behind one lock: two calls at the same moment are two calls.
#[derive(Debug)]
pub(crate) struct Store(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    items: BTreeMap<String, String>,
    orders: BTreeMap<String, Order>,
    numbers_by_ticket: HashMap<String, String>,
}

impl Store {
    /// Knows the first items and no order.
    pub(crate) fn new() -> Self {
        let items = FIRST_ITEMS
            .map(|(item_id, name)| (item_id.to_owned(), name.to_owned()))
            .into();
        Self(Mutex::new(Content {
            items,
            ..Content::default()
        }))
    }

    /// A panic elsewhere must not take the books with it: nothing here is ever left half changed.
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Carries out `CreateOrder` and gives the ticket, or names the first item that is not known and does nothing.
    pub(crate) fn create(&self, order: &NewOrder) -> Result<String, String> {
        let content = &mut *self.content();
        if let Some(line) = order
            .lines
            .iter()
            .find(|line| !content.items.contains_key(&line.item_id))
        {
            return Err(line.item_id.clone());
        }
        let stored = content.orders.entry(order.number.clone()).or_insert_with(|| Order {
            number: order.number.clone(),
            ticket: new_ticket(),
            customer_id: order.customer_id.clone(),
            customer_name: order.customer_name.clone(),
            accepted: 0,
            lines: Vec::new(),
            created_at: Timestamp::now(),
        });
        stored.accepted = stored.accepted.saturating_add(1);
        stored.lines.extend(order.lines.iter().map(|line| Line {
            line_id: line.line_id.clone(),
            item_id: line.item_id.clone(),
            quantity: line.quantity,
            terms: line.terms.clone(),
            touched: BTreeMap::new(),
        }));
        content
            .numbers_by_ticket
            .insert(stored.ticket.clone(), order.number.clone());
        Ok(stored.ticket.clone())
    }

    /// Carries out `FindOrder`.
    pub(crate) fn find(&self, number: &str) -> Option<Found> {
        let order = self.order(number)?;
        Some(Found {
            number: order.number,
            ticket: order.ticket,
            customer_id: order.customer_id,
            accepted: order.accepted,
            lines: order
                .lines
                .into_iter()
                .map(|line| (line.item_id, line.quantity))
                .collect(),
        })
    }

    pub(crate) fn order(&self, number: &str) -> Option<Order> {
        self.content().orders.get(number).cloned()
    }

    pub(crate) fn order_of_ticket(&self, ticket: &str) -> Option<Order> {
        let content = self.content();
        content.orders.get(content.numbers_by_ticket.get(ticket)?).cloned()
    }

    /// Lists all orders, the newest first, at most `limit`, and says how many there are.
    pub(crate) fn newest(&self, limit: usize) -> (Vec<Order>, usize) {
        let content = self.content();
        let mut orders: Vec<&Order> = content.orders.values().collect();
        orders.sort_by(|one, other| {
            other
                .created_at
                .cmp(&one.created_at)
                .then_with(|| other.number.cmp(&one.number))
        });
        (orders.into_iter().take(limit).cloned().collect(), content.orders.len())
    }

    pub(crate) fn books(&self) -> BTreeMap<String, Book> {
        let book = |order: &Order| Book {
            accepted: order.accepted,
            doubled: order.accepted.saturating_sub(1),
            ticket: order.ticket.clone(),
            licenses: order.licenses(),
        };
        self.content()
            .orders
            .iter()
            .map(|(number, order)| (number.clone(), book(order)))
            .collect()
    }

    pub(crate) fn items(&self) -> Vec<Item> {
        let item = |(item_id, name): (&String, &String)| Item {
            item_id: item_id.clone(),
            name: name.clone(),
        };
        self.content().items.iter().map(item).collect()
    }

    /// Adds an item, or renames it; says whether it is new.
    pub(crate) fn add_item(&self, item: Item) -> bool {
        self.content().items.insert(item.item_id, item.name).is_none()
    }

    pub(crate) fn item_name(&self, item_id: &str) -> Option<String> {
        self.content().items.get(item_id).cloned()
    }

    /// Takes one license of a ticket through one action; gives the new state, or none if that cannot be done.
    pub(crate) fn act(&self, ticket: &str, line: usize, license: u32, action: LicenseAction) -> Option<LicenseState> {
        let content = &mut *self.content();
        let order = content.orders.get_mut(content.numbers_by_ticket.get(ticket)?)?;
        let line = order.lines.get_mut(line).filter(|line| license < line.quantity)?;
        let next = line.touched.get(&license).copied().unwrap_or_default().after(action)?;
        line.touched.insert(license, next);
        Some(next)
    }
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;

//! Items, orders, and what the books say of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use super::license::LicenseState;

/// Something that can be licensed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Item {
    /// What orders name it by.
    pub item_id: String,
    /// What people call it.
    pub name: String,
}

/// What was really issued for one order number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Book {
    /// How many `CreateOrder` calls were carried out.
    pub accepted: u32,
    /// How many of them were too many.
    pub doubled: u32,
    /// The one ticket.
    pub ticket: String,
    /// How many licenses are on it.
    pub licenses: u64,
}

/// An order as License Central has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The number it was created under.
    pub number: String,
    /// What its licenses are collected with.
    pub ticket: String,
    /// Who it was first created for.
    pub customer_id: String,
    /// That customer's name.
    pub customer_name: String,
    /// How many `CreateOrder` calls made it.
    pub accepted: u32,
    /// Every line of every call, in the order in which they came.
    pub lines: Vec<Line>,
    /// When it was first created.
    pub created_at: Timestamp,
}

/// One line of an order: `quantity` licenses of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// The submitter's name for it.
    pub line_id: String,
    /// What is licensed.
    pub item_id: String,
    /// How many licenses.
    pub quantity: u32,
    /// Terms, as ordered.
    pub terms: BTreeMap<String, String>,
    /// Licenses that were touched, by their place from 0; all others are not yet collected.
    pub touched: BTreeMap<u32, LicenseState>,
}

impl Order {
    /// Counts its licenses.
    #[must_use]
    pub fn licenses(&self) -> u64 {
        self.lines.iter().map(|line| u64::from(line.quantity)).sum()
    }

    /// Counts the licenses that a container holds.
    #[must_use]
    pub fn collected(&self) -> usize {
        let in_container = |line: &Line| line.touched.values().filter(|state| state.is_in_container()).count();
        self.lines.iter().map(in_container).sum()
    }
}

//! The model's License Central: it extends what it knows, and counts.

use schemas::Ticket;

use super::scripts::{ITEMS, ORDERS};
use crate::tests::support::ticket;

/// What License Central holds, and what is on its way to it.
#[derive(Debug, Default)]
pub(super) struct LicenseCentral {
    /// How many creates it processed, by order.
    pub(super) accepted: [u32; ORDERS],
    /// The item CM-LATER was added to its list.
    pub(super) knows_all: bool,
    coming: Vec<Coming>,
}

/// A create that was sent and is not processed yet.
#[derive(Debug)]
struct Coming {
    order: usize,
    at: u64,
}

impl LicenseCentral {
    /// Returns the ticket of an order: a repeat extends, and answers with the same one.
    pub(super) fn ticket(order: usize) -> Ticket {
        ticket(["ORDER", "OTHER", "THIRD"][order])
    }

    pub(super) fn knows(&self, item: usize) -> bool {
        self.knows_all || ITEMS[item] != "CM-LATER"
    }

    /// Processes a create now.
    pub(super) fn create(&mut self, order: usize) {
        self.accepted[order] += 1;
    }

    /// Takes a create that will be processed later, whatever becomes of its sender.
    pub(super) fn take(&mut self, order: usize, at: u64) {
        self.coming.push(Coming { order, at });
    }

    /// Processes what was due by this second.
    pub(super) fn advance(&mut self, now: u64) {
        for coming in std::mem::take(&mut self.coming) {
            if coming.at <= now {
                self.create(coming.order)
            } else {
                self.coming.push(coming)
            }
        }
    }

    pub(super) fn find(&self, order: usize) -> Option<Ticket> {
        (self.accepted[order] > 0).then(|| Self::ticket(order))
    }
}

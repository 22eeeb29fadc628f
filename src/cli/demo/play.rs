//! Activates the orders, watches them come to rest, and prints what became of each.

use super::{
    books::{self, Books},
    cast::{self, Click},
    stage::Stage,
};
use crate::cli::table;
use anyhow::bail;
use indicatif::{ProgressBar, ProgressStyle};
use simulators::salesforce::OrderView;
use std::{collections::BTreeSet, time::Duration};
use tokio::time::{Instant, sleep};

/// Without any order coming to rest for this long, the demo gives up and shows what it has.
const PATIENCE: Duration = Duration::from_secs(180);
/// A table longer than this is cut.
const SHOWN: usize = 40;

/// One performance of the demo.
pub(super) struct Play<'a> {
    stage: &'a Stage,
    orders: usize,
}

impl<'a> Play<'a> {
    pub(super) fn new(stage: &'a Stage, orders: usize) -> Self {
        Self { stage, orders }
    }

    /// Activates every order, waits until all are at rest, and counts.
    pub(super) async fn perform(&self) -> anyhow::Result<Books> {
        let start = Instant::now();
        let mut ids = BTreeSet::new();
        for (seed, click) in cast::orders(self.orders) {
            let id = self.stage.salesforce.seed_order(&seed)?;
            self.stage.salesforce.activate(&id)?;
            if click == Click::Twice {
                self.stage.salesforce.double_click(&id)?;
            }
            ids.insert(id);
        }
        eprintln!("{} orders are activated in the pretend Salesforce.", ids.len());
        let complete = self.watch(&ids).await?;
        let orders = self.own(&ids);
        print_table(&orders);
        if !complete {
            eprintln!("Some orders did not come to rest; the log above says why.");
        }
        let number = |order: &OrderView| self.stage.number_at_license_central(order);
        Ok(Books::count(
            &orders,
            &self.stage.books(),
            number,
            start.elapsed().as_secs_f64(),
        ))
    }

    /// Shows progress until every order is at rest; false if nothing moved for too long.
    async fn watch(&self, ids: &BTreeSet<String>) -> anyhow::Result<bool> {
        let bar = ProgressBar::new(ids.len() as u64);
        bar.set_style(ProgressStyle::with_template(
            "  {bar:40} {pos} of {len} orders at rest  {elapsed}",
        )?);
        let mut moved = Instant::now();
        loop {
            let rested = self.own(ids).iter().filter(|order| books::at_rest(order)).count() as u64;
            if rested > bar.position() {
                moved = Instant::now();
            }
            bar.set_position(rested);
            if rested == ids.len() as u64 {
                bar.finish_and_clear();
                return Ok(true);
            }
            if let Some(trouble) = self.stage.trouble() {
                bail!(trouble);
            }
            if moved.elapsed() > PATIENCE {
                bar.abandon();
                return Ok(false);
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    fn own(&self, ids: &BTreeSet<String>) -> Vec<OrderView> {
        self.stage
            .salesforce
            .orders()
            .into_iter()
            .filter(|order| ids.contains(&order.id))
            .collect()
    }
}

fn print_table(orders: &[OrderView]) {
    let mut rows = table::with_headings(&["Order", "Customer", "Lines", "Status", "Ticket, or why not"]);
    for order in orders.iter().take(SHOWN) {
        let ticket = order
            .ticket
            .as_ref()
            .map(|ticket| schemas::Ticket::new(ticket.as_str()).masked());
        rows.add_row([
            order.number.clone(),
            order.customer_name.clone(),
            order.lines.len().to_string(),
            order.status.clone().unwrap_or_default(),
            ticket.or_else(|| order.reason.clone()).unwrap_or_default(),
        ]);
    }
    eprintln!("{rows}");
    if orders.len() > SHOWN {
        eprintln!("… and {} more.", orders.len() - SHOWN);
    }
}

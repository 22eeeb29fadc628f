//! `ticketsmith orders list | show`.

use super::{DONE, desk::Desk, table};
use crate::settings::Loaded;
use clap::{Args, Subcommand};
use console::{OrderDetail, OrderFilter, OrderSummary, State};
use std::process::ExitCode;

const EXAMPLES: &str = "\
Examples:
  ticketsmith orders list --state held
  ticketsmith orders list --text Müller --limit 20
  ticketsmith orders show 00000100
  ticketsmith orders show 00DHs0000000001MAA/801Hs00000XyZaBIAV/1 --json";

/// What happened to an order, from the ledger.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Orders {
    /// List orders, the latest first.
    List(List),
    /// Show an order by its number or request key, with everything that happened to it.
    Show(Show),
}

/// List orders, the latest first.
#[derive(Debug, Args)]
pub(crate) struct List {
    /// Only orders in this state: accepted, calling, unknown, issued, refused or held.
    #[arg(long, value_parser = state)]
    state: Option<State>,
    /// Only orders whose number, key, customer or item contains this.
    #[arg(long)]
    text: Option<String>,
    /// At most this many.
    #[arg(long, default_value_t = 50)]
    limit: usize,
    /// Print a JSON array.
    #[arg(long)]
    json: bool,
}

/// Show an order by its number or request key, with everything that happened to it.
#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The order's number, or its request key.
    order: String,
    /// Print a JSON array, one object for each revision and org.
    #[arg(long)]
    json: bool,
}

impl Orders {
    pub(crate) async fn run(self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        let desk = Desk::to_read(loaded).await?;
        match self {
            Self::List(list) => {
                let List {
                    state,
                    text,
                    limit,
                    json,
                } = list;
                let orders = desk
                    .console
                    .orders(&OrderFilter {
                        state,
                        text,
                        limit,
                        number: None,
                    })
                    .await?;
                if json {
                    super::print_json(&orders)?
                } else {
                    print_list(&orders)
                }
            }
            Self::Show(show) => {
                let orders = desk.console.order(&show.order).await?;
                anyhow::ensure!(!orders.is_empty(), "the ledger knows no order {:?}", show.order);
                if show.json {
                    super::print_json(&orders)?
                } else {
                    orders.iter().for_each(print_one)
                }
            }
        }
        desk.close().await?;
        Ok(DONE)
    }
}

fn state(text: &str) -> Result<State, String> {
    text.parse()
        .map_err(|_| "one of accepted, calling, unknown, issued, refused, held".to_owned())
}

fn print_list(orders: &[OrderSummary]) {
    if orders.is_empty() {
        return println!("No orders.");
    }
    let mut rows = table::with_headings(&["Order", "Rev", "Customer", "State", "Ticket, or why not", "Changed"]);
    for order in orders {
        let ticket = order
            .ticket
            .clone()
            .or_else(|| order.reason.clone())
            .unwrap_or_default();
        rows.add_row([
            table::harmless(&order.number),
            order.revision.to_string(),
            table::harmless(order.customer.as_deref().unwrap_or("–")),
            order.standing.word().to_owned(),
            table::harmless(&ticket),
            table::when(order.changed_at),
        ]);
    }
    println!("{rows}");
}

fn print_one(order: &OrderDetail) {
    let summary = &order.summary;
    println!(
        "Order {}, revision {}",
        table::harmless(&summary.number),
        summary.revision
    );
    let mut facts = vec![
        ("key", summary.key.clone()),
        ("state", summary.standing.word().to_owned()),
        ("customer", summary.customer.clone().unwrap_or_default()),
        ("requested", table::when(order.requested_at)),
    ];
    let optional = [
        ("ticket", &summary.ticket),
        ("why", &summary.reason),
        ("detail", &order.detail),
    ];
    facts.extend(
        optional
            .into_iter()
            .filter_map(|(name, value)| Some((name, value.clone()?))),
    );
    for (name, value) in facts {
        println!("  {name:10} {}", table::harmless(&value));
    }
    for line in &order.lines {
        println!("  {:10} {} × {}", "line", line.quantity, table::harmless(&line.item));
    }
    let mut rows = table::with_headings(&["Version", "When", "What", "By", "More"]);
    for step in &order.timeline {
        rows.add_row([
            step.version.to_string(),
            table::when(step.at),
            step.event.clone(),
            table::harmless(&step.process),
            table::harmless(&step.detail),
        ]);
    }
    println!("{rows}");
    for letter in &order.letters {
        println!(
            "  dead letter {} ({}): {}",
            letter.short_id(),
            letter.state,
            table::harmless(&letter.text)
        );
    }
    println!();
}

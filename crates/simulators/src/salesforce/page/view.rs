//! The page's words.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::style::{FRESHEN, STYLE};
use crate::salesforce::store::orders::{LineView, OrderView};

/// So many of the latest orders are shown.
pub(super) const MOST_ORDERS: usize = 200;

/// The whole page.
pub(super) fn page(org_id: &str, orders: &[OrderView], problem: Option<&str>) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { "Orders · Pretend Salesforce" }
                style { (PreEscaped(STYLE)) }
                noscript { meta http-equiv="refresh" content="5"; }
            }
            body {
                header { div { b { "Pretend Salesforce" } span.env { "org " (org_id) } span.env { "simulator" } } }
                main {
                    h1 { "Orders" }
                    p.sub { "Activate an order: its license request is published, and the ticket appears here by itself." }
                    @if let Some(problem) = problem { p.problem role="alert" { (problem) } }
                    section aria-label="New order" { h2 { "New order" } (form()) }
                    section #orders aria-label="Orders" { (table(orders)) }
                }
                footer {
                    "A pretend org for trying out Ticketsmith. It is not Salesforce, and not affiliated with Salesforce, Inc."
                }
                script { (PreEscaped(FRESHEN)) }
            }
        }
    }
}

fn form() -> Markup {
    html! {
        form.new method="post" action="/orders" {
            label { "Customer" input name="customer" required maxlength="255" placeholder="Müller & Söhne GmbH"; }
            label { "E-mail (optional)" input name="email" type="email" maxlength="80"; }
            label {
                "Item"
                input name="item" required maxlength="64" list="items" placeholder="CM-PRO";
            }
            datalist #items {
                @for item in ["CM-BASIC", "CM-PRO", "CM-ENTERPRISE", "CM-ADDON-3D", "CM-MAINT-1Y"] { option value=(item) {} }
            }
            label { "Quantity" input name="quantity" type="number" min="1" max="9999" value="1" required; }
            button.btn type="submit" { "Create draft" }
        }
    }
}

fn table(orders: &[OrderView]) -> Markup {
    if orders.is_empty() {
        return html! { p.empty { "No orders yet. Create one above, or over REST." } };
    }
    html! {
        table {
            thead { tr { th { "Order" } th { "Customer" } th { "Products" } th { "Licenses" } th { "Ticket" } th {} } }
            tbody { @for order in orders { (row(order)) } }
        }
        @if orders.len() == MOST_ORDERS { p.soft { "The latest " (MOST_ORDERS) " orders." } }
    }
}

fn row(order: &OrderView) -> Markup {
    let label = if order.activated { "Activate again" } else { "Activate" };
    let class = if order.activated { "btn" } else { "btn go" };
    html! {
        tr {
            td.key { strong { (order.number) } }
            td.name { (order.customer_name) }
            td { @for line in &order.lines { (product(line)) } }
            td.state { (pill(order)) @if let Some(reason) = &order.reason { div.soft { (reason) } } }
            td.ticket { (ticket(order)) }
            td {
                form method="post" action={ "/orders/" (order.id) "/activate" } {
                    button class=(class) type="submit" aria-label={ (label) " order " (order.number) } { (label) }
                }
            }
        }
    }
}

fn product(line: &LineView) -> Markup {
    let item = if line.item.is_empty() { "(no item)" } else { &line.item };
    html! { span.line { (line.quantity) " × " code { (item) } } }
}

fn pill(order: &OrderView) -> Markup {
    let (class, text) = match order.status.as_deref() {
        Some("Issued") => ("pill good", "Issued"),
        Some("Requested") => ("pill wait", "Requested"),
        Some(other) => ("pill bad", other),
        None if order.activated => ("pill wait", "Activated"),
        None => ("pill draft", "Draft"),
    };
    html! { span class=(class) { (text) } }
}

fn ticket(order: &OrderView) -> Markup {
    // A link comes from whoever writes the record: only an address of the web may be followed.
    let link = order
        .link
        .as_deref()
        .filter(|link| link.starts_with("https://") || link.starts_with("http://"));
    html! {
        @match &order.ticket {
            Some(ticket) => code { (ticket) },
            None => span.soft { "–" },
        }
        @if let Some(link) = link {
            div { a href=(link) target="_blank" rel="noopener noreferrer" { "Open in WebDepot" } }
        }
    }
}

//! `/`: what this is, where everything is, and what was ordered.

use std::sync::Arc;

use axum::{
    extract::State,
    http::{HeaderMap, StatusCode},
    response::Response,
};
use maud::{Markup, html};

use super::{
    order::Order,
    page::{Place, page},
    site::Site,
    web_depot,
};

/// More orders than this are not listed; the books have them all.
const LISTED: usize = 200;

/// Shows the page.
pub(crate) async fn show(State(site): State<Arc<Site>>, headers: HeaderMap) -> Response {
    let (orders, count) = site.store.newest(LISTED);
    let headline = match count {
        0 => "No order yet".to_owned(),
        1 => "1 order".to_owned(),
        _ => format!("{count} orders"),
    };
    let content = html! {
        h1 { (headline) }
        p.sub { "This stands in for a License Central: it takes orders by SOAP, issues tickets, and lets people redeem them in the WebDepot." }
        (orders_table(&orders, count))
        (items_section(&site))
        (addresses(&site.base(&headers)))
    };
    page(StatusCode::OK, Place::Start, "Orders", &content)
}

fn orders_table(orders: &[Order], count: usize) -> Markup {
    html! {
        section aria-label="Orders" {
            h2 { "Latest orders" }
            @if orders.is_empty() {
                p.soft { "An order appears here as soon as a client calls CreateOrder." }
            } @else {
                table {
                    thead { tr { th { "Order" } th.hide { "Customer" } th { "Licenses" } th.hide { "Collected" } th { "Ticket" } } }
                    tbody {
                        @for order in orders {
                            tr {
                                td {
                                    (order.number) " "
                                    @if order.accepted > 1 { span.pill.bad { "ordered " (order.accepted) " times" } }
                                }
                                td.hide { (order.customer_name) }
                                td { (order.licenses()) }
                                td.hide { (order.collected()) }
                                td { a href=(web_depot::path(&order.ticket)) { code { (order.ticket) } } }
                            }
                        }
                    }
                }
                @if count > orders.len() { p.soft { "The newest " (orders.len()) " of " (count) "; the books have all of them." } }
            }
        }
    }
}

fn items_section(site: &Site) -> Markup {
    html! {
        section id="items" {
            h2 { "Items" }
            p.soft { "An order that names anything else is refused." }
            table {
                thead { tr { th { "Item id" } th { "Name" } } }
                tbody { @for item in site.store.items() { tr { td { code { (item.item_id) } } td { (item.name) } } } }
            }
            form method="post" action="/items" {
                div.row {
                    div.grow { label for="item_id" { "New item id" } input id="item_id" name="item_id" required maxlength="64" autocomplete="off"; }
                    div.grow { label for="name" { "Name" } input id="name" name="name" maxlength="255" autocomplete="off"; }
                }
                p { button { "Add item" } }
            }
        }
    }
}

fn addresses(base: &str) -> Markup {
    let link = |path: &str| html! { a href=(path) { code { (base) (path) } } };
    html! {
        section {
            h2 { "Where to find what" }
            dl {
                dt { "SOAP endpoint" } dd { code { (base) "/soap" } }
                dt { "WSDL" } dd { (link("/soap?wsdl")) }
                dt { "WebDepot" } dd { (link("/webdepot")) }
                dt { "Items, JSON" } dd { (link("/items")) }
                dt { "Books, JSON" } dd { (link("/books")) }
            }
        }
    }
}

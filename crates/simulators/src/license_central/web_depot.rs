//! The WebDepot: where a person redeems a ticket, license by license.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use maud::{Markup, html};

use super::{
    license::{LicenseAction, LicenseState},
    order::{Line, Order},
    page::{Place, page},
    site::{Site, is_from_elsewhere},
    ticket::as_typed,
};

/// How many licenses one page shows.
const SHOWN: u64 = 50;

/// Writes the path and query that lead to a ticket.
pub(crate) fn path(ticket: &str) -> String {
    let query = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("ticket", ticket)
        .finish();
    format!("/webdepot?{query}")
}

/// Shows the form, and the ticket that was entered or came with the link; several are separated by `;`.
pub(crate) async fn show(State(site): State<Arc<Site>>, RawQuery(query): RawQuery) -> Response {
    let fields = fields(query.unwrap_or_default().as_bytes());
    let typed = fields.get("ticket").map(String::as_str).unwrap_or_default();
    let from = fields.get("from").and_then(|from| from.parse().ok()).unwrap_or(0);
    let tickets: Vec<String> = typed
        .split(';')
        .map(as_typed)
        .filter(|ticket| !ticket.is_empty())
        .take(10)
        .collect();
    let found: Vec<(&String, Option<Order>)> = tickets
        .iter()
        .map(|ticket| (ticket, site.store.order_of_ticket(ticket)))
        .collect();
    let missing = !found.is_empty() && found.iter().all(|(_, order)| order.is_none());
    let content = html! {
        h1 { "Redeem a ticket" }
        p.sub { "Enter the ticket from your delivery note or e-mail. Each license can be activated by itself." }
        (ticket_form(typed))
        @for (ticket, order) in &found {
            @match order {
                Some(order) => (ticket_section(&site, order, from)),
                None => p.notice.bad role="alert" { "There is no ticket " code { (ticket) } ". Please check it for typing errors." },
            }
        }
    };
    let status = if missing { StatusCode::NOT_FOUND } else { StatusCode::OK };
    page(status, Place::WebDepot, "WebDepot", &content)
}

/// Takes one license through one action and leads back to it.
pub(crate) async fn act(State(site): State<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Response {
    if is_from_elsewhere(&headers) {
        return refused(StatusCode::FORBIDDEN, "This was sent by a page of another site.");
    }
    let fields = fields(&body);
    let number = |name: &str| fields.get(name).and_then(|value| value.parse::<u32>().ok());
    let ticket = fields.get("ticket").map(|ticket| as_typed(ticket)).unwrap_or_default();
    let action = fields.get("action").and_then(|name| LicenseAction::by_name(name));
    let (Some(line), Some(license), Some(action)) = (number("line"), number("license"), action) else {
        return refused(StatusCode::BAD_REQUEST, "This form is not one of the WebDepot's.");
    };
    if site.store.order_of_ticket(&ticket).is_none() {
        return refused(StatusCode::NOT_FOUND, "There is no such ticket.");
    }
    if site.store.act(&ticket, line as usize, license, action).is_none() {
        return refused(
            StatusCode::CONFLICT,
            "The license is in another state by now. Go back and load the page again.",
        );
    }
    let from = number("from").unwrap_or(0);
    Redirect::to(&format!("{}&from={from}#license-{line}-{license}", path(&ticket))).into_response()
}

fn fields(form: &[u8]) -> BTreeMap<String, String> {
    url::form_urlencoded::parse(form).into_owned().collect()
}

fn refused(status: StatusCode, sentence: &str) -> Response {
    let content = html! { h1 { "That did not work" } p.notice.bad role="alert" { (sentence) } p { a href="/webdepot" { "To the WebDepot" } } };
    page(status, Place::WebDepot, "WebDepot", &content)
}

fn ticket_form(typed: &str) -> Markup {
    html! {
        section {
            form method="get" action="/webdepot" {
                label for="ticket" { "Ticket" }
                div.row {
                    div.grow {
                        input.ticket id="ticket" name="ticket" value=(typed) required maxlength="400" autocomplete="off" spellcheck="false"
                            placeholder="XXXXX-XXXXX-XXXXX-XXXXX-XXXXX";
                    }
                    button.main { "Show licenses" }
                }
            }
        }
    }
}

fn ticket_section(site: &Site, order: &Order, from: u64) -> Markup {
    let total = order.licenses();
    let from = if from < total {
        from
    } else {
        total.saturating_sub(1) / SHOWN * SHOWN
    };
    let mut first = 0;
    let lines = order.lines.iter().enumerate().map(|(at, line)| {
        let before = first;
        first += u64::from(line.quantity);
        (at, line, before)
    });
    html! {
        section aria-label="Ticket" {
            div.head {
                h2 { code { (order.ticket) } }
                span.soft { (order.collected()) " of " (total) " collected · order " (order.number) " · " (order.customer_name) }
            }
            @for (at, line, before) in lines {
                @if before < from.saturating_add(SHOWN) && before + u64::from(line.quantity) > from {
                    (line_section(site, order, at, line, from, before))
                }
            }
            @if total > SHOWN { (pages(&order.ticket, from, total)) }
        }
    }
}

fn pages(ticket: &str, from: u64, total: u64) -> Markup {
    let last = from.saturating_add(SHOWN).min(total);
    html! {
        nav.pages aria-label="Licenses" {
            @if from > 0 { a href={ (path(ticket)) "&from=" (from.saturating_sub(SHOWN)) } { "Earlier" } }
            span { (from + 1) " to " (last) " of " (total) }
            @if last < total { a href={ (path(ticket)) "&from=" (last) } { "Later" } }
        }
    }
}

fn line_section(site: &Site, order: &Order, at: usize, line: &Line, from: u64, before: u64) -> Markup {
    let name = site.store.item_name(&line.item_id).unwrap_or_default();
    let start = u32::try_from(from.saturating_sub(before)).unwrap_or(u32::MAX);
    let end = u32::try_from(from.saturating_add(SHOWN) - before)
        .unwrap_or(u32::MAX)
        .min(line.quantity);
    html! {
        div.item {
            h3 { (name) " " code.soft { (line.item_id) } }
            @if !line.terms.is_empty() {
                p { @for (place, (name, value)) in line.terms.iter().enumerate() { @if place > 0 { " · " } (name) ": " (value) } }
            }
            ul.licenses {
                @for license in start..end { (license_row(order, at, line, license, from)) }
            }
        }
    }
}

fn license_row(order: &Order, at: usize, line: &Line, license: u32, from: u64) -> Markup {
    let state = line.touched.get(&license).copied().unwrap_or_default();
    let color = match state {
        LicenseState::NotCollected => "wait",
        LicenseState::Collected | LicenseState::Confirmed => "good",
        LicenseState::Returned => "plain",
    };
    html! {
        li id={ "license-" (at) "-" (license) } {
            span { "License " (license + 1) " of " (line.quantity) }
            span.pill.(color) { (state.words()) }
            span.where.soft { @if state.is_in_container() { "in container " code { (container(&order.ticket)) } } }
            form method="post" action="/webdepot/license" {
                input type="hidden" name="ticket" value=(order.ticket);
                input type="hidden" name="line" value=(at);
                input type="hidden" name="license" value=(license);
                input type="hidden" name="from" value=(from);
                @for action in state.actions() {
                    button.main[*action == LicenseAction::Activate] name="action" value=(action.name()) { (action.label()) }
                }
            }
        }
    }
}

/// The serial number of the customer's pretend container: the same for all licenses of a ticket.
fn container(ticket: &str) -> String {
    let sum = ticket
        .bytes()
        .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    format!("130-{}", 1_000_000_000 + sum % 1_000_000_000)
}

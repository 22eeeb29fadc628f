//! The pages' contents.

use jiff::Timestamp;
use maud::{Markup, html};

use super::look::{letters_table, order_link, orders_table, pill, replay_command, standing, when};
use super::way;
use crate::dead_letters::{Deed, LetterDetail, LetterSummary};
use crate::orders::{OrderDetail, OrderSummary};
use crate::overview::Overview;
use crate::tasks::Tone;
use crate::words::{count, number};

/// The first page.
pub(super) fn overview(seen: &Overview, now: Timestamp) -> Markup {
    html! {
        h1 { (headline(seen)) }
        p.sub { (subline(seen)) }
        @if !seen.tasks.is_empty() { (tasks(seen)) }
        section { h2 { "The way of an order, now" } (way::picture(seen, now)) }
        section { h2 { "Latest orders" } (orders_table(&seen.latest, now)) }
        @if !seen.letters.is_empty() { section { h2 { "Open dead letters" } (letters_table(&seen.letters, now)) } }
    }
}

/// Says in one line whether somebody must act.
pub(super) fn headline(seen: &Overview) -> String {
    match seen.numbers.open_letters {
        0 if seen.tasks.is_empty() => "Nothing needs a person".to_owned(),
        0 => "Something needs a look".to_owned(),
        1 => "1 dead letter needs a person".to_owned(),
        many => format!("{} dead letters need a person", number(many)),
    }
}

fn subline(seen: &Overview) -> String {
    let numbers = &seen.numbers;
    let waiting = numbers.waiting + numbers.unknown;
    let waits = match waiting {
        0 => "No order waits".to_owned(),
        1 => "1 order waits for License Central".to_owned(),
        many => format!("{} orders wait for License Central", number(many)),
    };
    format!(
        "{} issued. {waits}; nothing is lost.",
        count(numbers.issued, "ticket", "tickets")
    )
}

fn tasks(seen: &Overview) -> Markup {
    html! {
        section aria-label="What needs a person" {
            ul.tasks {
                @for task in &seen.tasks {
                    li {
                        (pill(task.tone, &task.word))
                        strong { (task.title) }
                        @if let Some(letter) = &task.letter {
                            a.go href={ "/dead-letters/" (super::look::in_path(letter)) } { "Open" }
                        } @else { span {} }
                        p { (task.advice) }
                    }
                }
            }
        }
    }
}

/// All orders, the latest first.
pub(super) fn orders(orders: &[OrderSummary], now: Timestamp) -> Markup {
    html! {
        h1 { "Orders" }
        p.sub { "The latest " (orders.len()) ". Every order ever seen is found with " code { "ticketsmith orders show NUMBER" } "." }
        section { (orders_table(orders, now)) }
    }
}

/// One order: each of its revisions with its timeline.
pub(super) fn order(shown: &[OrderDetail], now: Timestamp) -> Markup {
    html! {
        @for order in shown {
            @let summary = &order.summary;
            h1 { "Order " (summary.number) @if summary.revision > 1 { " · revision " (summary.revision) } }
            p.sub { (standing(summary.standing)) " " (summary.reason.as_deref().unwrap_or_default()) }
            section {
                dl.facts {
                    dt { "Customer" } dd { (summary.customer.as_deref().unwrap_or("unknown")) @if let Some(id) = &order.customer_id { " " code { (id) } } }
                    dt { "Items" } dd { @for line in &order.lines { div { (line.quantity) " × " code { (line.item) } } } @if order.lines.is_empty() { "–" } }
                    dt { "Ticket" } dd { @match &summary.ticket { Some(ticket) => code { (ticket) }, None => "–" } }
                    @if let Some(detail) = &order.detail { dt { "In detail" } dd { (detail) } }
                    dt { "Attempts" } dd { (summary.attempts) }
                    dt { "Asked for" } dd { (when(order.requested_at, now)) }
                    dt { "Key" } dd { code { (summary.key) } }
                }
            }
            section { h2 { "What happened" } (timeline(order, now)) }
            @if !order.letters.is_empty() { section { h2 { "Dead letters" } (letters_table(&order.letters, now)) } }
            (deeds(&order.deeds, now))
        }
    }
}

fn timeline(order: &OrderDetail, now: Timestamp) -> Markup {
    html! {
        ol.line {
            @for step in &order.timeline {
                li.(if step.failure { "stuck" } else if matches!(step.event.as_str(), "issued" | "found") { "done" } else { "open" }) {
                    strong { (step.event.replace('-', " ")) } " · " (when(step.at, now)) " · " (step.process)
                    @if !step.detail.is_empty() { p { (step.detail) } }
                }
            }
        }
    }
}

fn deeds(deeds: &[Deed], now: Timestamp) -> Markup {
    html! {
        @if !deeds.is_empty() {
            section {
                h2 { "What people did" }
                ol.line { @for deed in deeds { li.done { strong { (deed.action) } " · " (deed.who) " · " (when(deed.at, now)) p { (deed.why) } } } }
            }
        }
    }
}

/// All dead letters that nobody dealt with, the latest first.
pub(super) fn letters(letters: &[LetterSummary], open: u64, now: Timestamp) -> Markup {
    html! {
        h1 { "Dead letters" }
        p.sub { (count(open, "letter is", "letters are")) " open. Nothing in them is lost; each tells what failed and why." }
        section { (letters_table(letters, now)) }
    }
}

/// One dead letter.
pub(super) fn letter(shown: &LetterDetail, now: Timestamp) -> Markup {
    let summary = &shown.summary;
    html! {
        h1 { "Dead letter " code { (summary.short_id()) } }
        p.sub { (pill(Tone::Bad, &summary.class)) " " (summary.text) }
        section {
            dl.facts {
                dt { "Order" } dd {
                    @match (&shown.order, &summary.order_number) {
                        (Some(order), _) => { (order_link(&order.number, &order.key, order.revision)) " " (standing(order.standing)) },
                        (None, Some(number)) => (number),
                        (None, None) => "unknown",
                    }
                }
                dt { "Failed in" } dd { (summary.stage) ", " (when(summary.at, now)) }
                dt { "Code" } dd { code { (summary.code) } }
                dt { "State" } dd { (summary.state) }
                @if let Some(id) = &shown.message_id { dt { "Message" } dd { code { (id) } } }
                @if summary.may_be_replayed() { dt { "To send it again" } dd { code { (replay_command(summary)) } } }
            }
        }
        @if !shown.attempts.is_empty() {
            section {
                h2 { "What was tried" }
                ol.line { @for attempt in &shown.attempts { li.stuck { strong { (attempt.event.replace('-', " ")) } " · " (when(attempt.at, now)) p { (attempt.text) } } } }
            }
        }
        (deeds(&shown.deeds, now))
        section {
            h2 { "The message" }
            @if !shown.headers.is_empty() { dl.facts { @for (name, value) in &shown.headers { dt { code { (name) } } dd { (value) } } } }
            pre tabindex="0" { (pretty(&shown.body)) }
        }
    }
}

fn pretty(body: &serde_json::Value) -> String {
    match body {
        serde_json::Value::String(text) => text.clone(),
        other => serde_json::to_string_pretty(other).unwrap_or_default(),
    }
}

/// Something could not be shown.
pub(super) fn trouble(title: &str, text: &str) -> Markup {
    html! { h1 { (title) } p.sub { (text) } }
}

//! What every page has in common.

use jiff::Timestamp;
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::dead_letters::LetterSummary;
use crate::orders::{OrderSummary, Standing};
use crate::tasks::Tone;
use crate::words::ago;

/// Which page is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Overview,
    Orders,
    DeadLetters,
}

impl Page {
    const ALL: [(Self, &'static str, &'static str); 3] = [
        (Self::Overview, "/", "Overview"),
        (Self::Orders, "/orders", "Orders"),
        (Self::DeadLetters, "/dead-letters", "Dead letters"),
    ];
}

/// Frames a page. `open_letters` is shown beside the link to them.
pub(super) fn frame(page: Page, title: &str, environment: &str, open_letters: u64, content: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) " · Ticketsmith" }
                link rel="icon" href="data:,";
                link rel="stylesheet" href="/style.css";
                script src="/live.js" defer {}
                noscript { meta http-equiv="refresh" content="10"; }
            }
            body {
                header {
                    div {
                        b { "Ticketsmith" }
                        nav aria-label="Pages" {
                            @for (each, address, name) in Page::ALL {
                                a href=(address) aria-current=[(each == page).then_some("page")] {
                                    (name)
                                    @if each == Page::DeadLetters && open_letters > 0 { span.n { (open_letters) } }
                                }
                            }
                        }
                        @if !environment.is_empty() { span.env { (environment) } }
                    }
                }
                main { (content) }
            }
        }
    }
}

pub(super) fn pill(tone: Tone, word: &str) -> Markup {
    html! { span.pill.(class(tone)) { (word) } }
}

fn class(tone: Tone) -> &'static str {
    match tone {
        Tone::Bad => "bad",
        Tone::Wait => "wait",
        Tone::Good => "good",
    }
}

/// Returns how a standing looks at first sight.
pub(super) fn tone(standing: Standing) -> Tone {
    match standing {
        Standing::Issued | Standing::Reported => Tone::Good,
        Standing::Waiting | Standing::Calling | Standing::Unknown => Tone::Wait,
        Standing::Refused | Standing::Held => Tone::Bad,
    }
}

pub(super) fn standing(standing: Standing) -> Markup {
    pill(tone(standing), standing.word())
}

/// Writes a time as people read it, with the exact one behind it.
pub(super) fn when(then: Timestamp, now: Timestamp) -> Markup {
    html! { time datetime=(then) title=(then) { (ago(then, now)) } }
}

/// Lists orders, newest first.
pub(super) fn orders_table(orders: &[OrderSummary], now: Timestamp) -> Markup {
    html! {
        @if orders.is_empty() { p.empty { "No order has arrived yet." } }
        @else {
            table {
                thead { tr { th scope="col" { "Order" } th.hide scope="col" { "Customer" } th scope="col" { "State" } th.hide scope="col" { "Ticket" } th scope="col" { "When" } } }
                tbody {
                    @for order in orders {
                        tr {
                            td { (order_link(&order.number, &order.key, order.revision)) }
                            td.hide { (order.customer.as_deref().unwrap_or("–")) }
                            td { (standing(order.standing)) }
                            td.hide {
                                @if let Some(ticket) = &order.ticket { code { (ticket) } }
                                @else if let Some(reason) = &order.reason { span.why { (reason) } }
                                @else { "–" }
                            }
                            td { (when(order.changed_at, now)) }
                        }
                    }
                }
            }
        }
    }
}

/// Links to an order's timeline. A revision above the first is said.
pub(super) fn order_link(number: &str, key: &str, revision: u32) -> Markup {
    html! {
        a.id href={ "/orders/" (in_path(key)) } { (number) }
        @if revision > 1 { span.why { " · " (revision) } }
    }
}

/// Lists letters with the command that sends each again.
pub(super) fn letters_table(letters: &[LetterSummary], now: Timestamp) -> Markup {
    html! {
        @if letters.is_empty() { p.empty { "There are none." } }
        @else {
            table {
                thead { tr { th scope="col" { "Letter" } th scope="col" { "Order" } th scope="col" { "Why" } th.hide scope="col" { "When" } } }
                tbody {
                    @for letter in letters {
                        tr {
                            td { a href={ "/dead-letters/" (in_path(&letter.id)) } { code { (letter.short_id()) } } }
                            td {
                                @match (&letter.order_number, &letter.key) {
                                    (Some(number), Some(key)) => (order_link(number, key, 1)),
                                    (Some(number), None) => (number),
                                    (None, _) => "–",
                                }
                            }
                            td {
                                (pill(Tone::Bad, &letter.class)) " " (letter.text)
                                @if letter.may_be_replayed() {
                                    br; code.why { (replay_command(letter)) }
                                } @else if letter.state != "open" {
                                    br; span.why { (letter.state) }
                                }
                            }
                            td.hide { (when(letter.at, now)) }
                        }
                    }
                }
            }
        }
    }
}

/// Writes the command that sends a letter's order on its way again.
pub(super) fn replay_command(letter: &LetterSummary) -> String {
    format!("ticketsmith dead-letters replay {} --why \"…\"", letter.short_id())
}

/// Writes a text so that it is one segment of an address.
pub(super) fn in_path(text: &str) -> PreEscaped<String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    PreEscaped(
        text.bytes()
            .map(|byte| {
                if plain(byte) {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            })
            .collect(),
    )
}

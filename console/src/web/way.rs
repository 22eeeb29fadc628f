//! The way of an order as a picture.

use jiff::Timestamp;
use maud::{Markup, html};

use super::look::pill;
use crate::overview::Overview;
use crate::process_note::WorkerNote;
use crate::tasks::Tone;
use crate::words::{ago, number, span};

/// Draws the four stations and what waits between them.
pub(super) fn picture(seen: &Overview, now: Timestamp) -> Markup {
    let (numbers, queues, stations) = (&seen.numbers, &seen.queues, &seen.stations);
    html! {
        div.way {
            div.st {
                h3 { "Salesforce" }
                @match &stations.producer {
                    Some(producer) => {
                        (pill(if producer.well { Tone::Good } else { Tone::Wait }, &producer.activity))
                        dl {
                            dt { "events" } dd { (number(producer.events)) }
                            dt { "last event" } dd { @match producer.last_event { Some(at) => (ago(at, now)), None => "–" } }
                            dt { "behind by" } dd { (number(producer.behind)) }
                        }
                    },
                    None => (pill(Tone::Wait, "no producer runs")),
                }
            }
            (queue(queues.requests))
            div.st {
                h3 { "License Central" }
                (neighbor(stations.fulfil.as_ref(), now))
                dl {
                    dt { "waiting" } dd { (number(numbers.waiting)) }
                    @if numbers.unknown > 0 { dt { "looking up" } dd { (number(numbers.unknown)) } }
                    dt { "tickets" } dd { (number(numbers.issued)) }
                }
            }
            (queue(queues.completions))
            div.st {
                h3 { "Report" }
                (neighbor(stations.report.as_ref(), now))
                dl { dt { "to tell" } dd { (number(numbers.unreported)) } }
            }
            div.q { b { (number(numbers.at_rest().saturating_sub(numbers.unreported))) } "told" }
            div.st {
                h3 { "Orders at rest" }
                @if numbers.unreported == 0 { (pill(Tone::Good, "up to date")) } @else { (pill(Tone::Wait, "catching up")) }
                dl {
                    dt { "with ticket" } dd { (number(numbers.issued)) }
                    dt { "refused" } dd { (number(numbers.refused)) }
                    dt { "held" } dd { (number(numbers.held)) }
                }
            }
        }
    }
}

fn queue(depth: Option<u32>) -> Markup {
    html! {
        div.q.busy[depth.is_some_and(|waiting| waiting > 0)] {
            b { @match depth { Some(waiting) => (number(u64::from(waiting))), None => "–" } }
            "waiting"
        }
    }
}

fn neighbor(note: Option<&WorkerNote>, now: Timestamp) -> Markup {
    match note {
        None => pill(Tone::Wait, "no worker runs"),
        Some(WorkerNote {
            paused_since: Some(since),
            ..
        }) => pill(Tone::Bad, &format!("away {}", span(*since, now))),
        Some(_) => pill(Tone::Good, "open"),
    }
}

//! The frame of every page: head, navigation, what this is.

use axum::{
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, html};

/// Which entry of the navigation is the page shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Start,
    WebDepot,
}

/// No script, nothing from elsewhere; and since a ticket stands in the address, it is told to nobody else.
const PAGE_HEADERS: [(HeaderName, &str); 4] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Puts content into the frame.
pub(crate) fn page(status: StatusCode, place: Place, title: &str, content: &Markup) -> Response {
    let entry = |at: Place, path: &str, name: &str| html! { a href=(path) aria-current=[(at == place).then_some("page")] { (name) } };
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width,initial-scale=1";
                title { (title) " · pretend License Central" }
                link rel="stylesheet" href="/style.css";
                link rel="icon" href="data:,";
            }
            body {
                header {
                    div {
                        b { "License Central" }
                        nav aria-label="Pages" { (entry(Place::Start, "/", "Orders")) (entry(Place::WebDepot, "/webdepot", "WebDepot")) }
                        span.env { "pretend" }
                    }
                }
                main { (content) }
                footer {
                    "A simulator that belongs to Ticketsmith, for demonstrations and tests. It issues no real license and is \
                     not affiliated with Wibu-Systems, whose CodeMeter License Central it stands in for."
                }
            }
        }
    };
    (status, PAGE_HEADERS, page).into_response()
}

/// Serves the one style sheet.
pub(crate) async fn style() -> impl IntoResponse {
    (
        [(header::CONTENT_TYPE, "text/css; charset=utf-8")],
        include_str!("style.css"),
    )
}

//! The pages. They render what [`Console`] answers and hold no rule of their own.

mod look;
mod pages;
mod way;

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use jiff::Timestamp;
use ledger::{LetterFilter, LetterState, OrderFilter};
use maud::Markup;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::console::Console;
use crate::error::Error;
use look::Page;

/// Nothing from elsewhere, nothing inline: whatever an order's text says, no browser runs it.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; \
     img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// How many rows a list page has.
const ROWS: usize = 200;

/// What the pages are made from.
#[derive(Clone)]
pub struct Deps {
    /// The operations.
    pub console: Console,
    /// The name of this installation, such as `production` or `demo`; shown on every page, may be empty.
    pub environment: String,
    /// Whether this process is ready, answered at `/readyz` beside `/livez` and `/metrics`.
    pub health: telemetry::Health,
}

/// Serves the pages until `shutdown` is canceled; returns where they really are.
///
/// Nobody signs in yet, so only an address of this very machine is accepted.
///
/// # Errors
/// When the address is not loopback, or cannot be listened on.
pub async fn serve(address: SocketAddr, deps: Deps, shutdown: CancellationToken) -> Result<SocketAddr, Error> {
    if !address.ip().is_loopback() {
        return Err(Error::NotLoopback { address });
    }
    let failed = |source| Error::Listen { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        let served = axum::serve(listener, routes(deps))
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await;
        if let Err(error) = served {
            tracing::error!(error = &error as &dyn std::error::Error, "the status page ended");
        }
    });
    Ok(bound)
}

/// The routes themselves.
pub(crate) fn routes(deps: Deps) -> Router {
    let health = telemetry::routes(deps.health.clone());
    Router::new()
        .route("/", get(overview))
        .route("/orders", get(orders))
        .route("/orders/{key}", get(order))
        .route("/dead-letters", get(letters))
        .route("/dead-letters/{id}", get(letter))
        .route(
            "/style.css",
            get(|| asset("text/css; charset=utf-8", include_str!("style.css"))),
        )
        .route(
            "/live.js",
            get(|| asset("text/javascript; charset=utf-8", include_str!("live.js"))),
        )
        .fallback(async || (StatusCode::NOT_FOUND, "there is no such page\n"))
        .with_state(Arc::new(deps))
        .merge(health)
        .layer(axum::middleware::from_fn(guard))
}

/// Sets the headers that keep hostile content harmless, and turns away requests that came here under a foreign name: a
/// page from elsewhere could point its own name at this machine and read what is shown.
async fn guard(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    if !host.is_some_and(is_this_machine) {
        return (
            StatusCode::MISDIRECTED_REQUEST,
            "the console is served to this machine only\n",
        )
            .into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(CONTENT_SECURITY_POLICY),
    );
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Says whether a Host header names this machine.
fn is_this_machine(host: &str) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    name.eq_ignore_ascii_case("localhost")
        || name
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

type Shared = State<Arc<Deps>>;

async fn overview(State(deps): Shared) -> Result<Markup, Trouble> {
    let now = Timestamp::now();
    let seen = deps.console.overview(now).await?;
    let (title, content) = (pages::headline(&seen), pages::overview(&seen, now));
    Ok(look::frame(
        Page::Overview,
        &title,
        &deps.environment,
        seen.numbers.open_letters,
        &content,
    ))
}

async fn orders(State(deps): Shared) -> Result<Markup, Trouble> {
    let orders = deps
        .console
        .orders(&OrderFilter {
            limit: ROWS,
            ..OrderFilter::default()
        })
        .await?;
    deps.frame(Page::Orders, "Orders", &pages::orders(&orders, Timestamp::now()))
        .await
}

async fn order(State(deps): Shared, Path(key): Path<String>) -> Result<Markup, Trouble> {
    let shown = deps.console.order(&key).await?;
    let title = shown
        .first()
        .map(|order| format!("Order {}", order.summary.number))
        .unwrap_or_default();
    deps.frame(Page::Orders, &title, &pages::order(&shown, Timestamp::now()))
        .await
}

async fn letters(State(deps): Shared) -> Result<Markup, Trouble> {
    let open = LetterFilter {
        state: Some(LetterState::Open),
        limit: ROWS,
        ..LetterFilter::default()
    };
    let letters = deps.console.letters(&open).await?;
    let count = deps.console.open_letters().await?;
    deps.frame(
        Page::DeadLetters,
        "Dead letters",
        &pages::letters(&letters, count, Timestamp::now()),
    )
    .await
}

async fn letter(State(deps): Shared, Path(id): Path<String>) -> Result<Markup, Trouble> {
    let shown = deps.console.letter(&id).await?;
    let title = format!("Dead letter {}", shown.summary.short_id());
    deps.frame(Page::DeadLetters, &title, &pages::letter(&shown, Timestamp::now()))
        .await
}

async fn asset(kind: &'static str, content: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, kind)], content)
}

impl Deps {
    async fn frame(&self, page: Page, title: &str, content: &Markup) -> Result<Markup, Trouble> {
        let open = self.console.open_letters().await?;
        Ok(look::frame(page, title, &self.environment, open, content))
    }
}

/// A page that could not be made, said as a page.
struct Trouble(Error);

impl<E: Into<Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Trouble {
    fn into_response(self) -> Response {
        let (status, title) = match &self.0 {
            Error::Ledger(ledger::Error::NotFound { .. }) => (StatusCode::NOT_FOUND, "There is no such thing"),
            error => {
                tracing::error!(
                    error = error as &(dyn std::error::Error + 'static),
                    "a page cannot be shown"
                );
                (StatusCode::SERVICE_UNAVAILABLE, "This cannot be shown right now")
            }
        };
        let content = pages::trouble(title, &self.0.to_string());
        (status, look::frame(Page::Overview, title, "", 0, &content)).into_response()
    }
}

#[cfg(test)]
mod tests;

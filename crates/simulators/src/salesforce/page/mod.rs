//! The page for people: orders, what became of them, an *Activate* button, and a form for a new one.

mod style;
mod view;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Path, RawForm, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::Markup;

use super::org::Org;
use super::store::orders::SeedOrder;
use super::store::rows::RowError;

/// What answers to a browser.
pub(super) fn routes(org: &Arc<Org>) -> Router {
    Router::new()
        .route("/", get(orders))
        .route("/orders", post(create))
        .route("/orders/{id}/activate", post(activate))
        .with_state(Arc::clone(org))
}

async fn orders(State(org): State<Arc<Org>>) -> Response {
    page(StatusCode::OK, &show(&org, None))
}

/// Writes a draft order from the form.
async fn create(State(org): State<Arc<Org>>, headers: HeaderMap, RawForm(form): RawForm) -> Response {
    if from_elsewhere(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let given = |wanted: &str| {
        let found = url::form_urlencoded::parse(&form).find(|(name, _)| name == wanted);
        found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    };
    let Ok(quantity) = given("quantity").parse() else {
        return page(
            StatusCode::BAD_REQUEST,
            &show(&org, Some("The quantity must be a whole number from 1.")),
        );
    };
    let email = Some(given("email")).filter(|email| !email.is_empty());
    let order = SeedOrder {
        customer_name: given("customer"),
        customer_email: email,
        lines: vec![(given("item"), quantity)],
    };
    finish(&org, org.write(|store| store.seed_order(&order)))
}

/// Activates a draft; on an activated order it is the second click.
async fn activate(State(org): State<Arc<Org>>, headers: HeaderMap, Path(id): Path<String>) -> Response {
    if from_elsewhere(&headers) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let clicked = org.write(|store| match store.order_view(&id) {
        Some(order) if order.activated => store.double_click(&id),
        _ => store.activate(&id),
    });
    finish(&org, clicked)
}

fn finish<T>(org: &Org, done: Result<T, RowError>) -> Response {
    match done {
        Ok(_) => Redirect::to("/").into_response(),
        Err(error) => page(StatusCode::BAD_REQUEST, &show(org, Some(&error.message))),
    }
}

fn show(org: &Org, problem: Option<&str>) -> Markup {
    let orders = org.read(|store| store.latest_orders(view::MOST_ORDERS));
    view::page(&org.identity.org_id, &orders, problem)
}

/// A form on somebody else's page must not press our buttons.
fn from_elsewhere(headers: &HeaderMap) -> bool {
    headers
        .get("sec-fetch-site")
        .is_some_and(|site| site != "same-origin" && site != "none")
}

fn page(status: StatusCode, markup: &Markup) -> Response {
    let mut response = (status, axum::response::Html(markup.0.clone())).into_response();
    let policy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; \
                  form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

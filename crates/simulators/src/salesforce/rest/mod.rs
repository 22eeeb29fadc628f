//! The REST API under `/services/data`: who may call, how often, and which resource answers.

mod answer;
mod call;
mod collections;
mod events;
mod gate;
mod records;
mod resources;

use std::sync::Arc;

use axum::Router;
use axum::routing::any;
use http::{Method, StatusCode};

use super::org::Org;
use answer::{Answer, Failure};
use call::Call;

pub(super) use answer::session_invalid;
pub(super) use gate::bearer;

/// What answers under `/services/data`, and what answers where nothing is.
pub(super) fn routes(org: &Arc<Org>) -> Router {
    Router::new()
        .route("/services/data", any(gate::answer))
        .route("/services/data/{*resource}", any(gate::answer))
        .fallback(async || answer::failed(&Failure::not_found()))
        .method_not_allowed_fallback(async || answer::failed(&Failure::method_not_allowed()))
        .with_state(Arc::clone(org))
}

/// Finds the resource that a call is for.
fn resource(call: &Call<'_>) -> Answer {
    let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
    match path.as_slice() {
        [] => match call.method {
            Method::GET => Ok(resources::root(call)),
            _ => Err(Failure::method_not_allowed()),
        },
        ["limits"] => match call.method {
            Method::GET => Ok(resources::limits(call)),
            _ => Err(Failure::method_not_allowed()),
        },
        ["composite", "sobjects"] => match call.method {
            Method::POST => collections::create(call),
            Method::PATCH => collections::update(call),
            _ => Err(Failure::method_not_allowed()),
        },
        ["sobjects", object] => match call.method {
            Method::POST => records::create(call, object),
            _ => Err(Failure::method_not_allowed()),
        },
        ["sobjects", object, "eventSchema"] => events::schema_of(call, object),
        ["event", "eventSchema", id] => events::schema(call, id),
        ["sobjects", object, id] => match call.method {
            Method::GET => records::read(call, object, id),
            Method::PATCH => records::update(call, object, id),
            Method::DELETE => records::delete(call, object, id),
            _ => Err(Failure::method_not_allowed()),
        },
        _ => Err(Failure::not_found()),
    }
}

/// A good answer without a body.
fn done() -> Answer {
    Ok((StatusCode::NO_CONTENT, None))
}

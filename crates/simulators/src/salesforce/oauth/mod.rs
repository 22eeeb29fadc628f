//! OAuth: tokens for both grants, revocation, who the user is.

mod identity;
mod jwt;
mod sessions;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get, post};

use super::org::Org;

pub(super) use sessions::{Session, Sessions};

/// What answers under `/services/oauth2` and `/id`.
pub(super) fn routes(org: &Arc<Org>) -> Router {
    Router::new()
        .route("/services/oauth2/token", post(token::token).fallback(token::must_post))
        .route("/services/oauth2/revoke", any(token::revoke))
        .route(
            "/services/oauth2/userinfo",
            get(identity::user_info).post(identity::user_info),
        )
        .route(
            "/id/{org_id}/{user_id}",
            get(identity::identity).post(identity::identity),
        )
        .with_state(Arc::clone(org))
}

//! Who the user is: `/services/oauth2/userinfo` and `/id/{org}/{user}`.

use std::sync::Arc;

use axum::extract::{Path, RawQuery, State};
use axum::response::Response;
use http::{HeaderMap, StatusCode};
use serde_json::{Map, Value, json};

use super::token::answer;
use crate::salesforce::org::Org;
use crate::salesforce::rest::{bearer, session_invalid};
use crate::salesforce::store::ids;

/// Answers the OpenID view of the user.
pub(super) async fn user_info(State(org): State<Arc<Org>>, headers: HeaderMap, RawQuery(query): RawQuery) -> Response {
    if !signed_in(&org, &headers, query.as_deref()) {
        return session_invalid();
    }
    let mut body = facts(&org);
    body.insert("sub".to_owned(), json!(id_url(&org)));
    body.insert("preferred_username".to_owned(), json!(org.identity.username));
    body.insert("name".to_owned(), json!("Ticketsmith Integration"));
    body.insert("given_name".to_owned(), json!("Ticketsmith"));
    body.insert("family_name".to_owned(), json!("Integration"));
    body.insert("zoneinfo".to_owned(), json!("GMT"));
    answer(StatusCode::OK, &Value::Object(body))
}

/// Answers Salesforce's own view of the user.
pub(super) async fn identity(
    State(org): State<Arc<Org>>,
    Path((org_id, user_id)): Path<(String, String)>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    if !signed_in(&org, &headers, query.as_deref()) {
        return session_invalid();
    }
    let known = ids::read(&org_id).as_deref() == Some(&org.identity.org_id)
        && ids::read(&user_id).as_deref() == Some(&org.identity.user_id);
    if !known {
        let body = json!([{"errorCode": "NOT_FOUND", "message": "The requested resource does not exist"}]);
        return answer(StatusCode::NOT_FOUND, &body);
    }
    let mut body = facts(&org);
    body.insert("id".to_owned(), json!(id_url(&org)));
    body.insert("asserted_user".to_owned(), json!(true));
    body.insert("username".to_owned(), json!(org.identity.username));
    body.insert("nick_name".to_owned(), json!("ticketsmith"));
    body.insert("display_name".to_owned(), json!("Ticketsmith Integration"));
    body.insert("first_name".to_owned(), json!("Ticketsmith"));
    body.insert("last_name".to_owned(), json!("Integration"));
    body.insert("timezone".to_owned(), json!("GMT"));
    body.insert("is_app_installed".to_owned(), json!(true));
    answer(StatusCode::OK, &Value::Object(body))
}

/// The token comes as a header, or in the query as old clients send it.
fn signed_in(org: &Org, headers: &HeaderMap, query: Option<&str>) -> bool {
    let in_query = || {
        url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
            .find(|(name, _)| name == "oauth_token" || name == "access_token")
            .map(|(_, token)| token.into_owned())
    };
    bearer(headers)
        .map(str::to_owned)
        .or_else(in_query)
        .is_some_and(|token| org.sessions.find(&token).is_some())
}

fn id_url(org: &Org) -> String {
    format!(
        "{}/id/{}/{}",
        org.identity.url, org.identity.org_id, org.identity.user_id
    )
}

/// What both views share.
fn facts(org: &Org) -> Map<String, Value> {
    let url = &org.identity.url;
    let data = format!("{url}/services/data/v{{version}}");
    let facts = json!({
        "user_id": org.identity.user_id,
        "organization_id": org.identity.org_id,
        "nickname": "ticketsmith",
        "email": org.identity.username,
        "email_verified": true,
        "user_type": "STANDARD",
        "active": true,
        "language": "en_US",
        "locale": "en_US",
        "utcOffset": 0,
        "urls": {
            "custom_domain": url,
            "enterprise": format!("{url}/services/Soap/c/{{version}}/{}", org.identity.org_id),
            "partner": format!("{url}/services/Soap/u/{{version}}/{}", org.identity.org_id),
            "rest": format!("{data}/"),
            "sobjects": format!("{data}/sobjects/"),
            "search": format!("{data}/search/"),
            "query": format!("{data}/query/"),
            "recent": format!("{data}/recent/"),
            "profile": format!("{url}/{}", org.identity.user_id),
        },
    });
    facts.as_object().cloned().unwrap_or_default()
}

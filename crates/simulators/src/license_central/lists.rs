//! The JSON lists: known items and the books.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Redirect, Response},
};
use bytes::Bytes;
use serde::Deserialize;
use serde_json::json;

use super::{
    order::{Book, Item},
    site::{Site, is_from_elsewhere},
    soap::schema::collapse,
};

/// An item as somebody adds it.
#[derive(Deserialize)]
struct AddedItem {
    #[serde(alias = "id", alias = "itemId", alias = "ItemId")]
    item_id: String,
    #[serde(default, alias = "Name")]
    name: String,
}

/// Lists the known items.
pub(crate) async fn items(State(site): State<Arc<Site>>) -> Json<Vec<Item>> {
    Json(site.store.items())
}

/// Says what was really issued, per order number.
pub(crate) async fn books(State(site): State<Arc<Site>>) -> Json<BTreeMap<String, Book>> {
    Json(site.store.books())
}

/// Adds an item: from JSON, or from the form on the start page.
pub(crate) async fn add_item(State(site): State<Arc<Site>>, headers: HeaderMap, body: Bytes) -> Response {
    if is_from_elsewhere(&headers) {
        return refused(StatusCode::FORBIDDEN, "this was sent by a page of another site");
    }
    let media_type = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let is_form = media_type.starts_with("application/x-www-form-urlencoded");
    match read_item(&body, is_form) {
        Err(message) => refused(StatusCode::BAD_REQUEST, &message),
        Ok(item) => {
            let is_new = site.store.add_item(item.clone());
            match (is_form, is_new) {
                (true, _) => Redirect::to("/#items").into_response(),
                (false, true) => (StatusCode::CREATED, Json(item)).into_response(),
                (false, false) => Json(item).into_response(),
            }
        }
    }
}

fn read_item(body: &[u8], is_form: bool) -> Result<Item, String> {
    let added: AddedItem = if is_form {
        let fields: BTreeMap<String, String> = url::form_urlencoded::parse(body).into_owned().collect();
        serde_json::from_value(json!(fields)).map_err(|error| error.to_string())?
    } else {
        serde_json::from_slice(body).map_err(|error| error.to_string())?
    };
    let (item_id, name) = (collapse(&added.item_id), collapse(&added.name));
    for (field, value, most) in [("item_id", &item_id, 64), ("name", &name, 255)] {
        if value.chars().count() > most || value.chars().any(char::is_control) {
            return Err(format!(
                "{field}: at most {most} characters, none of them a control character"
            ));
        }
    }
    if item_id.is_empty() {
        return Err("item_id: must not be empty".to_owned());
    }
    let name = if name.is_empty() { item_id.clone() } else { name };
    Ok(Item { item_id, name })
}

fn refused(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

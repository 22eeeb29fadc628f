//! One record: `/sobjects/X` and `/sobjects/X/{id}`.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure};
use super::call::Call;
use super::{done, events};
use crate::salesforce::metadata::{Nature, Object};
use crate::salesforce::store::ids;
use crate::salesforce::store::rows::{Record, RowError};

/// `POST /sobjects/X`: a new record, or a published event.
pub(super) fn create(call: &Call<'_>, object: &str) -> Answer {
    let object = find(call, object)?;
    let given = call.object()?;
    if object.nature == Nature::Event {
        return events::publish(call, object, given);
    }
    let id = call.org.write(|store| store.insert(&object.name, given))?;
    Ok((
        StatusCode::CREATED,
        Some(json!({"id": id, "success": true, "errors": []})),
    ))
}

/// `GET /sobjects/X/{id}`, with `?fields=` only those.
pub(super) fn read(call: &Call<'_>, object: &str, id: &str) -> Answer {
    let object = find(call, object)?;
    let id = existing(call, object, id)?;
    let record = call
        .org
        .read(|store| store.get(&object.name, &id).cloned())
        .ok_or_else(Failure::not_found)?;
    let asked: Vec<&str> = match call.query.get("fields") {
        Some(fields) => fields
            .split(',')
            .map(str::trim)
            .filter(|name| !name.is_empty())
            .collect(),
        None => object.fields.iter().map(|field| field.name.as_str()).collect(),
    };
    Ok((StatusCode::OK, Some(shown(object, &record, &asked, &call.version)?)))
}

/// `PATCH /sobjects/X/{id}`.
pub(super) fn update(call: &Call<'_>, object: &str, id: &str) -> Answer {
    let object = find(call, object)?;
    let id = existing(call, object, id)?;
    let given = call.object()?;
    if given.keys().any(|name| name.eq_ignore_ascii_case("id")) {
        let message = "The Id field should not be specified in the sobject data.";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "INVALID_FIELD", message));
    }
    if let Some(fault) = call.org.faults.on_row(&object.name, &id) {
        return Err(fault.into());
    }
    call.org.write(|store| store.update(&object.name, &id, given))?;
    done()
}

/// `DELETE /sobjects/X/{id}`.
pub(super) fn delete(call: &Call<'_>, object: &str, id: &str) -> Answer {
    let object = find(call, object)?;
    let id = existing(call, object, id)?;
    call.org.write(|store| store.delete(&object.name, &id))?;
    done()
}

/// Finds the object of a path; there may be none of that name.
pub(super) fn find<'a>(call: &'a Call<'_>, name: &str) -> Result<&'a Object, Failure> {
    call.org.catalog.object(name).ok_or_else(Failure::not_found)
}

fn existing(call: &Call<'_>, object: &Object, id: &str) -> Result<String, Failure> {
    if ids::read(id).is_none() {
        return Err(RowError::new("MALFORMED_ID", format!("bad id {id}")).into());
    }
    call.org
        .read(|store| store.existing(object, id))
        .map_err(|error| match error.code.as_str() {
            "ENTITY_IS_DELETED" => error.into(),
            _ => Failure::not_found(),
        })
}

/// A record as it is read: its type and address, its id, and the fields asked for.
fn shown(object: &Object, record: &Record, asked: &[&str], version: &str) -> Result<Value, Failure> {
    let id = record.get("Id").and_then(Value::as_str).unwrap_or_default();
    let url = format!("/services/data/{version}/sobjects/{}/{id}", object.name);
    let mut shown = Map::from_iter([
        ("attributes".to_owned(), json!({"type": object.name, "url": url})),
        ("Id".to_owned(), json!(id)),
    ]);
    for name in asked {
        let field = object
            .field(name)
            .ok_or_else(|| RowError::no_such_field(&object.name, name))?;
        shown.insert(field.name.clone(), record.get(&field.name).cloned().unwrap_or_default());
    }
    Ok(Value::Object(shown))
}

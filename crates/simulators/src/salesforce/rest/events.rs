//! Platform events over REST: published, and their schemas.

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure};
use super::call::Call;
use super::records;
use crate::salesforce::metadata::Object;
use crate::salesforce::store::rows::RowError;
use crate::salesforce::store::values::{self, Purpose};

/// `POST /sobjects/X__e`.
pub(super) fn publish(call: &Call<'_>, object: &Object, given: &Map<String, Value>) -> Answer {
    let fields = accept(object, given)?;
    let event_id = call.org.publish(&object.name, &fields)?;
    Ok((StatusCode::CREATED, Some(enqueued(&event_id))))
}

/// Checks an event's fields.
pub(super) fn accept(object: &Object, given: &Map<String, Value>) -> Result<Map<String, Value>, RowError> {
    values::accept(object, given, Purpose::Create)
}

/// Success with an error in it, as the real one answers; the id says nothing, the message is the event's UUID.
pub(super) fn enqueued(event_id: &str) -> Value {
    json!({
        "id": "e01xx0000000001AAA",
        "success": true,
        "errors": [{"statusCode": "OPERATION_ENQUEUED", "message": event_id, "fields": []}],
    })
}

/// `GET /sobjects/X__e/eventSchema`.
pub(super) fn schema_of(call: &Call<'_>, object: &str) -> Answer {
    let object = records::find(call, object)?;
    let schema = call.org.schemas.current(&object.name).ok_or_else(Failure::not_found)?;
    parsed(&schema.json)
}

/// `GET /event/eventSchema/{id}`.
pub(super) fn schema(call: &Call<'_>, id: &str) -> Answer {
    parsed(&call.org.schemas.by_id(id).ok_or_else(Failure::not_found)?.json)
}

fn parsed(schema: &str) -> Answer {
    let schema = serde_json::from_str(schema).map_err(|error| Failure::unreadable(&error.to_string()))?;
    Ok((StatusCode::OK, Some(schema)))
}

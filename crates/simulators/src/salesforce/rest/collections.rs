//! sObject Collections: up to 200 records in one call, each with its own result.

use std::collections::HashSet;

use http::StatusCode;
use serde_json::{Map, Value, json};

use super::answer::{Answer, Failure, row_error};
use super::call::Call;
use super::events;
use crate::salesforce::arrivals::CollectionCall;
use crate::salesforce::metadata::Nature;
use crate::salesforce::org::Org;
use crate::salesforce::store::rows::RowError;
use crate::salesforce::store::{Store, ids};

const MOST_RECORDS: usize = 200;
/// Records of one type in a row are a chunk.
const MOST_CHUNKS: usize = 10;

/// One record of a call.
struct Row<'a> {
    object: &'a str,
    id: Option<&'a str>,
    fields: Map<String, Value>,
}

/// What became of a record.
enum Outcome {
    Written(String),
    Event { name: String, fields: Map<String, Value> },
    Refused(RowError),
}

/// `POST /composite/sobjects`.
pub(super) fn create(call: &Call<'_>) -> Answer {
    write(call, |org, store, row, _| {
        let object = org.catalog.object(row.object).ok_or_else(|| unknown(row.object))?;
        if object.nature == Nature::Event {
            let fields = events::accept(object, &row.fields)?;
            return Ok(Outcome::Event {
                name: object.name.clone(),
                fields,
            });
        }
        if row.id.is_some() {
            return Err(
                RowError::new("INVALID_FIELD_FOR_INSERT_UPDATE", "cannot specify Id in an insert call").on("Id"),
            );
        }
        store.insert(&object.name, &row.fields).map(Outcome::Written)
    })
}

/// `PATCH /composite/sobjects`.
pub(super) fn update(call: &Call<'_>) -> Answer {
    write(call, |org, store, row, seen| {
        let object = org.catalog.object(row.object).ok_or_else(|| unknown(row.object))?;
        let missing = || RowError::new("MISSING_ARGUMENT", "Id not specified in an update call");
        let id = store.existing(object, row.id.ok_or_else(missing)?)?;
        if !seen.insert(id.clone()) {
            return Err(RowError::new(
                "DUPLICATE_VALUE",
                format!("duplicate value found: duplicate id specified: {id}"),
            ));
        }
        if let Some(fault) = org.faults.on_row(&object.name, &id) {
            return Err(fault);
        }
        store.update(&object.name, &id, &row.fields)?;
        Ok(Outcome::Written(id))
    })
}

fn write(
    call: &Call<'_>,
    one: impl Fn(&Org, &mut Store, &Row<'_>, &mut HashSet<String>) -> Result<Outcome, RowError>,
) -> Answer {
    let body = call.object()?;
    let rows = rows(body)?;
    let all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
    call.org.seen.note(|arrivals| {
        let ids = rows.iter().filter_map(|row| row.id.map(str::to_owned)).collect();
        let (method, records) = (call.method.to_string(), rows.len());
        arrivals.collection_calls.push(CollectionCall { method, records, ids });
    });
    let outcomes = call.org.write(|store| {
        let start = store.savepoint();
        let mut seen = HashSet::new();
        let mut outcomes: Vec<Outcome> = rows
            .iter()
            .map(|row| one(call.org, store, row, &mut seen).unwrap_or_else(Outcome::Refused))
            .collect();
        if all_or_none && outcomes.iter().any(|outcome| matches!(outcome, Outcome::Refused(_))) {
            store.rollback(start);
            outcomes = outcomes.into_iter().map(rolled_back).collect();
        }
        Ok(outcomes)
    })?;
    let results: Vec<Value> = outcomes.into_iter().map(|outcome| result(call.org, outcome)).collect();
    Ok((StatusCode::OK, Some(Value::Array(results))))
}

/// Reads the records; a call that is wrong as a whole is refused whole.
fn rows(body: &Map<String, Value>) -> Result<Vec<Row<'_>>, Failure> {
    let records = body
        .get("records")
        .and_then(Value::as_array)
        .ok_or_else(|| Failure::unreadable("The request body must have a list of records."))?;
    if records.len() > MOST_RECORDS {
        let message = "record limit reached. cannot submit more than 200 records into this call";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "EXCEEDED_ID_LIMIT", message));
    }
    let rows = records.iter().map(row).collect::<Result<Vec<_>, _>>()?;
    let chunks = rows
        .chunk_by(|one, next| one.object.eq_ignore_ascii_case(next.object))
        .count();
    if chunks > MOST_CHUNKS {
        let message = "cannot process more than 10 chunks of different types in one call: sort the records by type";
        return Err(Failure::new(StatusCode::BAD_REQUEST, "INVALID_OPERATION", message));
    }
    Ok(rows)
}

fn row(record: &Value) -> Result<Row<'_>, Failure> {
    let record = record
        .as_object()
        .ok_or_else(|| Failure::unreadable("Every record must be a JSON object."))?;
    let object = record
        .get("attributes")
        .and_then(|attributes| attributes.get("type"))
        .and_then(Value::as_str);
    let object = object.ok_or_else(|| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "INVALID_TYPE",
            "Every record must name its type in attributes.",
        )
    })?;
    let is_id = |name: &str| name.eq_ignore_ascii_case("id");
    let id = record
        .iter()
        .find(|(name, _)| is_id(name))
        .and_then(|(_, id)| id.as_str());
    let fields = record
        .iter()
        .filter(|(name, _)| !is_id(name))
        .map(|(name, value)| (name.clone(), value.clone()));
    Ok(Row {
        object,
        id,
        fields: fields.collect(),
    })
}

fn rolled_back(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Refused(error) => Outcome::Refused(error),
        Outcome::Written(_) | Outcome::Event { .. } => Outcome::Refused(RowError::new(
            "ALL_OR_NONE_OPERATION_ROLLED_BACK",
            "Record rolled back because not all records were valid and the request was using AllOrNone header",
        )),
    }
}

fn result(org: &Org, outcome: Outcome) -> Value {
    match outcome {
        Outcome::Written(id) => json!({"id": ids::read(&id).unwrap_or(id), "success": true, "errors": []}),
        Outcome::Event { name, fields } => match org.publish(&name, &fields) {
            Ok(event_id) => events::enqueued(&event_id),
            Err(error) => json!({"success": false, "errors": [row_error(&error)]}),
        },
        Outcome::Refused(error) => json!({"success": false, "errors": [row_error(&error)]}),
    }
}

fn unknown(object: &str) -> RowError {
    RowError::new("INVALID_TYPE", format!("sObject type '{object}' is not supported."))
}

//! Turns a decoded event into a license request. Pure: no clock, no I/O, never panics.

use schemas::{InvalidRequest, KnownOrder, OrderRef, Problem, RequestEvent, Source};
use serde_json::{Map, Value, json};

use crate::event_fields::EventFields;
use crate::mapping::Mapping;

/// What the platform itself puts into every event: when it was published.
const CREATED_DATE: &str = "CreatedDate";

/// One decoded event, as far as translating it needs.
#[derive(Debug, Clone, Copy)]
pub struct DecodedEvent<'a> {
    /// The EventUuid. A duplicate has the same one; the replay id is never an identity.
    pub uuid: &'a str,
    /// The org that published it, 15 or 18 characters.
    pub org_id: &'a str,
    /// Its fields by name, numbers as the doubles they came as.
    pub fields: &'a Map<String, Value>,
}

/// Makes the license request that an event asks for.
///
/// What a request must look like is said once, by [`schemas::read_request`]: the event's fields are put where the
/// mapping says, and the result is read like anybody's request. Problems name the event's field, for that is what the
/// reader of the dead letter can mend.
///
/// # Errors
///
/// Everything that does not fit, at once, and the order as far as it could be told.
pub fn translate(mapping: &Mapping, event: DecodedEvent<'_>) -> Result<RequestEvent, InvalidRequest> {
    let mut fields = EventFields::new(event.fields);
    let parts = Parts::read(mapping, &mut fields);
    let own_problems = fields.problems;
    match schemas::read_request(parts.document(event).to_string().as_bytes()) {
        Ok(request) if own_problems.is_empty() => Ok(request),
        Ok(request) => Err(InvalidRequest {
            problems: own_problems,
            known: Some(KnownOrder {
                source: request.source,
                order: request.data.order,
                revision: request.data.revision,
            }),
        }),
        Err(invalid) => Err(InvalidRequest {
            known: invalid.known.or_else(|| parts.known_order(event)),
            problems: merge(mapping, own_problems, invalid.problems),
        }),
    }
}

/// The parts of a request as the event carries them; absent where they are missing or do not fit.
struct Parts {
    order_id: Option<String>,
    order_number: Option<String>,
    revision: Option<i64>,
    action: Option<String>,
    customer_id: Option<String>,
    customer_name: Option<String>,
    customer_email: Option<String>,
    lines: Option<Value>,
    created_at: Option<jiff::Timestamp>,
    requested_at: Option<jiff::Timestamp>,
}

impl Parts {
    fn read(mapping: &Mapping, fields: &mut EventFields<'_>) -> Self {
        let created_at = fields.optional_time(CREATED_DATE);
        Self {
            order_id: fields.text(&mapping.order_id).map(|id| schemas::widen_id(id.trim())),
            order_number: fields.text(&mapping.order_number),
            revision: fields.optional_whole(&mapping.revision),
            action: fields
                .optional_text(&mapping.action)
                .map(|action| action.trim().to_ascii_lowercase()),
            customer_id: fields.text(&mapping.customer_id).map(|id| schemas::widen_id(id.trim())),
            customer_name: fields.text(&mapping.customer_name),
            customer_email: fields.optional_text(&mapping.customer_email),
            lines: fields.lines(&mapping.lines),
            created_at,
            requested_at: fields.optional_time(&mapping.requested_at).or(created_at),
        }
    }

    /// Writes the parts down as a request. Absent parts stay absent, so that the contract's reader misses them.
    fn document(&self, event: DecodedEvent<'_>) -> Value {
        let mut data = Map::new();
        data.insert(
            "order".into(),
            object([
                ("id", text(&self.order_id)),
                ("number", text(&self.order_number)),
                ("org", Some(schemas::widen_id(event.org_id).into())),
            ]),
        );
        data.insert(
            "customer".into(),
            object([
                ("id", text(&self.customer_id)),
                ("name", text(&self.customer_name)),
                ("email", text(&self.customer_email)),
            ]),
        );
        data.insert("revision".into(), self.revision.unwrap_or(1).into());
        data.insert("action".into(), self.action.as_deref().unwrap_or("create").into());
        if let Some(lines) = &self.lines {
            data.insert("lines".into(), lines.clone());
        }
        if let Some(time) = self.requested_at {
            data.insert("requested_at".into(), time.to_string().into());
        }
        let mut document = json!({
            "specversion": "1.0",
            "id": event.uuid,
            "source": Source::SALESFORCE,
            "type": schemas::REQUEST_TYPE,
            "datacontenttype": "application/json",
            "data": data,
        });
        if let Some(number) = &self.order_number {
            document["subject"] = number.as_str().into();
        }
        if let Some(time) = self.created_at.or(self.requested_at) {
            document["time"] = time.to_string().into();
        }
        document
    }

    /// Says which order is meant although its number cannot be read: its record is all that telling sales takes.
    fn known_order(&self, event: DecodedEvent<'_>) -> Option<KnownOrder> {
        let id = self
            .order_id
            .clone()
            .filter(|id| id.len() <= 64 && id.bytes().all(|byte| byte.is_ascii_graphic()))?;
        let revision = self.revision.and_then(|revision| u32::try_from(revision).ok());
        Some(KnownOrder {
            source: Source::salesforce(),
            order: OrderRef {
                number: id.clone(),
                id,
                org: Some(schemas::widen_id(event.org_id)),
            },
            revision: revision
                .filter(|revision| (1..=1_000_000).contains(revision))
                .unwrap_or(1),
        })
    }
}

fn text(value: &Option<String>) -> Option<Value> {
    value.as_deref().map(Value::from)
}

fn object<const N: usize>(entries: [(&str, Option<Value>); N]) -> Value {
    entries
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect::<Map<_, _>>()
        .into()
}

/// Joins both lists of problems under the event's field names. What this file found missing or unreadable is not
/// reported a second time by the contract's reader, which saw nothing in its place.
fn merge(mapping: &Mapping, own: Vec<Problem>, contract: Vec<Problem>) -> Vec<Problem> {
    let mut problems = own;
    let found_here = problems.len();
    for mut problem in contract {
        if let Some((path, field)) = mapping
            .paths()
            .into_iter()
            .find(|(path, _)| is_within(&problem.field, path))
        {
            if problems[..found_here].iter().any(|earlier| earlier.field == field) {
                continue;
            }
            if !field.is_empty() {
                problem.field = format!("{field}{}", &problem.field[path.len()..]);
            }
        }
        problems.push(problem);
    }
    problems
}

/// Says whether a field's path is `path` itself or lies below it.
fn is_within(field: &str, path: &str) -> bool {
    field
        .strip_prefix(path)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

#[cfg(test)]
mod tests;

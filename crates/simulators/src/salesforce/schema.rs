//! The Avro schemas of events (Salesforce's COMPACT format), and events to and from their bytes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use apache_avro::Schema;
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::metadata::{Field, Kind, Object};
use super::org::lock;
use super::store::values::read_moment;

/// Every schema the org ever had, by id, and the current one of each event.
#[derive(Debug, Default)]
pub(super) struct Schemas(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_id: BTreeMap<String, Arc<EventSchema>>,
    current: BTreeMap<String, Arc<EventSchema>>,
}

/// One version of an event's schema.
#[derive(Debug)]
pub(super) struct EventSchema {
    pub(super) id: String,
    pub(super) event: String,
    pub(super) json: String,
    avro: Schema,
}

/// Why an event could not be written or read.
#[derive(Debug, thiserror::Error)]
pub(super) enum SchemaError {
    /// The bytes are not this schema's, or the values do not fit it.
    #[error("the event does not fit its schema: {0}")]
    Unfit(#[from] apache_avro::Error),
    /// Bytes are left after the event.
    #[error("{0} bytes are left after the event")]
    Trailing(usize),
    /// The event is not a record.
    #[error("the event is not a record")]
    NoRecord,
}

impl Schemas {
    /// Makes an event's fields its current schema; older ones can still be read.
    pub(super) fn define(&self, object: &Object) -> Result<Arc<EventSchema>, SchemaError> {
        let schema = Arc::new(EventSchema::of(object)?);
        let mut known = lock(&self.0);
        known.by_id.insert(schema.id.clone(), Arc::clone(&schema));
        known.current.insert(schema.event.clone(), Arc::clone(&schema));
        Ok(schema)
    }

    /// The current schema of an event, by the event's name.
    pub(super) fn current(&self, event: &str) -> Option<Arc<EventSchema>> {
        lock(&self.0).current.get(event).cloned()
    }

    /// A schema by its id.
    pub(super) fn by_id(&self, id: &str) -> Option<Arc<EventSchema>> {
        lock(&self.0).by_id.get(id).cloned()
    }

    /// The current schema of a topic such as `/event/License_Request__e`.
    pub(super) fn of_topic(&self, topic: &str) -> Option<Arc<EventSchema>> {
        self.current(topic.strip_prefix("/event/")?)
    }
}

impl EventSchema {
    fn of(object: &Object) -> Result<Self, SchemaError> {
        let mut fields = vec![
            json!({"name": "CreatedDate", "type": "long", "doc": "CreatedDate:DateTime"}),
            json!({"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"}),
        ];
        fields.extend(object.fields.iter().map(|field| {
            let (kind, doc) = kind_of(field);
            json!({"name": field.name, "type": ["null", kind], "doc": doc, "default": null})
        }));
        let mut schema = json!({
            "name": object.name, "namespace": "com.sforce.eventbus", "type": "record", "fields": fields,
        });
        let id = URL_SAFE_NO_PAD.encode(&Sha256::digest(schema.to_string().as_bytes())[..16]);
        schema["uuid"] = Value::String(id.clone());
        let json = schema.to_string();
        Ok(Self {
            id,
            event: object.name.clone(),
            avro: Schema::parse_str(&json)?,
            json,
        })
    }

    /// Writes an event; fields that are missing are null.
    pub(super) fn encode(
        &self,
        created_ms: i64,
        created_by: &str,
        event: &Map<String, Value>,
    ) -> Result<Vec<u8>, SchemaError> {
        let Schema::Record(record) = &self.avro else {
            return Err(SchemaError::NoRecord);
        };
        let fields = record
            .fields
            .iter()
            .map(|field| {
                let value = match field.name.as_str() {
                    "CreatedDate" => Avro::Long(created_ms),
                    "CreatedById" => Avro::String(created_by.to_owned()),
                    name => nullable(&field.schema, event.get(name).unwrap_or(&Value::Null)),
                };
                (field.name.clone(), value)
            })
            .collect();
        Ok(self.writer()?.write_value_to_vec(Avro::Record(fields))?)
    }

    /// Reads an event that a client published, and writes it again with the server's own time. Returns its creator, too.
    pub(super) fn stamp(&self, payload: &[u8], created_ms: i64) -> Result<(Vec<u8>, String), SchemaError> {
        let mut rest = payload;
        let read = GenericDatumReader::builder(&self.avro).build()?.read_value(&mut rest)?;
        if !rest.is_empty() {
            return Err(SchemaError::Trailing(rest.len()));
        }
        let Avro::Record(mut fields) = read else {
            return Err(SchemaError::NoRecord);
        };
        let mut created_by = String::new();
        for (name, value) in &mut fields {
            match (name.as_str(), &value) {
                ("CreatedDate", _) => *value = Avro::Long(created_ms),
                ("CreatedById", Avro::String(user)) => created_by.clone_from(user),
                _ => {}
            }
        }
        Ok((self.writer()?.write_value_to_vec(Avro::Record(fields))?, created_by))
    }

    fn writer(&self) -> Result<GenericDatumWriter<'_>, SchemaError> {
        Ok(GenericDatumWriter::builder(&self.avro).build()?)
    }
}

fn kind_of(field: &Field) -> (&'static str, &'static str) {
    match field.kind {
        Kind::Number { .. } => ("double", "Data:Double"),
        Kind::Checkbox => ("boolean", "Data:Boolean"),
        Kind::DateTime => ("long", "Data:DateTime"),
        Kind::Date => ("long", "Data:Date"),
        Kind::Reference(_) | Kind::Id => ("string", "Data:EntityId"),
        Kind::Text(_) | Kind::Url | Kind::Email | Kind::Picklist { .. } => ("string", "Data:Text"),
    }
}

/// The value inside its union with null; what does not fit is null, the record's rules were asked before.
fn nullable(schema: &Schema, value: &Value) -> Avro {
    let Schema::Union(union) = schema else {
        return Avro::Null;
    };
    let inner = match (union.variants().get(1), value) {
        (Some(Schema::Double), Value::Number(number)) => number.as_f64().map(Avro::Double),
        (Some(Schema::Boolean), Value::Bool(flag)) => Some(Avro::Boolean(*flag)),
        (Some(Schema::String), Value::String(text)) => Some(Avro::String(text.clone())),
        (Some(Schema::Long), Value::String(text)) => {
            let at = read_moment(text).or_else(|| read_moment(&format!("{text}T00:00:00Z")));
            at.map(|at| Avro::Long(at.as_millisecond()))
        }
        _ => None,
    };
    inner.map_or_else(
        || Avro::Union(0, Box::new(Avro::Null)),
        |inner| Avro::Union(1, Box::new(inner)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::salesforce::metadata::{Catalog, EVENT};

    fn schema() -> EventSchema {
        EventSchema::of(Catalog::load().unwrap().object(EVENT).unwrap()).unwrap()
    }

    #[test]
    fn the_schema_is_the_compact_one() {
        let schema = schema();
        let json: Value = serde_json::from_str(&schema.json).unwrap();
        assert_eq!(schema.id.len(), 22);
        assert_eq!(json["uuid"], schema.id);
        assert_eq!(
            (&json["name"], &json["namespace"]),
            (&json!(EVENT), &json!("com.sforce.eventbus"))
        );
        assert_eq!(json["fields"][0]["type"], "long");
        assert_eq!(
            json["fields"][1],
            json!({"name": "CreatedById", "type": "string", "doc": "CreatedBy:EntityId"})
        );
        let revision =
            json!({"name": "Revision__c", "type": ["null", "double"], "doc": "Data:Double", "default": null});
        assert_eq!(json["fields"][4], revision);
    }

    #[test]
    fn an_events_bytes_are_the_golden_ones() {
        let event =
            json!({"Order_Id__c": "801", "Revision__c": 1.0, "Requested_At__c": "1970-01-01T00:00:00.001+0000"});
        let bytes = schema().encode(1, "005", event.as_object().unwrap()).unwrap();
        // long 1, "005", then per field its branch and value: "801", null, 1.0, five nulls, long 1.
        let golden = [
            &[0x02, 0x06][..],
            b"005",
            &[0x02, 0x06],
            b"801",
            &[0x00, 0x02],
            &1.0_f64.to_le_bytes(),
            &[0; 5],
            &[0x02, 0x02],
        ]
        .concat();
        assert_eq!(bytes, golden);
    }

    #[test]
    fn what_was_published_is_read_whole_and_stamped() {
        let schema = schema();
        let bytes = schema.encode(1, "005A", &Map::new()).unwrap();
        let (stamped, by) = schema.stamp(&bytes, 2).unwrap();
        assert_eq!(
            (stamped, by.as_str()),
            (schema.encode(2, "005A", &Map::new()).unwrap(), "005A")
        );
        let too_long = [bytes.as_slice(), &[0]].concat();
        assert!(matches!(schema.stamp(&too_long, 2), Err(SchemaError::Trailing(1))));
        assert!(schema.stamp(&bytes[..4], 2).is_err());
    }
}

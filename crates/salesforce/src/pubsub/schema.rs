//! Schemas by id, each asked for once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use schemas::pubsub::{SchemaInfo, SchemaRequest};

use super::AT;
use super::channel::Caller;
use crate::Error;
use crate::avro::WriterSchema;
use crate::single_flight::SingleFlight;

/// A schema, or why its text cannot be read; both are for ever, as an id names one text.
pub(super) type Schema = Arc<Result<WriterSchema, String>>;

/// Keeps every schema that was ever needed: an id means one text for ever.
#[derive(Default)]
pub(crate) struct Schemas {
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

struct Slot {
    schema: Mutex<Option<Schema>>,
    asking: SingleFlight<Schema>,
}

impl Schemas {
    /// Returns the schema, asking Salesforce if nobody did yet; a failure is not kept.
    pub(super) async fn get(&self, caller: &Caller, id: &str) -> Result<Schema, Error> {
        let slot = self.slot(id);
        if let Some(schema) = slot.known() {
            return Ok(schema);
        }
        let (caller, id, inner) = (caller.clone(), id.to_owned(), Arc::clone(&slot));
        slot.asking
            .run(async move {
                if let Some(schema) = inner.known() {
                    return Ok(schema);
                }
                let schema = ask(&caller, &id).await?;
                *inner.schema.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::clone(&schema));
                Ok(schema)
            })
            .await
    }

    fn slot(&self, id: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(slot) = slots.get(id) {
            return Arc::clone(slot);
        }
        let slot = Arc::new(Slot {
            schema: Mutex::default(),
            asking: SingleFlight::new(AT),
        });
        slots.insert(id.to_owned(), Arc::clone(&slot));
        slot
    }
}

impl Slot {
    fn known(&self) -> Option<Schema> {
        self.schema.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

async fn ask(caller: &Caller, id: &str) -> Result<Schema, Error> {
    let info: SchemaInfo = caller
        .unary(
            "GetSchema",
            SchemaRequest {
                schema_id: id.to_owned(),
            },
        )
        .await?;
    if info.schema_id != id {
        let what = format!("schema {:?} where {id:?} was asked for", info.schema_id);
        return Err(Error::ForeignAnswer {
            at: AT,
            status: 200,
            what,
        });
    }
    Ok(Arc::new(WriterSchema::parse(&info.schema_json)))
}

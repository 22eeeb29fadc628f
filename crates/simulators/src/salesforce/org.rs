//! The org: everything its servers share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::arrivals::Seen;
use super::bus::Bus;
use super::error::Error;
use super::faults::Faults;
use super::flow;
use super::metadata::{Catalog, EVENT, Field, Kind};
use super::oauth::Sessions;
use super::options::Options;
use super::schema::{SchemaError, Schemas};
use super::serve::Connections;
use super::store::Store;
use super::store::ids::IdSource;
use super::store::rows::RowError;
use super::store::standing::Standing;

/// Who the org is and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Identity {
    pub(super) org_id: String,
    pub(super) user_id: String,
    pub(super) username: String,
    pub(super) client_id: String,
    pub(super) client_secret: String,
    /// Where OAuth and REST answer, without a slash at the end.
    pub(super) url: String,
}

/// One pretend org.
#[derive(Debug)]
pub(super) struct Org {
    pub(super) options: Options,
    pub(super) identity: Identity,
    pub(super) catalog: Arc<Catalog>,
    pub(super) sessions: Sessions,
    pub(super) schemas: Schemas,
    pub(super) bus: Bus,
    pub(super) faults: Faults,
    pub(super) seen: Seen,
    pub(super) connections: Connections,
    store: Mutex<Store>,
    event_fields: Mutex<Vec<Field>>,
}

impl Org {
    /// A fresh org that answers at that address and trusts that key.
    pub(super) fn new(options: Options, url: String, key: jsonwebtoken::DecodingKey) -> Result<Arc<Self>, Error> {
        let catalog = Arc::new(Catalog::load()?);
        let mut ids = IdSource::new();
        let org_id = ids.next("00D");
        let username = format!("integration@{}.pretend.example", org_id.to_lowercase());
        let identity = Identity {
            user_id: ids.next("005"),
            client_id: format!("3MVG9.{}", Uuid::new_v4().simple()),
            client_secret: Uuid::new_v4().simple().to_string().to_uppercase(),
            username,
            org_id,
            url,
        };
        let standing = Standing {
            org_id: identity.org_id.clone(),
            org_name: options.org_name.clone(),
            user_id: identity.user_id.clone(),
            username: identity.username.clone(),
        };
        let schemas = Schemas::default();
        for object in catalog.objects().filter(|object| object.name.ends_with("__e")) {
            let unusable = |error: SchemaError| Error::Metadata {
                problem: format!("{}: {error}", object.name),
            };
            schemas.define(object).map_err(unusable)?;
        }
        let event_fields = catalog
            .object(EVENT)
            .map(|event| event.fields.clone())
            .unwrap_or_default();
        Ok(Arc::new_cyclic(|org| Self {
            sessions: Sessions::new(&identity.org_id, options.session_timeout, key),
            bus: Bus::new(options.retention),
            store: Mutex::new(Store::new(Arc::clone(&catalog), ids, &standing)),
            event_fields: Mutex::new(event_fields),
            faults: Faults::new(org.clone()),
            seen: Seen::default(),
            connections: Connections::default(),
            options,
            identity,
            catalog,
            schemas,
        }))
    }

    /// Reads records.
    pub(super) fn read<T>(&self, read: impl FnOnce(&Store) -> T) -> T {
        read(&lock(&self.store))
    }

    /// Writes records in one transaction. If it ends well, what it asked for is published; if not, nothing has happened.
    pub(super) fn write<T>(&self, write: impl FnOnce(&mut Store) -> Result<T, RowError>) -> Result<T, RowError> {
        let mut store = lock(&self.store);
        let start = store.savepoint();
        let done = write(&mut store);
        if done.is_err() {
            store.rollback(start);
        }
        let events: Vec<_> = store
            .commit()
            .iter()
            .filter_map(|order_id| flow::license_request(&store, order_id))
            .collect();
        drop(store);
        for event in events {
            self.publish(EVENT, &event)?;
        }
        done
    }

    /// Publishes an event in the name of the integration user and returns its UUID.
    pub(super) fn publish(&self, event: &str, fields: &Map<String, Value>) -> Result<String, RowError> {
        let unpublishable = |why: &dyn std::fmt::Display| RowError::new("INVALID_TYPE", why.to_string());
        let schema = self
            .schemas
            .current(event)
            .ok_or_else(|| unpublishable(&"there is no such event"))?;
        let now = Timestamp::now().as_millisecond();
        let payload = schema
            .encode(now, &self.identity.user_id, fields)
            .map_err(|error| unpublishable(&error))?;
        let id = Uuid::new_v4().to_string();
        self.put_on_bus(&format!("/event/{event}"), &id, &schema.id, payload);
        Ok(id)
    }

    /// Puts a written event on the bus, spoiled if that is planned, and returns its position.
    pub(super) fn put_on_bus(&self, topic: &str, id: &str, schema_id: &str, payload: Vec<u8>) -> u64 {
        // A length that runs over the end: no reader can make an event of it.
        let payload = if self.faults.spoils_payload() {
            Bytes::from_static(&[0x02, 0xfe, 0xff])
        } else {
            payload.into()
        };
        self.bus.publish(topic, id, schema_id, payload)
    }

    /// Ends all tokens and the streams that use them.
    pub(super) fn revoke(&self) {
        self.sessions.revoke_all();
        self.bus.nudge();
    }

    /// Gives the event one more text field, and so a new schema.
    pub(super) fn add_event_field(&self, name: &str) {
        let mut fields = lock(&self.event_fields);
        fields.push(Field::new(name, Kind::Text(255)));
        let Some(event) = self.catalog.object(EVENT) else {
            return;
        };
        let mut event = event.clone();
        event.fields.clone_from(&fields);
        if let Err(error) = self.schemas.define(&event) {
            tracing::error!(%error, "the event cannot have this field");
        }
    }
}

/// Locks, also after a panic elsewhere: what is inside is whole between two calls.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The org's records: created, changed and deleted under Salesforce's rules, in transactions.

pub(super) mod ids;
pub(super) mod orders;
pub(super) mod rows;
mod rules;
pub(super) mod standing;
pub(super) mod values;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::metadata::{Catalog, Nature, Object};
use ids::IdSource;
use rows::{Record, RowError};
use values::Purpose;

/// All records of the org.
#[derive(Debug)]
pub(super) struct Store {
    pub(super) catalog: Arc<Catalog>,
    tables: BTreeMap<String, BTreeMap<String, Record>>,
    /// The items of each order and the contacts of each account: (object, parent's id) → ids.
    children: HashMap<(&'static str, String), BTreeSet<String>>,
    deleted: HashSet<String>,
    ids: IdSource,
    /// The integration user, who does everything here.
    user_id: String,
    next_order_number: u64,
    next_item_number: u64,
    /// How to take back what this transaction did, last step last.
    undo: Vec<Undo>,
    /// Orders whose license request is to be published when the transaction ends well.
    requested: Vec<String>,
    /// Accounts and price book entries that seeded orders share, by customer name and by item.
    seeded: HashMap<orders::Shared, String>,
}

/// One step back.
#[derive(Debug)]
struct Undo {
    object: String,
    id: String,
    before: Option<Record>,
}

/// A point a transaction can go back to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Savepoint {
    steps: usize,
    requested: usize,
}

impl Store {
    /// Marks where the transaction stands.
    pub(super) fn savepoint(&self) -> Savepoint {
        Savepoint {
            steps: self.undo.len(),
            requested: self.requested.len(),
        }
    }

    /// Takes back everything since the savepoint.
    pub(super) fn rollback(&mut self, to: Savepoint) {
        for Undo { object, id, before } in self.undo.split_off(to.steps).into_iter().rev() {
            self.deleted.remove(&id);
            self.set(&object, &id, before);
        }
        self.requested.truncate(to.requested);
    }

    /// Ends the transaction well and returns the orders whose license request is to be published.
    pub(super) fn commit(&mut self) -> Vec<String> {
        self.undo.clear();
        std::mem::take(&mut self.requested)
    }

    /// Creates a record and returns its id; a refusal leaves nothing behind.
    pub(super) fn insert(&mut self, object: &str, given: &Map<String, Value>) -> Result<String, RowError> {
        let catalog = Arc::clone(&self.catalog);
        let object = writable(&catalog, object)?;
        let given = values::accept(object, given, Purpose::Create)?;
        self.references_exist(object, &given)?;
        let mut record = values::complete(object, given);
        let id = self.ids.next(&object.key_prefix);
        record.insert("Id".to_owned(), Value::String(id.clone()));
        self.stamp(&mut record, true);
        self.attempt(|store| {
            store.before_insert(&object.name, &mut record)?;
            store.put(&object.name, &id, record);
            store.after_write(&object.name, &id);
            Ok(id)
        })
    }

    /// Changes a record; a refusal changes nothing.
    pub(super) fn update(&mut self, object: &str, id: &str, given: &Map<String, Value>) -> Result<(), RowError> {
        let catalog = Arc::clone(&self.catalog);
        let object = writable(&catalog, object)?;
        let id = self.existing(object, id)?;
        let given = values::accept(object, given, Purpose::Update)?;
        self.references_exist(object, &given)?;
        let before = self
            .get(&object.name, &id)
            .cloned()
            .ok_or_else(RowError::points_nowhere)?;
        let mut record = before.clone();
        record.extend(given);
        self.stamp(&mut record, false);
        self.attempt(|store| {
            store.before_update(&object.name, &before, &mut record)?;
            store.put(&object.name, &id, record);
            store.after_write(&object.name, &id);
            Ok(())
        })
    }

    /// Deletes a record with what hangs on it; a refusal deletes nothing.
    pub(super) fn delete(&mut self, object: &str, id: &str) -> Result<(), RowError> {
        let catalog = Arc::clone(&self.catalog);
        let object = writable(&catalog, object)?;
        let id = self.existing(object, id)?;
        self.attempt(|store| {
            store.before_delete(&object.name, &id)?;
            store.take(&object.name, &id);
            Ok(())
        })
    }

    /// Finds a record by its object's exact name and its id of 18 characters.
    pub(super) fn get(&self, object: &str, id: &str) -> Option<&Record> {
        self.tables.get(object)?.get(id)
    }

    /// All records of an object, in the order of their ids.
    pub(super) fn all(&self, object: &str) -> impl Iterator<Item = &Record> {
        self.tables.get(object).into_iter().flat_map(BTreeMap::values)
    }

    /// The records of an object that hang on a parent, in the order of their ids.
    pub(super) fn children<'a>(&'a self, object: &'static str, parent: &str) -> impl Iterator<Item = &'a Record> {
        let ids = self.children.get(&(object, parent.to_owned()));
        ids.into_iter().flatten().filter_map(move |id| self.get(object, id))
    }

    /// Returns the id in 18 characters if there is such a record of that object.
    pub(super) fn existing(&self, object: &Object, id: &str) -> Result<String, RowError> {
        let id = ids::read(id)
            .filter(|id| id.starts_with(&object.key_prefix))
            .ok_or_else(|| {
                RowError::new(
                    "MALFORMED_ID",
                    format!("{} ID: id value of incorrect type: {id}", object.label),
                )
                .on("Id")
            })?;
        if self.deleted.contains(&id) {
            return Err(RowError::deleted());
        }
        if self.get(&object.name, &id).is_none() {
            return Err(RowError::points_nowhere());
        }
        Ok(id)
    }

    /// Runs one step of the transaction; if it fails, it has not happened.
    fn attempt<T>(&mut self, step: impl FnOnce(&mut Self) -> Result<T, RowError>) -> Result<T, RowError> {
        let savepoint = self.savepoint();
        step(self).inspect_err(|_| self.rollback(savepoint))
    }

    fn put(&mut self, object: &str, id: &str, record: Record) {
        let before = self.set(object, id, Some(record));
        self.undo.push(Undo {
            object: object.to_owned(),
            id: id.to_owned(),
            before,
        });
    }

    fn take(&mut self, object: &str, id: &str) {
        let before = self.set(object, id, None);
        self.deleted.insert(id.to_owned());
        self.undo.push(Undo {
            object: object.to_owned(),
            id: id.to_owned(),
            before,
        });
    }

    /// Writes or removes a record, keeps the children of each record at hand, and returns what was there before.
    fn set(&mut self, object: &str, id: &str, record: Option<Record>) -> Option<Record> {
        let parent = record.as_ref().and_then(|record| parent(object, record));
        let table = self.tables.entry(object.to_owned()).or_default();
        let before = match record {
            Some(record) => table.insert(id.to_owned(), record),
            None => table.remove(id),
        };
        if let Some(left) = before.as_ref().and_then(|record| self::parent(object, record)) {
            self.children.entry(left).or_default().remove(id);
        }
        if let Some(parent) = parent {
            self.children.entry(parent).or_default().insert(id.to_owned());
        }
        before
    }

    fn references_exist(&self, object: &Object, given: &Map<String, Value>) -> Result<(), RowError> {
        use super::metadata::Kind;
        for field in &object.fields {
            let (Kind::Reference(to), Some(id)) = (&field.kind, given.get(&field.name).and_then(Value::as_str)) else {
                continue;
            };
            let prefix = self
                .catalog
                .object(to)
                .map(|object| object.key_prefix.as_str())
                .unwrap_or_default();
            if !id.starts_with(prefix) {
                let message = format!("{}: id value of incorrect type: {id}", field.label);
                return Err(RowError::new("MALFORMED_ID", message).on(&field.name));
            }
            if self.deleted.contains(id) {
                return Err(RowError::deleted().on(&field.name));
            }
            if self.get(to, id).is_none() {
                return Err(RowError::points_nowhere().on(&field.name));
            }
        }
        Ok(())
    }

    fn stamp(&self, record: &mut Record, new: bool) {
        let now = Value::String(values::moment(Timestamp::now()));
        let user = Value::String(self.user_id.clone());
        if new {
            record.insert("CreatedDate".to_owned(), now.clone());
            record.insert("CreatedById".to_owned(), user.clone());
            if record.get("OwnerId").is_some_and(Value::is_null) {
                record.insert("OwnerId".to_owned(), user.clone());
            }
        }
        record.insert("LastModifiedDate".to_owned(), now.clone());
        record.insert("SystemModstamp".to_owned(), now);
        record.insert("LastModifiedById".to_owned(), user);
    }
}

/// Where a record hangs, if it is one that is looked for by its parent.
fn parent(object: &str, record: &Record) -> Option<(&'static str, String)> {
    match object {
        "OrderItem" => Some(("OrderItem", rules::text(record, "OrderId").to_owned())),
        "Contact" => Some(("Contact", rules::text(record, "AccountId").to_owned())),
        _ => None,
    }
}

/// Finds an object whose records clients may write.
fn writable<'a>(catalog: &'a Catalog, name: &str) -> Result<&'a Object, RowError> {
    match catalog.object(name) {
        Some(object) if object.nature == Nature::Record => Ok(object),
        Some(object) => Err(RowError::new(
            "INVALID_TYPE_FOR_OPERATION",
            format!("entity type {} does not support this operation", object.name),
        )),
        None => Err(RowError::new(
            "INVALID_TYPE",
            format!("sObject type '{name}' is not supported."),
        )),
    }
}

#[cfg(test)]
mod tests;

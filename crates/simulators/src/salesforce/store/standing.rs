//! What stands in the org before anybody writes: the organization, its integration user, the standard price book.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::Store;
use super::ids::IdSource;
use super::values;
use crate::salesforce::metadata::Catalog;

/// Who the org is.
#[derive(Debug, Clone)]
pub(in crate::salesforce) struct Standing {
    pub(in crate::salesforce) org_id: String,
    pub(in crate::salesforce) org_name: String,
    pub(in crate::salesforce) user_id: String,
    pub(in crate::salesforce) username: String,
}

impl Store {
    /// A fresh org.
    pub(in crate::salesforce) fn new(catalog: Arc<Catalog>, mut ids: IdSource, standing: &Standing) -> Self {
        let price_book_id = ids.next("01s");
        let mut store = Self {
            catalog,
            tables: BTreeMap::new(),
            children: HashMap::new(),
            deleted: HashSet::new(),
            ids,
            user_id: standing.user_id.clone(),
            next_order_number: 100,
            next_item_number: 1,
            undo: Vec::new(),
            requested: Vec::new(),
            seeded: HashMap::new(),
        };
        store.stand(
            "Organization",
            &standing.org_id,
            &json!({
                "Name": standing.org_name, "OrganizationType": "Developer Edition", "InstanceName": "PRE0", "IsSandbox": true,
                "LanguageLocaleKey": "en_US", "TimeZoneSidKey": "GMT",
            }),
        );
        store.stand(
            "User",
            &standing.user_id,
            &json!({
                "Username": standing.username, "Email": standing.username, "Name": "Ticketsmith Integration",
                "FirstName": "Ticketsmith", "LastName": "Integration", "IsActive": true, "UserType": "Standard",
            }),
        );
        store.stand(
            "Pricebook2",
            &price_book_id,
            &json!({"Name": "Standard Price Book", "IsActive": true, "IsStandard": true}),
        );
        store.commit();
        store
    }

    /// Puts a record there without asking any rule.
    fn stand(&mut self, object: &str, id: &str, fields: &Value) {
        let given: Map<String, Value> = fields.as_object().cloned().unwrap_or_default();
        let catalog = Arc::clone(&self.catalog);
        let Some(definition) = catalog.object(object) else {
            return;
        };
        let mut record = values::complete(definition, given);
        record.insert("Id".to_owned(), Value::String(id.to_owned()));
        self.stamp(&mut record, true);
        self.put(object, id, record);
    }
}

//! What objects the org has, with which fields: Salesforce's own, and those of the sfdx package.

mod package;
mod standard;

use std::collections::BTreeMap;

use serde_json::Value;

use super::error::Error;

pub(super) use package::EVENT;

/// All objects of the org, by name.
#[derive(Debug)]
pub(super) struct Catalog {
    objects: BTreeMap<String, Object>,
}

/// One kind of record, or of event.
#[derive(Debug, Clone)]
pub(super) struct Object {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) key_prefix: String,
    pub(super) nature: Nature,
    pub(super) fields: Vec<Field>,
}

/// What may be done with an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nature {
    /// Records that clients create, update and delete.
    Record,
    /// Records that clients only read.
    ReadOnly,
    /// A platform event: it can only be published.
    Event,
}

/// One field of an object.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) label: String,
    pub(super) kind: Kind,
    /// Must be given when a record is created.
    pub(super) required: bool,
    /// Clients may set it when they create a record.
    pub(super) createable: bool,
    /// Clients may change it.
    pub(super) updateable: bool,
    /// What the server puts where a client gave nothing.
    pub(super) default: Value,
}

/// A field's type, with what it limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    /// A record id of any object.
    Id,
    /// Text of at most so many characters.
    Text(usize),
    /// An address of the web, at most 255 characters.
    Url,
    /// An e-mail address, at most 80 characters.
    Email,
    /// One of the values, or anything if not restricted.
    Picklist {
        /// The values, in their order.
        values: Vec<String>,
        /// Refuses any other value.
        restricted: bool,
    },
    /// A number with so many digits before the point.
    Number {
        /// Digits before the point.
        whole: u32,
        /// Digits after the point.
        scale: u32,
    },
    /// True or false.
    Checkbox,
    /// A day.
    Date,
    /// A moment.
    DateTime,
    /// The id of a record of this object.
    Reference(String),
}

impl Catalog {
    /// Reads the standard objects and the sfdx package that is built in.
    pub(super) fn load() -> Result<Self, Error> {
        let mut objects: BTreeMap<String, Object> = standard::objects()
            .into_iter()
            .map(|object| (object.name.clone(), object))
            .collect();
        for (name, mut fields) in package::fields()? {
            if let Some(object) = objects.get_mut(&name) {
                object.fields.append(&mut fields);
            } else {
                objects.insert(name.clone(), package::event(&name, fields)?);
            }
        }
        Ok(Self { objects })
    }

    /// Finds an object by name, in any case, as the real one does.
    pub(super) fn object(&self, name: &str) -> Option<&Object> {
        self.objects.get(name).or_else(|| {
            self.objects
                .values()
                .find(|object| object.name.eq_ignore_ascii_case(name))
        })
    }

    /// All objects, by name.
    pub(super) fn objects(&self) -> impl Iterator<Item = &Object> {
        self.objects.values()
    }
}

impl Object {
    /// Finds a field by name, in any case.
    pub(super) fn field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name.eq_ignore_ascii_case(name))
    }
}

impl Field {
    /// A field that clients may read and write.
    pub(super) fn new(name: &str, kind: Kind) -> Self {
        let default = if kind == Kind::Checkbox {
            Value::Bool(false)
        } else {
            Value::Null
        };
        Self {
            name: name.to_owned(),
            label: label_of(name),
            kind,
            required: false,
            createable: true,
            updateable: true,
            default,
        }
    }

    /// The same, demanded at creation.
    pub(super) fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// The same, set at creation and never changed.
    pub(super) fn fixed(mut self) -> Self {
        self.updateable = false;
        self
    }

    /// The same, written by the server only.
    pub(super) fn server_set(mut self) -> Self {
        self.createable = false;
        self.updateable = false;
        self
    }

    /// The same, with what the server puts where a client gave nothing.
    pub(super) fn or(mut self, default: impl Into<Value>) -> Self {
        self.default = default.into();
        self
    }
}

/// `BillingStreet` → `Billing Street`, `AccountId` → `Account ID`, as Salesforce labels its fields.
fn label_of(name: &str) -> String {
    let mut label = String::new();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            label.push(' ');
        }
        label.push(letter);
    }
    label
        .strip_suffix(" Id")
        .map(|front| format!("{front} ID"))
        .unwrap_or(label)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_catalog_has_salesforces_objects_and_ours() {
        let catalog = Catalog::load().unwrap();
        for (name, prefix) in [
            ("Account", "001"),
            ("Contact", "003"),
            ("User", "005"),
            ("Order", "801"),
            ("OrderItem", "802"),
            ("Product2", "01t"),
            ("Pricebook2", "01s"),
            ("PricebookEntry", "01u"),
            ("Organization", "00D"),
        ] {
            assert_eq!(catalog.object(name).unwrap().key_prefix, prefix);
        }
        assert_eq!(catalog.object(EVENT).unwrap().nature, Nature::Event);
        assert!(catalog.object("order").unwrap().field("license_ticket__c").is_some());
    }

    #[test]
    fn labels_read_like_salesforces() {
        assert_eq!(label_of("EffectiveDate"), "Effective Date");
        assert_eq!(label_of("AccountId"), "Account ID");
    }
}

//! The sfdx package in `deploy/salesforce`, built in: one source of truth for the event and the custom fields.

use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Field, Kind, Nature, Object};
use crate::salesforce::error::Error;

/// The platform event that asks for an order's licenses.
pub(in crate::salesforce) const EVENT: &str = "License_Request__e";

/// Builds in one file of the package, with its path.
macro_rules! package_file {
    ($path:literal) => {
        (
            $path,
            include_str!(concat!(
                "../../../../../deploy/salesforce/force-app/main/default/objects/",
                $path
            )),
        )
    };
}

/// Every field of the package; the event's in the order of its schema.
const FIELDS: [(&str, &str); 15] = [
    package_file!("License_Request__e/fields/Order_Id__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Order_Number__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Revision__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Action__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Customer_Id__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Customer_Name__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Customer_Email__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Lines__c.field-meta.xml"),
    package_file!("License_Request__e/fields/Requested_At__c.field-meta.xml"),
    package_file!("Order/fields/License_Status__c.field-meta.xml"),
    package_file!("Order/fields/License_Ticket__c.field-meta.xml"),
    package_file!("Order/fields/License_Link__c.field-meta.xml"),
    package_file!("Order/fields/License_Reason__c.field-meta.xml"),
    package_file!("Order/fields/License_Revision__c.field-meta.xml"),
    package_file!("Product2/fields/License_Item_Id__c.field-meta.xml"),
];

/// Every object definition of the package.
const OBJECTS: [(&str, &str); 1] = [package_file!("License_Request__e/License_Request__e.object-meta.xml")];

/// Reads all fields, grouped by their object, in order.
pub(super) fn fields() -> Result<Vec<(String, Vec<Field>)>, Error> {
    let mut by_object: Vec<(String, Vec<Field>)> = Vec::new();
    for (path, xml) in FIELDS {
        let object = path.split('/').next().unwrap_or_default();
        let field = field(path, &Elements::read(path, xml)?)?;
        match by_object.iter_mut().find(|(name, _)| name == object) {
            Some((_, fields)) => fields.push(field),
            None => by_object.push((object.to_owned(), vec![field])),
        }
    }
    Ok(by_object)
}

/// Makes the platform event of that name from its definition and fields.
pub(super) fn event(name: &str, fields: Vec<Field>) -> Result<Object, Error> {
    let path = format!("{name}/{name}.object-meta.xml");
    let Some((path, xml)) = OBJECTS.into_iter().find(|(at, _)| *at == path) else {
        return Err(unusable(&path, "there are fields but no definition"));
    };
    let elements = Elements::read(path, xml)?;
    if elements.last("eventType") != Some("HighVolume") {
        return Err(unusable(path, "eventType must be HighVolume"));
    }
    if elements.last("publishBehavior") != Some("PublishAfterCommit") {
        return Err(unusable(path, "publishBehavior must be PublishAfterCommit"));
    }
    let label = elements.last("label").unwrap_or(name).to_owned();
    Ok(Object {
        name: name.to_owned(),
        label,
        key_prefix: "e01".to_owned(),
        nature: Nature::Event,
        fields,
    })
}

fn field(path: &str, elements: &Elements) -> Result<Field, Error> {
    let number = |name: &str| elements.last(name).and_then(|text| text.parse::<u32>().ok());
    let length = || {
        number("length")
            .map(|length| length as usize)
            .ok_or_else(|| unusable(path, "it has no length"))
    };
    let kind = match elements.last("type") {
        Some("Text" | "LongTextArea" | "TextArea") => Kind::Text(length()?),
        Some("Url") => Kind::Url,
        Some("Email") => Kind::Email,
        Some("Checkbox") => Kind::Checkbox,
        Some("Date") => Kind::Date,
        Some("DateTime") => Kind::DateTime,
        Some("Picklist") => Kind::Picklist {
            values: elements.all("value"),
            restricted: elements.last("restricted") == Some("true"),
        },
        Some("Number") => {
            let scale = number("scale").unwrap_or(0);
            Kind::Number {
                whole: number("precision").unwrap_or(18).saturating_sub(scale),
                scale,
            }
        }
        other => {
            return Err(unusable(
                path,
                &format!("the pretend org does not know the type {other:?}"),
            ));
        }
    };
    let name = elements
        .last_of_top("fullName")
        .ok_or_else(|| unusable(path, "it has no fullName"))?;
    if !path.ends_with(&format!("/{name}.field-meta.xml")) {
        return Err(unusable(path, &format!("its fullName is {name}")));
    }
    let mut field = Field::new(name, kind);
    field.label = elements.last_of_top("label").unwrap_or(name).to_owned();
    field.required = elements.last("required") == Some("true");
    Ok(field)
}

/// The leaf elements of a metadata file, as (path of names, text), in document order.
struct Elements(Vec<(Vec<String>, String)>);

impl Elements {
    fn read(path: &str, xml: &str) -> Result<Self, Error> {
        let broken = |problem: &dyn std::fmt::Display| unusable(path, &problem.to_string());
        let mut reader = Reader::from_str(xml);
        let (mut names, mut leaves): (Vec<String>, Vec<(Vec<String>, String)>) = (Vec::new(), Vec::new());
        loop {
            match reader.read_event().map_err(|error| broken(&error))? {
                Event::Start(start) => names.push(AsRef::<str>::as_ref(&start.name()).to_owned()),
                Event::End(_) => drop(names.pop()),
                Event::Text(text) => {
                    let text = text.xml10_content().trim().to_owned();
                    if !text.is_empty() {
                        leaves.push((names.clone(), text));
                    }
                }
                Event::Eof => return Ok(Self(leaves)),
                _ => {}
            }
        }
    }

    fn last(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rfind(|(names, _)| names.last().is_some_and(|last| last == name))
            .map(|(_, text)| text.as_str())
    }

    /// The element of that name directly under the root.
    fn last_of_top(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .rfind(|(names, _)| names.len() == 2 && names[1] == name)
            .map(|(_, text)| text.as_str())
    }

    /// The `fullName`s of all elements of that name.
    fn all(&self, parent: &str) -> Vec<String> {
        let of_parent = |names: &[String]| names.ends_with(&[parent.to_owned(), "fullName".to_owned()]);
        self.0
            .iter()
            .filter(|(names, _)| of_parent(names))
            .map(|(_, text)| text.clone())
            .collect()
    }
}

fn unusable(path: &str, problem: &str) -> Error {
    Error::Metadata {
        problem: format!("{path}: {problem}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_package_is_built_in() {
        let root = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../deploy/salesforce/force-app/main/default/objects"
        );
        let mut found = Vec::new();
        for object in std::fs::read_dir(root).unwrap() {
            let object = object.unwrap().path();
            let fields = std::fs::read_dir(object.join("fields")).unwrap();
            let files = std::fs::read_dir(&object)
                .unwrap()
                .chain(fields)
                .map(|file| file.unwrap().path());
            found.extend(
                files
                    .filter(|file| file.is_file())
                    .map(|file| file.strip_prefix(root).unwrap().to_str().unwrap().to_owned()),
            );
        }
        let mut built_in: Vec<String> = FIELDS
            .iter()
            .chain(&OBJECTS)
            .map(|(path, _)| (*path).to_owned())
            .collect();
        found.sort();
        built_in.sort();
        assert_eq!(found, built_in);
    }

    #[test]
    fn fields_carry_their_types_and_limits() {
        let fields = fields().unwrap();
        let (_, order) = fields.iter().find(|(name, _)| name == "Order").unwrap();
        let kinds: Vec<_> = order
            .iter()
            .map(|field| (field.name.as_str(), field.kind.clone()))
            .collect();
        assert_eq!(kinds[1], ("License_Ticket__c", Kind::Text(64)));
        assert_eq!(kinds[2], ("License_Link__c", Kind::Url));
        assert_eq!(kinds[4], ("License_Revision__c", Kind::Number { whole: 9, scale: 0 }));
        let Kind::Picklist {
            values,
            restricted: true,
        } = &kinds[0].1
        else {
            panic!("not restricted: {:?}", kinds[0])
        };
        assert_eq!(values.join("|"), "Requested|Issued|Refused|Needs attention");
    }
}

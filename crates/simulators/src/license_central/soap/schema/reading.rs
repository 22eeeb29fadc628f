//! From the WSDL's text to the schema as data.

use std::collections::BTreeMap;

use super::{
    super::tree::{Element, parse},
    Invalid, Particle, Schema, Simple, TICKET_PATTERN, Type,
};

const XS: &str = "http://www.w3.org/2001/XMLSchema";
/// XML Schema's own types that stand in the schema.
const UNDERSTOOD: [&str; 4] = ["string", "token", "int", "anyURI"];

impl Schema {
    /// Reads the schema inside a WSDL.
    pub(super) fn read(wsdl: &str) -> Result<Self, Invalid> {
        let wsdl = parse(wsdl).map_err(|error| broken(&error.to_string()))?;
        let schema = wsdl.child("types").and_then(|types| types.child("schema"));
        let schema = schema.ok_or_else(|| broken("the WSDL has none"))?;
        let mut read = Self {
            elements: BTreeMap::new(),
            types: BTreeMap::new(),
        };
        for part in &schema.children {
            let name = part
                .attribute("", "name")
                .ok_or_else(|| broken("a part without a name"))?
                .to_owned();
            match part.name.as_str() {
                "element" => read.elements.insert(name, element_type(part)?),
                "simpleType" | "complexType" => read.types.insert(name, read_type(part)?),
                other => return Err(broken(&format!("{other} is not understood"))),
            };
        }
        Ok(read)
    }
}

fn element_type(element: &Element) -> Result<Type, Invalid> {
    match (element.attribute("", "type"), element.child("complexType")) {
        (Some(name), None) => named(name),
        (None, Some(complex)) => read_type(complex),
        _ => Err(broken("an element needs a type, named or in place")),
    }
}

/// Sorts a type's qualified name: the schema's own, or one of XML Schema's.
fn named(name: &str) -> Result<Type, Invalid> {
    match name.split_once(':') {
        Some(("xs", base)) if UNDERSTOOD.contains(&base) => Ok(Type::Simple(Simple {
            base: base.to_owned(),
            ..Simple::default()
        })),
        Some(("lc", own)) => Ok(Type::Named(own.to_owned())),
        _ => Err(broken(&format!("the type {name} is not understood"))),
    }
}

fn read_type(kind: &Element) -> Result<Type, Invalid> {
    let content = kind
        .children
        .iter()
        .find(|part| part.namespace == XS && part.name != "annotation");
    let content = content.ok_or_else(|| broken("an empty type"))?;
    match content.name.as_str() {
        "restriction" => Ok(Type::Simple(read_restriction(content)?)),
        "sequence" => content
            .children
            .iter()
            .map(read_particle)
            .collect::<Result<_, _>>()
            .map(Type::Sequence),
        "simpleContent" => {
            let extension = content.child("extension").ok_or_else(|| broken("no extension"))?;
            let attribute = extension.child("attribute").ok_or_else(|| broken("no attribute"))?;
            let (Type::Simple(base), Type::Named(kind)) = (
                named(value_of(extension, "base")?)?,
                named(value_of(attribute, "type")?)?,
            ) else {
                return Err(broken("simple content of a kind that is not understood"));
            };
            Ok(Type::Text(
                base,
                value_of(attribute, "name")?.to_owned(),
                Box::new(Type::Named(kind)),
            ))
        }
        other => Err(broken(&format!("{other} is not understood"))),
    }
}

fn read_particle(element: &Element) -> Result<Particle, Invalid> {
    Ok(Particle {
        name: value_of(element, "name")?.to_owned(),
        kind: element_type(element)?,
        optional: element.attribute("", "minOccurs") == Some("0"),
        repeated: element.attribute("", "maxOccurs") == Some("unbounded"),
    })
}

fn read_restriction(restriction: &Element) -> Result<Simple, Invalid> {
    let Type::Simple(mut simple) = named(value_of(restriction, "base")?)? else {
        return Err(broken("a restriction of a restriction"));
    };
    for facet in &restriction.children {
        let value = value_of(facet, "value")?;
        let number = || value.parse().map_err(|_| broken(&format!("{value} is not a number")));
        match facet.name.as_str() {
            "minLength" => simple.min_length = Some(number()?),
            "maxLength" => simple.max_length = Some(number()?),
            "minInclusive" => simple.min = value.parse().ok(),
            "pattern" if value == TICKET_PATTERN => simple.is_ticket = true,
            other => return Err(broken(&format!("the facet {other} = {value} is not understood"))),
        }
    }
    Ok(simple)
}

fn value_of<'a>(element: &'a Element, attribute: &str) -> Result<&'a str, Invalid> {
    let missing = || broken(&format!("{} without {attribute}", element.name));
    element.attribute("", attribute).ok_or_else(missing)
}

fn broken(message: &str) -> Invalid {
    Invalid::new("schema", message)
}

//! The XML Schema inside the WSDL, read as data: requests and our own answers are judged by the very document that clients
//! are given, so the two cannot drift apart.
//!
//! Only what that schema uses is understood: sequences, occurrences, restrictions, one attribute on simple content.
//! Anything else in it fails `Schema::read`, and with it every test.

use std::{collections::BTreeMap, sync::LazyLock};

use super::{grammar::is_blank, tree::Element};

mod reading;

/// The namespace of everything License Central says and is asked.
pub(crate) const NAMESPACE: &str = "urn:ticketsmith:license-central:2026";
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";
/// The only pattern in the schema; tested to be there.
const TICKET_PATTERN: &str = "[A-Z0-9]{5}(-[A-Z0-9]{5}){4}";

static SHIPPED: LazyLock<Result<Schema, Invalid>> = LazyLock::new(|| Schema::read(schemas::LICENSE_CENTRAL_WSDL));

/// Judges an element by the shipped WSDL: it must be one of its global elements and be shaped like it.
pub(crate) fn check(element: &Element) -> Result<(), Invalid> {
    SHIPPED.as_ref().map_err(Clone::clone)?.check(element)
}

/// Which element is not as the schema says, and why.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {message}")]
pub(crate) struct Invalid {
    path: String,
    message: String,
}

impl Invalid {
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// Global elements and named types.
#[derive(Debug)]
struct Schema {
    elements: BTreeMap<String, Type>,
    types: BTreeMap<String, Type>,
}

#[derive(Debug, Clone)]
enum Type {
    Named(String),
    Simple(Simple),
    Sequence(Vec<Particle>),
    /// Text of the simple type with one required attribute.
    Text(Simple, String, Box<Type>),
}

#[derive(Debug, Clone)]
struct Particle {
    name: String,
    kind: Type,
    optional: bool,
    repeated: bool,
}

#[derive(Debug, Clone, Default)]
struct Simple {
    base: String,
    min_length: Option<usize>,
    max_length: Option<usize>,
    min: Option<i64>,
    is_ticket: bool,
}

impl Schema {
    fn check(&self, element: &Element) -> Result<(), Invalid> {
        let known = self
            .elements
            .get(&element.name)
            .filter(|_| element.namespace == NAMESPACE);
        let kind = known.ok_or_else(|| {
            let message = format!("no such element in the namespace {:?}", element.namespace);
            Invalid::new(&element.name, message)
        })?;
        self.check_type(&element.name, element, kind)
    }

    fn check_type(&self, path: &str, element: &Element, kind: &Type) -> Result<(), Invalid> {
        match kind {
            Type::Named(name) => match self.types.get(name) {
                Some(kind) => self.check_type(path, element, kind),
                None => Err(Invalid::new(path, format!("the schema has no type {name}"))),
            },
            Type::Simple(simple) => {
                check_attributes(path, element, None)?;
                check_text(path, element, simple)
            }
            Type::Text(simple, name, kind) => {
                check_attributes(path, element, Some(name))?;
                let value = element
                    .attribute("", name)
                    .ok_or_else(|| Invalid::new(path, format!("the attribute {name} is missing")))?;
                let attribute = Element {
                    text: value.to_owned(),
                    ..Element::default()
                };
                self.check_type(&format!("{path}/@{name}"), &attribute, kind)?;
                check_text(path, element, simple)
            }
            Type::Sequence(particles) => self.check_sequence(path, element, particles),
        }
    }

    fn check_sequence(&self, path: &str, element: &Element, particles: &[Particle]) -> Result<(), Invalid> {
        check_attributes(path, element, None)?;
        if !is_blank(&element.text) {
            return Err(Invalid::new(path, "text where only elements may stand"));
        }
        let mut children = element.children.iter().peekable();
        for particle in particles {
            let mut count = 0;
            while let Some(child) = children.next_if(|child| child.is(NAMESPACE, &particle.name)) {
                count += 1;
                let place = if particle.repeated {
                    format!("[{count}]")
                } else {
                    String::new()
                };
                self.check_type(&format!("{path}/{}{place}", particle.name), child, &particle.kind)?;
                if !particle.repeated {
                    break;
                }
            }
            if count == 0 && !particle.optional {
                let found = children.peek().map_or(String::new(), |child| {
                    format!("; {} stands in its place", described(child))
                });
                return Err(Invalid::new(
                    path,
                    format!("the element {} is missing{found}", particle.name),
                ));
            }
        }
        match children.next() {
            Some(extra) => Err(Invalid::new(
                path,
                format!("the element {} may not stand here", described(extra)),
            )),
            None => Ok(()),
        }
    }
}

fn described(element: &Element) -> String {
    match element.namespace.as_str() {
        NAMESPACE => element.name.clone(),
        "" => format!("{} (of no namespace)", element.name),
        other => format!("{} (of the namespace {other})", element.name),
    }
}

/// Refuses attributes that the schema does not know. XML Schema's own (`xsi:type`, `xsi:schemaLocation`) may stand
/// anywhere, but not `xsi:nil`, whatever it says: nothing here is nillable.
fn check_attributes(path: &str, element: &Element, known: Option<&str>) -> Result<(), Invalid> {
    for attribute in &element.attributes {
        match (attribute.namespace.as_str(), attribute.name.as_str()) {
            (XSI, "nil") => return Err(Invalid::new(path, "must have a value; xsi:nil may not stand here")),
            (XSI, "type" | "schemaLocation" | "noNamespaceSchemaLocation") => {}
            ("", name) if known == Some(name) => {}
            (_, name) => return Err(Invalid::new(path, format!("the attribute {name} may not stand here"))),
        }
    }
    Ok(())
}

fn check_text(path: &str, element: &Element, simple: &Simple) -> Result<(), Invalid> {
    if let Some(child) = element.children.first() {
        return Err(Invalid::new(
            path,
            format!("the element {} where only text may stand", described(child)),
        ));
    }
    let value = match simple.base.as_str() {
        "string" => element.text.clone(),
        _ => collapse(&element.text),
    };
    let length = value.chars().count();
    if simple.min_length.is_some_and(|least| length < least) {
        return Err(Invalid::new(path, "must not be empty"));
    }
    if let Some(most) = simple.max_length.filter(|most| length > *most) {
        return Err(Invalid::new(
            path,
            format!("is {length} characters long, at most {most} are allowed"),
        ));
    }
    if simple.base == "int" {
        let number = int(&value).ok_or_else(|| {
            Invalid::new(
                path,
                format!("{:?} is not a whole number that fits 32 bits", shortened(&value)),
            )
        })?;
        if let Some(least) = simple.min.filter(|least| i64::from(number) < *least) {
            return Err(Invalid::new(path, format!("{number} is less than {least}")));
        }
    }
    if simple.is_ticket && !is_ticket(&value) {
        return Err(Invalid::new(path, format!("does not match {TICKET_PATTERN}")));
    }
    Ok(())
}

/// Reads an `xs:int`: decimal digits with an optional sign, nothing else.
pub(crate) fn int(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { text.parse().ok() } else { None }
}

/// Folds white space as `xs:token` does.
pub(crate) fn collapse(text: &str) -> String {
    text.split([' ', '\t', '\n', '\r'])
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

fn shortened(value: &str) -> String {
    value.chars().take(40).collect()
}

fn is_ticket(value: &str) -> bool {
    let group = |group: &str| {
        group.len() == 5
            && group
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
    };
    value.split('-').count() == 5 && value.split('-').all(group)
}

#[cfg(test)]
mod tests;

//! Writes requests from a profile's templates.

use minijinja::value::ValueKind;
use minijinja::{ErrorKind, Output, State, Value};
use schemas::OrderLine;

use crate::client::Order;
use crate::error::Error;
use crate::profile::{Limit, Limits, Operation, Profile, SoapVersion};

/// An order whose every field License Central can take.
pub(crate) struct CheckedOrder<'a>(&'a Order);

impl<'a> CheckedOrder<'a> {
    /// Checks every field; the first one that cannot be sent is the error.
    pub(crate) fn new(order: &'a Order, limits: &Limits) -> Result<Self, Error> {
        let check = |limit: Limit, field: &str, text: &str| check_field(&order.number, limits, limit, field, text);
        check(Limit::OrderNumber, "order.number", &order.number)?;
        check(Limit::CustomerId, "customer.id", &order.customer.id)?;
        check(Limit::CustomerName, "customer.name", &order.customer.name)?;
        if let Some(email) = &order.customer.email {
            check(Limit::CustomerEmail, "customer.email", email)?;
        }
        for (index, line) in order.lines.iter().enumerate() {
            check(Limit::LineId, &format!("lines[{index}].line_id"), &line.line_id)?;
            check(Limit::ItemId, &format!("lines[{index}].item_id"), &line.item_id)?;
            for (place, (name, value)) in line.terms.iter().enumerate() {
                // A term's name can hold anything, so the message counts the terms instead of quoting it.
                check(Limit::TermName, &format!("lines[{index}].terms[{place}] (name)"), name)?;
                check(Limit::TermValue, &format!("lines[{index}].terms[{place}]"), value)?;
            }
        }
        Ok(Self(order))
    }
}

/// Writes the request that orders licenses.
pub(crate) fn create_order(profile: &Profile, order: &CheckedOrder<'_>) -> Result<String, Error> {
    let CheckedOrder(order) = order;
    let context = create_context(profile.templates.soap(), order);
    let written = profile.templates.write(Operation::CreateOrder, &context);
    written.map_err(|error| unwritable(&order.number, &error))
}

/// Writes the request that looks an order up.
pub(crate) fn find_order(profile: &Profile, number: &str) -> Result<String, Error> {
    check_field(number, &profile.limits, Limit::OrderNumber, "order.number", number)?;
    let context = find_context(profile.templates.soap(), number);
    let written = profile.templates.write(Operation::FindOrder, &context);
    written.map_err(|error| unwritable(number, &error))
}

/// Writes the request without effect.
pub(crate) fn probe(profile: &Profile) -> Result<String, Error> {
    let context = probe_context(profile.templates.soap());
    let written = profile.templates.write(Operation::Probe, &context);
    written.map_err(|error| unwritable("(none)", &error))
}

/// Says that a template failed, without the engine's own words, which may quote the order.
fn unwritable(order: &str, error: &minijinja::Error) -> Error {
    let line = error.line().map_or_else(String::new, |line| format!(" in line {line}"));
    Error::Template {
        order: order.to_owned(),
        problem: format!("{}{line}", error.kind()),
    }
}

/// What a `create_order` template can print.
pub(crate) fn create_context(version: SoapVersion, order: &Order) -> Value {
    let customer = Value::from_pairs([
        ("id", Value::from(order.customer.id.as_str())),
        ("name", Value::from(order.customer.name.as_str())),
        ("email", Value::from(order.customer.email.as_deref())),
    ]);
    let lines: Vec<Value> = order.lines.iter().map(line).collect();
    Value::from_pairs([
        ("soap", soap(version)),
        ("order", number_only(&order.number)),
        ("customer", customer),
        ("lines", Value::from(lines)),
    ])
}

/// What a `find_order` template can print.
pub(crate) fn find_context(version: SoapVersion, number: &str) -> Value {
    Value::from_pairs([("soap", soap(version)), ("order", number_only(number))])
}

/// What a `probe` template can print.
pub(crate) fn probe_context(version: SoapVersion) -> Value {
    Value::from_pairs([("soap", soap(version))])
}

fn soap(version: SoapVersion) -> Value {
    Value::from_pairs([("namespace", version.namespace())])
}

fn number_only(number: &str) -> Value {
    Value::from_pairs([("number", number)])
}

fn line(line: &OrderLine) -> Value {
    let term =
        |(name, value): (&String, &String)| Value::from_pairs([("name", name.as_str()), ("value", value.as_str())]);
    let terms: Vec<Value> = line.terms.iter().map(term).collect();
    Value::from_pairs([
        ("line_id", Value::from(line.line_id.as_str())),
        ("item_id", Value::from(line.item_id.as_str())),
        ("quantity", Value::from(line.quantity)),
        ("terms", Value::from(terms)),
    ])
}

/// Prints a value of a template: always escaped, whatever the template says about it.
pub(crate) fn format_value(out: &mut Output, _: &mut State, value: &Value) -> Result<(), minijinja::Error> {
    match value.kind() {
        ValueKind::String | ValueKind::Number | ValueKind::Bool => out
            .write_str(&escape(&value.to_string()))
            .map_err(minijinja::Error::from),
        kind => {
            let detail = format!("a value of kind {kind} cannot be printed; guard it with {{% if … %}}");
            Err(minijinja::Error::new(ErrorKind::InvalidOperation, detail))
        }
    }
}

/// Escapes a text so that it reads the same from an element and from an attribute.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            // A reader turns these into other white space unless they are written as numbers.
            '\t' => escaped.push_str("&#9;"),
            '\n' => escaped.push_str("&#10;"),
            '\r' => escaped.push_str("&#13;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Says whether XML 1.0 can carry a character, escaped or not.
pub(crate) fn is_xml_character(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..='\u{10ffff}')
}

fn check_field(order: &str, limits: &Limits, limit: Limit, field: &str, text: &str) -> Result<(), Error> {
    // The number itself may be what is wrong; a log line must stay one line.
    let refuse = |code, problem| {
        Err(Error::Field {
            order: order.escape_debug().to_string(),
            field: field.to_owned(),
            problem,
            code,
        })
    };
    if let Some(character) = text.chars().find(|character| !is_xml_character(*character)) {
        let problem = format!(
            "contains U+{:04X}, a character that XML cannot carry",
            u32::from(character)
        );
        return refuse("character-not-allowed", problem);
    }
    let length = text.chars().count();
    match limits.get(&limit) {
        Some(most) if length > *most => {
            let problem = format!("has {length} characters, License Central takes at most {most}");
            refuse("field-too-long", problem)
        }
        Some(_) | None => Ok(()),
    }
}

//! Reads a license request field by field, and reports all mistakes together.
//!
//! A body comes from anywhere. So nothing is trusted: not its size, its depth, its types. What can be read of an order
//! whose request is wrong is kept ([`KnownOrder`]), so that its state can be told to those who wait for it.

mod fields;

use crate::{
    Action, CloudEvent, LicenseRequest, MAX_BODY_BYTES, OrderLine, OrderRef, REQUEST_TYPE, Reply, RequestEvent,
    RequestKey, SPEC_VERSION, Source,
};
use fields::{Fields, text};
use serde_json::Value;
use std::fmt;

/// One mistake in a request: where, what was found, what is expected.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Problem {
    /// The path of the field, such as `data.lines[0].quantity`.
    pub field: String,
    /// What stood there, shortened.
    pub found: String,
    /// What may stand there.
    pub expected: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: found {}, expected {}", self.field, self.found, self.expected)
    }
}

/// What is known of the order of a request that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownOrder {
    /// Who submitted it.
    pub source: Source,
    /// Which order.
    pub order: OrderRef,
    /// Which operation; 1 where that is unreadable.
    pub revision: u32,
}

impl KnownOrder {
    /// Derives the key of the request.
    pub fn key(&self) -> RequestKey {
        RequestKey::derive(&self.source, &self.order, self.revision)
    }
}

/// A body that is no license request: every mistake, and the order if it can be told.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct InvalidRequest {
    /// Every mistake; at least one.
    pub problems: Vec<Problem>,
    /// The order, if enough of it can be read.
    pub known: Option<KnownOrder>,
}

impl InvalidRequest {
    fn one(field: &str, found: impl Into<String>, expected: impl Into<String>) -> Self {
        let problem = Problem {
            field: field.to_owned(),
            found: found.into(),
            expected: expected.into(),
        };
        Self {
            problems: vec![problem],
            known: None,
        }
    }
}

impl fmt::Display for InvalidRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.known {
            Some(known) => write!(f, "the license request for order {:?} is invalid: ", known.order.number)?,
            None => f.write_str("the license request is invalid: ")?,
        }
        const SHOWN: usize = 8;
        for (place, problem) in self.problems.iter().take(SHOWN).enumerate() {
            let separator = if place == 0 { "" } else { "; " };
            write!(f, "{separator}{problem}")?;
        }
        match self.problems.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, "; and {more} more"),
        }
    }
}

/// Reads a license request from an AMQP body.
///
/// # Errors
/// Every mistake with its field, and the order as far as it is known.
pub fn read_request(body: &[u8]) -> Result<RequestEvent, InvalidRequest> {
    if body.len() > MAX_BODY_BYTES {
        let found = format!("{} bytes", body.len());
        return Err(InvalidRequest::one(
            "body",
            found,
            format!("at most {MAX_BODY_BYTES} bytes"),
        ));
    }
    let value: Value = serde_json::from_slice(body)
        .map_err(|error| InvalidRequest::one("body", format!("{error}"), "a CloudEvents message in JSON"))?;
    if !value.is_object() {
        return Err(InvalidRequest::one(
            "body",
            fields::show(&value),
            "a CloudEvents message, a JSON object",
        ));
    }
    let mut problems = Vec::new();
    let mut envelope = Fields::new(&value, "", &mut problems);
    let specversion = envelope.text("specversion", 1, 8);
    let kind = envelope.text("type", 1, 200);
    let id = envelope.text("id", 1, 255);
    let source = envelope.parsed::<Source>("source", "1 to 32 characters of a-z, 0-9 and '-'");
    let subject = envelope.optional_text("subject", 255);
    let time = envelope.optional_time("time");
    envelope.media_type("datacontenttype");
    envelope.only_value("specversion", &specversion, SPEC_VERSION);
    envelope.only_value("type", &kind, REQUEST_TYPE);
    let (data, order, revision) = read_data(envelope.object("data"), &mut problems);
    let known = source.clone().zip(order).map(|(source, order)| KnownOrder {
        source,
        order,
        revision,
    });
    match (data, source, problems.is_empty()) {
        (Some(data), Some(source), true) => Ok(CloudEvent {
            specversion: SPEC_VERSION.to_owned(),
            id: id.unwrap_or_default(),
            source,
            kind: REQUEST_TYPE.to_owned(),
            subject,
            time,
            datacontenttype: Some("application/json".to_owned()),
            data,
        }),
        _ => Err(InvalidRequest { problems, known }),
    }
}

/// Reads the JSON array of order lines that a Salesforce event carries in one long text field.
///
/// # Errors
/// Every mistake; `field` is the name under which they are reported.
pub fn read_lines(field: &str, json: &str) -> Result<Vec<OrderLine>, Vec<Problem>> {
    let value: Value = serde_json::from_str(json).map_err(|error| {
        let expected = "a JSON array of {line_id, item_id, quantity, terms?}".to_owned();
        vec![Problem {
            field: field.to_owned(),
            found: error.to_string(),
            expected,
        }]
    })?;
    let mut problems = Vec::new();
    let lines = lines_of(Some(&value), field, &mut problems);
    if problems.is_empty() { Ok(lines) } else { Err(problems) }
}

fn read_data(data: Option<&Value>, problems: &mut Vec<Problem>) -> (Option<LicenseRequest>, Option<OrderRef>, u32) {
    let Some(data) = data else { return (None, None, 1) };
    let before = problems.len();
    let mut fields = Fields::new(data, "data", problems);
    fields.no_others(&[
        "order",
        "revision",
        "action",
        "customer",
        "lines",
        "requested_at",
        "reply",
    ]);
    let revision = fields.whole_number("revision", 1_000_000, Some(1)).unwrap_or(1);
    fields.one_of("action", &[Action::Create.as_str()]);
    let requested_at = fields.time("requested_at");
    let reply = fields.one_of("reply", &["completion", "none"]).map(|word| match word {
        "completion" => Reply::Completion,
        _ => Reply::None,
    });
    let order = fields.object("order");
    let customer = fields.object("customer");
    let lines = data.get("lines");
    let order = order.and_then(|value| read_order(value, problems));
    let customer = customer.and_then(|value| read_customer(value, problems));
    let lines = lines_of(lines, "data.lines", problems);
    let complete = problems.len() == before;
    let request = match (complete, &order, customer, requested_at) {
        (true, Some(order), Some(customer), Some(requested_at)) => Some(LicenseRequest {
            order: order.clone(),
            revision,
            action: Action::Create,
            customer,
            lines,
            requested_at,
            reply,
        }),
        _ => None,
    };
    (request, order, revision)
}

fn read_order(value: &Value, problems: &mut Vec<Problem>) -> Option<OrderRef> {
    let mut fields = Fields::new(value, "data.order", problems);
    fields.no_others(&["id", "number", "org"]);
    let id = fields.word("id", 64);
    let number = fields.text("number", 1, 64);
    let org = fields.optional_text("org", 64);
    Some(OrderRef {
        id: id?,
        number: number?,
        org,
    })
}

fn read_customer(value: &Value, problems: &mut Vec<Problem>) -> Option<crate::Customer> {
    let mut fields = Fields::new(value, "data.customer", problems);
    let id = fields.word("id", 64);
    let name = fields.text("name", 1, 255);
    let email = fields.optional_text("email", 254);
    Some(crate::Customer {
        id: id?,
        name: name?,
        email,
    })
}

fn lines_of(value: Option<&Value>, path: &str, problems: &mut Vec<Problem>) -> Vec<OrderLine> {
    let Some(lines) = value
        .and_then(Value::as_array)
        .filter(|lines| (1..=1000).contains(&lines.len()))
    else {
        let found = value.map_or("nothing".to_owned(), fields::show);
        let expected = "an array of 1 to 1000 order lines".to_owned();
        problems.push(Problem {
            field: path.to_owned(),
            found,
            expected,
        });
        return Vec::new();
    };
    let read = |(place, value): (usize, &Value)| {
        let mut fields = Fields::new(value, &format!("{path}[{place}]"), problems);
        fields.no_others(&["line_id", "item_id", "quantity", "terms"]);
        let line_id = fields.word("line_id", 64);
        let item_id = fields.word("item_id", 64);
        let quantity = fields.whole_number("quantity", 1_000_000, None);
        let terms = fields.texts("terms");
        Some(OrderLine {
            line_id: line_id?,
            item_id: item_id?,
            quantity: quantity?,
            terms,
        })
    };
    let lines: Vec<OrderLine> = lines.iter().enumerate().filter_map(read).collect();
    let mut seen = std::collections::BTreeSet::new();
    if let Some(twice) = lines.iter().find(|line| !seen.insert(line.line_id.as_str())) {
        let expected = "every line_id once".to_owned();
        problems.push(Problem {
            field: path.to_owned(),
            found: format!("line_id {} twice", text(&twice.line_id)),
            expected,
        });
    }
    lines
}

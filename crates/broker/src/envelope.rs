//! A message, and how it is written as AMQP properties and headers.

use crate::{
    PublishError,
    disposition::{AttemptError, DeadReason},
    headers,
};
use jiff::Timestamp;
use lapin::{
    BasicProperties,
    types::{AMQPValue, FieldTable, ShortString},
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

/// How many failures are carried with a message.
const MOST_ERRORS: usize = 8;

/// A message: its body, and what AMQP carries beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// Who the message is: the same for every copy of it. A foreign message without one gets a hash of its body.
    pub message_id: String,
    /// What kind of message it is: the CloudEvents type. Empty if a foreign message has none.
    pub kind: String,
    /// When it was made, to the second. The time of arrival if a foreign message has none.
    pub timestamp: Timestamp,
    /// The body, as it is.
    pub body: Vec<u8>,
    /// How many attempts at it failed so far.
    pub attempt: u32,
    /// The failures, oldest first; the last eight are carried.
    pub errors: Vec<AttemptError>,
    /// The trace it belongs to, as W3C Trace Context writes it.
    pub traceparent: Option<String>,
    /// Other headers whose value is a text, a number or a truth value; those of the broker are not among them.
    pub headers: BTreeMap<String, String>,
}

impl Default for Envelope {
    fn default() -> Self {
        Self::new("", "", Vec::new())
    }
}

impl Envelope {
    /// Makes a message, now, at its first attempt.
    pub fn new(message_id: impl Into<String>, kind: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self {
            message_id: message_id.into(),
            kind: kind.into(),
            timestamp: Timestamp::now(),
            body: body.into(),
            attempt: 0,
            errors: Vec::new(),
            traceparent: None,
            headers: BTreeMap::new(),
        }
    }

    /// The copy that is parked for this reason.
    pub(crate) fn dead(&self, reason: &DeadReason) -> Self {
        let mut copy = self.clone();
        reason.write(&mut copy.headers);
        copy
    }

    /// The copy that waits: one attempt more if it failed, else the same.
    pub(crate) fn waiting(&self, error: Option<&AttemptError>) -> Self {
        let mut copy = self.clone();
        DeadReason::strip(&mut copy.headers);
        if let Some(error) = error {
            copy.attempt = copy.attempt.saturating_add(1);
            copy.errors.push(error.clone());
        }
        copy
    }

    /// Writes everything but the body as AMQP properties.
    pub(crate) fn to_properties(&self) -> Result<BasicProperties, PublishError> {
        let name = |text: &str, what| ShortString::try_new(text).map_err(|_| PublishError::NameTooLong { what });
        let content_type = self
            .headers
            .get(headers::CONTENT_TYPE)
            .map_or(schemas::CONTENT_TYPE, String::as_str);
        Ok(BasicProperties::default()
            .with_message_id(name(&self.message_id, "the message id")?)
            .with_type(name(&self.kind, "the message type")?)
            .with_timestamp(u64::try_from(self.timestamp.as_second()).unwrap_or(0))
            .with_content_type(name(content_type, "the content type")?)
            // 2 is persistent: confirmed means written to disk.
            .with_delivery_mode(2)
            .with_headers(self.to_headers()))
    }

    fn to_headers(&self) -> FieldTable {
        let mut table = BTreeMap::new();
        let mut foreign = 0;
        for (name, value) in &self.headers {
            let ours =
                headers::LETTER.contains(&name.as_str()) || (name == headers::REPLAY_HEADER && value.len() < 256);
            foreign += if ours { 0 } else { name.len() + value.len() };
            let taken = headers::is_the_brokers(name) || headers::has_a_field(name) || name == headers::CONTENT_TYPE;
            if taken || foreign > headers::MOST_FOREIGN_BYTES {
                continue;
            }
            if let Ok(name) = ShortString::try_new(name.as_str()) {
                table.insert(name, text(value));
            }
        }
        table.insert(headers::ATTEMPT.into(), AMQPValue::LongLongInt(i64::from(self.attempt)));
        let last = &self.errors[self.errors.len().saturating_sub(MOST_ERRORS)..];
        let last: Vec<AttemptError> = last.iter().map(AttemptError::shortened).collect();
        if let (false, Ok(json)) = (last.is_empty(), serde_json::to_string(&last)) {
            table.insert(headers::ERRORS.into(), text(&json));
        }
        if let Some(traceparent) = &self.traceparent {
            table.insert(headers::TRACEPARENT.into(), text(traceparent));
        }
        FieldTable::from(table)
    }

    /// Reads a message; whatever a stranger left out or wrote in another type gets a sane value.
    pub(crate) fn read(properties: &BasicProperties, body: Vec<u8>) -> Self {
        let property = |value: &Option<ShortString>| value.as_ref().map(ToString::to_string).unwrap_or_default();
        let table = properties.headers().as_ref().map(FieldTable::inner);
        let header = |name: &str| table.and_then(|table| table.get(name));
        let mut headers: BTreeMap<String, String> = table
            .into_iter()
            .flatten()
            .filter(|(name, _)| !headers::is_the_brokers(name.as_str()) && !headers::has_a_field(name.as_str()))
            .filter_map(|(name, value)| Some((name.to_string(), plain(value)?)))
            .collect();
        let content_type = property(properties.content_type());
        if !content_type.is_empty() && content_type != schemas::CONTENT_TYPE {
            headers.insert(headers::CONTENT_TYPE.to_owned(), content_type);
        }
        let mut message_id = property(properties.message_id());
        if message_id.is_empty() {
            message_id = format!("sha256-{:.32}", hex(&Sha256::digest(&body)));
        }
        let second = properties.timestamp().and_then(|second| i64::try_from(second).ok());
        Self {
            message_id,
            kind: property(properties.kind()),
            timestamp: second
                .and_then(|second| Timestamp::from_second(second).ok())
                .unwrap_or_else(Timestamp::now),
            body,
            attempt: header(headers::ATTEMPT)
                .and_then(number)
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0),
            errors: header(headers::ERRORS)
                .and_then(plain)
                .map(|json| read_errors(&json))
                .unwrap_or_default(),
            // A real one has 55 characters; a stranger's long text must not fill our frame.
            traceparent: header(headers::TRACEPARENT)
                .and_then(plain)
                .filter(|text| text.len() < 256),
            headers,
        }
    }
}

fn read_errors(json: &str) -> Vec<AttemptError> {
    serde_json::from_str(json).unwrap_or_default()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn text(value: &str) -> AMQPValue {
    AMQPValue::LongString(value.as_bytes().into())
}

/// The value of a header as plain text; none for what has no plain form.
pub(crate) fn plain(value: &AMQPValue) -> Option<String> {
    match value {
        AMQPValue::LongString(text) => Some(text.to_string()),
        AMQPValue::ShortString(text) => Some(text.to_string()),
        AMQPValue::Boolean(truth) => Some(truth.to_string()),
        AMQPValue::Float(number) => Some(number.to_string()),
        AMQPValue::Double(number) => Some(number.to_string()),
        other => number(other).map(|number| number.to_string()),
    }
}

/// The value of a header as a whole number, whichever width a client chose, also where it wrote it as text.
pub(crate) fn number(value: &AMQPValue) -> Option<i64> {
    match value {
        AMQPValue::ShortShortInt(n) => Some((*n).into()),
        AMQPValue::ShortShortUInt(n) => Some((*n).into()),
        AMQPValue::ShortInt(n) => Some((*n).into()),
        AMQPValue::ShortUInt(n) => Some((*n).into()),
        AMQPValue::LongInt(n) => Some((*n).into()),
        AMQPValue::LongUInt(n) => Some((*n).into()),
        AMQPValue::LongLongInt(n) => Some(*n),
        AMQPValue::Timestamp(n) => i64::try_from(*n).ok(),
        AMQPValue::LongString(text) => text.to_string().trim().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full() -> Envelope {
        Envelope {
            message_id: "0a1b".to_owned(),
            kind: schemas::REQUEST_TYPE.to_owned(),
            timestamp: Timestamp::from_second(1_790_000_000).unwrap(),
            body: b"{}".to_vec(),
            attempt: 3,
            errors: vec![failure(2, "busy".to_owned())],
            traceparent: Some("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".to_owned()),
            headers: BTreeMap::from([("tenant".to_owned(), "north".to_owned())]),
        }
    }

    /// A failure at a time that does not change between two calls.
    fn failure(attempt: u32, text: String) -> AttemptError {
        AttemptError {
            at: Timestamp::UNIX_EPOCH,
            ..AttemptError::new(attempt, "not-accepted", text)
        }
    }

    fn again(envelope: &Envelope) -> Envelope {
        Envelope::read(&envelope.to_properties().unwrap(), envelope.body.clone())
    }

    #[test]
    fn a_message_reads_back_as_it_was_written() {
        assert_eq!(again(&full()), full());
    }

    #[test]
    fn only_the_last_eight_failures_are_carried_and_each_is_short() {
        let errors = (0..20).map(|n| failure(n, "ö".repeat(300))).collect();
        let read = again(&Envelope { errors, ..full() });
        assert_eq!(
            read.errors.iter().map(|error| error.attempt).collect::<Vec<_>>(),
            (12..20).collect::<Vec<_>>()
        );
        assert!(read.errors.iter().all(|error| error.text == "ö".repeat(200)));
    }

    #[test]
    fn what_the_broker_wrote_is_never_sent_on() {
        let names = [
            "x-death",
            "x-first-death-queue",
            "x-last-death-reason",
            "x-delivery-count",
            "x-acquired-count",
            "CC",
            "BCC",
        ];
        let mut table = BTreeMap::from([(ShortString::from("kept"), text("yes"))]);
        table.extend(names.map(|name| (ShortString::from(name), text("9"))));
        let properties = BasicProperties::default().with_headers(FieldTable::from(table));
        let mut read = Envelope::read(&properties, Vec::new());
        assert_eq!(read.headers, BTreeMap::from([("kept".to_owned(), "yes".to_owned())]));
        read.headers.extend(names.map(|name| (name.to_owned(), "9".to_owned())));
        let written = read.to_properties().unwrap();
        let written = written.headers().as_ref().unwrap();
        assert!(names.iter().all(|name| !written.contains_key(name)) && written.contains_key("kept"));
    }

    #[test]
    fn a_foreign_message_gets_sane_values_for_what_it_lacks_or_spells_otherwise() {
        let table = BTreeMap::from([
            (ShortString::from(headers::ATTEMPT), text("4")),
            (ShortString::from(headers::ERRORS), AMQPValue::Boolean(true)),
            (
                ShortString::from(headers::TRACEPARENT),
                AMQPValue::FieldTable(FieldTable::default()),
            ),
            (ShortString::from("flag"), AMQPValue::Boolean(true)),
            (ShortString::from("table"), AMQPValue::FieldTable(FieldTable::default())),
        ]);
        let properties = BasicProperties::default()
            .with_headers(FieldTable::from(table))
            .with_timestamp(u64::MAX);
        let read = Envelope::read(&properties, b"<xml/>".to_vec());
        assert_eq!(
            (read.attempt, read.errors.len(), read.traceparent.as_deref()),
            (4, 0, None)
        );
        assert_eq!(read.headers, BTreeMap::from([("flag".to_owned(), "true".to_owned())]));
        assert_eq!(read.kind, "");
        // The same body has the same id, so that a redelivery is known for one.
        let bare = Envelope::read(&BasicProperties::default(), b"<xml/>".to_vec());
        assert_eq!(bare.message_id, read.message_id);
        assert_ne!(
            bare.message_id,
            Envelope::read(&BasicProperties::default(), b"<yml/>".to_vec()).message_id
        );
        assert_eq!(bare.attempt, 0);
    }

    #[test]
    fn a_foreign_content_type_survives_and_large_foreign_headers_do_not() {
        let properties = BasicProperties::default().with_content_type("text/xml".into());
        let mut read = Envelope::read(&properties, Vec::new());
        read.headers.insert("a-large".to_owned(), "x".repeat(100_000));
        let read = again(&read);
        assert_eq!(
            read.headers,
            BTreeMap::from([(headers::CONTENT_TYPE.to_owned(), "text/xml".to_owned())])
        );
    }

    #[test]
    fn a_name_that_amqp_cannot_carry_is_refused_before_it_is_sent() {
        let long = Envelope {
            message_id: "x".repeat(256),
            ..full()
        };
        assert!(matches!(long.to_properties(), Err(PublishError::NameTooLong { .. })));
    }
}

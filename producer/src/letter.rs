//! Dead letters about events that cannot become a request.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use ledger::{Letter, LetterId, Stage};
use schemas::{InvalidRequest, Source};
use serde_json::{Map, Value, json};

/// A letter's body stays well below what the broker carries, whatever the event's size.
const BODY_LIMIT: usize = schemas::MAX_BODY_BYTES * 3 / 4;

/// What a letter says of the event itself, beside its content.
#[derive(Debug, Clone)]
pub(crate) struct About<'a> {
    pub(crate) event_id: &'a str,
    pub(crate) org_id: &'a str,
    pub(crate) topic: &'a str,
    /// The position at which the whole event can be read again while Salesforce keeps it.
    pub(crate) replay_id: String,
    pub(crate) schema_id: &'a str,
    pub(crate) at: Timestamp,
}

/// Writes the letter of an event that was read and cannot be translated.
pub(crate) fn untranslatable(about: About<'_>, fields: &Map<String, Value>, invalid: &InvalidRequest) -> Letter {
    let problems = json!(invalid.problems);
    let text = invalid.to_string();
    letter(
        about,
        "invalid-request",
        text,
        &json!({ "fields": fields, "problems": problems }),
    )
}

/// Writes the letter of an event whose content cannot be read at all.
pub(crate) fn undecodable(about: About<'_>, raw: &[u8], problem: &str) -> Letter {
    let content = json!({ "raw_base64": STANDARD.encode(raw), "problem": problem });
    letter(
        about,
        "undecodable-event",
        format!("the event cannot be decoded: {problem}"),
        &content,
    )
}

/// Writes the letter of an event whose order's row in the ledger cannot be read.
pub(crate) fn unreadable_row(about: About<'_>, fields: &Map<String, Value>, problem: &str) -> Letter {
    letter(
        about,
        "damaged-row",
        format!("the ledger's row cannot be read: {problem}"),
        &json!({ "fields": fields }),
    )
}

fn letter(about: About<'_>, code: &str, text: String, content: &Value) -> Letter {
    let mut body = json!({
        "event_id": about.event_id,
        "org_id": about.org_id,
        "topic": about.topic,
        "replay_id": about.replay_id,
        "schema_id": about.schema_id,
    });
    if let (Value::Object(body), Value::Object(content)) = (&mut body, content) {
        body.extend(content.clone());
    }
    Letter {
        id: LetterId::of(about.event_id, Stage::Translate, 0),
        stage: Stage::Translate,
        class: code.to_owned(),
        code: code.to_owned(),
        text,
        key: None,
        version: None,
        order_number: None,
        source: Some(Source::SALESFORCE.to_owned()),
        message_id: Some(about.event_id.to_owned()),
        body: fitting(body).into(),
        headers: BTreeMap::new(),
        created_at: about.at,
    }
}

/// Writes the body, with its texts cut to the length at which it fits. An event may be four times as large as a message.
fn fitting(mut body: Value) -> Vec<u8> {
    let mut longest = BODY_LIMIT / 2;
    loop {
        let written = body.to_string();
        if written.len() <= BODY_LIMIT || longest < 16 {
            return written.into_bytes();
        }
        shorten(&mut body, longest);
        body["shortened"] = true.into();
        longest /= 2;
    }
}

fn shorten(value: &mut Value, longest: usize) {
    match value {
        Value::String(text) => {
            if let Some((end, _)) = text.char_indices().nth(longest) {
                text.truncate(end);
                text.push('…');
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| shorten(item, longest)),
        Value::Object(fields) => fields.values_mut().for_each(|field| shorten(field, longest)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn about(event_id: &str) -> About<'_> {
        About {
            event_id,
            org_id: "00D5g000004abcDEAU",
            topic: "/event/License_Request__e",
            replay_id: "000000000010db4d0000".into(),
            schema_id: "K98aAtiNFBjA-PJlcvaQ2g",
            at: Timestamp::UNIX_EPOCH,
        }
    }

    #[test]
    fn the_same_event_gives_the_same_letter_however_often_it_comes() {
        let one = undecodable(about("uuid-1"), &[1, 2, 3], "truncated");
        let two = undecodable(
            About {
                replay_id: "00".into(),
                ..about("uuid-1")
            },
            &[1, 2, 3],
            "truncated",
        );
        assert_eq!(one.id, two.id);
        assert_ne!(one.id, undecodable(about("uuid-2"), &[1, 2, 3], "truncated").id);
    }

    #[test]
    fn an_event_larger_than_a_message_is_shortened_until_it_fits() {
        let fields: Map<String, Value> = (0..30)
            .map(|number| (format!("Field_{number}__c"), Value::from("ä\u{1}\"".repeat(30_000))))
            .collect();
        let invalid = InvalidRequest {
            problems: Vec::new(),
            known: None,
        };
        let letter = untranslatable(about("uuid-1"), &fields, &invalid);
        assert!(letter.body.as_bytes().len() <= BODY_LIMIT);
        let body: Value = serde_json::from_slice(letter.body.as_bytes()).unwrap();
        assert_eq!(body["shortened"], true);
        assert_eq!(body["fields"].as_object().unwrap().len(), 30);
    }
}

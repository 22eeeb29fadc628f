//! Hides tickets in whatever is shown: a ticket is a bearer secret, and bodies of completions carry it.

use schemas::Ticket;
use serde_json::Value;

/// The names under which a ticket may stand in a body.
const NAMES: [&str; 3] = ["ticket", "Ticket", "License_Ticket__c"];

/// Reads a body for people: JSON with its tickets masked, or the text as it is.
pub(crate) fn body(bytes: &[u8]) -> Value {
    match serde_json::from_slice(bytes) {
        Ok(mut value) => {
            hide(&mut value);
            value
        }
        Err(_) => text(&String::from_utf8_lossy(bytes)).into(),
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                match field {
                    Value::String(ticket) if NAMES.contains(&name.as_str()) => {
                        *ticket = Ticket::new(std::mem::take(ticket)).masked();
                    }
                    _ => hide(field),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(hide),
        Value::String(words) => *words = text(words),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Masks a text in which this very ticket may stand, whatever its shape, such as a link to redeem it.
pub(crate) fn text_with(ticket: Option<&Ticket>, words: &str) -> String {
    match ticket {
        Some(ticket) if !ticket.reveal().is_empty() => text(&words.replace(ticket.reveal(), &ticket.masked())),
        _ => text(words),
    }
}

/// Masks every word of a text that has the shape of a ticket: five groups of five capitals and digits.
pub(crate) fn text(words: &str) -> String {
    let part = |character: char| character.is_ascii_alphanumeric() || character == '-';
    let mut shown = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(start) = rest.find(part) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|character| !part(character)).unwrap_or(from.len()));
        shown.push_str(before);
        if is_ticket(word) {
            shown.push_str(&Ticket::new(word).masked());
        } else {
            shown.push_str(word);
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

fn is_ticket(word: &str) -> bool {
    let group = |group: &str| group.len() == 5 && group.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
    word.split('-').count() == 5 && word.split('-').all(group)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_hidden_wherever_they_stand_and_nothing_else_is() {
        let shown = body(br#"{"data":{"ticket":"ANY-shape","lines":[{"item_id":"CM-PRO"}]},"note":"see 7KQ2M-AAAAA-BBBBB-CCCCC-DDDDX."}"#);
        let shown = shown.to_string();
        assert!(
            !shown.contains("ANY-shape") && !shown.contains("AAAAA-BBBBB"),
            "{shown}"
        );
        assert!(shown.contains("CM-PRO") && shown.contains("see 7KQ2M-•••••"), "{shown}");
    }

    #[test]
    fn a_known_ticket_is_hidden_whatever_its_shape() {
        let ticket = Ticket::new("abc123");
        assert_eq!(
            text_with(Some(&ticket), "https://depot/?t=abc123&x"),
            "https://depot/?t=••••••&x"
        );
        assert_eq!(text_with(Some(&Ticket::new("")), "as it is"), "as it is");
    }

    #[test]
    fn a_body_that_is_no_json_is_shown_as_text() {
        assert_eq!(body("<html>\u{1b}[31m".as_bytes()), Value::from("<html>\u{1b}[31m"));
    }
}

//! How outcomes are written to Salesforce: batch size, object, fields and words.

use std::time::Duration;

use salesforce::MOST_RECORDS;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::coalesce::{Status, Wanted};

/// The longest reason that the field takes; Salesforce refuses a longer one instead of cutting it.
const REASON_CHARACTERS: usize = 255;

/// Settings of the section `[worker.report]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// Completions written with one call. Default 200, the most that Salesforce takes.
    pub max_batch: u16,
    /// How long the first completion of a batch waits for others. Default `250ms`; zero writes each alone.
    #[serde(with = "schemas::duration")]
    pub within: Duration,
    /// The Salesforce object that orders are. Default `Order`.
    pub object: String,
    /// The object's fields that are written.
    pub fields: Fields,
    /// The words of the status field.
    pub words: Words,
}

/// Names of the fields that are written; an empty name leaves that field out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fields {
    /// Picklist with the words below. Default `License_Status__c`.
    pub status: String,
    /// Text of at least 64 characters. Default `License_Ticket__c`.
    pub ticket: String,
    /// URL of the page where the ticket is redeemed. Default `License_Link__c`.
    pub link: String,
    /// Text of 255 characters. Default `License_Reason__c`.
    pub reason: String,
    /// Number. Default `License_Revision__c`.
    pub revision: String,
}

/// Words of the status field. *Requested*, the word before any of these, is set by the flow that publishes the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Words {
    /// The order has its ticket. Default `Issued`.
    pub issued: String,
    /// License Central declined it. Default `Refused`.
    pub refused: String,
    /// A person must look at it. Default `Needs attention`.
    pub needs_attention: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            max_batch: 200,
            within: Duration::from_millis(250),
            object: "Order".to_owned(),
            fields: Fields::default(),
            words: Words::default(),
        }
    }
}

impl Default for Fields {
    fn default() -> Self {
        Self {
            status: "License_Status__c".to_owned(),
            ticket: "License_Ticket__c".to_owned(),
            link: "License_Link__c".to_owned(),
            reason: "License_Reason__c".to_owned(),
            revision: "License_Revision__c".to_owned(),
        }
    }
}

impl Default for Words {
    fn default() -> Self {
        Self {
            issued: "Issued".to_owned(),
            refused: "Refused".to_owned(),
            needs_attention: "Needs attention".to_owned(),
        }
    }
}

impl Settings {
    /// Lists every mistake, as (setting, found, expected).
    pub(crate) fn mistakes(&self) -> Vec<(String, String, String)> {
        let told = !self.fields.status.is_empty() || !self.fields.ticket.is_empty();
        let batch = usize::from(self.max_batch);
        let rows = [
            (
                (1..=MOST_RECORDS).contains(&batch),
                "max_batch",
                batch.to_string(),
                format!("between 1 and {MOST_RECORDS}"),
            ),
            (
                !self.object.is_empty(),
                "object",
                "nothing".to_owned(),
                "the name of a Salesforce object".to_owned(),
            ),
            (
                told,
                "fields",
                "neither status nor ticket".to_owned(),
                "at least one of the two".to_owned(),
            ),
        ];
        let wrong = rows.into_iter().filter(|(right, ..)| !right);
        wrong
            .map(|(_, field, found, expected)| (format!("worker.report.{field}"), found, expected))
            .collect()
    }

    /// Returns the fields of a record that must say this.
    ///
    /// Without a ticket its fields are left out, not emptied: what was handed out once stays.
    pub(super) fn record(&self, wanted: &Wanted) -> Map<String, Value> {
        let word = match wanted.status {
            Status::Issued => &self.words.issued,
            Status::Refused => &self.words.refused,
            Status::NeedsAttention => &self.words.needs_attention,
        };
        let reason = wanted.reason.as_deref().map(fitting);
        let mut fields = vec![
            (&self.fields.status, Value::from(word.as_str())),
            (&self.fields.reason, Value::from(reason)),
            (&self.fields.revision, Value::from(wanted.revision)),
        ];
        if let Some((ticket, link)) = &wanted.ticket {
            fields.push((&self.fields.ticket, Value::from(ticket.reveal())));
            fields.push((&self.fields.link, Value::from(link.as_deref())));
        }
        fields
            .into_iter()
            .filter(|(name, _)| !name.is_empty())
            .map(|(name, value)| (name.clone(), value))
            .collect()
    }
}

/// Cuts a sentence to what the field takes.
fn fitting(sentence: &str) -> String {
    if sentence.chars().count() <= REASON_CHARACTERS {
        return sentence.to_owned();
    }
    sentence.chars().take(REASON_CHARACTERS - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Ticket;

    fn wanted(status: Status, reason: Option<&str>, ticket: Option<&str>) -> Wanted {
        Wanted {
            status,
            reason: reason.map(str::to_owned),
            revision: 1,
            ticket: ticket.map(|ticket| (Ticket::new(ticket), None)),
        }
    }

    #[test]
    fn an_issued_order_gets_its_ticket_and_loses_an_old_reason() {
        let record = Settings::default().record(&wanted(Status::Issued, None, Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")));
        assert_eq!(record["License_Status__c"], "Issued");
        assert_eq!(record["License_Ticket__c"], "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");
        assert_eq!(record["License_Reason__c"], Value::Null);
        assert_eq!(record["License_Revision__c"], 1);
    }

    #[test]
    fn a_refusal_without_a_ticket_leaves_the_ticket_field_alone() {
        let record = Settings::default().record(&wanted(Status::Refused, Some("no such item"), None));
        assert_eq!(record["License_Status__c"], "Refused");
        assert_eq!(record["License_Reason__c"], "no such item");
        assert!(!record.contains_key("License_Ticket__c") && !record.contains_key("License_Link__c"));
    }

    #[test]
    fn a_long_reason_is_cut_to_what_the_field_takes() {
        let record = Settings::default().record(&wanted(Status::NeedsAttention, Some(&"ä".repeat(300)), None));
        let reason = record["License_Reason__c"].as_str().unwrap();
        assert_eq!(reason.chars().count(), 255);
        assert!(reason.ends_with('…'));
    }

    #[test]
    fn a_field_without_a_name_is_not_written() {
        let mut settings = Settings::default();
        settings.fields.link = String::new();
        let record = settings.record(&wanted(Status::Issued, None, Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")));
        assert!(!record.contains_key("License_Link__c") && !record.contains_key(""));
    }

    #[test]
    fn more_records_than_salesforce_takes_is_a_mistake() {
        let settings = Settings {
            max_batch: 201,
            ..Settings::default()
        };
        assert_eq!(settings.mistakes().len(), 1);
        assert!(Settings::default().mistakes().is_empty());
    }
}

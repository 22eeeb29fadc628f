//! Updating many records with one call (sObject Collections).
//!
//! <https://developer.salesforce.com/docs/platform/api-rest/guide/resources-composite-sobjects-collections-update.html>

use reqwest::Method;
use serde_json::{Map, Value, json};

use super::rows::{Row, RowOutcome};
use super::{AT, Rest};
use crate::Error;
use crate::http_client::Answer;

/// The most records one call may carry.
pub const MOST_RECORDS: usize = 200;

/// New values for some fields of one record.
#[derive(Clone, PartialEq)]
pub struct RecordUpdate {
    /// The record's type, like `Order`.
    pub object: String,
    /// The record's id.
    pub id: String,
    /// The fields to set, by API name; `null` empties one.
    pub fields: Map<String, Value>,
}

/// Shows no field's value: a ticket may be among them.
impl std::fmt::Debug for RecordUpdate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RecordUpdate")
            .field("object", &self.object)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Rest {
    /// See [`Client::update`](crate::Client::update).
    pub(crate) async fn update(&self, records: &[RecordUpdate]) -> Result<Vec<RowOutcome>, Error> {
        if records.is_empty() {
            return Ok(Vec::new());
        }
        if records.len() > MOST_RECORDS {
            return Err(Error::TooManyRecords {
                found: records.len(),
                most: MOST_RECORDS,
            });
        }
        let order = by_type(records);
        let body = json!({
            // One bad record must not hold back its neighbors.
            "allOrNone": false,
            "records": order.iter().map(|&place| record(&records[place])).collect::<Vec<_>>(),
        });
        let answer = self
            .call(Method::PATCH, "composite/sobjects", |request| request.json(&body))
            .await?;
        outcomes(&answer, records, &order)
    }
}

/// Returns the places of the records, grouped by type: Salesforce works in runs of one type and takes ten of them.
fn by_type(records: &[RecordUpdate]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..records.len()).collect();
    places.sort_by(|&a, &b| records[a].object.cmp(&records[b].object));
    places
}

fn record(update: &RecordUpdate) -> Value {
    let mut record = update.fields.clone();
    record.insert("attributes".to_owned(), json!({ "type": update.object }));
    record.insert("id".to_owned(), Value::String(update.id.clone()));
    Value::Object(record)
}

/// Reads one outcome per record and puts them back into the caller's order.
fn outcomes(answer: &Answer, records: &[RecordUpdate], order: &[usize]) -> Result<Vec<RowOutcome>, Error> {
    let foreign = |what: String| Error::ForeignAnswer {
        at: AT,
        status: answer.status,
        what,
    };
    let rows: Vec<Row> = serde_json::from_slice(&answer.body).map_err(|_| foreign(answer.looks()))?;
    if rows.len() != records.len() {
        return Err(foreign(format!("{} results for {} records", rows.len(), records.len())));
    }
    let mut outcomes: Vec<Option<RowOutcome>> = vec![None; records.len()];
    for (row, &place) in rows.into_iter().zip(order) {
        let id = &records[place].id;
        if row
            .id
            .as_ref()
            .is_some_and(|found| schemas::widen_id(found) != schemas::widen_id(id))
        {
            return Err(foreign("results in another order than the records".to_owned()));
        }
        outcomes[place] = Some(row.outcome());
    }
    Ok(outcomes.into_iter().flatten().collect())
}

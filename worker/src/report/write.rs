//! Records are written with one call, and what became of each is told to all its deliveries.

use broker::Disposition;
use ledger::Row;
use salesforce::{RecordUpdate, RowOutcome};
use schemas::RequestKey;
use telemetry::Metric;

use super::Report;
use super::batch::Batch;
use super::records::Record;
use crate::breaker::Signal;
use crate::failure::{self, AfterRow};

/// How often a record is written again because its order moved on while it was written.
const ROUNDS: u32 = 3;

impl Report {
    /// Writes the records that are behind and decides about all deliveries of all records.
    pub(super) async fn write(&self, batch: &mut Batch, records: Vec<Record>) {
        let (behind, known): (Vec<Record>, Vec<Record>) = records.into_iter().partition(Record::is_behind);
        for record in known {
            decide(batch, &record, || Disposition::Done);
        }
        let mut behind = behind;
        for _ in 0..ROUNDS {
            if behind.is_empty() {
                return;
            }
            let Some(written) = self.write_once(batch, behind).await else {
                return;
            };
            behind = match self.moved_on(written).await {
                Ok(moved) => moved,
                Err(error) => return self.ledger_guard.ledger_failed(&error),
            };
        }
    }

    /// Writes records with one call; returns those that Salesforce took, `None` if it took no call.
    async fn write_once(&self, batch: &mut Batch, records: Vec<Record>) -> Option<Vec<Record>> {
        let (updates, records): (Vec<RecordUpdate>, Vec<Record>) = records
            .into_iter()
            .filter_map(|record| Some((self.update_of(&record)?, record)))
            .unzip();
        if updates.is_empty() {
            return None;
        }
        let outcomes = match self.update(&updates).await {
            Ok(outcomes) => outcomes,
            Err(error) => {
                self.salesforce_trouble(&error);
                return None;
            }
        };
        self.salesforce_guard.note(Signal::Well, String::new);
        let mut written = Vec::new();
        for (record, outcome) in records.into_iter().zip(outcomes) {
            if self.tell(batch, &record, failure::after_row(&outcome)).await {
                written.push(record);
            }
        }
        let versions: Vec<(RequestKey, u64)> = written.iter().flat_map(Record::versions).collect();
        if let Err(error) = self.ledger.mark_reported(&versions).await {
            // Salesforce has them, the ledger does not know it: written again, with the same content.
            self.ledger_guard.ledger_failed(&error);
            for record in &written {
                decide(batch, record, || Disposition::Snooze);
            }
        }
        Some(written)
    }

    fn update_of(&self, record: &Record) -> Option<RecordUpdate> {
        let wanted = record.wanted()?;
        let fields = self.settings.record(&wanted);
        Some(RecordUpdate {
            object: self.settings.object.clone(),
            id: record.id.clone(),
            fields,
        })
    }

    /// Calls Salesforce; a call that it refuses because of one record is halved until that record is found.
    async fn update(&self, updates: &[RecordUpdate]) -> Result<Vec<RowOutcome>, salesforce::Error> {
        let answer = self.salesforce.update(updates).await;
        let result = if answer.is_ok() { "done" } else { "failed" };
        Metric::SalesforceCalls.add(1, &[("result", result)]);
        let error = match answer {
            Ok(outcomes) => return Ok(outcomes),
            Err(error) => error,
        };
        let Some(refusal) = failure::refusal_of_one(&error) else {
            return Err(error);
        };
        if updates.len() == 1 {
            return Ok(vec![RowOutcome::Refused(refusal)]);
        }
        let (first, second) = updates.split_at(updates.len() / 2);
        let mut outcomes = Box::pin(self.update(first)).await?;
        outcomes.extend(Box::pin(self.update(second)).await?);
        Ok(outcomes)
    }

    /// Decides about the deliveries of one record; true if Salesforce took it.
    async fn tell(&self, batch: &mut Batch, record: &Record, after: AfterRow) -> bool {
        let (result, taken) = match &after {
            AfterRow::Reported => ("written", true),
            AfterRow::Later { .. } => ("later", false),
            AfterRow::Snooze => ("quota", false),
            AfterRow::Park { .. } => ("refused", false),
        };
        Metric::ReportsWritten.add(1, &[("result", result)]);
        match after {
            AfterRow::Reported => decide(batch, record, || Disposition::Done),
            AfterRow::Snooze => {
                self.salesforce_guard
                    .note(Signal::Quota, || "an allowance of the org is used up".to_owned());
                decide(batch, record, || Disposition::Snooze);
            }
            AfterRow::Later { text } => self.redeliver(batch, record, &record.without_tickets(&text)).await,
            AfterRow::Park { code, text } => {
                let text = record.without_tickets(&text);
                let disposition = self.park(&record.behind(), &code, &text).await;
                let done = matches!(disposition, Disposition::Done);
                decide(batch, record, || {
                    if done { Disposition::Done } else { Disposition::Snooze }
                });
            }
        }
        taken
    }

    /// Lets one record's deliveries come again; with their budget spent the report is given up.
    async fn redeliver(&self, batch: &mut Batch, record: &Record, text: &str) {
        for place in record.places.clone() {
            let disposition = match self.later(&batch.deliveries[place], "not-written", text.to_owned()) {
                Some(later) => later,
                None => self.park(&record.behind(), "attempts-exhausted", text).await,
            };
            batch.decide(place, disposition);
        }
    }

    /// Gives up telling Salesforce of these versions: a letter each, and `recover` leaves them alone.
    pub(super) async fn park(&self, versions: &[(RequestKey, u64)], code: &str, text: &str) -> Disposition {
        for (key, version) in versions {
            let letter = match self.ledger.park_report(key, *version, code, text).await {
                Ok(Some(letter)) => letter,
                Ok(None) => continue,
                Err(error) => {
                    self.ledger_guard.ledger_failed(&error);
                    return Disposition::Snooze;
                }
            };
            // Without Salesforce's sentence, which may quote a customer's data: the letter has it.
            tracing::error!(request.key = %key, letter.id = %letter.id, code, "salesforce refuses this outcome for good");
            if let Err(error) = self.outbox.letter(&letter).await {
                // The ledger's archive has it; only the mailbox does not.
                tracing::warn!(letter.id = %letter.id, %error, "a letter is not in the mailbox");
            }
        }
        Disposition::Done
    }

    /// Returns the written records whose orders moved on meanwhile, with their rows as they are now.
    ///
    /// Two processes may write one record in the wrong order; whoever wrote something old sees it here and writes again.
    async fn moved_on(&self, written: Vec<Record>) -> Result<Vec<Record>, ledger::Error> {
        let keys: Vec<RequestKey> = written
            .iter()
            .filter_map(|record| Some(record.rows.first()?.key.clone()))
            .collect();
        let now = self.ledger.revisions(&keys).await?;
        let with_rows = written.into_iter().filter(|record| !record.rows.is_empty()).zip(now);
        Ok(with_rows.filter_map(|(record, rows)| moved(record, rows)).collect())
    }
}

/// Returns the record with its new rows, if what it must say has changed.
fn moved(record: Record, rows: Vec<Row>) -> Option<Record> {
    let now = Record {
        rows,
        ..record.renewed()
    };
    (now.wanted() != record.wanted()).then_some(now)
}

fn decide(batch: &mut Batch, record: &Record, disposition: impl Fn() -> Disposition) {
    for &place in &record.places {
        batch.decide(place, disposition());
    }
}

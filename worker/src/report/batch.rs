//! One batch: read, set aside what is not ours or not ready, write the rest with one call.

use std::collections::BTreeSet;

use broker::{AttemptError, Delivery, Disposition, Wait};
use jiff::Timestamp;
use ledger::{Adopted, Letter, LetterId, Row, Stage};
use schemas::{CompletionEvent, HeldCode, RequestKey, read_completion, widen_id};
use telemetry::Metric;

use super::Report;
use super::decide::{Need, Standing, need};
use super::records::gather;
use crate::breaker::Signal;
use crate::failure;
use crate::outbox;
use crate::waits::tier_of;

/// A completion of the batch and its place there.
#[derive(Clone)]
pub(super) struct Told {
    pub(super) place: usize,
    pub(super) event: CompletionEvent,
}

/// The batch, and what was decided about each of its deliveries.
pub(super) struct Batch {
    pub(super) deliveries: Vec<Delivery>,
    decided: Vec<Option<Disposition>>,
}

impl Batch {
    fn new(deliveries: Vec<Delivery>) -> Self {
        let decided = deliveries.iter().map(|_| None).collect();
        Self { deliveries, decided }
    }

    /// Decides about one delivery.
    pub(super) fn decide(&mut self, place: usize, disposition: Disposition) {
        if let Disposition::Later { error, .. } = &disposition {
            Metric::Redeliveries.add(1, &[("class", &error.class)]);
        }
        self.decided[place] = Some(disposition);
    }

    /// Returns one disposition per delivery; what nothing was decided about comes again soon.
    fn end(self) -> Vec<Disposition> {
        self.decided
            .into_iter()
            .map(|decided| decided.unwrap_or(Disposition::Snooze))
            .collect()
    }
}

impl Report {
    /// Handles a batch; the answer has the order of the deliveries.
    pub(super) async fn report(&self, deliveries: Vec<Delivery>) -> Vec<Disposition> {
        let mut batch = Batch::new(deliveries);
        // The valve closes a moment after the breaker opens; what slipped through spends no attempt.
        if !self.salesforce_guard.is_open() && !self.ledger_guard.is_open() {
            let told = read(&mut batch);
            self.report_told(&mut batch, told).await;
        }
        batch.end()
    }

    async fn report_told(&self, batch: &mut Batch, told: Vec<Told>) {
        if told.is_empty() {
            return;
        }
        let org = match self.salesforce.org_id().await {
            Ok(org) => org,
            Err(error) => return self.salesforce_trouble(&error),
        };
        let (ours, foreign): (Vec<Told>, Vec<Told>) = told.into_iter().partition(|told| is_ours(&told.event, &org));
        for told in foreign {
            let disposition = self
                .park_foreign(&batch.deliveries[told.place], &told.event, &org)
                .await;
            batch.decide(told.place, disposition);
        }
        self.report_ours(batch, ours).await;
    }

    async fn report_ours(&self, batch: &mut Batch, ours: Vec<Told>) {
        let error = match self.ready(batch, ours.clone()).await {
            Ok(ready) => {
                let records = gather(ready.iter().map(|(told, rows)| (told.place, &told.event, rows.clone())));
                return self.write(batch, records).await;
            }
            Err(error) => error,
        };
        let about_one_row = failure::ledger_signal(&error).is_none();
        if about_one_row && ours.len() > 1 {
            // One row that cannot be read must not hold the others back.
            for told in ours {
                Box::pin(self.report_ours(batch, vec![told])).await;
            }
            return;
        }
        self.ledger_guard.ledger_failed(&error);
        for told in ours.into_iter().filter(|_| about_one_row) {
            let later = self.later(&batch.deliveries[told.place], "ledger", failure::chain(&error));
            batch.decide(told.place, later.unwrap_or(Disposition::Snooze));
        }
    }

    /// Reads the rows, takes tickets into rows that lack them, and sets aside what is ahead of its row.
    async fn ready(&self, batch: &mut Batch, told: Vec<Told>) -> Result<Vec<(Told, Vec<Row>)>, ledger::Error> {
        let mut revisions = self.revisions(&told).await?;
        let mut adopted = false;
        let mut kept = Vec::new();
        for (told, rows) in told.into_iter().zip(&revisions) {
            let completion = &told.event.data;
            let row = rows.iter().find(|row| row.key == completion.request_key);
            let ready = match need(&completion.outcome, completion.sequence, row.map(Standing::from)) {
                Need::Record => true,
                Need::Wait => false,
                Need::Adopt => {
                    adopted = true;
                    self.adopt(row, &told.event).await?
                }
            };
            if !ready {
                let disposition = self.wait_for_row(&batch.deliveries[told.place], &told.event);
                batch.decide(told.place, disposition);
            }
            kept.push((told, ready));
        }
        let told: Vec<(Told, bool)> = kept;
        if adopted {
            revisions = self.revisions_of(told.iter().map(|(told, _)| told)).await?;
        }
        let ready = told.into_iter().zip(revisions).filter(|((_, ready), _)| *ready);
        Ok(ready.map(|((told, _), rows)| (told, rows)).collect())
    }

    /// Takes a completion's ticket into its row; false if there is no row for it yet.
    async fn adopt(&self, before: Option<&Row>, event: &CompletionEvent) -> Result<bool, ledger::Error> {
        let Adopted::Row(row) = self.ledger.adopt(event).await? else {
            return Ok(false);
        };
        let moved = before.is_none_or(|before| before.version != row.version);
        if moved && row.held_code() == Some(HeldCode::SuspectedDouble) {
            Metric::SuspectedDoubles.add(1, &[]);
            tracing::error!(request.key = %row.key, "licenses may have been issued twice, a person must look");
        }
        if let Some(letter) = row.rest().filter(|_| moved).and_then(|rest| rest.letter)
            && let Err(error) = self.outbox.letter(&letter).await
        {
            // The ledger's archive has it; only the mailbox does not.
            tracing::warn!(letter.id = %letter.id, %error, "a letter is not in the mailbox");
        }
        Ok(true)
    }

    async fn revisions(&self, told: &[Told]) -> Result<Vec<Vec<Row>>, ledger::Error> {
        self.revisions_of(told.iter()).await
    }

    async fn revisions_of(&self, told: impl Iterator<Item = &Told>) -> Result<Vec<Vec<Row>>, ledger::Error> {
        let keys: Vec<RequestKey> = told.map(|told| told.event.data.request_key.clone()).collect();
        let revisions = self.ledger.revisions(&keys).await?;
        self.ledger_guard.note(Signal::Well, String::new);
        Ok(revisions)
    }

    /// Lets a completion that is ahead of its row come again; one whose row never comes becomes a letter.
    fn wait_for_row(&self, delivery: &Delivery, event: &CompletionEvent) -> Disposition {
        let text = "the completion is ahead of what the ledger says";
        self.later(delivery, "ahead-of-row", text.to_owned()).unwrap_or_else(|| {
            let letter = letter(delivery, Some(event), "no-row", "the ledger never came to know this outcome".to_owned());
            outbox::count(&letter);
            tracing::error!(request.key = %event.data.request_key, "an outcome that the ledger does not know is parked");
            Disposition::Dead(outbox::reason(&letter))
        })
    }

    /// Returns the next redelivery of a completion; `None` when its budget is spent.
    pub(super) fn later(&self, delivery: &Delivery, class: &str, text: String) -> Option<Disposition> {
        let attempt = delivery.envelope.attempt.saturating_add(1);
        let wait = self.schedule.wait(attempt)?;
        let error = AttemptError::new(delivery.envelope.attempt, class, text);
        Some(Disposition::Later {
            wait: Wait::Tier(tier_of(wait, &self.tiers)),
            error,
        })
    }

    /// Parks a completion of an org that this process has no account in.
    async fn park_foreign(&self, delivery: &Delivery, event: &CompletionEvent, org: &str) -> Disposition {
        let text = format!("the order belongs to another org than {org}, the one this process writes to");
        let key = &event.data.request_key;
        let row = match self.ledger.rows(std::slice::from_ref(key)).await {
            Ok(rows) => rows.into_iter().next().flatten(),
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                return Disposition::Snooze;
            }
        };
        if let Some(row) = row.filter(Row::is_unreported) {
            return self.park(&[(row.key, row.version)], "other-org", &text).await;
        }
        let letter = letter(delivery, Some(event), "other-org", text);
        outbox::count(&letter);
        Disposition::Dead(outbox::reason(&letter))
    }

    /// Notes that Salesforce gave no answer.
    pub(super) fn salesforce_trouble(&self, error: &salesforce::Error) {
        self.salesforce_guard
            .note(failure::salesforce_signal(error), || failure::chain(error));
        tracing::warn!(
            error = failure::chain(error),
            "salesforce did not take the call, outcomes wait"
        );
    }
}

/// Reads the completions and parks what is none.
fn read(batch: &mut Batch) -> Vec<Told> {
    let mut told = Vec::new();
    let mut ids = BTreeSet::new();
    for place in 0..batch.deliveries.len() {
        let delivery = &batch.deliveries[place];
        match read_completion(&delivery.envelope.body) {
            Ok(event) => told.push(Told { place, event }),
            Err(error) => {
                let letter = letter(delivery, None, "invalid-completion", failure::chain(&error));
                if ids.insert(letter.id.clone()) {
                    outbox::count(&letter);
                }
                // Without the reader's words, which may quote the body: the letter has them.
                tracing::warn!(letter.id = %letter.id, "a foreign body is parked");
                batch.decide(place, Disposition::Dead(outbox::reason(&letter)));
            }
        }
    }
    told
}

/// Says whether an order lives in the org that is written to.
fn is_ours(event: &CompletionEvent, org: &str) -> bool {
    event.source.is_salesforce()
        && event
            .data
            .order
            .org
            .as_ref()
            .is_none_or(|theirs| widen_id(theirs) == widen_id(org))
}

/// Writes the letter of a completion that has no row to keep it.
fn letter(delivery: &Delivery, event: Option<&CompletionEvent>, code: &str, text: String) -> Letter {
    let envelope = &delivery.envelope;
    let subject = event.map_or(&envelope.message_id, |event| &event.id);
    Letter {
        id: LetterId::of(subject, Stage::Report, u64::from(envelope.attempt)),
        stage: Stage::Report,
        class: "refused".to_owned(),
        code: code.to_owned(),
        text: failure::bounded(text),
        key: event.map(|event| event.data.request_key.clone()),
        version: event.map(|event| event.data.sequence),
        order_number: event.map(|event| event.data.order.number.clone()),
        source: event.map(|event| event.source.to_string()),
        message_id: Some(envelope.message_id.clone()),
        body: envelope.body.clone().into(),
        headers: envelope.headers.clone(),
        created_at: Timestamp::now(),
    }
}

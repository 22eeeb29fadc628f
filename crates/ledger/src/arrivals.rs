//! What the decision table's answers do to the ledger: accepting for the producer, claiming for a worker.

use std::collections::HashMap;
use std::time::Duration;

use schemas::{HeldCode, RequestKey};

use crate::arrival::{Accepted, Incoming, Powers, Verdict};
use crate::claim::Claim;
use crate::decide::{self, Call, From, Meeting, SUSPECT};
use crate::orders::Event;
use crate::row::{Row, State};
use crate::rows::{Moment, Rows};
use crate::settle::held;

/// Crashes from which an order is not called any more.
pub(crate) const POISON: u32 = 3;

/// How long a revision waits for the one before it if nobody ever heard of that.
const PATIENCE: Duration = Duration::from_secs(600);

/// Since when this process sees revisions wait for one that nobody heard of, on its own monotonic clock.
#[derive(Debug, Default)]
pub(crate) struct Patience(HashMap<RequestKey, Duration>);

impl Patience {
    /// Says whether this key waited long enough, and starts its wait if it is new.
    fn is_over(&mut self, key: &RequestKey, now: Duration) -> bool {
        let since = *self.0.entry(key.clone()).or_insert(now);
        now.saturating_sub(since) >= PATIENCE
    }
}

/// Takes in an event of the producer.
pub(crate) fn accept<R: Rows>(rows: &mut R, incoming: &Incoming, moment: &Moment) -> Result<Accepted, R::Failure> {
    let mut row = decide::fresh(incoming, moment);
    if rows.insert(&mut row)? {
        rows.enter(row.id, &moment.transition(&row, Event::Accepted, &arrived(incoming)))?;
        return Ok(Accepted::Publish(row.request()));
    }
    let row = rows.find(&incoming.key)?;
    Ok(match decide::meet(row, incoming, moment) {
        Meeting::Call(call) => Accepted::Publish(accepted(rows, call, incoming, moment)?.request()),
        Meeting::InHand(changed) => {
            keep(rows, changed, incoming, moment)?;
            Accepted::InHand
        }
        Meeting::Again(row, changed) => {
            keep(rows, changed, incoming, moment)?;
            row.rest().map_or(Accepted::InHand, Accepted::Republish)
        }
        Meeting::Conflict(letter) => {
            rows.post(&letter)?;
            Accepted::Conflict(letter)
        }
    })
}

/// Decides on a delivered request, and claims its row if it is to be called.
pub(crate) fn claim<R: Rows>(
    rows: &mut R,
    incoming: &Incoming,
    powers: Powers,
    moment: &Moment,
    patience: &mut Patience,
) -> Result<Verdict, R::Failure> {
    // The short cut of a request that only RabbitMQ knew: written at once; the producer's have their row already.
    if !incoming.source.is_salesforce() && incoming.revision == 1 && !incoming.redelivered {
        let mut row = decide::fresh(incoming, moment);
        if !row.in_doubt {
            take(&mut row, moment);
            row.version = 1;
            row.watch = 1;
            if rows.insert(&mut row)? {
                rows.enter(row.id, &moment.transition(&row, Event::Claimed, &arrived(incoming)))?;
                return Ok(Verdict::Call(Claim { row: Box::new(row) }));
            }
        }
    }
    let row = rows.find(&incoming.key)?;
    Ok(match decide::meet(row, incoming, moment) {
        Meeting::Call(call) => return called(rows, call, incoming, powers, moment, patience),
        Meeting::InHand(changed) => {
            keep(rows, changed, incoming, moment)?;
            Verdict::InHand
        }
        Meeting::Again(row, changed) => {
            keep(rows, changed, incoming, moment)?;
            row.rest().map_or(Verdict::InHand, Verdict::Republish)
        }
        Meeting::Conflict(letter) => {
            rows.post(&letter)?;
            Verdict::Conflict(letter)
        }
    })
}

/// Writes the row as accepted, if it is not written so already.
fn accepted<R: Rows>(rows: &mut R, call: Call, incoming: &Incoming, moment: &Moment) -> Result<Row, R::Failure> {
    let Call { mut row, from, note } = call;
    let was = row.version;
    match from {
        From::Accepted => return Ok(row),
        From::Changed => rows.update(&row, was)?,
        From::Nothing => {
            rows.insert(&mut row)?;
            rows.enter(row.id, &moment.transition(&row, Event::Accepted, &arrived(incoming)))?;
        }
        From::Rest => {
            row.version += 1;
            row.next_due = Some(moment.now);
            row.updated_at = moment.now;
            rows.update(&row, was)?;
            rows.enter(row.id, &moment.transition(&row, Event::Accepted, &arrived(incoming)))?;
        }
    }
    if let Some((event, difference)) = note {
        rows.enter(row.id, &moment.note(&row, event, &difference))?;
    }
    Ok(row)
}

/// Claims the row, unless its time has not come or a person must look first.
fn called<R: Rows>(
    rows: &mut R,
    call: Call,
    incoming: &Incoming,
    powers: Powers,
    moment: &Moment,
    patience: &mut Patience,
) -> Result<Verdict, R::Failure> {
    let mut row = accepted(rows, call, incoming, moment)?;
    if let Some(revision) = waits_for(rows, &row.key, moment, patience)? {
        // Its message was just here, so it is not lost: a nudge now would only add one more that goes round and round.
        row.next_due = row.next_due.max(Some(moment.now));
        rows.update(&row, row.version)?;
        return Ok(Verdict::WaitForRevision { revision });
    }
    let was = row.version;
    if row.crashes >= POISON {
        let detail = format!("handling it ended without a result {} times", row.crashes);
        row = held(row, HeldCode::Poison, &detail, false, moment.now);
    } else if row.crashes >= SUSPECT && !powers.alone {
        return Ok(Verdict::Alone);
    } else if row.in_doubt && !powers.can_find {
        let detail = "it may have been ordered before this ledger knew of it, and the profile has no find_order";
        row = held(row, HeldCode::OutcomeUnknown, detail, true, moment.now);
    } else {
        take(&mut row, moment);
    }
    if !rows.advance(&row, was)? {
        rows.update(&row, was)?;
    }
    let (event, detail) = match (&row.reason, row.in_doubt) {
        (Some(reason), _) => (Event::Held, reason.detail.as_str()),
        (None, true) => (Event::ClaimedForLookUp, ""),
        (None, false) => (Event::Claimed, ""),
    };
    rows.enter(row.id, &moment.transition(&row, event, detail))?;
    if let Some(rest) = row.rest() {
        if let Some(letter) = &rest.letter {
            rows.post(letter)?;
        }
        return Ok(Verdict::Held(rest));
    }
    Ok(if row.in_doubt {
        Verdict::LookUp(Claim { row: Box::new(row) })
    } else {
        Verdict::Call(Claim { row: Box::new(row) })
    })
}

/// Makes the row a claim of this process.
fn take(row: &mut Row, moment: &Moment) {
    row.state = State::Calling;
    row.version += 1;
    row.watch = row.version;
    row.owner = moment.process.to_string();
    row.may_be_there = true;
    row.look_ups = 0;
    row.next_due = Some(moment.now);
    row.updated_at = moment.now;
}

/// Returns the earlier revision that must come to rest first, if there is one.
fn waits_for<R: Rows>(
    rows: &mut R,
    key: &RequestKey,
    moment: &Moment,
    patience: &mut Patience,
) -> Result<Option<u32>, R::Failure> {
    let revision = key.revision();
    if revision <= 1 {
        return Ok(None);
    }
    let earlier = rows.earlier(key)?;
    if let Some((busy, _)) = earlier.iter().find(|(_, state)| !state.is_at_rest()) {
        return Ok(Some(*busy));
    }
    let before = revision - 1;
    if earlier.iter().any(|(known, _)| *known == before) || patience.is_over(key, moment.monotonic) {
        patience.0.remove(key);
        return Ok(None);
    }
    Ok(Some(before))
}

/// Writes what waits for the row's rest.
fn keep<R: Rows>(rows: &mut R, changed: Option<Row>, incoming: &Incoming, moment: &Moment) -> Result<(), R::Failure> {
    let Some(row) = changed else { return Ok(()) };
    rows.update(&row, row.version)?;
    let difference = decide::difference(&row.body, incoming);
    rows.enter(row.id, &moment.note(&row, Event::Waits, &difference))
}

fn arrived(incoming: &Incoming) -> String {
    format!("message {}", incoming.message_id)
}

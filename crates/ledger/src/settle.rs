//! How a claim ends: the row after each ending, and what that sets free.

use std::time::Duration;

use jiff::Timestamp;
use schemas::{HeldCode, Reply};

use crate::arrival::Request;
use crate::claim::{Claim, Ending, Settled, Written};
use crate::decide::{self, Judged};
use crate::letters::Letter;
use crate::orders::Event;
use crate::row::{Reason, Row, State};
use crate::rows::{Moment, Rows, later, whole_micros};
use crate::zombie;

/// Returns the row as it is after a claim on it ended so. Pure: the claimant foretells with it what will be written.
pub(crate) fn ended(row: Row, ending: &Ending, at: Timestamp) -> Row {
    let (asked, at) = (row.attempts + 1, whole_micros(at));
    match ending {
        Ending::Issued { ticket, web_depot_link } => Row {
            attempts: asked,
            ..issued(row, ticket, web_depot_link, at)
        },
        Ending::Found { ticket, web_depot_link } => issued(row, ticket, web_depot_link, at),
        Ending::NotFound => {
            let version = row.version + 1;
            Row {
                in_doubt: false,
                version,
                watch: version,
                updated_at: at,
                ..row
            }
        }
        Ending::Refused { code, sentence, detail } => {
            let reason = Reason {
                code: code.clone(),
                sentence: sentence.clone(),
                detail: detail.clone(),
            };
            rested(
                Row {
                    state: State::Refused,
                    attempts: asked,
                    may_be_there: false,
                    reason: Some(reason),
                    ..row
                },
                at,
            )
        }
        Ending::NotAccepted { wait, error } => not_accepted(Row { attempts: asked, ..row }, *wait, error, at),
        Ending::Snoozed { wait, .. } => waiting(row, later(at, *wait), at),
        Ending::Unknown { .. } => {
            let version = row.version + 1;
            let (state, next_due) = (State::Unknown, Some(at));
            Row {
                state,
                version,
                watch: version,
                attempts: asked,
                look_ups: 0,
                next_due,
                updated_at: at,
                ..row
            }
        }
        Ending::Poison { error } => held(Row { attempts: asked, ..row }, HeldCode::Poison, error, true, at),
        Ending::Held { code, detail } => held(row, *code, detail, *code != HeldCode::InvalidRequest, at),
    }
}

/// Returns the row after a call that was surely not processed, or a look-up before it that had no answer.
fn not_accepted(row: Row, wait: Option<Duration>, error: &str, at: Timestamp) -> Row {
    match wait {
        Some(wait) => waiting(row, later(at, wait), at),
        None if row.in_doubt => held(row, HeldCode::OutcomeUnknown, error, true, at),
        None => held(row, HeldCode::AttemptsExhausted, error, false, at),
    }
}

/// Returns the row with its ticket.
pub(crate) fn issued(row: Row, ticket: &schemas::Ticket, link: &Option<String>, at: Timestamp) -> Row {
    let row = Row {
        state: State::Issued,
        ticket: Some(ticket.clone()),
        web_depot_link: link.clone(),
        in_doubt: false,
        may_be_there: true,
        reason: None,
        ..row
    };
    rested(row, at)
}

/// Returns the row held for a person.
pub(crate) fn held(row: Row, code: HeldCode, detail: &str, may_be_there: bool, at: Timestamp) -> Row {
    let reason = Reason {
        code: code.as_str().to_owned(),
        sentence: sentence(code).to_owned(),
        detail: detail.to_owned(),
    };
    rested(
        Row {
            state: State::Held,
            may_be_there,
            reason: Some(reason),
            ..row
        },
        at,
    )
}

/// Returns the row as accepted again, with nothing sent and due at a time.
pub(crate) fn waiting(row: Row, next_due: Timestamp, at: Timestamp) -> Row {
    let version = row.version + 1;
    let (state, next_due) = (State::Accepted, Some(next_due));
    Row {
        state,
        version,
        may_be_there: false,
        next_due,
        updated_at: at,
        ..row
    }
}

/// Returns the row one version on and at rest; it stays due until its source knows.
fn rested(row: Row, at: Timestamp) -> Row {
    let version = row.version + 1;
    let (reported_version, next_due) = match row.reply {
        Reply::Completion => (row.reported_version, Some(at)),
        Reply::None => (version, None),
    };
    Row {
        version,
        reported_version,
        next_due,
        updated_at: at,
        ..row
    }
}

/// Returns what a sales person is told about a held order.
fn sentence(code: HeldCode) -> &'static str {
    match code {
        HeldCode::OutcomeUnknown => "License Central may have issued this order already; a person is checking.",
        HeldCode::AttemptsExhausted => "License Central could not be reached for a long time; a person was told.",
        HeldCode::Poison => "Processing this order failed unexpectedly; a person was told.",
        HeldCode::ForeignOrder => "License Central holds another order under this number; a person is checking.",
        HeldCode::SuspectedDouble => "License Central may have issued this order twice; a person is checking.",
        HeldCode::InvalidRequest => "The order's data cannot be read; please check the order and activate it again.",
    }
}

/// Returns the timeline's word for an ending, and what is noted with it.
pub(crate) fn event_of(ending: &Ending) -> (Event, &str) {
    match ending {
        Ending::Issued { .. } => (Event::Issued, ""),
        Ending::Found { .. } => (Event::Found, ""),
        Ending::NotFound => (Event::Cleared, "looked up before the call: not found"),
        Ending::Refused { detail, .. } => (Event::Refused, detail),
        Ending::NotAccepted { wait: Some(_), error } => (Event::NotAccepted, error),
        Ending::NotAccepted { wait: None, error } => (Event::Exhausted, error),
        Ending::Snoozed { error, .. } => (Event::Snoozed, error),
        Ending::Unknown { error } => (Event::Unknown, error),
        Ending::Poison { error } => (Event::Held, error),
        Ending::Held { detail, .. } => (Event::Held, detail),
    }
}

/// Writes how a claim ended.
pub(crate) fn settle<R: Rows>(
    rows: &mut R,
    claim: &Claim,
    ending: &Ending,
    finished_at: Timestamp,
    moment: &Moment,
) -> Result<Settled, R::Failure> {
    let was = claim.row.version;
    let (event, detail) = event_of(ending);
    let mut row = ended((*claim.row).clone(), ending, finished_at);
    if !rows.advance(&row, was)? {
        // Something waits for the row's rest, or somebody took it over.
        let Some(current) = rows.get(claim.row.id)? else {
            return Err(crate::Error::NotFound {
                what: "row",
                name: claim.row.key.to_string(),
            }
            .into());
        };
        if current.version != was {
            return zombie::settle(rows, current, was, ending, moment).map(Settled::Zombie);
        }
        row = ended(current, ending, finished_at);
        rows.update(&row, was)?;
    }
    rows.enter(row.id, &moment.transition(&row, event, detail))?;
    if *ending == Ending::NotFound {
        return Ok(Settled::Cleared(Claim { row: Box::new(row) }));
    }
    written(rows, row, moment).map(Settled::Written)
}

/// Writes the letter of a row that came to rest, closes what its ticket overtakes, and judges what waited.
pub(crate) fn written<R: Rows>(rows: &mut R, row: Row, moment: &Moment) -> Result<Written, R::Failure> {
    let rest = row.rest();
    if let Some(letter) = rest.as_ref().and_then(|rest| rest.letter.as_ref()) {
        rows.post(letter)?;
    }
    if row.state == State::Issued {
        rows.overtake(&row.key, moment.now)?;
    }
    let (state, version) = (row.state, row.version);
    let (call, conflict) = free(rows, row, moment)?;
    Ok(Written {
        state,
        version,
        rest,
        call,
        conflict,
    })
}

/// Judges what waited, and writes what follows.
fn free<R: Rows>(rows: &mut R, row: Row, moment: &Moment) -> Result<(Option<Request>, Option<Letter>), R::Failure> {
    match decide::judge(&row, moment) {
        Judged::Nothing => Ok((None, None)),
        Judged::Replaced(row) => {
            rows.update(&row, row.version)?;
            rows.enter(
                row.id,
                &moment.note(&row, Event::Replaced, "by the content that waited"),
            )?;
            Ok((None, None))
        }
        Judged::Call(row) => {
            let was = row.version;
            let row = Row {
                version: was + 1,
                next_due: Some(moment.now),
                updated_at: moment.now,
                ..row
            };
            rows.update(&row, was)?;
            rows.enter(
                row.id,
                &moment.transition(&row, Event::Accepted, "with the content that waited"),
            )?;
            Ok((Some(row.request()), None))
        }
        Judged::Conflict(row, letter) => {
            rows.update(&row, row.version)?;
            rows.post(&letter)?;
            Ok((None, Some(letter)))
        }
    }
}

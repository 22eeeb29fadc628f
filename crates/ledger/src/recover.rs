//! What others left unfinished: claims taken over, unknown outcomes looked up, lost messages sent again.

use std::time::Duration;

use schemas::HeldCode;

use crate::arrivals::POISON;
use crate::claim::{LookUp, LookedUp, Written};
use crate::command::Overdue;
use crate::ledger::{Due, Nudge};
use crate::orders::Event;
use crate::row::{Row, RowId, State};
use crate::rows::{Moment, Rows};
use crate::settle::{held, issued, waiting, written};

/// Makes a claim that was watched for `lease` unknown; false if it moved on meanwhile.
pub(crate) fn take_over<R: Rows>(rows: &mut R, id: RowId, version: u64, moment: &Moment) -> Result<bool, R::Failure> {
    let Some(row) = rows.get(id)? else { return Ok(false) };
    if row.state != State::Calling || row.version != version {
        return Ok(false);
    }
    let owner = row.owner.clone();
    let row = Row {
        state: State::Unknown,
        version: version + 1,
        watch: version + 1,
        crashes: row.crashes + 1,
        look_ups: 0,
        next_due: Some(moment.now),
        updated_at: moment.now,
        ..row
    };
    rows.update(&row, version)?;
    rows.enter(
        row.id,
        &moment.transition(&row, Event::TakenOver, &format!("from {owner}")),
    )?;
    Ok(true)
}

/// Returns the row as it is after a look-up of its unknown outcome. Pure.
pub(crate) fn looked_up(row: Row, found: &LookedUp, moment: &Moment) -> (Row, Event, String) {
    let now = moment.now;
    match found {
        LookedUp::Found { ticket, web_depot_link } => {
            (issued(row, ticket, web_depot_link, now), Event::Found, String::new())
        }
        LookedUp::Foreign { detail } => (
            held(row, HeldCode::ForeignOrder, detail, true, now),
            Event::Held,
            detail.clone(),
        ),
        LookedUp::Doubled { detail } => (
            held(row, HeldCode::SuspectedDouble, detail, true, now),
            Event::Held,
            detail.clone(),
        ),
        LookedUp::NotFound { wait } => not_found(Row { in_doubt: false, ..row }, *wait, moment),
        LookedUp::Unclear {
            wait: Some(wait),
            error,
        } => {
            let row = Row {
                version: row.version + 1,
                look_ups: row.look_ups + 1,
                next_due: Some(moment.after(*wait)),
                updated_at: now,
                ..row
            };
            (row, Event::LookUpUnclear, error.clone())
        }
        LookedUp::Unclear { wait: None, error } => (
            held(row, HeldCode::OutcomeUnknown, error, true, now),
            Event::Held,
            error.clone(),
        ),
        LookedUp::CannotFind => {
            let detail = "the profile has no find_order".to_owned();
            (
                held(row, HeldCode::OutcomeUnknown, &detail, true, now),
                Event::Held,
                detail,
            )
        }
    }
}

/// Returns the row of which License Central surely holds nothing.
fn not_found(row: Row, wait: Option<Duration>, moment: &Moment) -> (Row, Event, String) {
    let now = moment.now;
    if row.crashes >= POISON {
        let detail = format!(
            "handling it ended without a result {} times; nothing was ordered",
            row.crashes
        );
        return (held(row, HeldCode::Poison, &detail, false, now), Event::Held, detail);
    }
    match wait {
        Some(wait) => (waiting(row, moment.after(wait), now), Event::NotFound, String::new()),
        None => {
            let detail = "not found, and every attempt is spent".to_owned();
            (
                held(row, HeldCode::AttemptsExhausted, &detail, false, now),
                Event::Held,
                detail,
            )
        }
    }
}

/// Writes what a look-up found; none if the row moved on meanwhile.
pub(crate) fn settle_look_up<R: Rows>(
    rows: &mut R,
    look_up: &LookUp,
    found: &LookedUp,
    moment: &Moment,
) -> Result<Option<Written>, R::Failure> {
    let was = look_up.row.version;
    let Some(row) = rows.get(look_up.row.id)? else {
        return Ok(None);
    };
    if row.state != State::Unknown || row.version != was {
        return Ok(None);
    }
    let (row, event, detail) = looked_up(row, found, moment);
    rows.update(&row, was)?;
    rows.enter(row.id, &moment.transition(&row, event, &detail))?;
    let (id, accepted) = (row.id, row.state == State::Accepted);
    let mut written = written(rows, row, moment)?;
    if accepted {
        // Read again: the content that waited may have replaced the body.
        written.call = rows.get(id)?.map(|row| row.request());
    }
    Ok(Some(written))
}

/// Takes rows that are overdue and gives them a later due time.
pub(crate) fn overdue<R: Rows>(rows: &mut R, asked: &Overdue, moment: &Moment) -> Result<Vec<Nudge>, R::Failure> {
    let before = moment.now.checked_sub(asked.grace).unwrap_or(moment.now);
    let mut nudges = Vec::new();
    for row in rows.overdue(asked.due, before, asked.limit)? {
        let nudge = match asked.due {
            Due::Requests => Some(Nudge::Request(row.request())),
            Due::Outcomes => row.rest().map(Nudge::Outcome),
        };
        let row = Row {
            next_due: Some(moment.after(asked.again_after)),
            ..row
        };
        rows.update(&row, row.version)?;
        nudges.extend(nudge);
    }
    Ok(nudges)
}

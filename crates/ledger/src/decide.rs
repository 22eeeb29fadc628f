//! The decision table: a delivery meets a row. Pure: no clock, no SQL, no I/O.

use crate::arrival::Incoming;
use crate::letters::Letter;
use crate::orders::Event;
use crate::row::{Body, NextBody, Row, RowId, State};
use crate::rows::Moment;

/// How many messages a row remembers; a message older than that may start one call more of a refused order.
const REMEMBERED_MESSAGES: usize = 16;

/// Crashes from which an order is handled alone.
pub(crate) const SUSPECT: u32 = 2;

/// What is to be done with a delivery.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack of one thread for a moment")]
pub(crate) enum Meeting {
    /// Call License Central for this row.
    Call(Call),
    /// Somebody is at it; the row as it should be, if the delivery changes what waits.
    InHand(Option<Row>),
    /// Publish the row's outcome again; the row as it should be, if the delivery changes what waits.
    Again(Row, Option<Row>),
    /// Other content for an issued order.
    Conflict(Letter),
}

/// A row to call, as it should be before the call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Call {
    /// The row.
    pub(crate) row: Row,
    /// Where it stands in the ledger.
    pub(crate) from: From,
    /// What is to be noted about the delivery.
    pub(crate) note: Option<(Event, String)>,
}

/// Where a row to be called stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum From {
    /// Nowhere: it is new.
    Nothing,
    /// Accepted, and written as it is.
    Accepted,
    /// Accepted, but the delivery changed it.
    Changed,
    /// Refused or held with nothing sent: it becomes accepted with a new budget.
    Rest,
}

/// Decides what a delivery means for the row of its key.
pub(crate) fn meet(row: Option<Row>, incoming: &Incoming, moment: &Moment) -> Meeting {
    let Some(row) = row else {
        return Meeting::Call(Call {
            row: fresh(incoming, moment),
            from: From::Nothing,
            note: None,
        });
    };
    let same = row.fingerprint == incoming.fingerprint;
    match row.state {
        State::Accepted => Meeting::Call(nudged(row, incoming)),
        State::Calling | State::Unknown => Meeting::InHand(keeping(&row, incoming)),
        State::Issued if same => Meeting::Again(row, None),
        State::Issued => {
            let Incoming {
                body,
                fingerprint,
                message_id,
                ..
            } = incoming;
            Meeting::Conflict(Letter::conflict(&row, body, fingerprint, message_id, moment.now))
        }
        State::Refused | State::Held if row.may_be_there => {
            let keeping = keeping(&row, incoming);
            Meeting::Again(row, keeping)
        }
        State::Refused | State::Held => wished_again(row, incoming),
    }
}

/// Returns the row of a request that was never seen.
pub(crate) fn fresh(incoming: &Incoming, moment: &Moment) -> Row {
    Row {
        id: RowId(0),
        key: incoming.key.clone(),
        source: incoming.source.clone(),
        order: incoming.order.clone(),
        revision: incoming.revision,
        fingerprint: incoming.fingerprint,
        body: incoming.body.clone(),
        message_ids: vec![incoming.message_id.clone()],
        requested_at: incoming.requested_at,
        reply: incoming.reply,
        traceparent: incoming.traceparent.clone(),
        state: State::Accepted,
        version: 1,
        owner: moment.process.to_string(),
        attempts: 0,
        crashes: 0,
        look_ups: 0,
        in_doubt: in_doubt(incoming, moment),
        may_be_there: false,
        watch: 1,
        next_due: Some(moment.now),
        reported_version: 0,
        reported_at: None,
        report_parked: None,
        ticket: None,
        web_depot_link: None,
        reason: None,
        next_body: None,
        created_at: moment.now,
        updated_at: moment.now,
    }
}

/// Says whether a request without a row may be at License Central nevertheless: somebody had its message before, or it
/// was made before this ledger saw everything.
fn in_doubt(incoming: &Incoming, moment: &Moment) -> bool {
    incoming.redelivered || incoming.attempt > 0 || incoming.event_time < moment.since
}

/// An accepted row is called with the latest content; an earlier one only reminds us of it.
fn nudged(mut row: Row, incoming: &Incoming) -> Call {
    let new_message = remember(&mut row, &incoming.message_id);
    let other = row.fingerprint != incoming.fingerprint;
    let replaced = other && incoming.requested_at > row.requested_at;
    let note = match (other, replaced) {
        (true, true) => Some((Event::Replaced, difference(&row.body, incoming))),
        (true, false) if new_message => Some((Event::Ignored, difference(&row.body, incoming))),
        _ => None,
    };
    if replaced {
        replace(&mut row, incoming);
    }
    let from = if new_message || replaced {
        From::Changed
    } else {
        From::Accepted
    };
    Call { row, from, note }
}

/// A row at rest of which nothing was sent is called again for a new wish, not for the message that was answered.
fn wished_again(row: Row, incoming: &Incoming) -> Meeting {
    let other = row.fingerprint != incoming.fingerprint;
    let later = incoming.requested_at > row.requested_at;
    let known = row.message_ids.contains(&incoming.message_id);
    let mended = other && later;
    if known && !mended && !incoming.replay {
        return Meeting::Again(row, None);
    }
    let mut row = renewed(row);
    remember(&mut row, &incoming.message_id);
    let note = match (other, later) {
        (true, true) => Some((Event::Replaced, difference(&row.body, incoming))),
        (true, false) => Some((Event::Ignored, difference(&row.body, incoming))),
        (false, _) => None,
    };
    if later {
        replace(&mut row, incoming);
    }
    Meeting::Call(Call {
        row,
        from: From::Rest,
        note,
    })
}

/// Returns the row with a new budget; a suspect stays one.
pub(crate) fn renewed(row: Row) -> Row {
    Row {
        state: State::Accepted,
        attempts: 0,
        crashes: row.crashes.min(SUSPECT),
        look_ups: 0,
        reason: None,
        report_parked: None,
        ..row
    }
}

/// Returns the row with what waits for its rest, if the delivery changes that.
fn keeping(row: &Row, incoming: &Incoming) -> Option<Row> {
    let latest = row
        .next_body
        .as_ref()
        .map_or(row.requested_at, |next| next.requested_at.max(row.requested_at));
    if incoming.requested_at <= latest {
        return None;
    }
    let other = row.fingerprint != incoming.fingerprint;
    if !other && row.next_body.is_none() {
        return None;
    }
    // The same content, asked for after another, withdraws the other.
    let next_body = other.then(|| NextBody {
        body: incoming.body.clone(),
        fingerprint: incoming.fingerprint,
        message_id: incoming.message_id.clone(),
        requested_at: incoming.requested_at,
    });
    Some(Row {
        next_body,
        ..row.clone()
    })
}

/// What is to be done with the content that waited, now that the row is not in anybody's hands.
#[derive(Debug, Clone, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "lives on the stack of one thread for a moment")]
pub(crate) enum Judged {
    /// Nothing waits, or it has to wait on.
    Nothing,
    /// It replaces the body of the accepted row.
    Replaced(Row),
    /// It is a new wish: the row becomes accepted with it.
    Call(Row),
    /// It contradicts the ticket.
    Conflict(Row, Letter),
}

/// Judges what waited: as if it arrived now.
pub(crate) fn judge(row: &Row, moment: &Moment) -> Judged {
    let Some(next) = row.next_body.clone() else {
        return Judged::Nothing;
    };
    let free = Row {
        next_body: None,
        ..row.clone()
    };
    match row.state {
        State::Calling | State::Unknown => Judged::Nothing,
        State::Refused | State::Held if row.may_be_there => Judged::Nothing,
        State::Issued => {
            let letter = Letter::conflict(row, &next.body, &next.fingerprint, &next.message_id, moment.now);
            Judged::Conflict(free, letter)
        }
        State::Accepted => Judged::Replaced(with_body(free, next)),
        State::Refused | State::Held => Judged::Call(with_body(renewed(free), next)),
    }
}

/// Returns the difference between the row's content and a delivery's, for the timeline.
pub(crate) fn difference(before: &Body, incoming: &Incoming) -> String {
    format!(
        "{} → {} (message {})",
        before.content(),
        incoming.body.content(),
        incoming.message_id
    )
}

fn with_body(mut row: Row, next: NextBody) -> Row {
    remember(&mut row, &next.message_id);
    Row {
        body: next.body,
        fingerprint: next.fingerprint,
        requested_at: next.requested_at,
        ..row
    }
}

fn replace(row: &mut Row, incoming: &Incoming) {
    row.body = incoming.body.clone();
    row.fingerprint = incoming.fingerprint;
    row.requested_at = incoming.requested_at;
    row.reply = incoming.reply;
    row.order = incoming.order.clone();
    if incoming.traceparent.is_some() {
        row.traceparent.clone_from(&incoming.traceparent);
    }
}

/// Puts a message last among those that brought this request; true if it is new.
fn remember(row: &mut Row, message_id: &str) -> bool {
    let known = row.message_ids.iter().position(|known| known == message_id);
    if let Some(place) = known {
        let message = row.message_ids.remove(place);
        row.message_ids.push(message);
        return false;
    }
    if row.message_ids.len() >= REMEMBERED_MESSAGES {
        row.message_ids.remove(0);
    }
    row.message_ids.push(message_id.to_owned());
    true
}

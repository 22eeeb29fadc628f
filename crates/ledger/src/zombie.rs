//! A result that comes after its claim was taken over: a late ticket is real, and may be a second one.

use schemas::{HeldCode, Ticket};

use crate::claim::{Ending, Zombie};
use crate::orders::{Entry, Event};
use crate::row::{Row, State};
use crate::rows::{Moment, Rows};
use crate::settle::{event_of, held, issued, written};

/// What a late ticket means for its row. Pure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Late {
    /// It was filed before, or the row says the same.
    Nothing,
    /// It is the only one: the row is issued with it.
    Issued,
    /// License Central may have issued twice.
    SuspectedDouble,
}

/// Decides what a late ticket of the claim with this version means.
pub(crate) fn judge(row: &Row, timeline: &[Entry], claim: u64, ticket: &Ticket) -> Late {
    let filed = timeline
        .iter()
        .any(|entry| entry.event == Event::LateIssued && entry.claim == Some(claim));
    if filed || row.held_code() == Some(HeldCode::SuspectedDouble) {
        return Late::Nothing;
    }
    if another_create(timeline, claim) {
        return Late::SuspectedDouble;
    }
    match row.state {
        State::Issued if row.ticket.as_ref() == Some(ticket) => Late::Nothing,
        State::Issued => Late::SuspectedDouble,
        State::Accepted | State::Calling | State::Unknown | State::Refused | State::Held => Late::Issued,
    }
}

/// Says whether License Central may have processed another call since this claim: one that was begun and did not end in
/// an answer that nothing was made.
fn another_create(timeline: &[Entry], claim: u64) -> bool {
    let transitions: Vec<&Entry> = timeline.iter().filter(|entry| entry.part == 0).collect();
    transitions.iter().enumerate().any(|(place, entry)| {
        let began = entry.version > claim && matches!(entry.event, Event::Claimed | Event::Cleared);
        let without_effect = transitions.get(place + 1).is_some_and(|next| {
            matches!(
                next.event,
                Event::NotAccepted | Event::Refused | Event::Snoozed | Event::Exhausted
            )
        });
        began && !without_effect
    })
}

/// Files a late result, and does to the row what it means.
pub(crate) fn settle<R: Rows>(
    rows: &mut R,
    row: Row,
    claim: u64,
    ending: &Ending,
    moment: &Moment,
) -> Result<Zombie, R::Failure> {
    if let Ending::Issued { ticket, web_depot_link } = ending {
        return late_ticket(rows, row, claim, ticket, web_depot_link, moment);
    }
    let (event, detail) = event_of(ending);
    let words = format!("{event} {detail}");
    let entry = Entry {
        claim: Some(claim),
        ..moment.note(&row, Event::Late, words.trim_end())
    };
    rows.enter(row.id, &entry)?;
    Ok(unchanged(&row))
}

/// Files a late ticket, and does to the row what it means.
pub(crate) fn late_ticket<R: Rows>(
    rows: &mut R,
    row: Row,
    claim: u64,
    ticket: &Ticket,
    link: &Option<String>,
    moment: &Moment,
) -> Result<Zombie, R::Failure> {
    let timeline = rows.timeline(row.id)?;
    let meaning = judge(&row, &timeline, claim, ticket);
    if !timeline
        .iter()
        .any(|entry| entry.event == Event::LateIssued && entry.claim == Some(claim))
    {
        let ticket = Some(ticket.clone());
        let entry = Entry {
            claim: Some(claim),
            ticket,
            ..moment.note(&row, Event::LateIssued, "")
        };
        rows.enter(row.id, &entry)?;
    }
    let was = row.version;
    let (row, event, detail) = match meaning {
        Late::Nothing => return Ok(unchanged(&row)),
        Late::Issued => (
            issued(row, ticket, link, moment.now),
            Event::Issued,
            "by a claim that was taken over",
        ),
        Late::SuspectedDouble => {
            let detail = "a claim that was taken over got a ticket, and another call was made since";
            let held = held(row, HeldCode::SuspectedDouble, detail, true, moment.now);
            // A ticket that the row has stays; a row without one keeps the late one for the person who resolves it.
            let ticket = held.ticket.clone().or_else(|| Some(ticket.clone()));
            (Row { ticket, ..held }, Event::Held, detail)
        }
    };
    rows.update(&row, was)?;
    rows.enter(row.id, &moment.transition(&row, event, detail))?;
    let written = written(rows, row, moment)?;
    Ok(Zombie {
        state: written.state,
        rest: written.rest,
        suspected_double: meaning == Late::SuspectedDouble,
        call: written.call,
        conflict: written.conflict,
    })
}

/// Returns what there is to do about a row that the late result did not change.
fn unchanged(row: &Row) -> Zombie {
    Zombie {
        state: row.state,
        rest: row.rest(),
        suspected_double: false,
        call: None,
        conflict: None,
    }
}

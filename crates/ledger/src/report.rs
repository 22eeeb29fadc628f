//! What the sources know: reports noted, given up, and a ticket that a completion carries ahead of its row.

use schemas::{CompletionEvent, Outcome, RequestKey};

use crate::claim::{Claim, Ending};
use crate::command::ReportFailure;
use crate::ledger::Adopted;
use crate::letters::{Letter, Stage};
use crate::orders::Event;
use crate::row::{Row, State};
use crate::rows::{Moment, Rows};
use crate::settle::settle;
use crate::zombie;

/// Takes in a completion that may be ahead of its row: a ticket in it is real, as is a late result's.
pub(crate) fn adopt<R: Rows>(rows: &mut R, event: &CompletionEvent, moment: &Moment) -> Result<Adopted, R::Failure> {
    let completion = &event.data;
    let Some(row) = rows.find(&completion.request_key)? else {
        return Ok(Adopted::NoRow);
    };
    let Outcome::Issued { ticket, web_depot_link } = &completion.outcome else {
        let ahead = completion.sequence > row.version;
        return Ok(if ahead {
            Adopted::Wait
        } else {
            Adopted::Row(Box::new(row))
        });
    };
    let same = row.state == State::Issued && row.ticket.as_ref() == Some(ticket);
    if same || wrote_it(rows, &row, completion.sequence)? {
        return Ok(Adopted::Row(Box::new(row)));
    }
    let claim = completion.sequence.saturating_sub(1);
    if row.state == State::Calling && row.version == claim {
        let ending = Ending::Issued {
            ticket: ticket.clone(),
            web_depot_link: web_depot_link.clone(),
        };
        settle(
            rows,
            &Claim { row: Box::new(row) },
            &ending,
            completion.finished_at,
            moment,
        )?;
    } else {
        zombie::late_ticket(rows, row, claim, ticket, web_depot_link, moment)?;
    }
    let row = rows.find(&completion.request_key)?;
    Ok(row.map_or(Adopted::NoRow, |row| Adopted::Row(Box::new(row))))
}

/// Says whether the row was issued in this very version; what came after that is newer.
fn wrote_it<R: Rows>(rows: &mut R, row: &Row, sequence: u64) -> Result<bool, R::Failure> {
    if sequence > row.version {
        return Ok(false);
    }
    let timeline = rows.timeline(row.id)?;
    Ok(timeline.iter().any(|entry| {
        entry.part == 0 && entry.version == sequence && matches!(entry.event, Event::Issued | Event::Found)
    }))
}

/// Notes that the sources know these versions.
pub(crate) fn mark_reported<R: Rows>(
    rows: &mut R,
    reported: &[(RequestKey, u64)],
    moment: &Moment,
) -> Result<(), R::Failure> {
    for (key, version) in reported {
        let Some(row) = rows.find(key)? else { continue };
        if row.reported_version >= *version {
            continue;
        }
        let knows_all = row.state.is_at_rest() && *version >= row.version;
        let next_due = if knows_all { None } else { row.next_due };
        let row = Row {
            reported_version: *version,
            reported_at: Some(moment.now),
            next_due,
            ..row
        };
        if !rows.advance(&row, row.version)? {
            rows.update(&row, row.version)?;
        }
    }
    Ok(())
}

/// Gives up telling Salesforce of this version; none if the row moved on meanwhile.
pub(crate) fn park<R: Rows>(
    rows: &mut R,
    failure: &ReportFailure,
    moment: &Moment,
) -> Result<Option<Letter>, R::Failure> {
    let ReportFailure {
        key,
        version,
        code,
        text,
    } = failure;
    let Some(row) = rows.find(key)? else { return Ok(None) };
    if row.version != *version || !row.is_unreported() {
        return Ok(None);
    }
    let Some(completion) = row.completion() else {
        return Ok(None);
    };
    let letter = Letter {
        class: "report-refused".to_owned(),
        code: code.clone(),
        text: text.clone(),
        message_id: Some(completion.id.clone()),
        body: completion.to_json().into(),
        created_at: moment.now,
        ..Letter::about(&row, Stage::Report)
    };
    // The letter of a replayed report that failed again is the same letter: it is open again.
    if !rows.post(&letter)? {
        rows.move_letter(&letter.id, crate::letters::LetterState::Open, moment.now)?;
    }
    let row = Row {
        report_parked: Some(*version),
        next_due: None,
        ..row
    };
    rows.update(&row, *version)?;
    rows.enter(row.id, &moment.note(&row, Event::ReportParked, text))?;
    Ok(Some(letter))
}

//! What an operator does with a letter: the order is sent on its way again.

use schemas::HeldCode;

use crate::Error;
use crate::decide::renewed;
use crate::letters::{AuditEntry, Letter, LetterId, LetterState, Replayed, Stage};
use crate::orders::Event;
use crate::row::{Row, State};
use crate::rows::{Moment, Rows};

/// Who does something to which letter, and why.
#[derive(Debug, Clone)]
pub(crate) struct Deed {
    pub(crate) letter: LetterId,
    pub(crate) who: String,
    pub(crate) why: String,
}

impl Deed {
    fn audit(&self, action: &str, moment: &Moment) -> AuditEntry {
        AuditEntry {
            at: moment.now,
            who: self.who.clone(),
            action: action.to_owned(),
            subject: self.letter.to_string(),
            why: self.why.clone(),
        }
    }

    fn refused(&self, because: impl Into<String>) -> Error {
        Error::NotAllowed {
            what: format!("letter {}", self.letter),
            action: "replayed",
            because: because.into(),
        }
    }
}

/// What replaying a letter means for its row. Pure.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Replay {
    /// The row is called again with a new budget.
    Call(Row),
    /// The row's outcome is reported again.
    Report(Row),
    /// There is no row to move: the letter itself is published.
    Publish,
}

/// Decides what replaying a letter means; an error says why it may not be.
pub(crate) fn decide(letter: &Letter, state: LetterState, row: Option<Row>) -> Result<Replay, String> {
    if state != LetterState::Open {
        return Err(format!("it is {state} already"));
    }
    if letter.class == "conflicting-request" {
        return Err("the order has its ticket; what is wanted beyond that needs a new revision".to_owned());
    }
    let held_unread = row
        .as_ref()
        .is_some_and(|row| row.held_code() == Some(HeldCode::InvalidRequest));
    let unread = held_unread || letter.class == HeldCode::InvalidRequest.as_str();
    match (letter.stage, row) {
        (Stage::Translate, _) => {
            Err("the event must be read again: mend the mapping, then activate the order".to_owned())
        }
        (Stage::Report, Some(row)) if row.state.is_at_rest() => Ok(Replay::Report(row)),
        (Stage::Report, Some(row)) => Err(format!("the order is {}; its next outcome will be reported", row.state)),
        (Stage::Report, None) => Err("its order is not in this ledger".to_owned()),
        (Stage::Fulfil, None) => Ok(Replay::Publish),
        (Stage::Fulfil, Some(_)) if unread => Ok(Replay::Publish),
        (Stage::Fulfil, Some(row)) => replay_row(row),
    }
}

fn replay_row(row: Row) -> Result<Replay, String> {
    match row.state {
        State::Refused | State::Held if row.can_be_called_again() => Ok(Replay::Call(renewed(row))),
        State::Refused | State::Held => {
            Err("License Central may hold the order; look there, then say what is so with `orders resolve`".to_owned())
        }
        State::Issued => Err("the order has its ticket".to_owned()),
        State::Accepted | State::Calling | State::Unknown => Err(format!("the order is {}: on its way", row.state)),
    }
}

/// Replays a letter: row, letter and audit in one transaction.
pub(crate) fn replay<R: Rows>(rows: &mut R, deed: &Deed, moment: &Moment) -> Result<Replayed, R::Failure> {
    let (letter, state) = known(rows, deed)?;
    let row = match &letter.key {
        Some(key) => rows.find(key)?,
        None => None,
    };
    let replay = decide(&letter, state, row).map_err(|because| deed.refused(because))?;
    let replayed = match replay {
        Replay::Publish => return Ok(Replayed::Publish(letter)),
        Replay::Call(row) => {
            let was = row.version;
            let row = Row {
                version: was + 1,
                next_due: Some(moment.now),
                updated_at: moment.now,
                ..row
            };
            rows.update(&row, was)?;
            rows.enter(row.id, &moment.transition(&row, Event::Replayed, &words(deed)))?;
            Replayed::Request(row.request())
        }
        Replay::Report(row) => {
            let row = Row {
                reported_version: 0,
                report_parked: None,
                next_due: Some(moment.now),
                ..row
            };
            rows.update(&row, row.version)?;
            rows.enter(row.id, &moment.note(&row, Event::Replayed, &words(deed)))?;
            let rest = row.rest().ok_or_else(|| deed.refused("its order has no outcome"))?;
            Replayed::Completion(rest)
        }
    };
    rows.move_letter(&letter.id, LetterState::Replayed, moment.now)?;
    rows.audit(&deed.audit("replay", moment))?;
    Ok(replayed)
}

/// Marks a letter as replayed whose request was published and confirmed.
pub(crate) fn mark_replayed<R: Rows>(rows: &mut R, deed: &Deed, moment: &Moment) -> Result<(), R::Failure> {
    let (letter, _) = known(rows, deed)?;
    rows.move_letter(&letter.id, LetterState::Replayed, moment.now)?;
    rows.audit(&deed.audit("replay", moment))
}

fn known<R: Rows>(rows: &mut R, deed: &Deed) -> Result<(Letter, LetterState), R::Failure> {
    let letter = rows.letter(&deed.letter)?;
    letter.ok_or_else(|| {
        Error::NotFound {
            what: "letter",
            name: deed.letter.to_string(),
        }
        .into()
    })
}

fn words(deed: &Deed) -> String {
    format!("by {}: {}", deed.who, deed.why)
}

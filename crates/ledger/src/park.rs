//! Requests that cannot be read: their order is told to its source, their letter is kept.

use jiff::Timestamp;
use schemas::{HeldCode, KnownOrder, MAX_BODY_BYTES, Reply};

use crate::Error;
use crate::ledger::Parked;
use crate::letters::{Letter, LetterId};
use crate::orders::Event;
use crate::row::{Body, Row, RowId, State};
use crate::rows::{Moment, Rows};
use crate::settle::held;

/// Writes state and letter of a request whose order is known but which cannot be read.
pub(crate) fn invalid<R: Rows>(
    rows: &mut R,
    known: &KnownOrder,
    letter: Letter,
    moment: &Moment,
) -> Result<Parked, R::Failure> {
    let key = known.key();
    let letter = Letter {
        key: Some(key.clone()),
        order_number: Some(known.order.number.clone()),
        source: Some(known.source.as_str().to_owned()),
        body: shortened(letter.body),
        ..letter
    };
    if let Some(row) = rows.find(&key)? {
        let subject = letter.message_id.clone().unwrap_or_else(|| key.to_string());
        let letter = Letter {
            id: LetterId::of(&subject, letter.stage, 0),
            version: Some(row.version),
            ..letter
        };
        rows.post(&letter)?;
        let rest = if row.held_code() == Some(HeldCode::InvalidRequest) {
            row.rest()
        } else {
            None
        };
        return Ok(Parked { letter, rest });
    }
    let mut row = unreadable(known, &letter, moment)?;
    rows.insert(&mut row)?;
    rows.enter(row.id, &moment.transition(&row, Event::Held, &letter.text))?;
    // By its message, as for a known row: a repeated delivery must not make a second letter.
    let subject = letter.message_id.clone().unwrap_or_else(|| key.to_string());
    let letter = Letter {
        id: LetterId::of(&subject, letter.stage, 0),
        version: Some(row.version),
        ..letter
    };
    rows.post(&letter)?;
    Ok(Parked {
        rest: row.rest(),
        letter,
    })
}

/// Puts a letter from the mailbox into the archive; false if it was there.
pub(crate) fn collect<R: Rows>(rows: &mut R, letter: Letter) -> Result<bool, R::Failure> {
    rows.post(&Letter {
        body: shortened(letter.body),
        ..letter
    })
}

/// Returns the row of a request that cannot be read: whatever is asked for later replaces it.
fn unreadable(known: &KnownOrder, letter: &Letter, moment: &Moment) -> Result<Row, Error> {
    // The fingerprint of no content at all: whatever can be read differs from it.
    let fingerprint = "0".repeat(64);
    let row = Row {
        id: RowId(0),
        key: known.key(),
        source: known.source.clone(),
        order: known.order.clone(),
        revision: known.revision,
        fingerprint: fingerprint.parse().map_err(|_| Error::Damaged {
            what: "fingerprint",
            found: fingerprint,
        })?,
        body: letter.body.clone(),
        message_ids: letter.message_id.iter().cloned().collect(),
        requested_at: Timestamp::UNIX_EPOCH,
        reply: if known.source.is_salesforce() {
            Reply::Completion
        } else {
            Reply::None
        },
        traceparent: None,
        state: State::Held,
        version: 0,
        owner: moment.process.to_string(),
        attempts: 0,
        crashes: 0,
        look_ups: 0,
        in_doubt: false,
        may_be_there: false,
        watch: 1,
        next_due: None,
        reported_version: 0,
        reported_at: None,
        report_parked: None,
        ticket: None,
        web_depot_link: None,
        reason: None,
        next_body: None,
        created_at: moment.now,
        updated_at: moment.now,
    };
    Ok(held(row, HeldCode::InvalidRequest, &letter.text, false, moment.now))
}

/// Cuts a body that no message of ours may have.
fn shortened(body: Body) -> Body {
    if body.as_bytes().len() <= MAX_BODY_BYTES {
        body
    } else {
        Body(body.as_bytes()[..MAX_BODY_BYTES].into())
    }
}

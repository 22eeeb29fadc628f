//! What must hold when the world has come to rest, counted at License Central.

use schemas::HeldCode;

use super::license_central::LicenseCentral;
use super::world::World;
use crate::letters::Letter;
use crate::row::{Row, State};

/// Checks everything; an error says what is wrong.
pub(super) fn everything(world: &World<'_>) -> Result<(), String> {
    let entered = world.entered.iter().filter(|entered| **entered).count();
    if world.ledger.rows.len() != entered {
        return Err(format!(
            "{entered} orders came in, {} are known",
            world.ledger.rows.len()
        ));
    }
    for row in &world.ledger.rows {
        let (order, _) = world.scripts.meaning(row.fingerprint, &row.key);
        let accepted = world.license_central.accepted[order];
        at_rest_and_told(world, row)?;
        nothing_doubled(row, accepted, world.stalled[order])?;
        nothing_lost(row, accepted, order)?;
        timeline_is_whole(world, row)?;
    }
    Ok(())
}

fn at_rest_and_told(world: &World<'_>, row: &Row) -> Result<(), String> {
    if !row.state.is_at_rest() {
        return Err(format!("{} stays {}", row.key, row.state));
    }
    if row.is_unreported() {
        return Err(format!("nobody told the source of {} v{}", row.key, row.version));
    }
    if row.next_body.is_some() && !row.may_be_there {
        return Err(format!("content of {} waits for ever", row.key));
    }
    match Letter::of_row(row) {
        Some(letter) if !world.ledger.letters.contains_key(&letter.id) => {
            Err(format!("{} is {} without a letter", row.key, row.state))
        }
        _ => Ok(()),
    }
}

fn nothing_doubled(row: &Row, accepted: u32, stalled: bool) -> Result<(), String> {
    let flagged = row.held_code() == Some(HeldCode::SuspectedDouble);
    match (accepted > 1, stalled, flagged) {
        (true, false, _) => Err(format!("{} is doubled although nothing was stalled", row.key)),
        (true, true, false) => Err(format!("{} is doubled in silence", row.key)),
        (false, false, true) => Err(format!("{} is suspected although nothing was stalled", row.key)),
        _ => Ok(()),
    }
}

fn nothing_lost(row: &Row, accepted: u32, order: usize) -> Result<(), String> {
    let there = accepted > 0;
    match row.state {
        State::Issued if !there => Err(format!(
            "{} is issued, and License Central knows nothing of it",
            row.key
        )),
        State::Issued if row.ticket != Some(LicenseCentral::ticket(order)) => Err(format!("{}: wrong ticket", row.key)),
        State::Refused if there => Err(format!("{} is refused, and License Central holds it", row.key)),
        State::Held if there && !row.may_be_there => Err(format!(
            "{} is held as nothing sent, and License Central holds it",
            row.key
        )),
        _ => Ok(()),
    }
}

fn timeline_is_whole(world: &World<'_>, row: &Row) -> Result<(), String> {
    let place = usize::try_from(row.id.0).unwrap() - 1;
    let transitions = world.ledger.timelines[place].iter().filter(|entry| entry.part == 0);
    let mut versions: Vec<u64> = transitions.map(|entry| entry.version).collect();
    versions.sort_unstable();
    let expected: Vec<u64> = (1..=row.version).collect();
    if versions == expected {
        Ok(())
    } else {
        Err(format!("{}: the timeline has {versions:?}", row.key))
    }
}

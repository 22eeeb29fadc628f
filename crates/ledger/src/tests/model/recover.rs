//! The model's `recover`, and the report.

use std::collections::HashMap;
use std::time::Duration;

use super::world::{LEASE, SETTLE, Sabotage, World};
use crate::arrival::Request;
use crate::claim::{LookUp, LookedUp};
use crate::command::Overdue;
use crate::ledger::{Adopted, Due, Nudge};
use crate::recover::{overdue, settle_look_up, take_over};
use crate::report::{adopt, mark_reported};
use crate::row::{Row, RowId, State};

/// What `recover` saw, and since when, on its own monotonic clock.
#[derive(Debug, Default)]
pub(super) struct Watcher {
    since: HashMap<(RowId, u64), u64>,
    answer: Option<(LookUp, LookedUp)>,
}

impl World<'_> {
    pub(super) fn recover_step(&mut self) {
        if let Some((row, found)) = self.watcher.answer.take() {
            let moment = self.moment("recover");
            if let Some(written) = settle_look_up(&mut self.ledger, &row, &found, &moment).unwrap() {
                self.publish_rest(written.rest);
                self.nudge_with(written.call);
            }
        }
        let in_hand: Vec<Row> = self.ledger.rows.iter().filter(|row| is_in_hand(row)).cloned().collect();
        for row in in_hand {
            let seen = self.seconds - *self.watcher.since.entry((row.id, row.watch)).or_insert(self.seconds);
            match row.state {
                State::Calling if seen >= LEASE => {
                    let moment = self.moment("recover");
                    take_over(&mut self.ledger, row.id, row.version, &moment).unwrap();
                }
                State::Unknown => self.look_up(row, seen),
                _ => {}
            }
        }
        if self.below(4) == 0 {
            self.nudge();
        }
    }

    /// Asks License Central; the answer is written at the next step, if nothing happened in between.
    fn look_up(&mut self, row: Row, seen: u64) {
        let (order, _) = self.scripts.meaning(row.fingerprint, &row.key);
        let settled = seen >= SETTLE || self.sabotage == Sabotage::NoSettle;
        let found = match self.license_central.find(order) {
            _ if !self.can_find => LookedUp::CannotFind,
            _ if self.strikes(6) => {
                let wait = (row.look_ups < 3).then_some(Duration::from_secs(30));
                LookedUp::Unclear {
                    wait,
                    error: "no answer".to_owned(),
                }
            }
            Some(_) if self.license_central.accepted[order] > 1 => LookedUp::Doubled {
                detail: "accepted twice".to_owned(),
            },
            Some(ticket) => LookedUp::Found {
                ticket,
                web_depot_link: None,
            },
            None if settled => LookedUp::NotFound {
                wait: (row.attempts < 5).then_some(Duration::ZERO),
            },
            None => return,
        };
        self.watcher.answer = Some((LookUp { row: Box::new(row) }, found));
    }

    /// `recover` dies and begins to watch anew.
    pub(super) fn forget_watched(&mut self) {
        self.watcher = Watcher::default();
    }

    /// Sends again what is overdue.
    pub(super) fn nudge(&mut self) {
        if self.sabotage == Sabotage::NoNudge {
            return;
        }
        let moment = self.moment("recover");
        for due in [Due::Requests, Due::Outcomes] {
            let (grace, again_after) = (Duration::from_secs(600), Duration::from_secs(600));
            let asked = Overdue {
                due,
                grace,
                again_after,
                limit: 10,
            };
            for nudge in overdue(&mut self.ledger, &asked, &moment).unwrap() {
                match nudge {
                    Nudge::Request(request) => self.nudge_with(Some(request)),
                    Nudge::Outcome(rest) => self.publish_rest(Some(rest)),
                }
            }
        }
    }

    /// Publishes a request as the ledger holds it.
    pub(super) fn nudge_with(&mut self, request: Option<Request>) {
        let Some(request) = request else { return };
        let row = self.ledger.rows.iter().find(|row| row.key == request.key).unwrap();
        let (order, item) = self.scripts.meaning(row.fingerprint, &row.key);
        let second = row.requested_at.as_second() - crate::tests::support::at(0).as_second();
        let request = self.scripts.request(order, item, second, &request.message_id);
        self.publish_request(request);
    }

    /// The report takes one completion, and tells the source what the ledger says now.
    pub(super) fn report_step(&mut self) {
        let Some(place) = self.pick(self.completions.len()) else {
            return;
        };
        let completion = self.completions.swap_remove(place);
        let moment = self.moment("report");
        let adopted = adopt(&mut self.ledger, &completion, &moment).unwrap();
        if self.strikes(6) {
            // It dies before it is done: the broker delivers again.
            self.completions.push(completion);
            return;
        }
        if let Adopted::Row(row) = adopted
            && row.state.is_at_rest()
        {
            mark_reported(&mut self.ledger, &[(row.key.clone(), row.version)], &moment).unwrap();
        }
    }
}

fn is_in_hand(row: &Row) -> bool {
    matches!(row.state, State::Calling | State::Unknown)
}

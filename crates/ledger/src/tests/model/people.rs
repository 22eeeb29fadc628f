//! The model's producer, its sales people who click again, and its operator.

use super::scripts::ORDERS;
use super::world::World;
use crate::arrival::Accepted;
use crate::arrivals::accept;
use crate::letters::{LetterState, Replayed};
use crate::replay::{Deed, mark_replayed, replay};

impl World<'_> {
    /// Somebody asks for an order, for the first time or again.
    pub(super) fn click(&mut self, order: usize, first: bool) {
        self.clicks += 1;
        self.entered[order] = true;
        let item = if first {
            self.below(5).min(1) as usize
        } else {
            self.below(3) as usize
        };
        let second = i64::try_from(self.seconds).unwrap() - i64::try_from(self.below(60)).unwrap();
        let message = format!("m{}", self.clicks);
        let request = self.scripts.request(order, item, second, &message);
        if request.source.is_salesforce() {
            self.events.push(request);
        } else {
            self.publish_request(request);
        }
    }

    pub(super) fn click_again(&mut self) {
        let order = self.below(ORDERS as u64) as usize;
        self.click(order, false);
    }

    /// The producer accepts an event, then publishes; if it dies in between, the event comes again.
    pub(super) fn producer_step(&mut self) {
        if self.events.is_empty() {
            return;
        }
        let event = self.events.remove(0);
        let moment = self.moment("producer");
        let accepted = accept(&mut self.ledger, &event, &moment).unwrap();
        if self.strikes(5) {
            self.events.push(event);
            return;
        }
        match accepted {
            Accepted::Publish(request) => self.nudge_with(Some(request)),
            Accepted::Republish(rest) => self.publish_rest(Some(rest)),
            Accepted::Conflict(_) | Accepted::InHand => {}
        }
    }

    /// The operator replays an open letter; the nudge may be lost.
    pub(super) fn operator_step(&mut self) {
        let open: Vec<_> = self
            .ledger
            .letters
            .values()
            .filter(|(_, state)| *state == LetterState::Open)
            .map(|(letter, _)| letter.id.clone())
            .collect();
        let Some(place) = self.pick(open.len()) else { return };
        let deed = Deed {
            letter: open[place].clone(),
            who: "operator".to_owned(),
            why: "mended".to_owned(),
        };
        let moment = self.moment("console");
        let replayed = replay(&mut self.ledger, &deed, &moment);
        if self.strikes(3) {
            return;
        }
        match replayed {
            Ok(Replayed::Request(request)) => self.nudge_with(Some(request)),
            Ok(Replayed::Completion(rest)) => self.publish_rest(Some(rest)),
            Ok(Replayed::Publish(_)) => mark_replayed(&mut self.ledger, &deed, &moment).unwrap(),
            Err(_not_allowed) => {}
        }
    }
}

//! The model's two workers: each step of theirs may be the last, and any time may pass before the next.

use std::time::Duration;

use super::license_central::LicenseCentral;
use super::world::{DEADLINE, Message, SLOWEST, Sabotage, World};
use crate::arrival::{Incoming, Powers, Verdict};
use crate::arrivals::claim;
use crate::claim::{Claim, Ending, Settled};
use crate::row::State;
use crate::rows::Rows as _;
use crate::settle::settle;
use crate::tests::support::refused;

/// A delivery in a worker's hands.
#[derive(Debug)]
pub(super) struct Task {
    message: Message,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    /// Delivered, nothing done.
    Delivered,
    /// Claimed for a look-up before the call.
    LookingUp(Claim),
    /// Claimed; the call may be sent until its deadline.
    Claimed { claim: Claim, deadline: u64 },
    /// Sent, and stuck somewhere beyond every limit until this second; goes down with its worker.
    Stalled { claim: Claim, order: usize, until: u64 },
    /// Answered, the completion perhaps published, not written yet.
    Answered {
        claim: Claim,
        ending: Ending,
        published: bool,
    },
}

const NAMES: [&str; 2] = ["worker-1", "worker-2"];

impl World<'_> {
    /// One worker takes one step with one of its deliveries, or takes a new one.
    pub(super) fn worker_step(&mut self) {
        let worker = self.below(2) as usize;
        let takes_more = self.tasks[worker].len() < 2 && !self.requests.is_empty();
        if self.tasks[worker].is_empty() || (takes_more && self.below(3) == 0) {
            self.deliver(worker);
            return;
        }
        let place = self.below(self.tasks[worker].len() as u64) as usize;
        self.advance_task(worker, place);
    }

    fn deliver(&mut self, worker: usize) {
        if let Some(place) = self.pick(self.requests.len()) {
            let message = self.requests.remove(place);
            self.tasks[worker].push(Task {
                message,
                stage: Stage::Delivered,
            });
        }
    }

    /// Lets both workers finish everything.
    pub(super) fn finish_tasks(&mut self) {
        for _ in 0..200 {
            for worker in 0..2 {
                if self.tasks[worker].len() < 2 {
                    self.deliver(worker);
                }
                if !self.tasks[worker].is_empty() {
                    let place = self.below(self.tasks[worker].len() as u64) as usize;
                    self.advance_task(worker, place);
                }
            }
            let stalled = |task: &Task| matches!(task.stage, Stage::Stalled { .. });
            if self.requests.is_empty() && self.tasks.iter().flatten().all(stalled) {
                return;
            }
        }
    }

    fn advance_task(&mut self, worker: usize, place: usize) {
        let Task { message, stage } = self.tasks[worker].swap_remove(place);
        let next = match stage {
            Stage::Delivered => self.claim(worker, &message),
            Stage::LookingUp(claim) => Some(self.look_up_first(claim)),
            Stage::Claimed { claim, deadline } => Some(self.call(claim, deadline)),
            Stage::Stalled { .. } => Some(stage),
            Stage::Answered {
                claim,
                ending,
                published,
            } => self.write(worker, &message, claim, ending, published),
        };
        if let Some(stage) = next {
            self.tasks[worker].push(Task { message, stage });
        }
    }

    fn claim(&mut self, worker: usize, message: &Message) -> Option<Stage> {
        let moment = self.moment(NAMES[worker]);
        let mut incoming = message.request.clone();
        incoming.redelivered = message.redelivered;
        let alone = self.tasks[worker]
            .iter()
            .all(|task| matches!(task.stage, Stage::Delivered));
        let powers = Powers {
            can_find: self.can_find,
            alone,
        };
        let mut verdict = claim(&mut self.ledger, &incoming, powers, &moment, &mut self.patience).unwrap();
        if self.sabotage == Sabotage::BlindReclaim && verdict == Verdict::InHand {
            let mut row = self.ledger.find(&incoming.key).unwrap().unwrap();
            row.state = State::Accepted;
            self.ledger.update(&row, row.version).unwrap();
            verdict = claim(&mut self.ledger, &incoming, powers, &moment, &mut self.patience).unwrap();
        }
        match verdict {
            Verdict::Call(claim) => Some(Stage::Claimed {
                claim,
                deadline: self.seconds + DEADLINE,
            }),
            Verdict::LookUp(claim) => Some(Stage::LookingUp(claim)),
            Verdict::Republish(rest) | Verdict::Held(rest) => {
                self.publish_rest(Some(rest));
                None
            }
            Verdict::Alone | Verdict::WaitForRevision { .. } => {
                self.requests.push(message.clone());
                None
            }
            Verdict::InHand | Verdict::Conflict(_) => None,
        }
    }

    fn look_up_first(&mut self, claim: Claim) -> Stage {
        let (order, _) = self.scripts.meaning(claim.row.fingerprint, claim.key());
        let ending = match self.license_central.find(order) {
            Some(ticket) => Ending::Found {
                ticket,
                web_depot_link: None,
            },
            None => Ending::NotFound,
        };
        Stage::Answered {
            claim,
            ending,
            published: true,
        }
    }

    /// Sends the call if its deadline is not over; checking and sending are one step, as they are in the client.
    fn call(&mut self, claim: Claim, deadline: u64) -> Stage {
        let (order, item) = self.scripts.meaning(claim.row.fingerprint, claim.key());
        let answered = |claim, ending| Stage::Answered {
            claim,
            ending,
            published: false,
        };
        if self.seconds > deadline && self.sabotage != Sabotage::NoDeadline {
            let ending = Ending::Snoozed {
                wait: Duration::from_secs(5),
                error: "late, not sent".to_owned(),
            };
            return answered(claim, ending);
        }
        if self.strikes(self.busy) {
            let wait = (claim.attempts() < 2).then_some(Duration::from_secs(5));
            return answered(
                claim,
                Ending::NotAccepted {
                    wait,
                    error: "busy".to_owned(),
                },
            );
        }
        let lost = Ending::Unknown {
            error: "no answer".to_owned(),
        };
        if self.strikes(8) {
            return answered(claim, lost);
        }
        if !self.license_central.knows(item) {
            return answered(claim, refused());
        }
        if self.strikes(12) {
            self.stalled[order] = true;
            let until = self.seconds + 100 + self.below(700);
            return Stage::Stalled { claim, order, until };
        }
        if self.strikes(4) {
            let processed = self.seconds + self.below(SLOWEST);
            self.license_central.take(order, processed);
            return answered(claim, lost);
        }
        self.license_central.create(order);
        answered(
            claim,
            Ending::Issued {
                ticket: LicenseCentral::ticket(order),
                web_depot_link: None,
            },
        )
    }

    /// Publishes the outcome and writes the result, in either order.
    fn write(
        &mut self,
        worker: usize,
        message: &Message,
        claim: Claim,
        ending: Ending,
        published: bool,
    ) -> Option<Stage> {
        let moment = self.moment(NAMES[worker]);
        if !published && self.below(2) == 0 {
            self.publish_rest(claim.rest_after(&ending, moment.now));
            return Some(Stage::Answered {
                claim,
                ending,
                published: true,
            });
        }
        if self.sabotage == Sabotage::DeafToZombies {
            let row = self.ledger.get(claim.id()).unwrap().unwrap();
            if row.version != claim.version() {
                return None;
            }
        }
        let deadline = self.seconds + DEADLINE;
        match settle(&mut self.ledger, &claim, &ending, moment.now, &moment).unwrap() {
            Settled::Written(written) => {
                if written.state == State::Accepted && written.call.is_none() {
                    let attempt = message.request.attempt + 1;
                    self.publish_request(Incoming {
                        attempt,
                        ..message.request.clone()
                    });
                }
                self.publish_rest(written.rest);
                self.nudge_with(written.call);
                None
            }
            Settled::Cleared(claim) => Some(Stage::Claimed { claim, deadline }),
            Settled::Zombie(zombie) => {
                self.publish_rest(zombie.rest);
                self.nudge_with(zombie.call);
                None
            }
        }
    }

    /// Lets stalled calls through whose time has come.
    pub(super) fn wake_stalled(&mut self) {
        for task in self.tasks.iter_mut().flatten() {
            let Stage::Stalled { claim, order, until } = &task.stage else {
                continue;
            };
            if *until <= self.seconds {
                self.license_central.create(*order);
                let ending = Ending::Issued {
                    ticket: LicenseCentral::ticket(*order),
                    web_depot_link: None,
                };
                task.stage = Stage::Answered {
                    claim: claim.clone(),
                    ending,
                    published: false,
                };
            }
        }
    }

    /// A worker dies: what it holds is lost, its messages come back.
    ///
    /// Not while it holds the answer to a stalled call: a second ticket that nobody lived to report is the gap that the
    /// documentation names, and cannot be flagged by anybody.
    pub(super) fn crash(&mut self) {
        let worker = self.below(2) as usize;
        let stalled = self.stalled;
        let scripts = self.scripts;
        let holds_late_ticket = self.tasks[worker].iter().any(|task| match &task.stage {
            Stage::Answered {
                claim,
                ending: Ending::Issued { .. },
                ..
            } => stalled[scripts.meaning(claim.row.fingerprint, claim.key()).0],
            _ => false,
        });
        if holds_late_ticket {
            return;
        }
        for task in std::mem::take(&mut self.tasks[worker]) {
            self.requests.push(Message {
                redelivered: true,
                ..task.message
            });
        }
    }
}

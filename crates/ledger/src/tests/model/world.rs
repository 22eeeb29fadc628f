//! The world: time, RabbitMQ, License Central, the ledger, and everybody who takes steps in it.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use schemas::{CompletionEvent, HeldCode};

use super::Seen;
use super::license_central::LicenseCentral;
use super::recover::Watcher;
use super::scripts::{ORDERS, Scripts};
use super::worker::Task;
use crate::arrival::{Incoming, Rest};
use crate::arrivals::Patience;
use crate::letters::LetterState;
use crate::orders::Event;
use crate::row::State;
use crate::rows::Moment;
use crate::tests::memory::Memory;
use crate::tests::support::at;

/// Seconds from a claim to the last moment its call may be sent.
pub(super) const DEADLINE: u64 = 30;
/// Seconds that a claim is watched before it is taken over.
pub(super) const LEASE: u64 = 90;
/// Seconds that an unknown row is watched before "not found" is trusted.
pub(super) const SETTLE: u64 = 120;
/// License Central processes what it got within so many seconds.
pub(super) const SLOWEST: u64 = 80;

/// Which rule is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sabotage {
    None,
    BlindReclaim,
    NoSettle,
    Unfenced,
    NoDeadline,
    NoNudge,
    DeafToZombies,
}

/// A message in RabbitMQ.
#[derive(Debug, Clone)]
pub(super) struct Message {
    pub(super) request: Incoming,
    pub(super) redelivered: bool,
}

pub(super) struct World<'s> {
    pub(super) scripts: &'s Scripts,
    dice: u64,
    pub(super) sabotage: Sabotage,
    pub(super) seconds: u64,
    wall_offset: i64,
    pub(super) ledger: Memory,
    pub(super) patience: Patience,
    pub(super) license_central: LicenseCentral,
    pub(super) requests: Vec<Message>,
    pub(super) completions: Vec<CompletionEvent>,
    pub(super) events: Vec<Incoming>,
    pub(super) tasks: [Vec<Task>; 2],
    pub(super) watcher: Watcher,
    pub(super) can_find: bool,
    /// License Central turns away one call in so many.
    pub(super) busy: u64,
    /// Workers die all the time.
    crashy: bool,
    pub(super) faults: bool,
    pub(super) clicks: u32,
    pub(super) entered: [bool; ORDERS],
    /// Orders of which one create was stalled beyond every limit: only these may be doubled, and must be flagged then.
    pub(super) stalled: [bool; ORDERS],
    pub(super) story: Vec<&'static str>,
}

impl<'s> World<'s> {
    pub(super) fn new(scripts: &'s Scripts, seed: u64, sabotage: Sabotage) -> Self {
        Self {
            scripts,
            dice: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ 0xD1B5_4A32_D192_ED03,
            sabotage,
            seconds: 1000,
            wall_offset: 0,
            ledger: Memory {
                unfenced: sabotage == Sabotage::Unfenced,
                ..Memory::default()
            },
            patience: Patience::default(),
            license_central: LicenseCentral::default(),
            requests: Vec::new(),
            completions: Vec::new(),
            events: Vec::new(),
            tasks: [Vec::new(), Vec::new()],
            watcher: Watcher::default(),
            can_find: !seed.is_multiple_of(7),
            busy: if seed % 11 == 1 { 1 } else { 6 },
            crashy: seed % 23 == 2,
            faults: true,
            clicks: 0,
            entered: [false; ORDERS],
            stalled: [false; ORDERS],
            story: Vec::new(),
        }
    }

    /// Throws a die (SplitMix64): a number below this.
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.dice = self.dice.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.dice;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// Says whether a fault strikes, one time in so many.
    pub(super) fn strikes(&mut self, one_in: u64) -> bool {
        self.faults && self.below(one_in) == 0
    }

    /// Picks one of so many, if there is any.
    pub(super) fn pick(&mut self, of: usize) -> Option<usize> {
        if of == 0 {
            None
        } else {
            Some(self.below(of as u64) as usize)
        }
    }

    pub(super) fn wall(&self) -> i64 {
        i64::try_from(self.seconds).unwrap() + self.wall_offset
    }

    pub(super) fn moment(&self, process: &str) -> Moment {
        Moment {
            now: at(self.wall()),
            monotonic: Duration::from_secs(self.seconds),
            since: at(-100_000),
            process: Arc::from(process),
        }
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.seconds += seconds;
        let now = self.seconds;
        self.license_central.advance(now);
        self.wake_stalled();
    }

    pub(super) fn publish_request(&mut self, request: Incoming) {
        self.requests.push(Message {
            request,
            redelivered: false,
        });
    }

    pub(super) fn publish_rest(&mut self, rest: Option<Rest>) {
        self.completions.extend(rest.map(|rest| *rest.completion));
    }

    /// Takes random steps, with every fault.
    pub(super) fn live(&mut self) {
        for order in 0..ORDERS {
            self.click(order, true);
        }
        for _ in 0..if self.crashy { 150 } else { 45 } {
            if self.crashy && self.below(3) == 0 {
                self.crash();
            }
            match self.below(32) {
                0..=10 => self.worker_step(),
                11..=14 => self.recover_step(),
                15..=16 => self.report_step(),
                17..=18 => self.producer_step(),
                19..=20 => self.click_again(),
                21 => self.operator_step(),
                22..=23 => self.crash(),
                24 => self.forget_watched(),
                25 => self.double_a_message(),
                26 => self.purge(),
                27 => self.jump(),
                28 => self.license_central.knows_all = true,
                29..=30 => self.pass(LEASE + 30),
                _ => {
                    let seconds = self.below(25);
                    self.pass(seconds);
                }
            }
        }
    }

    /// Lets everybody finish what is begun, without further faults.
    pub(super) fn come_to_rest(&mut self) {
        self.faults = false;
        for _ in 0..60 {
            self.finish_tasks();
            while !self.events.is_empty() {
                self.producer_step();
            }
            while !self.completions.is_empty() {
                self.report_step();
            }
            if self.is_at_rest() {
                return;
            }
            self.recover_step();
            self.pass(SETTLE + 5);
            self.recover_step();
            // Far enough for every sweep, and beyond what the clock jumped back.
            self.wall_offset += 8000;
            self.nudge();
        }
    }

    fn is_at_rest(&self) -> bool {
        self.requests.is_empty()
            && self.tasks.iter().all(Vec::is_empty)
            && self
                .ledger
                .rows
                .iter()
                .all(|row| row.state.is_at_rest() && !row.is_unreported())
    }

    /// The broker delivers something twice.
    fn double_a_message(&mut self) {
        if let Some(place) = self.pick(self.requests.len()) {
            let copy = Message {
                redelivered: true,
                ..self.requests[place].clone()
            };
            self.requests.push(copy);
        }
    }

    /// Somebody purges the queue; what has no row yet is the publisher's, and is left out.
    fn purge(&mut self) {
        let known = &self.ledger.by_key;
        self.requests
            .retain(|message| !known.contains_key(&message.request.key));
    }

    /// The wall clock jumps, either way.
    fn jump(&mut self) {
        self.wall_offset += i64::try_from(self.below(14_400)).unwrap() - 7200;
    }

    pub(super) fn add_to(&self, seen: &mut Seen) {
        for row in &self.ledger.rows {
            match row.state {
                State::Issued => seen.issued += 1,
                State::Refused => seen.refused += 1,
                _ => seen.held += 1,
            }
            let held = |code| u64::from(row.held_code() == Some(code));
            seen.suspected += held(HeldCode::SuspectedDouble);
            seen.poison += held(HeldCode::Poison);
            seen.exhausted += held(HeldCode::AttemptsExhausted);
        }
        for entry in self.ledger.timelines.iter().flatten() {
            seen.taken_over += u64::from(entry.event == Event::TakenOver);
            seen.late += u64::from(matches!(entry.event, Event::Late | Event::LateIssued));
        }
        seen.overtaken += self
            .ledger
            .letters
            .values()
            .filter(|(_, state)| *state == LetterState::Overtaken)
            .count() as u64;
    }

    /// Tells what happened, for a failed check.
    pub(super) fn story(&self) -> String {
        let mut story = format!(
            "{}\naccepted {:?}\n",
            self.story.join(" "),
            self.license_central.accepted
        );
        for (row, timeline) in self.ledger.rows.iter().zip(&self.ledger.timelines) {
            let _ = writeln!(story, "{} {} v{} {:?}", row.key, row.state, row.version, row.reason);
            for entry in timeline {
                let _ = writeln!(
                    story,
                    "  v{}.{} {} {} {:?} {}",
                    entry.version, entry.part, entry.process, entry.event, entry.claim, entry.detail
                );
            }
        }
        story
    }
}

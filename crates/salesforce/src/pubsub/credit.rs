//! How many events Salesforce may send.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// The most credit Salesforce lets stand open on one stream.
pub(super) const MOST: u32 = 100;

/// How long a request for credit may be on its way before Salesforce's own count is believed instead of ours.
const ON_ITS_WAY: Duration = Duration::from_secs(5);

/// Credit the consumer has granted and the stream has not yet taken up.
#[derive(Debug, Default)]
pub(super) struct Bank {
    granted: AtomicU64,
    changed: Notify,
}

impl Bank {
    /// Adds credit and wakes the stream.
    pub(super) fn grant(&self, events: u32) {
        self.granted.fetch_add(u64::from(events), Ordering::AcqRel);
        self.changed.notify_one();
    }

    /// Takes all that was granted.
    fn take(&self) -> u32 {
        u32::try_from(self.granted.swap(0, Ordering::AcqRel)).unwrap_or(u32::MAX)
    }

    /// Waits for a grant; one that came before is not missed.
    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }
}

/// The credit of one stream.
#[derive(Debug, Default)]
pub(super) struct Credit {
    /// Granted by the consumer, not yet asked for.
    banked: u32,
    /// Asked for and not yet used.
    pending: u32,
    /// When it was last asked for.
    asked: Option<Instant>,
}

impl Credit {
    /// Takes up what the consumer granted, and returns how many events to ask for now.
    ///
    /// Half of what may be open is used up before it is filled again: asking for every single event would trip
    /// Salesforce's protection, and waiting for zero would stall.
    pub(super) fn ask(&mut self, bank: &Bank, now: Instant) -> Option<u32> {
        self.banked = self.banked.saturating_add(bank.take());
        let window = self.banked.saturating_add(self.pending).min(MOST);
        if self.banked == 0 || self.pending * 2 > window {
            return None;
        }
        let ask = window - self.pending;
        self.banked -= ask;
        self.pending += ask;
        self.asked = Some(now);
        Some(ask)
    }

    /// Counts what arrived. `open` is Salesforce's own count of what is left.
    pub(super) fn arrived(&mut self, events: usize, open: i32, now: Instant) {
        let events = u32::try_from(events).unwrap_or(u32::MAX);
        let open = u32::try_from(open).unwrap_or(0);
        self.pending = self.pending.saturating_sub(events);
        let settled = self.asked.is_none_or(|asked| now.duration_since(asked) > ON_ITS_WAY);
        if open > self.pending {
            // Never more open than Salesforce counts: 100 is its limit, not ours.
            self.pending = open;
        } else if settled && open < self.pending {
            // Credit that got lost on the way would never be used up, and the stream would stall.
            self.banked = self.banked.saturating_add(self.pending - open);
            self.pending = open;
        }
    }

    /// Returns what is open now.
    pub(super) fn pending(&self) -> u32 {
        self.pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credit(granted: u32) -> (Bank, Credit) {
        let bank = Bank::default();
        bank.grant(granted);
        (bank, Credit::default())
    }

    #[test]
    fn never_more_than_a_hundred_stand_open_whatever_is_granted() {
        let (bank, mut credit) = credit(1_000_000);
        let now = Instant::now();
        assert_eq!(credit.ask(&bank, now), Some(100));
        assert_eq!(credit.ask(&bank, now), None);
        bank.grant(u32::MAX);
        credit.arrived(49, 51, now);
        assert_eq!(credit.ask(&bank, now), None, "more than half is still open");
        credit.arrived(1, 50, now);
        assert_eq!(credit.ask(&bank, now), Some(50));
        assert_eq!(credit.pending(), 100);
    }

    #[test]
    fn without_a_grant_nothing_is_asked_for() {
        let (bank, mut credit) = credit(0);
        assert_eq!(credit.ask(&bank, Instant::now()), None);
        bank.grant(1);
        assert_eq!(credit.ask(&bank, Instant::now()), Some(1));
        credit.arrived(1, 0, Instant::now());
        assert_eq!(credit.ask(&bank, Instant::now()), None);
    }

    #[test]
    fn a_stream_that_stands_at_zero_takes_every_grant_at_once() {
        let (bank, mut credit) = credit(20);
        let now = Instant::now();
        assert_eq!(credit.ask(&bank, now), Some(20));
        credit.arrived(20, 0, now);
        bank.grant(1);
        assert_eq!(credit.ask(&bank, now), Some(1));
    }

    #[test]
    fn salesforces_count_wins_once_no_request_can_be_under_way() {
        let (bank, mut credit) = credit(10);
        let start = Instant::now();
        credit.ask(&bank, start);
        credit.arrived(0, 4, start);
        assert_eq!(credit.pending(), 10, "the request may still be on its way");
        credit.arrived(0, 4, start + ON_ITS_WAY + Duration::from_secs(1));
        assert_eq!(credit.pending(), 4);
        assert_eq!(credit.ask(&bank, start), Some(6), "what was lost is asked for again");
        credit.arrived(0, 60, start);
        assert_eq!(credit.pending(), 60, "a higher count is believed at once");
        credit.arrived(100, -3, start);
        assert_eq!(credit.pending(), 0);
    }
}

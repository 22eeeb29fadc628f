//! Nudging is one process's duty at a time: a lease that a living holder keeps showing signs of life on. Pure.
//!
//! Two nudgers would only cost duplicates, so the lease needs no fence beyond the ledger's; it saves the noise.

use std::time::Duration;

use ledger::LeaseSeen;
use tokio::time::Instant;

/// The name of the lease.
pub(super) const LEASE: &str = "recover";

/// What is to be done about the lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Step {
    /// Nobody ever had it: take it.
    Take,
    /// Its holder gave it back or shows no life: take it, unless somebody else was faster.
    TakeAfter(LeaseSeen),
    /// Its holder lives.
    Wait,
}

/// Watches a lease that somebody else holds, on this process's own clock.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Option<(LeaseSeen, Instant)>,
}

impl Watch {
    /// Says what to do about a lease as it was read just now; a holder without a sign of life for `patience` is gone.
    pub(super) fn step(&mut self, lease: Option<LeaseSeen>, patience: Duration, now: Instant) -> Step {
        let Some(lease) = lease else { return Step::Take };
        if lease.holder.is_none() {
            return Step::TakeAfter(lease);
        }
        match &self.seen {
            Some((seen, since)) if *seen == lease => {
                if now.saturating_duration_since(*since) >= patience {
                    self.seen = None;
                    return Step::TakeAfter(lease);
                }
            }
            _ => self.seen = Some((lease, now)),
        }
        Step::Wait
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);

    fn held(beats: u64) -> LeaseSeen {
        LeaseSeen {
            epoch: 1,
            holder: Some("other".to_owned()),
            beats,
        }
    }

    #[test]
    fn a_free_lease_is_taken_at_once() {
        let now = Instant::now();
        assert_eq!(Watch::default().step(None, PATIENCE, now), Step::Take);
        let free = LeaseSeen {
            epoch: 1,
            holder: None,
            beats: 4,
        };
        assert_eq!(
            Watch::default().step(Some(free.clone()), PATIENCE, now),
            Step::TakeAfter(free)
        );
    }

    #[test]
    fn a_living_holder_keeps_it_and_a_silent_one_loses_it() {
        let start = Instant::now();
        let mut watch = Watch::default();
        for second in (0..120).step_by(10) {
            let now = start + Duration::from_secs(second);
            assert_eq!(watch.step(Some(held(second)), PATIENCE, now), Step::Wait);
        }
        assert_eq!(
            watch.step(Some(held(110)), PATIENCE, start + Duration::from_secs(130)),
            Step::Wait
        );
        let silent = start + Duration::from_secs(140);
        assert_eq!(
            watch.step(Some(held(110)), PATIENCE, silent),
            Step::TakeAfter(held(110))
        );
    }
}

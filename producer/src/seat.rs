//! The right to be the one active producer of a topic.
//!
//! Two active producers would cost nothing but duplicates, so this is about tidiness, not about safety: what must not go
//! wrong, the checkpoint, is fenced by the lease's epoch in the ledger itself.

use std::time::Duration;

use ledger::{Lease, LeaseSeen, Ledger};
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// A lease that is kept alive until it is dropped, given back or lost.
pub(crate) struct Seat {
    ledger: Ledger,
    pub(crate) lease: Lease,
    /// Canceled once another producer took the lease over.
    pub(crate) lost: CancellationToken,
    keeper: JoinHandle<()>,
    moves: u64,
}

impl Seat {
    /// Takes the seat, whoever has it: the last to start is the active one, so a restart after a crash waits for nobody.
    pub(crate) async fn take(ledger: &Ledger, name: &str, patience: Duration) -> Result<Self, ledger::Error> {
        let lease = ledger.take_lease(name).await?;
        Ok(Self::keep(ledger, lease, patience))
    }

    /// Waits until the holder gave the seat back, or has shown no life for `patience`, and takes it.
    ///
    /// The holder's life is told by its count of beats and this process's own monotonic clock, never by a wall clock.
    pub(crate) async fn stand_by(ledger: &Ledger, name: &str, patience: Duration) -> Result<Self, ledger::Error> {
        let mut watch = Watch::default();
        let mut looks = tokio::time::interval(patience / 6);
        loop {
            looks.tick().await;
            let Some(seen) = ledger.lease(name).await? else {
                return Self::take(ledger, name, patience).await;
            };
            if watch.is_free(&seen, Instant::now(), patience)
                && let Some(lease) = ledger.take_lease_after(name, &seen).await?
            {
                return Ok(Self::keep(ledger, lease, patience));
            }
        }
    }

    fn keep(ledger: &Ledger, lease: Lease, patience: Duration) -> Self {
        let lost = CancellationToken::new();
        let keeper = tokio::spawn(renew(ledger.clone(), lease.clone(), lost.clone(), patience / 3));
        Self {
            ledger: ledger.clone(),
            lease,
            lost,
            keeper,
            moves: 0,
        }
    }

    /// Counts one more move of the checkpoint under this lease.
    pub(crate) fn next_move(&mut self) -> u64 {
        self.moves += 1;
        self.moves
    }

    /// Gives the seat back, so that a producer that stands by need not wait.
    pub(crate) async fn give_back(self) {
        self.keeper.abort();
        if let Err(error) = self.ledger.release_lease(&self.lease).await {
            tracing::debug!(%error, "the producer's lease was not given back; it will be taken over");
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

async fn renew(ledger: Ledger, lease: Lease, lost: CancellationToken, every: Duration) {
    let mut beats = tokio::time::interval(every);
    loop {
        beats.tick().await;
        match ledger.renew_lease(&lease).await {
            Ok(()) => {}
            Err(ledger::Error::Fenced { .. } | ledger::Error::Closed) => return lost.cancel(),
            Err(error) => tracing::warn!(%error, "the producer's lease was not renewed; trying again"),
        }
    }
}

/// How long a holder has shown no life, as far as this process has seen it itself.
#[derive(Default)]
struct Watch {
    seen: Option<(LeaseSeen, Instant)>,
}

impl Watch {
    fn is_free(&mut self, now_seen: &LeaseSeen, now: Instant, patience: Duration) -> bool {
        if now_seen.holder.is_none() {
            return true;
        }
        match &self.seen {
            Some((before, since)) if before == now_seen => now.duration_since(*since) >= patience,
            _ => {
                self.seen = Some((now_seen.clone(), now));
                false
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(epoch: u64, beats: u64) -> LeaseSeen {
        LeaseSeen {
            epoch,
            holder: Some("another".into()),
            beats,
        }
    }

    #[test]
    fn a_holder_that_shows_life_keeps_its_seat() {
        let (mut watch, start, patience) = (Watch::default(), Instant::now(), Duration::from_secs(30));
        for second in 0..120 {
            let now = start + Duration::from_secs(second);
            assert!(!watch.is_free(&seen(1, second / 10), now, patience));
        }
    }

    #[test]
    fn a_holder_that_stands_still_loses_it_only_after_our_own_patience() {
        let (mut watch, start, patience) = (Watch::default(), Instant::now(), Duration::from_secs(30));
        assert!(
            !watch.is_free(&seen(1, 7), start, patience),
            "however old it may be, we have only just looked"
        );
        assert!(!watch.is_free(&seen(1, 7), start + Duration::from_secs(29), patience));
        assert!(watch.is_free(&seen(1, 7), start + Duration::from_secs(30), patience));
    }

    #[test]
    fn a_seat_that_was_given_back_is_free_at_once() {
        let given_back = LeaseSeen {
            epoch: 3,
            holder: None,
            beats: 9,
        };
        assert!(Watch::default().is_free(&given_back, Instant::now(), Duration::from_secs(30)));
    }
}

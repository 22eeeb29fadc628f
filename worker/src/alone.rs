//! Suspects are handled alone: with no other claim out in this process.
//!
//! An order whose claim ended twice without a result may have killed its worker. Should it do so again, it takes no
//! neighbor with it: everybody else holds the room shared, a suspect takes it whole.

use std::sync::Arc;

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

/// The room in which claims are worked on; clones share it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Room(Arc<RwLock<()>>);

/// A place in the room, given back when dropped.
#[derive(Debug)]
pub(crate) enum Place {
    /// Beside others.
    Shared(#[expect(dead_code, reason = "held for its drop")] OwnedRwLockReadGuard<()>),
    /// Alone.
    Alone(#[expect(dead_code, reason = "held for its drop")] OwnedRwLockWriteGuard<()>),
}

impl Room {
    /// Waits for a place beside others; no longer than a suspect is in the room.
    pub(crate) async fn enter(&self) -> Place {
        Place::Shared(Arc::clone(&self.0).read_owned().await)
    }

    /// Waits until the room is empty and keeps everybody out.
    pub(crate) async fn enter_alone(&self) -> Place {
        Place::Alone(Arc::clone(&self.0).write_owned().await)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn a_suspect_waits_until_all_others_left_and_keeps_new_ones_out() {
        let room = Room::default();
        let first = room.enter().await;
        let second = room.enter().await;
        let mut suspect = Box::pin(room.enter_alone());
        assert!((&mut suspect).now_or_never().is_none(), "others are still in the room");
        drop((first, second));
        let alone = suspect.await;
        let mut third = Box::pin(room.enter());
        assert!((&mut third).now_or_never().is_none(), "the suspect is alone");
        drop(alone);
        third.await;
    }
}

//! Checkpoints, leases, processes.

use super::support::{clock, ledger};
use crate::{Error, Ledger};

const ORG: &str = "00D5g000004abcDEAU";
const TOPIC: &str = "/event/License_Request__e";

#[tokio::test]
async fn a_checkpoint_moves_forward_only() {
    let kept = ledger().await;
    let lease = kept.ledger.take_lease("producer").await.unwrap();
    assert_eq!(kept.ledger.checkpoint(ORG, TOPIC).await.unwrap(), None);
    kept.ledger
        .move_checkpoint(&lease, ORG, TOPIC, &[0, 0, 9], 2)
        .await
        .unwrap();
    kept.ledger
        .move_checkpoint(&lease, ORG, TOPIC, &[0, 0, 5], 1)
        .await
        .unwrap();
    assert_eq!(
        kept.ledger.checkpoint(ORG, TOPIC).await.unwrap().unwrap().replay_id,
        [0, 0, 9]
    );
    assert_eq!(kept.ledger.checkpoint("other", TOPIC).await.unwrap(), None);
}

#[tokio::test]
async fn the_last_to_start_moves_the_checkpoint_and_the_other_is_told() {
    let kept = ledger().await;
    let other = Ledger::open_with_clock(&kept.settings, "producer-2", clock(10))
        .await
        .unwrap();
    let first = kept.ledger.take_lease("producer").await.unwrap();
    kept.ledger
        .move_checkpoint(&first, ORG, TOPIC, &[9], 100)
        .await
        .unwrap();
    let second = other.take_lease("producer").await.unwrap();
    let moved = kept.ledger.move_checkpoint(&first, ORG, TOPIC, &[10], 101).await;
    assert!(matches!(moved, Err(Error::Fenced { .. })), "{moved:?}");
    other.move_checkpoint(&second, ORG, TOPIC, &[11], 1).await.unwrap();
    assert_eq!(
        kept.ledger.checkpoint(ORG, TOPIC).await.unwrap().unwrap().replay_id,
        [11],
        "places count anew"
    );
}

#[tokio::test]
async fn a_lease_is_taken_over_only_as_it_was_seen() {
    let kept = ledger().await;
    let lease = kept.ledger.take_lease("recover").await.unwrap();
    let seen = kept.ledger.lease("recover").await.unwrap().unwrap();
    assert_eq!(seen.holder.as_deref(), Some("worker-1"));
    kept.ledger.renew_lease(&lease).await.unwrap();
    assert_eq!(
        kept.ledger.take_lease_after("recover", &seen).await.unwrap(),
        None,
        "its holder lives"
    );
    let seen = kept.ledger.lease("recover").await.unwrap().unwrap();
    let taken = kept.ledger.take_lease_after("recover", &seen).await.unwrap().unwrap();
    assert!(taken.epoch > lease.epoch);
    assert!(matches!(
        kept.ledger.renew_lease(&lease).await,
        Err(Error::Fenced { .. })
    ));
    kept.ledger.release_lease(&lease).await.unwrap();
    assert!(
        kept.ledger.lease("recover").await.unwrap().unwrap().holder.is_some(),
        "only its holder gives it back"
    );
    kept.ledger.release_lease(&taken).await.unwrap();
    assert_eq!(kept.ledger.lease("recover").await.unwrap().unwrap().holder, None);
}

#[tokio::test]
async fn processes_show_that_they_live() {
    let kept = ledger().await;
    kept.ledger.beat("fulfil").await.unwrap();
    kept.ledger.beat("fulfil, 3 in flight").await.unwrap();
    let processes = kept.ledger.processes().await.unwrap();
    assert_eq!(processes.len(), 1);
    assert_eq!(
        (processes[0].name.as_str(), processes[0].note.as_str()),
        ("worker-1", "fulfil, 3 in flight")
    );
    kept.ledger.ping().await.unwrap();
}

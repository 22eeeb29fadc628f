//! A process that is stopped after its claim and before its send, and woken after the others took over.

use std::time::{Duration, Instant};

use ledger::{Event, Ledger, State};
use tokio::task::JoinSet;

use crate::processes::Process;
use crate::world::{World, request};

/// Longer than lease and settle together, so that others have called in the meantime.
const FREEZE: Duration = Duration::from_millis(2500);
const ORDERS: usize = 8;
const ROUNDS: usize = 10;

/// Keeps the ledger's file busy, so that a claim waits for its commit long enough to be frozen there.
fn jam(ledger: &Ledger) -> JoinSet<()> {
    let mut jam = JoinSet::new();
    for _ in 0..64 {
        let ledger = ledger.clone();
        jam.spawn(async move { while ledger.beat("jam").await.is_ok() {} });
    }
    jam
}

/// Freezes `victim` while it claims new orders, lets `other` finish them, and says whether a result came too late.
async fn round(world: &World, number: usize, victim: &Process) -> bool {
    let events: Vec<_> = (0..ORDERS)
        .map(|order| {
            request(
                "erp",
                &format!("F-{number}-{order}"),
                "CM-PRO",
                &format!("m-{number}-{order}"),
            )
        })
        .collect();
    let jam = jam(&world.ledger);
    for event in &events {
        world.submit(event).await;
    }
    victim.freeze(FREEZE);
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(jam);
    for event in &events {
        world.eventually_in(event, State::Issued).await;
    }
    let started = Instant::now();
    while started.elapsed() < 2 * FREEZE {
        for event in &events {
            let timeline = world
                .ledger
                .order(event.key().as_str())
                .await
                .unwrap()
                .remove(0)
                .timeline;
            if timeline
                .iter()
                .any(|entry| matches!(entry.event, Event::Late | Event::LateIssued))
            {
                return true;
            }
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    false
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_process_frozen_between_its_claim_and_its_send_does_not_send_when_it_wakes() {
    let world = World::new().await;
    let victim = Process::start(&world, "victim".to_owned());
    let other = Process::start(&world, "other".to_owned());
    let mut late = false;
    for number in 0..ROUNDS {
        late = round(&world, number, &victim).await;
        let doubled: Vec<_> = world
            .license_central
            .books()
            .into_iter()
            .filter(|(_, book)| book.accepted != 1)
            .collect();
        assert!(doubled.is_empty(), "{doubled:?}");
        if late {
            break;
        }
    }
    assert!(late, "no process was frozen between its claim and its send");
    victim.crash().await;
    other.crash().await;
}

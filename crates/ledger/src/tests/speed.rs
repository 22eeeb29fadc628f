//! The writer: groups, two processes on one file, ten thousand claims at once.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;

use super::support::{ABLE, arrival, at, clock, issued, ledger};
use crate::writer::{Refusal, Surroundings};
use crate::{Arrival, Ledger, Settled, State, Verdict};

/// Claims and settles these orders at once, each by its own task; returns how many it called.
async fn storm(ledger: &Ledger, orders: std::ops::Range<usize>) -> usize {
    let mut tasks = JoinSet::new();
    for number in orders {
        let ledger = ledger.clone();
        tasks.spawn(async move {
            let arrival = arrival(&format!("order-{number:06}"), "CM-BASIC", 5);
            let Verdict::Call(claim) = ledger.claim(arrival, ABLE).await.unwrap() else {
                return 0;
            };
            let settled = ledger.settle(&claim, issued("FIRST"), at(11)).await.unwrap();
            assert!(matches!(settled, Settled::Written(written) if written.state == State::Issued));
            1
        });
    }
    tasks.join_all().await.into_iter().sum()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_claims_at_once_are_committed_in_groups() {
    let kept = ledger().await;
    let started = Instant::now();
    assert_eq!(storm(&kept.ledger, 0..10_000).await, 10_000);
    println!("{:?} for 10,000 tickets", started.elapsed());
    let counts = kept.ledger.counts().await.unwrap();
    assert!(counts.by_state.contains(&(State::Issued, 10_000)), "{counts:?}");
    let commits = crate::sqlite::tests::commits(&kept.settings.file().unwrap());
    assert!(commits < 2000, "20,000 transitions took {commits} commits");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_processes_on_one_file_call_each_order_once() {
    let kept = ledger().await;
    let other = Ledger::open_with_clock(&kept.settings, "worker-2", clock(10))
        .await
        .unwrap();
    let (mine, theirs) = tokio::join!(storm(&kept.ledger, 0..500), storm(&other, 0..500));
    assert_eq!(mine + theirs, 500);
}

#[tokio::test]
async fn a_lone_claim_does_not_wait_for_the_pace() {
    let kept = ledger().await;
    kept.ledger.close().await.unwrap();
    let slow = crate::Settings {
        pace: Duration::from_secs(3600),
        ..kept.settings.clone()
    };
    let ledger = Ledger::open_with_clock(&slow, "worker-1", clock(10)).await.unwrap();
    for number in 0..20 {
        ledger
            .accept(arrival(&format!("lone-{number}"), "CM-BASIC", 5))
            .await
            .unwrap();
    }
    assert_eq!(ledger.counts().await.unwrap().by_state[0].1, 20);
}

#[tokio::test]
async fn one_bad_command_does_not_fail_its_group() {
    let kept = ledger().await;
    crate::sqlite::tests::damage(&kept.settings.file().unwrap(), &kept.ledger).await;
    let mut tasks = JoinSet::new();
    for number in 0..10 {
        let ledger = kept.ledger.clone();
        tasks.spawn(async move {
            (
                number,
                ledger.accept(arrival(&format!("group-{number}"), "CM-BASIC", 5)).await,
            )
        });
    }
    let ledger = kept.ledger.clone();
    tasks.spawn(async move {
        let again = Arrival {
            message_id: "again".to_owned(),
            ..arrival("damaged", "CM-BASIC", 5)
        };
        (99, ledger.accept(again).await)
    });
    for (number, answer) in tasks.join_all().await {
        assert_eq!(answer.is_err(), number == 99, "{number}: {answer:?}");
    }
}

#[test]
fn a_failed_commit_answers_everybody_with_an_error_and_is_not_repeated() {
    struct Failing(std::sync::Arc<std::sync::atomic::AtomicU32>);
    impl crate::writer::Engine for Failing {
        fn commit(&mut self, _: &mut [crate::command::Command], _: &mut Surroundings) -> Result<(), Refusal> {
            self.0.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Err(Refusal::Commit(std::sync::Arc::new(std::io::Error::other("disk full"))))
        }
    }
    let tries = std::sync::Arc::<std::sync::atomic::AtomicU32>::default();
    let around = Surroundings {
        clock: clock(0),
        process: "worker-1".into(),
        patience: crate::arrivals::Patience::default(),
    };
    let (commands, thread) = crate::writer::start(Failing(tries.clone()), around, Duration::ZERO).unwrap();
    let (ask, answer) = crate::command::Ask::new("note".to_owned());
    commands.blocking_send(crate::command::Command::Beat(ask)).unwrap();
    let answer = answer.blocking_recv().unwrap();
    assert!(matches!(answer, Err(crate::Error::NotCommitted { .. })), "{answer:?}");
    drop(commands);
    thread.join().unwrap();
    assert_eq!(tries.load(std::sync::atomic::Ordering::SeqCst), 1);
}

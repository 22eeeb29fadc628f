//! What producer and worker meet, on a real file.

use std::time::Duration;

use jiff::ToSpan as _;
use schemas::{HeldCode, Outcome};

use super::support::{ABLE, arrival, at, claim, issued, ledger, not_accepted, refused, request, ticket};
use crate::{Accepted, Arrival, Ending, Error, Event, Powers, Settled, State, Verdict};

#[tokio::test]
async fn an_order_goes_from_accepted_to_issued_and_its_timeline_says_so() {
    let kept = ledger().await;
    let Accepted::Publish(published) = kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap() else {
        panic!("expected a request to publish")
    };
    assert_eq!(published.body.event().unwrap(), request("A", "CM-BASIC", 5));
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let foretold = claim.rest_after(&issued("FIRST"), at(12)).unwrap();
    let Settled::Written(written) = kept.ledger.settle(&claim, issued("FIRST"), at(12)).await.unwrap() else {
        panic!("expected to be written")
    };
    assert_eq!(
        written.rest.as_ref(),
        Some(&foretold),
        "the completion can be published while the result is written"
    );
    assert_eq!(
        (foretold.version, written.version),
        (claim.outcome_version(), claim.outcome_version())
    );
    let shown = kept.ledger.order("N-A").await.unwrap().pop().unwrap();
    assert_eq!(shown.row.ticket, Some(ticket("FIRST")));
    let events: Vec<(u64, Event)> = shown
        .timeline
        .iter()
        .map(|entry| (entry.version, entry.event))
        .collect();
    assert_eq!(events, [(1, Event::Accepted), (2, Event::Claimed), (3, Event::Issued)]);
}

#[tokio::test]
async fn the_same_key_twice_in_one_batch_is_claimed_once() {
    let kept = ledger().await;
    let verdicts = futures(&kept.ledger, 20).await;
    let calls = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::Call(_)))
        .count();
    let in_hand = verdicts
        .iter()
        .filter(|verdict| matches!(verdict, Verdict::InHand))
        .count();
    assert_eq!((calls, in_hand), (1, 19));
}

async fn futures(ledger: &crate::Ledger, deliveries: usize) -> Vec<Verdict> {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..deliveries {
        let ledger = ledger.clone();
        tasks.spawn(async move { ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap() });
    }
    tasks.join_all().await
}

#[tokio::test]
async fn a_second_click_after_a_refusal_is_called_again_once_the_item_was_mended() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&first, refused(), at(11)).await.unwrap();
    let again = kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert!(
        matches!(again, Verdict::Republish(rest) if rest.letter.is_some()),
        "the same message is only answered"
    );

    let click = Arrival {
        message_id: "second-click".to_owned(),
        ..arrival("A", "CM-BASIC", 5)
    };
    let Accepted::Publish(request) = kept.ledger.accept(click.clone()).await.unwrap() else {
        panic!("expected a call")
    };
    assert_eq!(request.message_id, "second-click");
    let second = claim(&kept.ledger, click).await;
    assert_eq!(second.attempts(), 0, "a new budget");
    kept.ledger.settle(&second, issued("FIRST"), at(12)).await.unwrap();
    let shown = kept.ledger.order("N-A").await.unwrap().pop().unwrap();
    assert_eq!(shown.row.state, State::Issued);
    assert!(
        shown
            .letters
            .iter()
            .all(|listed| listed.state == crate::LetterState::Overtaken),
        "{:?}",
        shown.letters
    );
}

#[tokio::test]
async fn two_orgs_may_use_one_order_number() {
    let kept = ledger().await;
    let mut other = request("A", "CM-BASIC", 5);
    other.data.order.org = Some("org-2".to_owned());
    claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    claim(&kept.ledger, Arrival::first(other)).await;
    assert_eq!(kept.ledger.order("N-A").await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_later_request_replaces_the_content_and_an_earlier_one_does_not() {
    let kept = ledger().await;
    kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    kept.ledger.accept(arrival("A", "CM-PRO", 7)).await.unwrap();
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert_eq!(
        claim.event().unwrap(),
        request("A", "CM-PRO", 7),
        "the ledger's body is called, not the delivered one"
    );
    let shown = kept.ledger.order("N-A").await.unwrap().pop().unwrap();
    let replaced = shown
        .timeline
        .iter()
        .find(|entry| entry.event == Event::Replaced)
        .unwrap();
    assert!(
        replaced.detail.starts_with("1 × CM-BASIC for C-1 → 1 × CM-PRO for C-1"),
        "{}",
        replaced.detail
    );
}

#[tokio::test]
async fn other_content_for_an_issued_order_is_a_letter_and_changes_nothing() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&first, issued("FIRST"), at(11)).await.unwrap();
    for _ in 0..2 {
        let verdict = kept.ledger.claim(arrival("A", "CM-PRO", 20), ABLE).await.unwrap();
        let Verdict::Conflict(letter) = verdict else {
            panic!("expected a conflict, found {verdict:?}")
        };
        assert_eq!(letter.class, "conflicting-request");
        assert_eq!(letter.body.event().unwrap(), request("A", "CM-PRO", 20));
    }
    let shown = kept.ledger.order("N-A").await.unwrap().pop().unwrap();
    assert_eq!(
        (shown.row.state, shown.row.ticket),
        (State::Issued, Some(ticket("FIRST")))
    );
    assert_eq!(shown.letters.len(), 1, "inserted once");
}

#[tokio::test]
async fn content_that_arrives_during_a_call_is_called_after_a_refusal_and_is_a_letter_after_a_ticket() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert_eq!(
        kept.ledger.claim(arrival("A", "CM-PRO", 7), ABLE).await.unwrap(),
        Verdict::InHand
    );
    let Settled::Written(written) = kept.ledger.settle(&first, refused(), at(11)).await.unwrap() else {
        panic!("what waits does not fence the claim")
    };
    assert_eq!(written.state, State::Refused);
    let call = written.call.unwrap();
    assert_eq!(call.body.event().unwrap(), request("A", "CM-PRO", 7));

    let second = claim(&kept.ledger, arrival("A", "CM-PRO", 7)).await;
    assert_eq!(
        kept.ledger.accept(arrival("A", "CM-BASIC", 9)).await.unwrap(),
        Accepted::InHand
    );
    let Settled::Written(written) = kept.ledger.settle(&second, issued("FIRST"), at(12)).await.unwrap() else {
        panic!("expected to be written")
    };
    assert_eq!(written.conflict.unwrap().class, "conflicting-request");
}

#[tokio::test]
async fn a_revision_waits_until_the_one_before_is_at_rest() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let mut next = request("A", "CM-PRO", 6);
    next.data.revision = 2;
    let next = Arrival::first(next);
    let verdict = kept.ledger.claim(next.clone(), ABLE).await.unwrap();
    assert_eq!(verdict, Verdict::WaitForRevision { revision: 1 });
    kept.ledger.settle(&first, refused(), at(11)).await.unwrap();
    claim(&kept.ledger, next).await;
}

#[tokio::test]
async fn a_revision_waits_ten_minutes_for_one_that_nobody_heard_of_whatever_the_wall_clock_says() {
    let folder = tempfile::tempdir().unwrap();
    let settings = crate::Settings::sqlite(folder.path().join("ledger.db"));
    let seconds = std::sync::Arc::new(std::sync::atomic::AtomicU64::new(0));
    let (wall, monotonic) = (seconds.clone(), seconds.clone());
    let jumping = crate::Clock::new(
        // The wall clock runs a hundred times as fast.
        move || {
            at(0)
                .checked_add((100 * wall.load(std::sync::atomic::Ordering::SeqCst) as i64).seconds())
                .unwrap()
        },
        move || Duration::from_secs(monotonic.load(std::sync::atomic::Ordering::SeqCst)),
    );
    let ledger = crate::Ledger::open_with_clock(&settings, "worker-1", jumping)
        .await
        .unwrap();
    let mut second = request("A", "CM-PRO", 6);
    second.data.revision = 2;
    let second = Arrival::first(second);
    for now in [0, 300, 599] {
        seconds.store(now, std::sync::atomic::Ordering::SeqCst);
        let verdict = ledger.claim(second.clone(), ABLE).await.unwrap();
        assert_eq!(verdict, Verdict::WaitForRevision { revision: 1 }, "after {now} s");
    }
    seconds.store(600, std::sync::atomic::Ordering::SeqCst);
    claim(&ledger, second).await;
}

#[tokio::test]
async fn an_order_in_doubt_is_looked_up_before_its_first_call() {
    let kept = ledger().await;
    let delivered = Arrival {
        redelivered: true,
        ..arrival("A", "CM-BASIC", 5)
    };
    let Verdict::LookUp(claim) = kept.ledger.claim(delivered, ABLE).await.unwrap() else {
        panic!("expected a look-up")
    };
    let settled = kept.ledger.settle(&claim, Ending::NotFound, at(11)).await.unwrap();
    let Settled::Cleared(cleared) = settled else {
        panic!("expected to be cleared, found {settled:?}")
    };
    assert_eq!(cleared.version(), claim.version() + 1);
    let stale = kept.ledger.settle(&claim, refused(), at(11)).await.unwrap();
    assert!(matches!(stale, Settled::Zombie(_)), "the look-up's claim is spent");
    let settled = kept.ledger.settle(&cleared, issued("FIRST"), at(12)).await.unwrap();
    assert!(matches!(settled, Settled::Written(written) if written.state == State::Issued));
}

#[tokio::test]
async fn an_order_in_doubt_is_held_if_license_central_cannot_be_asked() {
    let kept = ledger().await;
    let delivered = Arrival {
        attempt: 2,
        ..arrival("A", "CM-BASIC", 5)
    };
    let unable = Powers {
        can_find: false,
        alone: false,
    };
    let Verdict::Held(rest) = kept.ledger.claim(delivered.clone(), unable).await.unwrap() else {
        panic!("expected to be held")
    };
    assert!(matches!(
        rest.completion.data.outcome,
        Outcome::Held {
            code: HeldCode::OutcomeUnknown,
            ..
        }
    ));
    let again = kept.ledger.claim(delivered, unable).await.unwrap();
    assert_eq!(again, Verdict::Republish(rest), "and told again, not called");
}

#[tokio::test]
async fn a_look_up_without_an_answer_leaves_the_order_in_doubt() {
    let kept = ledger().await;
    let delivered = Arrival {
        redelivered: true,
        ..arrival("A", "CM-BASIC", 5)
    };
    let Verdict::LookUp(first) = kept.ledger.claim(delivered.clone(), ABLE).await.unwrap() else {
        panic!("look-up")
    };
    kept.ledger.settle(&first, not_accepted(Some(5)), at(11)).await.unwrap();
    let Verdict::LookUp(second) = kept.ledger.claim(delivered, ABLE).await.unwrap() else {
        panic!("look-up again")
    };
    let Settled::Written(written) = kept.ledger.settle(&second, not_accepted(None), at(12)).await.unwrap() else {
        panic!("expected to be written")
    };
    let outcome = written.rest.unwrap().completion.data.outcome;
    assert!(
        matches!(
            outcome,
            Outcome::Held {
                code: HeldCode::OutcomeUnknown,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_spent_budget_holds_the_order_and_a_snooze_spends_nothing() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let snoozed = Ending::Snoozed {
        wait: Duration::from_secs(5),
        error: "breaker".to_owned(),
    };
    kept.ledger.settle(&first, snoozed, at(11)).await.unwrap();
    let second = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert_eq!(second.attempts(), 0);
    kept.ledger
        .settle(&second, not_accepted(Some(30)), at(12))
        .await
        .unwrap();
    let third = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert_eq!(third.attempts(), 1);
    let Settled::Written(written) = kept.ledger.settle(&third, not_accepted(None), at(13)).await.unwrap() else {
        panic!("expected to be written")
    };
    let rest = written.rest.unwrap();
    assert!(matches!(
        rest.completion.data.outcome,
        Outcome::Held {
            code: HeldCode::AttemptsExhausted,
            ..
        }
    ));
    assert_eq!(rest.letter.unwrap().code, "attempts-exhausted");
}

#[tokio::test]
async fn a_closed_ledger_says_so() {
    let kept = ledger().await;
    kept.ledger.close().await.unwrap();
    assert!(matches!(
        kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await,
        Err(Error::Closed)
    ));
}

//! What `recover` does: crashes, poison, look-ups, nudges.

use std::time::Duration;

use schemas::{HeldCode, Outcome};

use super::support::{ABLE, arrival, at, claim, clock, issued, ledger, request, ticket};
use crate::claim::LookedUp;
use crate::{Arrival, Claim, Due, Ending, Ledger, Nudge, Powers, State, Verdict};

const GRACE: Duration = Duration::from_secs(600);

/// A claim ends without a result, and the look-up finds nothing.
async fn crash(ledger: &Ledger, claim: &Claim) -> Option<crate::Rest> {
    assert!(ledger.take_over(claim.id(), claim.version()).await.unwrap());
    assert!(
        !ledger.take_over(claim.id(), claim.version()).await.unwrap(),
        "only once"
    );
    let look_up = ledger.look_up(claim.id(), claim.version() + 1).await.unwrap().unwrap();
    let not_found = LookedUp::NotFound {
        wait: Some(Duration::ZERO),
    };
    ledger.settle_look_up(&look_up, not_found).await.unwrap().unwrap().rest
}

#[tokio::test]
async fn a_suspect_is_handled_alone_and_the_third_crash_holds_it() {
    let kept = ledger().await;
    for _ in 0..2 {
        let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
        assert_eq!(crash(&kept.ledger, &claim).await, None);
    }
    let verdict = kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert_eq!(verdict, Verdict::Alone, "not beside others");
    let alone = Powers {
        can_find: true,
        alone: true,
    };
    let Verdict::Call(third) = kept.ledger.claim(arrival("A", "CM-BASIC", 5), alone).await.unwrap() else {
        panic!("expected a call")
    };
    let rest = crash(&kept.ledger, &third).await.unwrap();
    assert!(matches!(
        rest.completion.data.outcome,
        Outcome::Held {
            code: HeldCode::Poison,
            ..
        }
    ));

    let letter = rest.letter.unwrap();
    kept.ledger
        .replay(&letter.id, "operator", "after the fix")
        .await
        .unwrap();
    let verdict = kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert_eq!(verdict, Verdict::Alone, "still a suspect");
}

#[tokio::test]
async fn an_unknown_outcome_is_never_called_and_what_is_found_is_issued() {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger
        .settle(
            &claim,
            Ending::Unknown {
                error: "reset".to_owned(),
            },
            at(11),
        )
        .await
        .unwrap();
    assert_eq!(
        kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap(),
        Verdict::InHand
    );
    let in_hand = kept.ledger.in_hand().await.unwrap().pop().unwrap();
    assert_eq!(
        (in_hand.state, in_hand.version),
        (State::Unknown, claim.outcome_version())
    );

    let look_up = kept.ledger.look_up(in_hand.id, in_hand.version).await.unwrap().unwrap();
    let unclear = LookedUp::Unclear {
        wait: Some(Duration::from_secs(5)),
        error: "503".to_owned(),
    };
    kept.ledger.settle_look_up(&look_up, unclear).await.unwrap().unwrap();
    let later = kept.ledger.in_hand().await.unwrap().pop().unwrap();
    assert_eq!(
        later.watch, in_hand.watch,
        "an unclear answer does not restart the wait for `settle`"
    );
    assert!(later.version > in_hand.version);
    let found = LookedUp::Found {
        ticket: ticket("FIRST"),
        web_depot_link: None,
    };
    let stale = kept.ledger.settle_look_up(&look_up, found.clone()).await.unwrap();
    assert_eq!(stale, None, "fenced by its version");

    let look_up = kept.ledger.look_up(later.id, later.version).await.unwrap().unwrap();
    assert_eq!(look_up.look_ups(), 1);
    let written = kept.ledger.settle_look_up(&look_up, found).await.unwrap().unwrap();
    assert_eq!(written.state, State::Issued);
    assert!(kept.ledger.in_hand().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_look_up_that_ends_without_an_answer_holds_the_order() {
    let ends = [
        (LookedUp::CannotFind, HeldCode::OutcomeUnknown),
        (
            LookedUp::Unclear {
                wait: None,
                error: "503".to_owned(),
            },
            HeldCode::OutcomeUnknown,
        ),
        (
            LookedUp::Foreign {
                detail: "other items".to_owned(),
            },
            HeldCode::ForeignOrder,
        ),
        (
            LookedUp::Doubled {
                detail: "accepted twice".to_owned(),
            },
            HeldCode::SuspectedDouble,
        ),
        (LookedUp::NotFound { wait: None }, HeldCode::AttemptsExhausted),
    ];
    for (found, expected) in ends {
        let kept = ledger().await;
        let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
        kept.ledger
            .settle(
                &claim,
                Ending::Unknown {
                    error: "reset".to_owned(),
                },
                at(11),
            )
            .await
            .unwrap();
        let look_up = kept
            .ledger
            .look_up(claim.id(), claim.outcome_version())
            .await
            .unwrap()
            .unwrap();
        let written = kept.ledger.settle_look_up(&look_up, found).await.unwrap().unwrap();
        let rest = written.rest.unwrap();
        assert!(matches!(rest.completion.data.outcome, Outcome::Held { code, .. } if code == expected));
        assert!(rest.letter.is_some());
    }
}

#[tokio::test]
async fn what_is_overdue_is_sent_again_and_not_twice_at_once() {
    let kept = ledger().await;
    kept.ledger.accept(arrival("A", "CM-BASIC", 5)).await.unwrap();
    let claim = claim(&kept.ledger, arrival("B", "CM-BASIC", 5)).await;
    kept.ledger.settle(&claim, issued("FIRST"), at(10)).await.unwrap();
    assert!(
        kept.ledger
            .overdue(Due::Requests, GRACE, GRACE, 10)
            .await
            .unwrap()
            .is_empty(),
        "not yet"
    );
    kept.ledger.close().await.unwrap();

    let later = Ledger::open_with_clock(&kept.settings, "recover", clock(10 + 601))
        .await
        .unwrap();
    let requests = later.overdue(Due::Requests, GRACE, GRACE, 10).await.unwrap();
    assert!(matches!(requests.as_slice(), [Nudge::Request(request)] if request.key.as_str() == "org-1/A/1"));
    let outcomes = later.overdue(Due::Outcomes, GRACE, GRACE, 10).await.unwrap();
    assert!(matches!(outcomes.as_slice(), [Nudge::Outcome(rest)] if rest.version == claim.outcome_version()));
    for due in [Due::Requests, Due::Outcomes] {
        assert!(
            later.overdue(due, GRACE, GRACE, 10).await.unwrap().is_empty(),
            "somebody has it"
        );
    }
    later
        .mark_reported(&[(claim.key().clone(), claim.outcome_version())])
        .await
        .unwrap();
    later.close().await.unwrap();
    let much_later = Ledger::open_with_clock(&kept.settings, "recover", clock(100_000))
        .await
        .unwrap();
    assert!(
        much_later
            .overdue(Due::Outcomes, GRACE, GRACE, 10)
            .await
            .unwrap()
            .is_empty(),
        "its source knows"
    );
}

#[tokio::test]
async fn a_request_that_was_just_here_and_waits_for_its_revision_is_not_sent_again() {
    let kept = ledger().await;
    let _first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let mut second = request("A", "CM-PRO", 6);
    second.data.revision = 2;
    let second = Arrival::first(second);
    kept.ledger.claim(second.clone(), ABLE).await.unwrap();
    kept.ledger.close().await.unwrap();

    let later = Ledger::open_with_clock(&kept.settings, "worker-1", clock(10 + 601))
        .await
        .unwrap();
    let verdict = later.claim(second, ABLE).await.unwrap();
    assert_eq!(verdict, Verdict::WaitForRevision { revision: 1 });
    let nudges = later.overdue(Due::Requests, GRACE, GRACE, 10).await.unwrap();
    assert!(nudges.is_empty(), "its message goes round already: {nudges:?}");
}

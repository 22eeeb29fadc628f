//! What sources are told: reports noted, completions ahead of their row, requests that cannot be read.

use schemas::{HeldCode, KnownOrder, Outcome, Reply};

use super::support::{arrival, at, claim, issued, ledger, refused, request};
use crate::{Adopted, Arrival, Letter, LetterId, Settled, Stage, State};

#[tokio::test]
async fn a_source_that_wants_no_reply_needs_no_report() {
    let kept = ledger().await;
    let mut quiet = request("A", "CM-BASIC", 5);
    quiet.data.reply = Some(Reply::None);
    let claim = claim(&kept.ledger, Arrival::first(quiet)).await;
    kept.ledger.settle(&claim, issued("FIRST"), at(11)).await.unwrap();
    let row = kept
        .ledger
        .rows(&[claim.key().clone()])
        .await
        .unwrap()
        .pop()
        .unwrap()
        .unwrap();
    assert!(!row.is_unreported());
    assert_eq!(row.next_due, None);
}

#[tokio::test]
async fn a_report_is_noted_for_the_version_it_told() {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&claim, issued("FIRST"), at(11)).await.unwrap();
    let key = claim.key().clone();
    kept.ledger
        .mark_reported(&[(key.clone(), claim.version())])
        .await
        .unwrap();
    let row = kept
        .ledger
        .rows(std::slice::from_ref(&key))
        .await
        .unwrap()
        .pop()
        .unwrap()
        .unwrap();
    assert!(row.is_unreported(), "an older version was told");
    kept.ledger
        .mark_reported(&[(key.clone(), claim.outcome_version())])
        .await
        .unwrap();
    let row = kept
        .ledger
        .revisions(&[key])
        .await
        .unwrap()
        .pop()
        .unwrap()
        .pop()
        .unwrap();
    assert!(!row.is_unreported());
    assert_eq!(kept.ledger.counts().await.unwrap().unreported, 0);
}

#[tokio::test]
async fn a_completion_ahead_of_its_row_is_taken_in_if_it_carries_a_ticket() {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let refusal = claim.rest_after(&refused(), at(11)).unwrap();
    assert_eq!(kept.ledger.adopt(&refusal.completion).await.unwrap(), Adopted::Wait);
    let ticketed = claim.rest_after(&issued("FIRST"), at(11)).unwrap();
    let Adopted::Row(row) = kept.ledger.adopt(&ticketed.completion).await.unwrap() else {
        panic!("expected a row")
    };
    assert_eq!((row.state, row.version), (State::Issued, claim.outcome_version()));
    let zombie = kept.ledger.settle(&claim, issued("FIRST"), at(11)).await.unwrap();
    assert!(matches!(zombie, Settled::Zombie(zombie) if !zombie.suspected_double && zombie.state == State::Issued));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_held_and_told_once() {
    let kept = ledger().await;
    let event = request("A", "CM-BASIC", 5);
    let known = KnownOrder {
        source: event.source.clone(),
        order: event.data.order.clone(),
        revision: 1,
    };
    let letter = Letter {
        id: LetterId::of("m1", Stage::Fulfil, 0),
        stage: Stage::Fulfil,
        class: "invalid-request".to_owned(),
        code: "invalid-request".to_owned(),
        text: "data.lines: found nothing".to_owned(),
        key: None,
        version: None,
        order_number: None,
        source: None,
        message_id: Some("m1".to_owned()),
        body: b"{\"data\":{}}".to_vec().into(),
        headers: [("traceparent".to_owned(), "00-1".to_owned())].into(),
        created_at: at(11),
    };
    let first = kept.ledger.park_invalid(known.clone(), letter.clone()).await.unwrap();
    let second = kept.ledger.park_invalid(known, letter).await.unwrap();
    assert_eq!(first.letter.id, second.letter.id);
    assert_eq!(first.rest, second.rest);
    let outcome = first.rest.unwrap().completion.data.outcome;
    assert!(matches!(
        outcome,
        Outcome::Held {
            code: HeldCode::InvalidRequest,
            ..
        }
    ));
    assert_eq!(kept.ledger.counts().await.unwrap().open_letters, 1);
    let shown = kept.ledger.letter(first.letter.id.as_str()).await.unwrap();
    assert_eq!(shown.listed.letter.headers["traceparent"], "00-1");
    assert_eq!(shown.listed.letter.body.as_bytes(), b"{\"data\":{}}");

    let mended = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert_eq!(mended.event().unwrap(), event, "a mended request is called");
}

//! Dead letters: listed, shown, replayed.

use super::support::{ABLE, Kept, arrival, at, claim, issued, ledger, refused};
use crate::{
    Arrival, Ending, Error, Event, Letter, LetterFilter, LetterId, LetterState, Replayed, Settled, Stage, State,
    Verdict,
};

/// Returns a ledger with one refused order, and its letter.
async fn with_refusal() -> (Kept, Letter) {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let Settled::Written(written) = kept.ledger.settle(&claim, refused(), at(11)).await.unwrap() else {
        panic!("expected to be written")
    };
    let letter = written.rest.unwrap().letter.unwrap();
    (kept, letter)
}

fn foreign_letter() -> Letter {
    Letter {
        id: LetterId::of("m9", Stage::Fulfil, 0),
        stage: Stage::Fulfil,
        class: "invalid-request".to_owned(),
        code: "invalid-request".to_owned(),
        text: "not JSON".to_owned(),
        key: None,
        version: None,
        order_number: None,
        source: None,
        message_id: Some("m9".to_owned()),
        body: b"\xff\x00".to_vec().into(),
        headers: [(
            "x-ticketsmith-errors".to_owned(),
            r#"[{"at":"2027-01-15T08:00:01Z","attempt":1,"class":"worker-died","text":"killed"}]"#.to_owned(),
        )]
        .into(),
        created_at: at(1),
    }
}

#[tokio::test]
async fn a_refusal_writes_its_letter_and_the_mailbox_brings_no_second_one() {
    let (kept, letter) = with_refusal().await;
    assert!(!kept.ledger.collect(letter.clone()).await.unwrap());
    let shown = kept.ledger.letter(&letter.id.as_str()[..8]).await.unwrap();
    assert_eq!(shown.listed.letter, letter);
    assert_eq!(shown.listed.state, LetterState::Open);
    assert_eq!(shown.attempts.len(), 1);
    assert_eq!(
        (shown.attempts[0].event.as_str(), shown.attempts[0].text.as_str()),
        ("refused", "item CM-X")
    );
    assert_eq!(shown.row.unwrap().state, State::Refused);
}

/// Returns a filter with one thing set.
fn only(set: impl FnOnce(&mut LetterFilter)) -> LetterFilter {
    let mut filter = LetterFilter::default();
    set(&mut filter);
    filter
}

#[tokio::test]
async fn letters_are_found_by_state_stage_order_and_text() {
    let (kept, letter) = with_refusal().await;
    assert!(kept.ledger.collect(foreign_letter()).await.unwrap());
    let some = |text: &str| Some(text.to_owned());
    let (foreign, refused) = (foreign_letter().id, letter.id);
    let both = vec![foreign.clone(), refused.clone()];
    let expected = [
        (only(|_| ()), both),
        (only(|filter| filter.limit = 1), vec![foreign]),
        (only(|filter| filter.class = some("refused")), vec![refused.clone()]),
        (only(|filter| filter.order = some("N-A")), vec![refused.clone()]),
        (only(|filter| filter.order = some("org-1/A/1")), vec![refused.clone()]),
        (only(|filter| filter.text = some("CM-X")), vec![refused]),
        (only(|filter| filter.text = some("%")), vec![]),
        (only(|filter| filter.stage = Some(Stage::Report)), vec![]),
        (only(|filter| filter.state = Some(LetterState::Replayed)), vec![]),
    ];
    for (filter, ids) in expected {
        let listed = kept.ledger.letters(&filter).await.unwrap();
        let found: Vec<LetterId> = listed.into_iter().map(|listed| listed.letter.id).collect();
        assert_eq!(found, ids, "{filter:?}");
    }
}

#[tokio::test]
async fn a_replay_calls_a_refused_order_again_with_a_new_budget_and_is_audited() {
    let (kept, letter) = with_refusal().await;
    let Replayed::Request(request) = kept.ledger.replay(&letter.id, "ada", "item added").await.unwrap() else {
        panic!("expected a request")
    };
    let again = kept.ledger.replay(&letter.id, "ada", "again").await;
    assert!(matches!(again, Err(Error::NotAllowed { .. })), "{again:?}");
    let delivered = Arrival {
        message_id: request.message_id,
        ..arrival("A", "CM-BASIC", 5)
    };
    let second = claim(&kept.ledger, delivered).await;
    assert_eq!(second.attempts(), 0);
    kept.ledger.settle(&second, issued("FIRST"), at(12)).await.unwrap();
    let shown = kept.ledger.letter(letter.id.as_str()).await.unwrap();
    assert_eq!(shown.listed.state, LetterState::Replayed);
    assert_eq!(
        (shown.audit[0].who.as_str(), shown.audit[0].why.as_str()),
        ("ada", "item added")
    );
    assert_eq!(shown.attempts[0].event, "refused", "errors are kept");
}

#[tokio::test]
async fn an_order_that_may_be_at_license_central_is_not_replayed() {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let poison = Ending::Poison {
        error: "index out of bounds".to_owned(),
    };
    let Settled::Written(written) = kept.ledger.settle(&claim, poison, at(11)).await.unwrap() else {
        panic!("expected to be written")
    };
    let letter = written.rest.unwrap().letter.unwrap();
    let replayed = kept.ledger.replay(&letter.id, "ada", "try").await;
    let Err(Error::NotAllowed { because, .. }) = replayed else {
        panic!("expected a no, found {replayed:?}")
    };
    assert!(because.contains("orders resolve"), "{because}");
}

#[tokio::test]
async fn a_letter_without_a_row_is_published_and_then_marked() {
    let kept = ledger().await;
    kept.ledger.collect(foreign_letter()).await.unwrap();
    let id = foreign_letter().id;
    let Replayed::Publish(letter) = kept.ledger.replay(&id, "ada", "mended").await.unwrap() else {
        panic!("expected the letter")
    };
    assert_eq!(letter.body.as_bytes(), b"\xff\x00");
    assert_eq!(
        kept.ledger.letter(id.as_str()).await.unwrap().listed.state,
        LetterState::Open,
        "not before the confirm"
    );
    kept.ledger.mark_replayed(&id, "ada", "mended").await.unwrap();
    let shown = kept.ledger.letter(id.as_str()).await.unwrap();
    assert_eq!((shown.listed.state, shown.audit.len()), (LetterState::Replayed, 1));
    assert_eq!(
        shown.attempts[0].event, "worker-died",
        "without a timeline its header tells"
    );
}

#[tokio::test]
async fn a_report_that_was_given_up_is_a_letter_and_a_replay_reports_again() {
    let kept = ledger().await;
    let claim = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&claim, issued("FIRST"), at(11)).await.unwrap();
    let (key, version) = (claim.key().clone(), claim.outcome_version());
    let stale = kept
        .ledger
        .park_report(&key, claim.version(), "X", "stale")
        .await
        .unwrap();
    assert_eq!(stale, None);
    let letter = kept
        .ledger
        .park_report(&key, version, "FIELD_CUSTOM_VALIDATION", "no")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(letter.stage, Stage::Report);
    assert_eq!(
        schemas::read_completion(letter.body.as_bytes()).unwrap().data.sequence,
        version
    );
    let row = kept
        .ledger
        .rows(std::slice::from_ref(&key))
        .await
        .unwrap()
        .pop()
        .unwrap()
        .unwrap();
    assert_eq!((row.report_parked, row.is_unreported()), (Some(version), false));

    let Replayed::Completion(rest) = kept.ledger.replay(&letter.id, "ada", "rule removed").await.unwrap() else {
        panic!("expected a completion")
    };
    assert_eq!(rest.version, version);
    let row = kept
        .ledger
        .rows(std::slice::from_ref(&key))
        .await
        .unwrap()
        .pop()
        .unwrap()
        .unwrap();
    assert!(row.is_unreported());
    let again = kept
        .ledger
        .park_report(&key, version, "FIELD_CUSTOM_VALIDATION", "still no")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(again.id, letter.id);
    assert_eq!(kept.ledger.counts().await.unwrap().open_letters, 1, "open again");
}

#[tokio::test]
async fn a_conflict_can_not_be_replayed_and_is_not_overtaken() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&first, issued("FIRST"), at(11)).await.unwrap();
    let Verdict::Conflict(letter) = kept.ledger.claim(arrival("A", "CM-PRO", 20), ABLE).await.unwrap() else {
        panic!("expected a conflict")
    };
    let replayed = kept.ledger.replay(&letter.id, "ada", "please").await;
    assert!(matches!(replayed, Err(Error::NotAllowed { .. })));
    let missing = kept
        .ledger
        .replay(&LetterId::from_text("nothing"), "ada", "please")
        .await;
    assert!(matches!(missing, Err(Error::NotFound { .. })));
}

#[tokio::test]
async fn a_replay_stands_in_the_timeline_with_its_reason() {
    let (kept, letter) = with_refusal().await;
    kept.ledger.replay(&letter.id, "ada", "item added").await.unwrap();
    let shown = kept.ledger.order("org-1/A/1").await.unwrap().pop().unwrap();
    let last = shown.timeline.last().unwrap();
    assert_eq!(
        (last.event, last.detail.as_str()),
        (Event::Replayed, "by ada: item added")
    );
}

//! What a result means that comes after its claim was taken over, rule by rule.

use super::support::{ABLE, arrival, at, claim, issued, ledger, not_accepted, refused, ticket};
use crate::claim::{LookedUp, Zombie};
use crate::{Claim, Event, Ledger, RowId, Settled, ShownOrder, State, Verdict};

async fn shown(ledger: &Ledger) -> ShownOrder {
    ledger.order("N-A").await.unwrap().pop().unwrap()
}

/// `recover` takes the claim over.
async fn taken_over(ledger: &Ledger, claim: &Claim) {
    assert!(ledger.take_over(claim.id(), claim.version()).await.unwrap());
}

/// `recover` finds this out about the unknown row.
async fn looked_up(ledger: &Ledger, id: RowId, found: LookedUp) {
    let version = shown(ledger).await.row.version;
    let look_up = ledger.look_up(id, version).await.unwrap().unwrap();
    ledger.settle_look_up(&look_up, found).await.unwrap().unwrap();
}

fn not_found() -> LookedUp {
    LookedUp::NotFound {
        wait: Some(std::time::Duration::ZERO),
    }
}

async fn late(ledger: &Ledger, claim: &Claim, ending: crate::Ending) -> Zombie {
    match ledger.settle(claim, ending, at(20)).await.unwrap() {
        Settled::Zombie(zombie) => zombie,
        other => panic!("expected a zombie, found {other:?}"),
    }
}

#[tokio::test]
async fn a_late_ticket_is_issued_if_nobody_called_since() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    let zombie = late(&kept.ledger, &first, issued("FIRST")).await;
    assert_eq!((zombie.state, zombie.suspected_double), (State::Issued, false));
    assert!(zombie.rest.is_some(), "its outcome is told");
    assert_eq!(shown(&kept.ledger).await.row.ticket, Some(ticket("FIRST")));
}

#[tokio::test]
async fn a_late_ticket_is_issued_even_after_a_look_up_found_nothing() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(&kept.ledger, first.id(), not_found()).await;
    assert_eq!(late(&kept.ledger, &first, issued("FIRST")).await.state, State::Issued);
    let again = kept.ledger.claim(arrival("A", "CM-BASIC", 5), ABLE).await.unwrap();
    assert!(matches!(again, Verdict::Republish(_)), "and not called again");
}

#[tokio::test]
async fn a_late_ticket_that_a_look_up_had_found_changes_nothing() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(
        &kept.ledger,
        first.id(),
        LookedUp::Found {
            ticket: ticket("FIRST"),
            web_depot_link: None,
        },
    )
    .await;
    let before = shown(&kept.ledger).await.row;
    let zombie = late(&kept.ledger, &first, issued("FIRST")).await;
    assert!(!zombie.suspected_double);
    let after = shown(&kept.ledger).await;
    assert_eq!(after.row, before);
    assert_eq!(after.timeline.last().unwrap().event, Event::LateIssued);
}

#[tokio::test]
async fn a_late_ticket_other_than_the_found_one_is_a_suspected_double() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(
        &kept.ledger,
        first.id(),
        LookedUp::Found {
            ticket: ticket("OTHER"),
            web_depot_link: None,
        },
    )
    .await;
    let zombie = late(&kept.ledger, &first, issued("FIRST")).await;
    assert_eq!((zombie.state, zombie.suspected_double), (State::Held, true));
    let row = shown(&kept.ledger).await.row;
    assert_eq!(
        row.ticket,
        Some(ticket("OTHER")),
        "the ticket that was told stays for the person who resolves it"
    );
}

#[tokio::test]
async fn a_late_ticket_after_a_second_call_is_a_suspected_double_even_if_it_is_the_same() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(&kept.ledger, first.id(), not_found()).await;
    let second = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger.settle(&second, issued("FIRST"), at(15)).await.unwrap();
    let zombie = late(&kept.ledger, &first, issued("FIRST")).await;
    assert!(
        zombie.suspected_double,
        "where a repeat extends, the same ticket proves nothing"
    );
    let row = shown(&kept.ledger).await.row;
    assert_eq!(row.reason.unwrap().code, "suspected-double");
}

#[tokio::test]
async fn a_late_ticket_while_a_second_call_is_out_is_a_suspected_double_and_the_second_result_is_kept() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(&kept.ledger, first.id(), not_found()).await;
    let second = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    assert!(late(&kept.ledger, &first, issued("FIRST")).await.suspected_double);
    let zombie = late(&kept.ledger, &second, issued("SECOND")).await;
    assert_eq!(zombie.state, State::Held);
    let tickets: Vec<_> = shown(&kept.ledger)
        .await
        .timeline
        .into_iter()
        .filter_map(|entry| entry.ticket)
        .collect();
    assert_eq!(tickets, [ticket("FIRST"), ticket("SECOND")]);
}

#[tokio::test]
async fn a_second_call_that_was_surely_not_processed_makes_no_suspicion() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(&kept.ledger, first.id(), not_found()).await;
    let second = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    kept.ledger
        .settle(&second, not_accepted(Some(5)), at(15))
        .await
        .unwrap();
    let zombie = late(&kept.ledger, &first, issued("FIRST")).await;
    assert_eq!((zombie.state, zombie.suspected_double), (State::Issued, false));
}

#[tokio::test]
async fn a_stale_refusal_after_a_ticket_is_only_filed() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    taken_over(&kept.ledger, &first).await;
    looked_up(
        &kept.ledger,
        first.id(),
        LookedUp::Found {
            ticket: ticket("FIRST"),
            web_depot_link: None,
        },
    )
    .await;
    let zombie = late(&kept.ledger, &first, refused()).await;
    assert_eq!(zombie.state, State::Issued);
    let shown = shown(&kept.ledger).await;
    assert_eq!(
        (shown.row.state, shown.row.ticket),
        (State::Issued, Some(ticket("FIRST")))
    );
    assert!(shown.letters.is_empty());
    let filed = shown.timeline.last().unwrap();
    assert_eq!((filed.event, filed.claim), (Event::Late, Some(first.version())));
}

#[tokio::test]
async fn a_late_ticket_is_filed_once_however_often_it_is_told() {
    let kept = ledger().await;
    let first = claim(&kept.ledger, arrival("A", "CM-BASIC", 5)).await;
    let told = first.rest_after(&issued("FIRST"), at(20)).unwrap();
    taken_over(&kept.ledger, &first).await;
    for _ in 0..3 {
        late(&kept.ledger, &first, issued("FIRST")).await;
        kept.ledger.adopt(&told.completion).await.unwrap();
    }
    let timeline = shown(&kept.ledger).await.timeline;
    assert_eq!(
        timeline.iter().filter(|entry| entry.event == Event::LateIssued).count(),
        1
    );
    assert_eq!(timeline.iter().filter(|entry| entry.event == Event::Issued).count(), 1);
}

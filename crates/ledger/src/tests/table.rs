//! The decision table of the architecture, line by line.

use schemas::HeldCode;

use super::support::{incoming, issued, moment, not_accepted, refused};
use crate::arrival::Incoming;
use crate::claim::Ending;
use crate::decide::{Call, From, Judged, Meeting, fresh, judge, meet};
use crate::row::{NextBody, Row, State};
use crate::settle::{ended, held};

/// What a row looks like before a delivery meets it.
#[derive(Debug, Clone, Copy)]
enum Before {
    Nothing,
    Accepted,
    Calling,
    Unknown,
    Issued,
    Refused,
    HeldNothingSent,
    HeldMayBeThere,
}

/// What a delivery brings.
#[derive(Debug, Clone, Copy)]
enum Brings {
    Same,
    SameOtherMessage,
    SameReplayed,
    Later,
    Earlier,
}

/// What is to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Then {
    Call,
    CallReplaced,
    CallTheRowsBody,
    Ack,
    AckAndKeep,
    PublishAgain,
    PublishAgainAndKeep,
    Conflict,
}

const TABLE: [(Before, Brings, Then); 40] = {
    use Before as B;
    use Brings as D;
    use Then as T;
    [
        (B::Nothing, D::Same, T::Call),
        (B::Nothing, D::SameOtherMessage, T::Call),
        (B::Nothing, D::SameReplayed, T::Call),
        (B::Nothing, D::Later, T::Call),
        (B::Nothing, D::Earlier, T::Call),
        (B::Accepted, D::Same, T::Call),
        (B::Accepted, D::SameOtherMessage, T::Call),
        (B::Accepted, D::SameReplayed, T::Call),
        (B::Accepted, D::Later, T::CallReplaced),
        (B::Accepted, D::Earlier, T::CallTheRowsBody),
        (B::Calling, D::Same, T::Ack),
        (B::Calling, D::SameOtherMessage, T::Ack),
        (B::Calling, D::SameReplayed, T::Ack),
        (B::Calling, D::Later, T::AckAndKeep),
        (B::Calling, D::Earlier, T::Ack),
        (B::Unknown, D::Same, T::Ack),
        (B::Unknown, D::SameOtherMessage, T::Ack),
        (B::Unknown, D::SameReplayed, T::Ack),
        (B::Unknown, D::Later, T::AckAndKeep),
        (B::Unknown, D::Earlier, T::Ack),
        (B::Issued, D::Same, T::PublishAgain),
        (B::Issued, D::SameOtherMessage, T::PublishAgain),
        (B::Issued, D::SameReplayed, T::PublishAgain),
        (B::Issued, D::Later, T::Conflict),
        (B::Issued, D::Earlier, T::Conflict),
        (B::Refused, D::Same, T::PublishAgain),
        (B::Refused, D::SameOtherMessage, T::Call),
        (B::Refused, D::SameReplayed, T::Call),
        (B::Refused, D::Later, T::CallReplaced),
        (B::Refused, D::Earlier, T::CallTheRowsBody),
        (B::HeldNothingSent, D::Same, T::PublishAgain),
        (B::HeldNothingSent, D::SameOtherMessage, T::Call),
        (B::HeldNothingSent, D::SameReplayed, T::Call),
        (B::HeldNothingSent, D::Later, T::CallReplaced),
        (B::HeldNothingSent, D::Earlier, T::CallTheRowsBody),
        (B::HeldMayBeThere, D::Same, T::PublishAgain),
        (B::HeldMayBeThere, D::SameOtherMessage, T::PublishAgain),
        (B::HeldMayBeThere, D::SameReplayed, T::PublishAgain),
        (B::HeldMayBeThere, D::Later, T::PublishAgainAndKeep),
        (B::HeldMayBeThere, D::Earlier, T::PublishAgain),
    ]
};

/// The row's own request, asked for at second 5.
fn first() -> Incoming {
    incoming("A", "CM-BASIC", 5)
}

fn accepted() -> Row {
    fresh(&first(), &moment(6))
}

fn calling() -> Row {
    Row {
        state: State::Calling,
        version: 2,
        watch: 2,
        may_be_there: true,
        ..accepted()
    }
}

fn row(before: Before) -> Option<Row> {
    let at = moment(7).now;
    match before {
        Before::Nothing => None,
        Before::Accepted => Some(accepted()),
        Before::Calling => Some(calling()),
        Before::Unknown => Some(ended(
            calling(),
            &Ending::Unknown {
                error: "reset".to_owned(),
            },
            at,
        )),
        Before::Issued => Some(ended(calling(), &issued("FIRST"), at)),
        Before::Refused => Some(ended(calling(), &refused(), at)),
        Before::HeldNothingSent => Some(ended(calling(), &not_accepted(None), at)),
        Before::HeldMayBeThere => Some(held(calling(), HeldCode::OutcomeUnknown, "", true, at)),
    }
}

fn delivery(brings: Brings) -> Incoming {
    let other = |requested| Incoming {
        message_id: "other".to_owned(),
        ..incoming("A", "CM-PRO", requested)
    };
    match brings {
        Brings::Same => first(),
        Brings::SameOtherMessage => Incoming {
            message_id: "other".to_owned(),
            ..first()
        },
        Brings::SameReplayed => Incoming {
            replay: true,
            ..first()
        },
        Brings::Later => other(9),
        Brings::Earlier => other(3),
    }
}

/// Reads what the table's function says as one of the table's words.
fn then(meeting: &Meeting, delivered: &Incoming) -> Then {
    match meeting {
        Meeting::Call(Call { row, .. }) if row.fingerprint != delivered.fingerprint => Then::CallTheRowsBody,
        Meeting::Call(Call { note: Some(_), .. }) => Then::CallReplaced,
        Meeting::Call(_) => Then::Call,
        Meeting::InHand(None) => Then::Ack,
        Meeting::InHand(Some(_)) => Then::AckAndKeep,
        Meeting::Again(_, None) => Then::PublishAgain,
        Meeting::Again(_, Some(_)) => Then::PublishAgainAndKeep,
        Meeting::Conflict(_) => Then::Conflict,
    }
}

#[test]
fn every_line_of_the_decision_table_holds() {
    for (before, brings, expected) in TABLE {
        let delivered = delivery(brings);
        let found = then(&meet(row(before), &delivered, &moment(8)), &delivered);
        assert_eq!(found, expected, "{before:?} meets {brings:?}");
    }
}

#[test]
fn a_call_carries_the_body_and_the_message_that_asked_last() {
    let mended = delivery(Brings::Later);
    let Meeting::Call(call) = meet(row(Before::Refused), &mended, &moment(8)) else {
        panic!("expected a call")
    };
    assert_eq!(call.from, From::Rest);
    assert_eq!(call.row.body, mended.body);
    assert_eq!(call.row.request().message_id, "other");
    assert_eq!((call.row.attempts, call.row.reason), (0, None), "a new budget");
}

#[test]
fn a_request_without_a_row_is_in_doubt_if_somebody_had_it_before_or_it_is_older_than_the_ledger() {
    let doubtful = |delivered: &Incoming| fresh(delivered, &moment(8)).in_doubt;
    assert!(!doubtful(&first()));
    assert!(doubtful(&Incoming {
        redelivered: true,
        ..first()
    }));
    assert!(doubtful(&Incoming { attempt: 1, ..first() }));
    assert!(doubtful(&incoming("A", "CM-BASIC", -1)));
}

#[test]
fn a_row_that_is_known_is_not_put_in_doubt_by_a_redelivery() {
    let delivered = Incoming {
        redelivered: true,
        attempt: 3,
        ..first()
    };
    let Meeting::Call(call) = meet(row(Before::Accepted), &delivered, &moment(8)) else {
        panic!("expected a call")
    };
    assert!(!call.row.in_doubt);
}

fn waiting(row: Row) -> Row {
    let next = delivery(Brings::Later);
    let next_body = Some(NextBody {
        body: next.body,
        fingerprint: next.fingerprint,
        message_id: next.message_id,
        requested_at: next.requested_at,
    });
    Row { next_body, ..row }
}

#[test]
fn what_waited_is_judged_at_rest() {
    let judged = |before| judge(&waiting(row(before).unwrap()), &moment(9));
    assert!(matches!(judged(Before::Calling), Judged::Nothing));
    assert!(matches!(judged(Before::Unknown), Judged::Nothing));
    assert!(matches!(judged(Before::HeldMayBeThere), Judged::Nothing));
    let mended = delivery(Brings::Later);
    assert!(matches!(judged(Before::Accepted), Judged::Replaced(row) if row.body == mended.body));
    assert!(matches!(judged(Before::Refused), Judged::Call(row) if row.body == mended.body && row.attempts == 0));
    assert!(matches!(judged(Before::Issued), Judged::Conflict(row, _) if row.next_body.is_none()));
}

#[test]
fn the_first_wish_repeated_later_withdraws_what_waited() {
    let again = Incoming {
        message_id: "third".to_owned(),
        ..incoming("A", "CM-BASIC", 20)
    };
    let Meeting::InHand(Some(kept)) = meet(Some(waiting(calling())), &again, &moment(21)) else {
        panic!("expected a change of what waits")
    };
    assert_eq!(kept.next_body, None);
}

#[test]
fn a_row_remembers_only_so_many_messages() {
    let mut row = accepted();
    for number in 0..40 {
        let delivered = Incoming {
            message_id: format!("m{number}"),
            ..first()
        };
        let Meeting::Call(call) = meet(Some(row), &delivered, &moment(8)) else {
            panic!("expected a call")
        };
        row = call.row;
    }
    assert_eq!(row.message_ids.len(), 16);
    assert_eq!(row.request().message_id, "m39");
}

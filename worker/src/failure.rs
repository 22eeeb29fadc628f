//! The one table of decisions: what a neighbor's answer means for an order, and what it says about the neighbor.
//!
//! Clients state facts; nothing outside this file decides upon them.

use std::time::Duration;

use license_central::Class;
use salesforce::{RowOutcome, RowRefusal};
use schemas::HeldCode;

use crate::breaker::Signal;
use crate::recover::compare::Kinship;
use crate::waits::Schedule;

/// What happens to an order after a call that did not bring a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AfterCall {
    /// It is refused, at once.
    Refuse {
        /// What was wrong, in one word.
        code: String,
        /// What was wrong, for a sales person.
        sentence: String,
    },
    /// It was surely not processed: called again after this wait.
    Later {
        /// The wait.
        wait: Duration,
    },
    /// It was surely not processed and the budget is spent: held.
    Exhausted,
    /// It may be there: looked up by `recover` before anything else.
    LookUp,
}

/// Decides what happens after the attempt with this number (from 1) failed.
pub(crate) fn after_call(class: Class, attempt: u32, schedule: &Schedule) -> AfterCall {
    match class {
        Class::Refused { code, sentence } => AfterCall::Refuse { code, sentence },
        Class::NotAccepted => match schedule.wait(attempt) {
            Some(wait) => AfterCall::Later { wait },
            None => AfterCall::Exhausted,
        },
        Class::Unknown => AfterCall::LookUp,
    }
}

/// Says what a failed call tells about License Central; `None` if the fault was ours.
pub(crate) fn license_central_signal(error: &license_central::Error) -> Option<Signal> {
    // We were late ourselves (a busy ledger, a frozen process): that is no reason to leave License Central in peace.
    if matches!(error, license_central::Error::Late) {
        return None;
    }
    match error.class() {
        Class::Refused { .. } => Some(Signal::Well),
        Class::NotAccepted | Class::Unknown => Some(Signal::Trouble {
            retry_after: error.retry_after(),
        }),
    }
}

/// Returns what an operator reads about a failed call: the whole chain of causes, bounded, without the order's content.
pub(crate) fn license_central_text(error: &license_central::Error) -> String {
    // A template's own message may quote the order.
    if matches!(error, license_central::Error::Template { .. }) {
        return error.to_string();
    }
    chain(error)
}

/// Writes an error and its causes on one line of at most 400 bytes.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        cause = error.source();
    }
    bounded(text)
}

/// Cuts a text to 400 bytes, the room it has in a header.
pub(crate) fn bounded(mut text: String) -> String {
    if text.len() > 400 {
        let end = (0..=397).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
        text.truncate(end);
        text.push('…');
    }
    text
}

/// What happens to an order that may be there, after License Central was asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AfterLookUp {
    /// It is there and it is ours: issued with the ticket found.
    Issue,
    /// It is surely not there: called, under a new claim.
    Call,
    /// A person must look at it.
    Hold(HeldCode),
    /// No clear answer: asked again after this wait.
    Again {
        /// The wait.
        wait: Duration,
    },
}

/// What a look-up said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LookUp<'a> {
    /// License Central has an order of this number.
    Found(&'a Kinship),
    /// License Central has none.
    NotFound,
    /// There is no way to ask.
    Impossible,
    /// No clear answer came.
    Unclear,
}

/// Decides what happens after look-up number `tries` (from 1).
pub(crate) fn after_look_up(look_up: LookUp<'_>, tries: u32, schedule: &Schedule) -> AfterLookUp {
    match look_up {
        LookUp::Found(Kinship::Ours) => AfterLookUp::Issue,
        LookUp::Found(Kinship::Doubled) => AfterLookUp::Hold(HeldCode::SuspectedDouble),
        LookUp::Found(Kinship::Foreign { .. }) => AfterLookUp::Hold(HeldCode::ForeignOrder),
        LookUp::NotFound => AfterLookUp::Call,
        LookUp::Impossible => AfterLookUp::Hold(HeldCode::OutcomeUnknown),
        LookUp::Unclear => match schedule.wait(tries) {
            Some(wait) => AfterLookUp::Again { wait },
            None => AfterLookUp::Hold(HeldCode::OutcomeUnknown),
        },
    }
}

/// Says what a failure tells about the ledger; `None` if it is about one row only, which must not stop the others.
pub(crate) fn ledger_signal(error: &ledger::Error) -> Option<Signal> {
    let away = error.is_transient() || matches!(error, ledger::Error::Closed);
    away.then_some(Signal::Trouble { retry_after: None })
}

/// What happens to one record's completions after Salesforce answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AfterRow {
    /// Salesforce knows.
    Reported,
    /// Tried again after the next wait, this record alone.
    Later {
        /// What Salesforce said.
        text: String,
    },
    /// An allowance is used up: comes again when the breaker closes, no attempt spent.
    Snooze,
    /// Refused for good: a letter.
    Park {
        /// Salesforce's code.
        code: String,
        /// What Salesforce said.
        text: String,
    },
}

/// Decides by what became of one record.
pub(crate) fn after_row(outcome: &RowOutcome) -> AfterRow {
    let RowOutcome::Refused(refusal) = outcome else {
        return AfterRow::Reported;
    };
    let text = bounded(format!("{}: {}", refusal.code, refusal.message));
    match refusal.class() {
        salesforce::Class::Transient | salesforce::Class::Reauthenticate => AfterRow::Later { text },
        salesforce::Class::Quota => AfterRow::Snooze,
        salesforce::Class::Configuration | salesforce::Class::StaleCheckpoint => AfterRow::Park {
            code: refusal.code.clone(),
            text,
        },
    }
}

/// Says what a failed call tells about Salesforce.
pub(crate) fn salesforce_signal(error: &salesforce::Error) -> Signal {
    match error.class() {
        salesforce::Class::Quota => Signal::Quota,
        // A wrong setting is no reason to go on asking either; the probe finds out when somebody mended it.
        salesforce::Class::Transient
        | salesforce::Class::Reauthenticate
        | salesforce::Class::StaleCheckpoint
        | salesforce::Class::Configuration => Signal::Trouble {
            retry_after: error.retry_after(),
        },
    }
}

/// Returns Salesforce's refusal of a whole call, if one record in it may be the reason.
pub(crate) fn refusal_of_one(error: &salesforce::Error) -> Option<RowRefusal> {
    match error {
        salesforce::Error::Refused {
            status: 400,
            class: salesforce::Class::Configuration,
            code,
            message,
        } => Some(RowRefusal {
            code: code.clone(),
            message: message.clone(),
            fields: Vec::new(),
        }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused() -> Class {
        Class::Refused {
            code: "unknown-item".to_owned(),
            sentence: "no such item".to_owned(),
        }
    }

    #[test]
    fn the_table_of_calls() {
        let schedule = Schedule::default();
        let hour = Duration::from_secs(3600);
        let refuse = AfterCall::Refuse {
            code: "unknown-item".to_owned(),
            sentence: "no such item".to_owned(),
        };
        let table = [
            (refused(), 1, refuse.clone()),
            (refused(), 99, refuse),
            (
                Class::NotAccepted,
                1,
                AfterCall::Later {
                    wait: Duration::from_secs(5),
                },
            ),
            (
                Class::NotAccepted,
                4,
                AfterCall::Later {
                    wait: Duration::from_secs(600),
                },
            ),
            (Class::NotAccepted, 28, AfterCall::Later { wait: hour }),
            (Class::NotAccepted, 29, AfterCall::Exhausted),
            (Class::Unknown, 1, AfterCall::LookUp),
            (Class::Unknown, 99, AfterCall::LookUp),
        ];
        for (class, attempt, expected) in table {
            assert_eq!(
                after_call(class.clone(), attempt, &schedule),
                expected,
                "{class:?} at attempt {attempt}"
            );
        }
    }

    #[test]
    fn the_table_of_look_ups() {
        let schedule = Schedule::default();
        let foreign = Kinship::Foreign {
            difference: "the items",
        };
        let table = [
            (LookUp::Found(&Kinship::Ours), 1, AfterLookUp::Issue),
            (
                LookUp::Found(&Kinship::Doubled),
                1,
                AfterLookUp::Hold(HeldCode::SuspectedDouble),
            ),
            (LookUp::Found(&foreign), 1, AfterLookUp::Hold(HeldCode::ForeignOrder)),
            (LookUp::NotFound, 1, AfterLookUp::Call),
            (LookUp::Impossible, 1, AfterLookUp::Hold(HeldCode::OutcomeUnknown)),
            (
                LookUp::Unclear,
                1,
                AfterLookUp::Again {
                    wait: Duration::from_secs(5),
                },
            ),
            (LookUp::Unclear, 29, AfterLookUp::Hold(HeldCode::OutcomeUnknown)),
        ];
        for (look_up, tries, expected) in table {
            assert_eq!(
                after_look_up(look_up, tries, &schedule),
                expected,
                "{look_up:?} at try {tries}"
            );
        }
    }

    #[test]
    fn an_unknown_outcome_is_never_called_again_without_a_look_up() {
        for attempt in 0..100 {
            assert_eq!(
                after_call(Class::Unknown, attempt, &Schedule::default()),
                AfterCall::LookUp
            );
        }
    }

    #[test]
    fn our_own_lateness_says_nothing_about_license_central() {
        assert_eq!(license_central_signal(&license_central::Error::Late), None);
        let no_answer = license_central::Error::NoAnswer {
            waited: Duration::from_secs(30),
        };
        assert_eq!(
            license_central_signal(&no_answer),
            Some(Signal::Trouble { retry_after: None })
        );
    }

    #[test]
    fn the_table_of_records() {
        let outcome = |code: &str| {
            RowOutcome::Refused(RowRefusal {
                code: code.to_owned(),
                message: "said so".to_owned(),
                fields: Vec::new(),
            })
        };
        assert_eq!(after_row(&RowOutcome::Updated), AfterRow::Reported);
        let text = "UNABLE_TO_LOCK_ROW: said so".to_owned();
        assert_eq!(after_row(&outcome("UNABLE_TO_LOCK_ROW")), AfterRow::Later { text });
        assert_eq!(after_row(&outcome("REQUEST_LIMIT_EXCEEDED")), AfterRow::Snooze);
        let (code, text) = ("NOT_FOUND".to_owned(), "NOT_FOUND: said so".to_owned());
        assert_eq!(after_row(&outcome("NOT_FOUND")), AfterRow::Park { code, text });
    }

    #[test]
    fn a_used_up_quota_opens_the_breaker_at_once() {
        let refused = |status, class| salesforce::Error::Refused {
            status,
            code: "SOME_CODE".to_owned(),
            message: "said so".to_owned(),
            class,
        };
        assert_eq!(
            salesforce_signal(&refused(403, salesforce::Class::Quota)),
            Signal::Quota
        );
        let trouble = Signal::Trouble { retry_after: None };
        assert_eq!(salesforce_signal(&refused(503, salesforce::Class::Transient)), trouble);
        assert!(refusal_of_one(&refused(503, salesforce::Class::Transient)).is_none());
        assert!(refusal_of_one(&refused(400, salesforce::Class::Configuration)).is_some());
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        let text = bounded("ä".repeat(300));
        assert!(text.len() <= 400 && text.ends_with('…'), "{}", text.len());
        assert_eq!(bounded("short".to_owned()), "short");
    }
}

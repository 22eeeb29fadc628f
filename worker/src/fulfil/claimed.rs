//! With a claim in hand: look up what may be there, call, and sort what came of it.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use broker::Disposition;
use futures_util::FutureExt as _;
use jiff::Timestamp;
use ledger::{Claim, Ending, Settled};
use schemas::{HeldCode, RequestEvent};
use tokio::time::Instant;

use super::Fulfil;
use crate::failure::{self, AfterCall, AfterLookUp};
use crate::licensing::Answer;

impl Fulfil {
    /// Calls License Central under this claim, which was asked for at `asked`.
    pub(super) async fn call(&self, claim: Claim, asked: Instant) -> Disposition {
        let event = match claim.event() {
            Ok(event) => event,
            Err(error) => return self.end(&claim, unreadable(&error)).await,
        };
        let calling = self.ending_of_call(&claim, &event, asked + self.send_within);
        let ending = match AssertUnwindSafe(calling).catch_unwind().await {
            Ok(ending) => ending,
            Err(panic) => poison(&claim, panic.as_ref()),
        };
        self.end(&claim, ending).await
    }

    async fn ending_of_call(&self, claim: &Claim, event: &RequestEvent, send_by: Instant) -> Ending {
        let error = match self.licensing.create(event, send_by, claim.traceparent()).await {
            Ok(issued) => {
                return Ending::Issued {
                    ticket: issued.ticket,
                    web_depot_link: issued.web_depot_link,
                };
            }
            Err(error) => error,
        };
        let text = failure::license_central_text(&error);
        let attempt = claim.attempts() + 1;
        tracing::info!(request.key = %claim.key(), attempt, error = text, "license central gave no ticket");
        match failure::after_call(error.class(), attempt, &self.schedule) {
            AfterCall::Refuse { code, sentence } => Ending::Refused {
                code,
                sentence,
                detail: text,
            },
            AfterCall::Later { wait } => Ending::NotAccepted {
                wait: Some(wait),
                error: text,
            },
            AfterCall::Exhausted => Ending::NotAccepted {
                wait: None,
                error: text,
            },
            AfterCall::LookUp => Ending::Unknown { error: text },
        }
    }

    /// Looks an order in doubt up before its first call.
    pub(super) async fn look_up_first(&self, claim: Claim) -> Disposition {
        let event = match claim.event() {
            Ok(event) => event,
            Err(error) => return self.end(&claim, unreadable(&error)).await,
        };
        let answer = match AssertUnwindSafe(self.licensing.find(&event)).catch_unwind().await {
            Ok(answer) => answer,
            Err(panic) => return self.end(&claim, poison(&claim, panic.as_ref())).await,
        };
        let detail = answer.detail();
        let ending = match failure::after_look_up(answer.fact(), claim.attempts() + 1, &self.schedule) {
            AfterLookUp::Issue => match answer {
                Answer::Found(found, _) => Ending::Found {
                    ticket: found.ticket,
                    web_depot_link: found.web_depot_link,
                },
                Answer::NotFound | Answer::Impossible | Answer::Unclear(_) => Ending::Unknown { error: detail },
            },
            AfterLookUp::Call => return self.cleared(&claim).await,
            AfterLookUp::Hold(code) => Ending::Held { code, detail },
            AfterLookUp::Again { wait } => Ending::NotAccepted {
                wait: Some(wait),
                error: detail,
            },
        };
        self.end(&claim, ending).await
    }

    /// The look-up found nothing: the order is called under the claim that this clears.
    async fn cleared(&self, claim: &Claim) -> Disposition {
        // The new claim's lease may run from before it is written, as the first one's did.
        let asked = Instant::now();
        match self.ledger.settle(claim, Ending::NotFound, Timestamp::now()).await {
            Ok(Settled::Cleared(cleared)) => self.call(cleared, asked).await,
            Ok(Settled::Written(written)) => self.follow_up(claim, written, Ok(())).await,
            Ok(Settled::Zombie(zombie)) => self.zombie(claim, zombie).await,
            Err(error) => {
                self.ledger_guard.ledger_failed(&error);
                Disposition::Snooze
            }
        }
    }
}

/// The ledger's own body cannot be read: nothing that comes by itself will mend that.
fn unreadable(error: &ledger::Error) -> Ending {
    Ending::Held {
        code: HeldCode::InvalidRequest,
        detail: failure::chain(error),
    }
}

/// A panic is that request's failure, not the worker's.
fn poison(claim: &Claim, panic: &(dyn Any + Send)) -> Ending {
    let error = said(panic);
    tracing::error!(request.key = %claim.key(), error, "handling this request panicked, it is held");
    Ending::Poison { error }
}

/// Returns what a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let formatted = panic.downcast_ref::<String>().map(String::as_str);
    let said = formatted.or_else(|| panic.downcast_ref::<&str>().copied());
    failure::bounded(said.unwrap_or("a panic without words").to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_says_what_it_said() {
        let caught = |panic: fn()| std::panic::catch_unwind(panic).expect_err("panics");
        assert_eq!(said(&*caught(|| panic!("plain"))), "plain");
        assert_eq!(said(&*caught(|| panic!("number {}", 7))), "number 7");
        assert_eq!(said(&*caught(|| std::panic::panic_any(7))), "a panic without words");
    }
}

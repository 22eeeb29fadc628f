//! Planned misbehavior: which of the next calls goes wrong, and how.
//!
//! With nothing planned the simulator behaves; that is all that `Auto` means.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use super::soap::read::Operation;

/// Whether something happens before or after the call was carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Nothing was changed; for faults that answer, nothing ever will be.
    BeforeCommit,
    /// Everything was done, the order is in the books.
    AfterCommit,
}

/// What goes wrong with one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// The fault `BUSY`; nothing was done.
    Busy,
    /// The fault `INVALID_DATA` with this message; nothing was done.
    Refused(String),
    /// A fault with any code, known to the WSDL or not.
    Code(String, When),
    /// The connection is closed without an answer, after the commit.
    LostAnswer,
    /// The connection is reset before anything was done.
    ResetBeforeCommit,
    /// An HTTP status with a short text, as a proxy gives it, with `Retry-After` if one is given.
    Status(u16, When, Option<Duration>),
    /// Status 307 to this address; nothing was done.
    Redirect(String),
    /// Half of the right answer, then the connection is closed; after the commit.
    Truncated,
    /// Status 200 and an HTML page, as a sign-in page in front of the server gives it.
    HtmlPage(When),
    /// The right answer with this many bytes of white space in it; after the commit.
    Huge(usize),
    /// The right answer in a namespace nobody knows; after the commit.
    WrongNamespace,
    /// The right answer, but its ticket has another shape; after the commit.
    ForeignTicket,
}

/// A fault or a delay, and the calls that it is meant for: unless said otherwise, the very next one.
#[derive(Debug, Clone)]
pub struct Plan {
    fault: Option<Fault>,
    before_commit: Duration,
    after_commit: Duration,
    operation: Option<Operation>,
    order_number: Option<String>,
    times: u32,
}

impl Plan {
    /// Plans a fault.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::slow(When::BeforeCommit, Duration::ZERO)
        }
    }

    /// Plans a right answer that comes late.
    #[must_use]
    pub fn slow(when: When, wait: Duration) -> Self {
        let plan = Self {
            fault: None,
            before_commit: Duration::ZERO,
            after_commit: Duration::ZERO,
            operation: None,
            order_number: None,
            times: 1,
        };
        plan.delayed(when, wait)
    }

    /// Adds a delay.
    #[must_use]
    pub fn delayed(mut self, when: When, wait: Duration) -> Self {
        match when {
            When::BeforeCommit => self.before_commit = wait,
            When::AfterCommit => self.after_commit = wait,
        }
        self
    }

    /// Means calls of this operation only.
    #[must_use]
    pub fn on(mut self, operation: Operation) -> Self {
        self.operation = Some(operation);
        self
    }

    /// Means calls about this order number only.
    #[must_use]
    pub fn for_order(mut self, number: impl Into<String>) -> Self {
        self.order_number = Some(number.into());
        self
    }

    /// Means this many calls; `u32::MAX` is as good as all of them.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    fn means(&self, operation: Operation, order_number: Option<&str>) -> bool {
        self.times > 0
            && self.operation.is_none_or(|meant| meant == operation)
            && self
                .order_number
                .as_deref()
                .is_none_or(|meant| Some(meant) == order_number)
    }
}

/// What one call is to suffer.
#[derive(Debug, Clone, Default)]
pub(crate) struct Suffering {
    pub(crate) fault: Option<Fault>,
    pub(crate) before_commit: Duration,
    pub(crate) after_commit: Duration,
}

/// The plans that are not used up.
#[derive(Debug, Default)]
pub struct Faults(Mutex<Content>);

#[derive(Debug, Default)]
struct Content {
    plans: Vec<Plan>,
    handshakes: u32,
}

impl Faults {
    fn content(&self) -> MutexGuard<'_, Content> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a plan behind the others; a call takes the first that is meant for it, and only that.
    pub fn plan(&self, plan: Plan) {
        self.content().plans.push(plan);
    }

    /// Plans a fault for the very next call.
    pub fn next(&self, fault: Fault) {
        self.plan(Plan::fault(fault));
    }

    /// Lets the next connections fail: under TLS its handshake is refused, in plaintext the connection is closed unread.
    pub fn fail_connections(&self, count: u32) {
        self.content().handshakes = count;
    }

    /// Forgets every plan.
    pub fn clear(&self) {
        *self.content() = Content::default();
    }

    /// Counts the calls and connections that are still to suffer.
    #[must_use]
    pub fn left(&self) -> u64 {
        let content = self.content();
        content.plans.iter().map(|plan| u64::from(plan.times)).sum::<u64>() + u64::from(content.handshakes)
    }

    pub(crate) fn take(&self, operation: Operation, order_number: Option<&str>) -> Suffering {
        let content = &mut *self.content();
        let Some(plan) = content
            .plans
            .iter_mut()
            .find(|plan| plan.means(operation, order_number))
        else {
            return Suffering::default();
        };
        plan.times -= 1;
        let suffering = Suffering {
            fault: plan.fault.clone(),
            before_commit: plan.before_commit,
            after_commit: plan.after_commit,
        };
        content.plans.retain(|plan| plan.times > 0);
        suffering
    }

    pub(crate) fn take_handshake(&self) -> bool {
        let content = &mut *self.content();
        let fails = content.handshakes > 0;
        content.handshakes = content.handshakes.saturating_sub(1);
        fails
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_the_first_plan_meant_for_it_as_often_as_planned() {
        let faults = Faults::default();
        faults.plan(
            Plan::fault(Fault::Busy)
                .on(Operation::CreateOrder)
                .for_order("2")
                .times(2),
        );
        faults.plan(Plan::fault(Fault::LostAnswer).on(Operation::FindOrder));
        faults.plan(Plan::slow(When::AfterCommit, Duration::from_secs(1)));
        assert_eq!(faults.left(), 4);
        assert_eq!(faults.take(Operation::CreateOrder, Some("2")).fault, Some(Fault::Busy));
        assert_eq!(
            faults.take(Operation::FindOrder, Some("2")).fault,
            Some(Fault::LostAnswer)
        );
        assert_eq!(
            faults.take(Operation::CreateOrder, Some("1")).after_commit,
            Duration::from_secs(1)
        );
        assert_eq!(faults.take(Operation::CreateOrder, Some("1")).fault, None);
        assert_eq!(faults.take(Operation::CreateOrder, Some("2")).fault, Some(Fault::Busy));
        assert_eq!(
            (faults.take(Operation::CreateOrder, Some("2")).fault, faults.left()),
            (None, 0)
        );
    }
}

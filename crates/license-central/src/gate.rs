//! A request body that leaves the house at most once, and never late.
//!
//! Only the body itself can know for sure whether a request was sent. HTTP clients move requests between connections,
//! repeat them, or give them up while another task is about to write them. So the body is handed out under a gate with
//! one way through: whoever moves it first, the connection that asks for the bytes or the caller that takes them back,
//! wins, and the other one finds out.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::time::Instant;

const WAITING: u8 = 0;
const SENT: u8 = 1;
const WITHDRAWN: u8 = 2;
const LATE: u8 = 3;

/// What is known about a body when its call has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Passage {
    /// No connection ever asked for it, and none ever will.
    Withdrawn,
    /// A connection asked for it after the deadline and got nothing.
    Late,
    /// A connection got it; what arrived is not known.
    Sent,
}

/// The caller's end of a body. A caller that goes away takes the body back.
#[derive(Debug)]
pub(crate) struct Gate(Arc<AtomicU8>);

impl Gate {
    /// Takes the body back if no connection has asked for it yet, and says how it stands.
    pub(crate) fn close(&self) -> Passage {
        match self
            .0
            .compare_exchange(WAITING, WITHDRAWN, Ordering::SeqCst, Ordering::SeqCst)
        {
            Ok(_) | Err(WITHDRAWN) => Passage::Withdrawn,
            Err(LATE) => Passage::Late,
            Err(_) => Passage::Sent,
        }
    }
}

impl Drop for Gate {
    fn drop(&mut self) {
        self.close();
    }
}

/// The connection's end of a body: gives its bytes once, if the deadline allows it.
#[derive(Debug)]
pub(crate) struct OnceBody {
    bytes: Bytes,
    deadline: Option<Instant>,
    gate: Arc<AtomicU8>,
    given: bool,
}

/// Why a body gave no bytes.
#[derive(Debug, thiserror::Error)]
#[error("the request was taken back before it was sent")]
pub(crate) struct NotGiven;

impl OnceBody {
    /// Puts a body under a gate.
    pub(crate) fn new(bytes: Bytes, deadline: Option<Instant>) -> (Self, Gate) {
        let gate = Arc::new(AtomicU8::new(WAITING));
        (
            Self {
                bytes,
                deadline,
                gate: Arc::clone(&gate),
                given: false,
            },
            Gate(gate),
        )
    }
}

impl Body for OnceBody {
    type Data = Bytes;
    type Error = NotGiven;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, NotGiven>>> {
        let this = self.get_mut();
        if this.given {
            return Poll::Ready(None);
        }
        let late = this.deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let next = if late { LATE } else { SENT };
        let won = this
            .gate
            .compare_exchange(WAITING, next, Ordering::SeqCst, Ordering::SeqCst)
            .is_ok();
        if late || !won {
            return Poll::Ready(Some(Err(NotGiven)));
        }
        this.given = true;
        Poll::Ready(Some(Ok(Frame::data(std::mem::take(&mut this.bytes)))))
    }

    fn is_end_stream(&self) -> bool {
        self.given
    }

    fn size_hint(&self) -> SizeHint {
        // Exact, so that the request has a Content-Length: a server that gets the head alone waits and does nothing.
        SizeHint::with_exact(self.bytes.len() as u64)
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;
    use std::time::Duration;

    use super::*;

    fn poll(body: &mut OnceBody) -> Option<Result<Bytes, NotGiven>> {
        match Pin::new(body).poll_frame(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(frame) => frame.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())),
            Poll::Pending => panic!("a body in memory never waits"),
        }
    }

    #[test]
    fn a_body_is_given_once() {
        let (mut body, gate) = OnceBody::new(Bytes::from_static(b"order"), None);
        assert_eq!(body.size_hint().exact(), Some(5));
        assert_eq!(poll(&mut body).unwrap().unwrap(), "order");
        assert!(poll(&mut body).is_none());
        assert!(body.is_end_stream());
        assert_eq!(gate.close(), Passage::Sent);
    }

    #[test]
    fn a_body_that_was_taken_back_is_never_given() {
        let (mut body, gate) = OnceBody::new(Bytes::from_static(b"order"), None);
        assert_eq!(gate.close(), Passage::Withdrawn);
        assert!(poll(&mut body).unwrap().is_err());
        assert!(poll(&mut body).unwrap().is_err());
        assert_eq!(gate.close(), Passage::Withdrawn);
    }

    #[test]
    fn a_caller_that_goes_away_takes_its_body_back() {
        let (mut body, gate) = OnceBody::new(Bytes::from_static(b"order"), None);
        drop(gate);
        assert!(poll(&mut body).unwrap().is_err());
    }

    #[test]
    fn a_late_body_is_never_given() {
        let (mut body, gate) = OnceBody::new(Bytes::from_static(b"order"), Some(Instant::now()));
        assert!(poll(&mut body).unwrap().is_err());
        assert_eq!(gate.close(), Passage::Late);
        let (mut body, gate) = OnceBody::new(Bytes::new(), Some(Instant::now() + Duration::from_secs(60)));
        assert!(poll(&mut body).unwrap().is_ok());
        assert_eq!(gate.close(), Passage::Sent);
    }
}

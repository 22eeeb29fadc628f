//! What arrived at the SOAP endpoint, and how much of it at the same time.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use axum::http::HeaderMap;
use bytes::Bytes;

use super::soap::{envelope::Version, read::Operation};

/// One SOAP request as it came over the wire.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// Every header, `traceparent` among them.
    pub headers: HeaderMap,
    /// The body, byte by byte.
    pub body: Bytes,
    /// The SOAP version, if the envelope could be read.
    pub version: Option<Version>,
    /// What was asked for, if that could be read.
    pub operation: Option<Operation>,
    /// The order it is about, if that could be read.
    pub order_number: Option<String>,
}

impl Arrival {
    /// Reads a header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Everything that arrived, as far as it is kept.
#[derive(Debug)]
pub(crate) struct Arrivals {
    keep: bool,
    content: Mutex<Content>,
}

#[derive(Debug, Default)]
struct Content {
    arrivals: Vec<Arrival>,
    in_progress: BTreeMap<String, u32>,
    most_at_once: BTreeMap<String, u32>,
}

impl Arrivals {
    /// Keeps requests if they are wanted; counts of what runs at the same time are always kept where there was overlap.
    pub(crate) fn new(keep: bool) -> Self {
        Self {
            keep,
            content: Mutex::default(),
        }
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn record(&self, arrival: impl FnOnce() -> Arrival) {
        if self.keep {
            let arrival = arrival();
            self.content().arrivals.push(arrival);
        }
    }

    pub(crate) fn all(&self) -> Vec<Arrival> {
        self.content().arrivals.clone()
    }

    /// Counts a call about an order as in progress for as long as the value returned lives.
    pub(crate) fn begin(self: &Arc<Self>, order_number: &str) -> InProgress {
        let content = &mut *self.content();
        let now = content.in_progress.entry(order_number.to_owned()).or_default();
        *now += 1;
        if *now > 1 {
            let most = content.most_at_once.entry(order_number.to_owned()).or_default();
            *most = (*most).max(*now);
        }
        InProgress {
            arrivals: Arc::clone(self),
            order_number: order_number.to_owned(),
        }
    }

    pub(crate) fn in_progress(&self) -> BTreeMap<String, u32> {
        self.content().in_progress.clone()
    }

    pub(crate) fn overlaps(&self) -> BTreeMap<String, u32> {
        self.content().most_at_once.clone()
    }
}

/// A call that is being worked on.
#[derive(Debug)]
pub(crate) struct InProgress {
    arrivals: Arc<Arrivals>,
    order_number: String,
}

impl Drop for InProgress {
    fn drop(&mut self) {
        let content = &mut *self.arrivals.content();
        if let Some(now) = content.in_progress.get_mut(&self.order_number) {
            *now -= 1;
            if *now == 0 {
                content.in_progress.remove(&self.order_number);
            }
        }
    }
}

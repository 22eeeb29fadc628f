//! One computation for all who wait for it.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::{BoxFuture, FutureExt, Shared};
use tokio::task::AbortHandle;

use crate::Error;

/// A slot in which at most one computation is under way; whoever asks meanwhile waits for the same answer.
pub(crate) struct SingleFlight<T> {
    at: &'static str,
    under_way: Mutex<Option<Flight<T>>>,
}

struct Flight<T> {
    task: AbortHandle,
    answer: Shared<BoxFuture<'static, Result<T, Error>>>,
}

impl<T: Clone + Send + Sync + 'static> SingleFlight<T> {
    /// Makes an empty slot; `at` names the door in an error.
    pub(crate) fn new(at: &'static str) -> Self {
        Self {
            at,
            under_way: Mutex::new(None),
        }
    }

    /// Joins the computation under way, or begins the given one.
    ///
    /// It runs as a task of its own, so a waiter that is dropped neither stops nor delays it for the others. One that
    /// has ended is never joined: between the caller's look at its cache and this call it may have filled that cache,
    /// so `work` looks there first.
    pub(crate) async fn run<F>(&self, work: F) -> Result<T, Error>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let answer = {
            let mut slot = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match slot.as_ref().filter(|flight| !flight.task.is_finished()) {
                Some(flight) => flight.answer.clone(),
                None => slot.insert(self.begin(work)).answer.clone(),
            }
        };
        answer.await
    }

    fn begin<F>(&self, work: F) -> Flight<T>
    where
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        let at = self.at;
        let task = tokio::spawn(work);
        Flight {
            task: task.abort_handle(),
            answer: async move {
                // The task panicked, or the runtime is going down: to the waiters the door was shut.
                task.await.unwrap_or_else(|error| {
                    Err(Error::Unreachable {
                        at,
                        source: Arc::new(error),
                    })
                })
            }
            .boxed()
            .shared(),
        }
    }
}

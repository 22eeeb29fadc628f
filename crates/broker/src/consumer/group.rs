//! A group of deliveries that is handled together.

use super::{
    BatchHandler,
    session::Held,
    settle::{Settled, Settler, suspicion},
};
use crate::{Delivery, Disposition};
use futures_util::FutureExt as _;
use std::{any::Any, panic::AssertUnwindSafe, sync::Arc};

/// Has a group handled, and settles it.
pub(super) async fn handle<H: BatchHandler>(group: Vec<Held>, handler: Arc<H>, settler: Settler) -> Settled {
    let mut settled = Vec::new();
    let mut fit = Vec::new();
    for held in group {
        match suspicion(&held) {
            Some(disposition) => settled.push((held, disposition)),
            None if held.is_lost() => return Settled::Lost,
            None => fit.push(held),
        }
    }
    // They do not wait for their neighbors' handler.
    let suspects = settler.settle_all(settled).await;
    if fit.is_empty() {
        return suspects;
    }
    let batch: Vec<Delivery> = fit.iter().map(|held| held.delivery.clone()).collect();
    let dispositions = dispositions(&*handler, batch).await;
    let settled = settler.settle_all(fit.into_iter().zip(dispositions).collect()).await;
    settled.max(suspects)
}

/// Puts a group back that nobody started on: to the shortest wait, without spending an attempt. Not by a nack: before
/// 4.3 that counts as a delivery.
pub(super) async fn put_back(group: Vec<Held>, settler: Settler) -> Settled {
    settler
        .settle_all(group.into_iter().map(|held| (held, Disposition::Snooze)).collect())
        .await
}

/// Asks the handler; as many answers as there are deliveries, whatever it does.
async fn dispositions<H: BatchHandler>(handler: &H, batch: Vec<Delivery>) -> Vec<Disposition> {
    let number = batch.len();
    match caught(handler, batch.clone()).await {
        Ok(dispositions) => complete(dispositions, number),
        Err(text) if number == 1 => batch.iter().map(|delivery| handler.panicked(delivery, &text)).collect(),
        Err(text) => {
            tracing::error!(
                panic = text,
                deliveries = number,
                "the handler panicked, each delivery is tried alone"
            );
            let mut dispositions = Vec::with_capacity(number);
            for delivery in batch {
                dispositions.extend(alone(handler, delivery).await);
            }
            dispositions
        }
    }
}

async fn alone<H: BatchHandler>(handler: &H, delivery: Delivery) -> Vec<Disposition> {
    match caught(handler, vec![delivery.clone()]).await {
        Ok(dispositions) => complete(dispositions, 1),
        Err(text) => vec![handler.panicked(&delivery, &text)],
    }
}

/// Calls the handler; a panic is the text it carried.
async fn caught<H: BatchHandler>(handler: &H, batch: Vec<Delivery>) -> Result<Vec<Disposition>, String> {
    // What a handler left half-done when it panicked is its own: it must stand a process that dies there, too.
    let handled = AssertUnwindSafe(async { handler.handle(batch).await }).catch_unwind();
    handled.await.map_err(|panic| panic_text(&*panic))
}

fn complete(mut dispositions: Vec<Disposition>, number: usize) -> Vec<Disposition> {
    if dispositions.len() != number {
        tracing::error!(
            deliveries = number,
            dispositions = dispositions.len(),
            "the handler did not answer for each delivery"
        );
        // Nobody knows which answer is whose.
        dispositions = vec![Disposition::Abandon; number];
    }
    dispositions
}

fn panic_text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a text".to_owned())
}

//! Killed and started again, in the middle of it: nothing is lost and nothing doubled.

use crate::harness::Stage;
use simulators::license_central::{Fault, Operation, Plan, When};
use std::time::Duration;

/// A License Central that is slow, and loses answers before and after it has done its work.
fn nasty(stage: &Stage, orders: u32) {
    let faults = stage.license_central.faults();
    faults.plan(
        Plan::fault(Fault::LostAnswer)
            .on(Operation::CreateOrder)
            .times(orders / 20),
    );
    faults.plan(
        Plan::fault(Fault::ResetBeforeCommit)
            .on(Operation::CreateOrder)
            .times(orders / 20),
    );
    faults.plan(Plan::fault(Fault::Busy).on(Operation::CreateOrder).times(orders / 20));
    faults.plan(
        Plan::slow(When::BeforeCommit, Duration::from_millis(15))
            .on(Operation::CreateOrder)
            .times(orders / 2),
    );
    faults.plan(
        Plan::slow(When::AfterCommit, Duration::from_millis(15))
            .on(Operation::CreateOrder)
            .times(orders * 2),
    );
}

#[tokio::test]
async fn killed_and_started_again_the_program_loses_nothing_and_doubles_nothing() {
    let stage = Stage::set().await;
    nasty(&stage, 300);
    let mut ids = Vec::new();
    let mut kills = 0;
    for _ in 0..5 {
        let (producer, worker) = (stage.start(&["producer"]), stage.start(&["worker"]));
        let before = stage.license_central.books().len();
        ids.extend(stage.activate(60));
        crate::harness::eventually("some orders of this round are at License Central", async || {
            (stage.license_central.books().len() >= before + 12).then_some(())
        })
        .await;
        producer.kill();
        worker.kill();
        kills += 2;
    }
    let mut run = stage.start(&["run"]);
    stage.eventually_balanced(&ids).await;
    assert!(run.stop().success(), "{}", run.log());
    assert_eq!((ids.len(), kills), (300, 10));
    let taken_over = stage.ask(&["orders", "list", "--json", "--limit", "1000"]);
    assert_eq!(taken_over.as_array().unwrap().len(), 300);
}

#[tokio::test]
async fn a_purged_queue_costs_no_order() {
    let stage = Stage::set().await;
    let mut producer = stage.start(&["producer"]);
    let ids = stage.activate(30);
    crate::harness::eventually("every request waits in the queue", async || {
        let queues = stage.vhost.management().queues(stage.vhost.name()).await.unwrap();
        queues
            .iter()
            .any(|queue| queue.name == "ticketsmith.requests" && queue.ready == 30)
            .then_some(())
    })
    .await;
    assert!(producer.stop().success());
    stage
        .vhost
        .management()
        .purge(stage.vhost.name(), "ticketsmith.requests")
        .await
        .unwrap();
    let _worker = stage.start(&["worker"]);
    stage.eventually_balanced(&ids).await;
}

#[tokio::test]
async fn a_purged_queue_of_completions_leaves_nobody_in_the_dark() {
    let stage = Stage::set().await;
    let _producer = stage.start(&["producer"]);
    let mut fulfil = stage.start(&["worker", "--only", "fulfil"]);
    let ids = stage.activate(30);
    crate::harness::eventually("every completion waits in the queue", async || {
        let queues = stage.vhost.management().queues(stage.vhost.name()).await.unwrap();
        queues
            .iter()
            .any(|queue| queue.name == "ticketsmith.completions.salesforce" && queue.ready == 30)
            .then_some(())
    })
    .await;
    assert!(fulfil.stop().success());
    stage
        .vhost
        .management()
        .purge(stage.vhost.name(), "ticketsmith.completions.salesforce")
        .await
        .unwrap();
    let _worker = stage.start(&["worker"]);
    stage.eventually_balanced(&ids).await;
}

#[tokio::test]
async fn connections_closed_by_the_broker_again_and_again_cost_nothing() {
    let stage = Stage::set().await;
    let mut run = stage.start(&["run"]);
    let mut ids = Vec::new();
    for round in 1..=5 {
        ids.extend(stage.activate(30));
        crate::harness::eventually("some more orders are at License Central", async || {
            (stage.license_central.books().len() >= round * 30 - 20).then_some(())
        })
        .await;
        stage
            .vhost
            .management()
            .close_connections(stage.vhost.name())
            .await
            .unwrap();
    }
    stage.eventually_balanced(&ids).await;
    assert!(run.is_running());
    assert!(run.stop().success(), "{}", run.log());
}

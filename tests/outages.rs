//! A neighbour is away: orders wait, no attempt is spent, nothing dies.

use crate::harness::{Stage, eventually};
use simulators::{
    license_central::{Fault, Operation, Plan},
    salesforce::RestFault,
};

#[tokio::test]
async fn while_license_central_is_away_orders_wait_without_spending_attempts() {
    let stage = Stage::set().await;
    let unreachable = [
        ("TICKETSMITH_LICENSE_CENTRAL__ENDPOINT", "http://127.0.0.1:9/soap"),
        ("TICKETSMITH_LOG__FILTER", "info,worker=debug,lapin=off"),
    ];
    let mut away = stage.start_with(&["run"], &unreachable);
    let ids = stage.activate(40);
    eventually("the breaker is open", async || {
        away.log().contains("leaving it in peace").then_some(())
    })
    .await;
    // Many probes later, the budget of no order has been touched by the outage.
    eventually("many probes failed", async || {
        (away.log().matches("probed").count() >= 8).then_some(())
    })
    .await;
    let waiting = stage.ask(&["orders", "list", "--state", "accepted", "--json", "--limit", "100"]);
    let attempts: Vec<u64> = waiting
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["attempts"].as_u64().unwrap())
        .collect();
    assert_eq!(attempts.len(), 40, "every order waits");
    assert!(
        attempts.iter().sum::<u64>() <= 12,
        "only what was in flight before the breaker opened: {attempts:?}"
    );
    assert!(away.stop().success(), "{}", away.log());
    let _back = stage.start(&["run"]);
    stage.eventually_balanced(&ids).await;
}

#[tokio::test]
async fn a_busy_license_central_is_asked_again_and_an_answer_lost_after_commit_is_looked_up() {
    let stage = Stage::set().await;
    let faults = stage.license_central.faults();
    faults.plan(Plan::fault(Fault::Busy).on(Operation::CreateOrder).times(2));
    faults.plan(Plan::fault(Fault::LostAnswer).on(Operation::CreateOrder).times(1));
    let _run = stage.start(&["run"]);
    let ids = stage.activate(3);
    stage.eventually_balanced(&ids).await;
}

#[tokio::test]
async fn while_salesforce_is_away_only_reports_wait() {
    let stage = Stage::set().await;
    let _producer = stage.start(&["producer"]);
    let ids = stage.activate(20);
    eventually("every request waits in the queue", async || {
        let queues = stage.vhost.management().queues(stage.vhost.name()).await.unwrap();
        queues
            .iter()
            .any(|queue| queue.name == "ticketsmith.requests" && queue.ready == 20)
            .then_some(())
    })
    .await;
    stage.salesforce.faults().next_rest(12, RestFault::Unavailable);
    let _worker = stage.start(&["worker"]);
    eventually("every order is at License Central", async || {
        (stage.license_central.books().len() == 20).then_some(())
    })
    .await;
    stage.eventually_balanced(&ids).await;
}

//! Frozen after its claim and before its send, woken after others took over: one ticket.
//!
//! With mild parameters such a storm shows nothing. So the lease and the call's limit are short, License Central is slower
//! than the limit (it commits *after* our time-out), answers are lost, and processes are stopped for longer than a lease.

use crate::harness::{Program, Stage};
use simulators::license_central::{Fault, Operation, Plan, When};
use std::time::Duration;

const HARSH: [(&str, &str); 5] = [
    ("TICKETSMITH_LICENSE_CENTRAL__CALL_TIMEOUT", "80ms"),
    ("TICKETSMITH_LICENSE_CENTRAL__CONNECT_TIMEOUT", "80ms"),
    ("TICKETSMITH_WORKER__LEASE", "200ms"),
    ("TICKETSMITH_WORKER__SETTLE", "400ms"),
    ("TICKETSMITH_WORKER__BREAKER__AFTER", "1000000"),
];

#[tokio::test]
async fn processes_stopped_in_mid_claim_and_woken_after_the_others_took_over_give_one_ticket() {
    let stage = Stage::set().await;
    let faults = stage.license_central.faults();
    faults.plan(
        Plan::slow(When::BeforeCommit, Duration::from_millis(120))
            .on(Operation::CreateOrder)
            .times(40),
    );
    faults.plan(Plan::fault(Fault::LostAnswer).on(Operation::CreateOrder).times(20));
    faults.plan(
        Plan::fault(Fault::ResetBeforeCommit)
            .on(Operation::CreateOrder)
            .times(10),
    );
    faults.plan(
        Plan::slow(When::BeforeCommit, Duration::from_millis(20))
            .on(Operation::CreateOrder)
            .times(10_000),
    );
    let _others = [stage.start(&["producer"]), stage.start(&["worker", "--only", "report"])];
    let workers: Vec<Program> = (0..3)
        .map(|_| stage.start_with(&["worker", "--only", "fulfil"], &HARSH))
        .collect();
    let ids = stage.activate(150);
    ids.iter().for_each(|id| stage.salesforce.double_click(id).unwrap());
    let mut frozen = 0;
    for turn in 0..30 {
        let worker = &workers[turn % workers.len()];
        worker.freeze();
        frozen += 1;
        // Longer than lease and call together, so that the others take its claims over while it is out.
        for_a_while(350).await;
        worker.thaw();
        for_a_while(40).await;
    }
    stage.eventually_balanced(&ids).await;
    assert_eq!(frozen, 30);
    let held = stage.ask(&["orders", "list", "--state", "held", "--json"]);
    assert_eq!(held.as_array().unwrap().len(), 0, "{held}");
    let taken_over = workers
        .iter()
        .filter(|worker| worker.log().contains("is taken over"))
        .count();
    assert!(
        taken_over > 0,
        "no claim was taken over: the storm was too mild to show anything"
    );
}

/// How long the storm freezes a process, and leaves it alone: the fault itself, not a wait for something.
async fn for_a_while(milliseconds: u64) {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
}

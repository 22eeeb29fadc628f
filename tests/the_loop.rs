//! The good day, with every part a process of its own.

use crate::harness::Stage;
use simulators::{license_central::Operation, salesforce::SeedOrder};

#[tokio::test]
async fn an_activated_order_gets_its_ticket_through_four_processes_that_drain_on_sigterm() {
    let stage = Stage::set().await;
    let parts: [&[&str]; 4] = [
        &["producer"],
        &["worker", "--only", "fulfil"],
        &["worker", "--only", "report"],
        &["console"],
    ];
    let mut programs = parts.map(|part| stage.start(part));
    let mut ids = stage.activate(20);
    ids.push(stage.activate_one(&SeedOrder {
        customer_name: "東京 O'Hara <Tools> & \"Dies\" ]]>".to_owned(),
        customer_email: Some("tools@example.com".to_owned()),
        lines: vec![
            ("CM-PRO".to_owned(), 5),
            ("CM-BASIC".to_owned(), 1),
            ("CM-ADDON-3D".to_owned(), 2),
        ],
    }));
    stage.eventually_balanced(&ids).await;
    let order = stage.order(ids.last().unwrap());
    assert_eq!(order.status.as_deref(), Some("Issued"));
    assert!(order.link.as_deref().unwrap().contains("webdepot"), "{:?}", order.link);
    assert_eq!(
        stage.license_central.books()[&format!("{}-1", order.number)].licenses,
        8
    );
    for program in &mut programs {
        assert!(program.stop().success(), "{}", program.log());
    }
}

#[tokio::test]
async fn a_double_click_gives_one_ticket() {
    let stage = Stage::set().await;
    let _run = stage.start(&["run"]);
    let ids = stage.activate(5);
    ids.iter().for_each(|id| stage.salesforce.double_click(id).unwrap());
    stage.eventually_balanced(&ids).await;
    // A click long after the ticket only repeats the completion.
    stage.salesforce.double_click(&ids[0]).unwrap();
    let more = stage.activate(1);
    stage.eventually_balanced(&[ids, more].concat()).await;
}

#[tokio::test]
async fn a_thousand_completions_are_written_with_at_most_ten_calls() {
    let stage = Stage::set().await;
    let _producer = stage.start(&["producer"]);
    let _fulfil = stage.start(&["worker", "--only", "fulfil"]);
    let ids = stage.activate(1000);
    crate::harness::eventually("every order is at License Central", async || {
        (stage.license_central.books().len() == ids.len()).then_some(())
    })
    .await;
    crate::harness::eventually("every completion waits in the queue", async || {
        let queues = stage.vhost.management().queues(stage.vhost.name()).await.unwrap();
        let waiting = queues
            .iter()
            .find(|queue| queue.name == "ticketsmith.completions.salesforce")?;
        (waiting.ready == ids.len() as u64).then_some(())
    })
    .await;
    let within = [("TICKETSMITH_WORKER__REPORT__WITHIN", "250ms")];
    let _report = stage.start_with(&["worker", "--only", "report"], &within);
    stage.eventually_balanced(&ids).await;
    let calls = stage.salesforce.arrivals().collection_calls.len();
    assert!(calls <= 10, "{calls} calls");
}

#[tokio::test]
async fn a_request_of_another_system_gets_its_ticket_and_salesforce_hears_nothing() {
    let stage = Stage::set().await;
    let _worker = stage.start(&["worker"]);
    let body = r#"{"specversion":"1.0","id":"m-1","source":"erp","type":"io.ticketsmith.license.request.v1","data":{
        "order":{"id":"PO-17","number":"17"},"customer":{"id":"c-1","name":"A"},"requested_at":"2026-11-24T10:00:00Z",
        "lines":[{"line_id":"1","item_id":"CM-BASIC","quantity":2}]}}"#;
    let file = stage.folder().join("request.json");
    std::fs::write(&file, body).unwrap();
    let submitted = stage.run(&["submit", file.to_str().unwrap()]);
    assert!(submitted.status.success(), "{submitted:?}");
    let book = crate::harness::eventually("the order is at License Central", async || {
        stage.license_central.books().get("17-1").cloned()
    })
    .await;
    assert_eq!((book.accepted, book.licenses), (1, 2));
    crate::harness::eventually("the ledger knows the ticket", async || {
        let shown = stage.ask(&["orders", "show", "erp/PO-17/1", "--json"]);
        (shown[0]["standing"] == "issued" || shown[0]["standing"] == "reported").then_some(())
    })
    .await;
    assert_eq!(stage.salesforce.arrivals().collection_calls.len(), 0);
}

#[tokio::test]
async fn the_whole_loop_runs_over_tls_with_authorities_of_its_own() {
    let stage = Stage::set_over_tls().await;
    let _run = stage.start(&["run"]);
    let ids = stage.activate(5);
    stage.eventually_balanced(&ids).await;
    assert!(stage.license_central.ready().endpoint.starts_with("https://"));
    assert!(stage.salesforce.pubsub_endpoint.starts_with("https://"));
}

#[tokio::test]
async fn the_trace_that_begins_at_the_event_reaches_license_central() {
    let stage = Stage::set().await;
    let _run = stage.start(&["run"]);
    let ids = stage.activate(2);
    stage.eventually_balanced(&ids).await;
    let arrivals = stage.license_central.arrivals();
    let calls = arrivals
        .iter()
        .filter(|call| call.operation == Some(Operation::CreateOrder));
    let traces: Vec<String> = calls
        .map(|call| {
            telemetry::trace::trace_id(call.header("traceparent").unwrap())
                .unwrap()
                .to_owned()
        })
        .collect();
    assert_eq!(traces.len(), 2);
    assert_ne!(traces[0], traces[1], "each event begins a trace of its own");
}

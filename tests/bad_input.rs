//! Whatever arrives: a clear error, a dead letter, the order told; never a crash, a hot loop or a loss.

use crate::harness::{Stage, eventually};
use serde_json::Value;
use simulators::{
    license_central::{Fault, Operation, Plan},
    salesforce::SeedOrder,
};

const SAMPLE: &str = include_str!("../schemas/samples/license.request.v1.json");

/// Publishes a body as a stranger would, under any routing key.
async fn publish(stage: &Stage, id: &str, body: &[u8]) {
    let settings = broker::Settings {
        url: stage.vhost.url().to_owned().into(),
        ..Default::default()
    };
    let broker = broker::Broker::connect(&settings, tokio_util::sync::CancellationToken::new())
        .await
        .unwrap();
    let envelope = broker::Envelope::new(id, schemas::REQUEST_TYPE, body.to_vec());
    broker
        .publisher()
        .publish(broker::topology::REQUESTS, "erp.create", &envelope)
        .await
        .unwrap();
    broker.close().await;
}

fn letters(stage: &Stage) -> Vec<Value> {
    stage
        .ask(&["dead-letters", "list", "--json", "--limit", "500"])
        .as_array()
        .unwrap()
        .clone()
}

#[tokio::test]
async fn foreign_bodies_become_dead_letters_that_name_the_field_and_the_order() {
    let stage = Stage::set().await;
    let mut run = stage.start(&["run"]);
    let erp = SAMPLE
        .replace("\"salesforce\"", "\"erp\"")
        .replace("\"org\": \"00DHs0000000001MAA\"", "\"org\": \"x\"");
    let negative = erp
        .replace("\"quantity\": 5", "\"quantity\": -1")
        .replace("00000100", "N-1");
    let spaced = erp
        .replace("CM-PRO", "CM PRO")
        .replace("00000100", "N-2")
        .replace("801Hs00000XyZaBIAV", "b");
    let control = erp
        .replace("Müller", "M\\u0001ller")
        .replace("00000100", "N-3")
        .replace("801Hs00000XyZaBIAV", "c");
    let other_type = erp
        .replace("request.v1", "request.v9")
        .replace("801Hs00000XyZaBIAV", "d");
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let bodies = [
        ("not-json", b"\xff\xfe rubbish".to_vec(), "body"),
        ("deep", deep.into_bytes(), "body"),
        ("empty", Vec::new(), "body"),
        ("negative", negative.into_bytes(), "data.lines[0].quantity"),
        ("spaced", spaced.into_bytes(), "data.lines[0].item_id"),
        ("control", control.into_bytes(), "data.customer.name"),
        ("other-type", other_type.into_bytes(), "type"),
    ];
    for (id, body, _) in &bodies {
        publish(&stage, id, body).await;
    }
    let found = eventually("every body is a dead letter", async || {
        Some(letters(&stage)).filter(|letters| letters.len() == bodies.len())
    })
    .await;
    for (id, _, field) in &bodies {
        let named = found.iter().any(|letter| {
            letter["text"]
                .as_str()
                .is_some_and(|text| text.contains(&format!("{field}: found")))
        });
        assert!(named, "{id}: {found:#?}");
    }
    let orders: Vec<&str> = found
        .iter()
        .filter_map(|letter| letter["order_number"].as_str())
        .collect();
    for number in ["N-1", "N-2", "N-3"] {
        assert!(orders.contains(&number), "{number}: {orders:?}");
    }
    let ids = stage.activate(3);
    stage.eventually_balanced(&ids).await;
    assert!(run.is_running());
    assert!(run.stop().success(), "{}", run.log());
}

#[tokio::test]
async fn a_body_of_ten_megabytes_is_parked_and_the_next_order_is_served() {
    let stage = Stage::set().await;
    let mut run = stage.start(&["run"]);
    let body = format!("{{\"a\":\"{}\"}}", "x".repeat(10 << 20));
    crate::harness::publish_raw(&stage, "ticketsmith.requests", "erp.create", body.as_bytes()).await;
    let ids = stage.activate(2);
    stage.eventually_balanced(&ids).await;
    let found = eventually("it is a dead letter", async || letters(&stage).pop()).await;
    assert!(
        found["text"].as_str().unwrap().contains("at most 262144 bytes"),
        "{found}"
    );
    assert!(run.is_running());
    assert!(run.stop().success(), "{}", run.log());
}

#[tokio::test]
async fn an_event_that_cannot_be_translated_holds_its_order_and_says_why_in_salesforce() {
    let stage = Stage::set().await;
    let _run = stage.start(&["run"]);
    // A product without an item: the event's line carries null.
    let id = stage.activate_one(&SeedOrder {
        customer_name: "No item".to_owned(),
        customer_email: None,
        lines: vec![(String::new(), 1)],
    });
    let order = stage.eventually_shows(&id, "Needs attention").await;
    assert!(order.ticket.is_none());
    assert!(order.reason.is_some_and(|reason| !reason.is_empty()));
    let found = eventually("the letter is there", async || letters(&stage).pop()).await;
    assert!(found["text"].as_str().unwrap().contains("item_id"), "{found}");
    assert_eq!(found["order_number"], Value::from(order.number));
}

#[tokio::test]
async fn strange_answers_of_license_central_never_double_an_order() {
    let stage = Stage::set().await;
    let faults = stage.license_central.faults();
    for fault in [
        Fault::HtmlPage(simulators::license_central::When::AfterCommit),
        Fault::Truncated,
        Fault::WrongNamespace,
        Fault::ForeignTicket,
        Fault::Huge(2 << 20),
        Fault::Redirect("http://127.0.0.1:9/elsewhere".to_owned()),
        Fault::Status(503, simulators::license_central::When::AfterCommit, None),
        Fault::Status(500, simulators::license_central::When::BeforeCommit, None),
    ] {
        faults.plan(Plan::fault(fault).on(Operation::CreateOrder).times(1));
    }
    let _run = stage.start(&["run"]);
    let ids = stage.activate(12);
    stage.eventually_balanced(&ids).await;
}

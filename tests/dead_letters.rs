//! What could not be done: shown, mended, replayed, without anything handed out twice.

use crate::harness::{Stage, eventually};
use simulators::salesforce::SeedOrder;

fn unknown_item(item: &str) -> SeedOrder {
    SeedOrder {
        customer_name: "Contoso".to_owned(),
        customer_email: None,
        lines: vec![(item.to_owned(), 3)],
    }
}

async fn first_letter(stage: &Stage) -> serde_json::Value {
    eventually("there is a dead letter", async || {
        stage
            .ask(&["dead-letters", "list", "--json"])
            .as_array()
            .unwrap()
            .first()
            .cloned()
    })
    .await
}

#[tokio::test]
async fn an_order_with_an_unknown_item_is_refused_mended_and_replayed() {
    let stage = Stage::set().await;
    let _run = stage.start(&["run"]);
    let id = stage.activate_one(&unknown_item("CM-PRO-2"));
    let order = stage.eventually_shows(&id, "Refused").await;
    assert!(order.reason.unwrap().contains("CM-PRO-2"));
    let letter = first_letter(&stage).await;
    assert_eq!(letter["code"], "unknown-item");
    let letter_id = letter["id"].as_str().unwrap();
    let shown = stage.ask(&["dead-letters", "show", &letter_id[..10], "--json"]);
    assert_eq!(shown["order_number"].as_str(), Some(order.number.as_str()));

    stage
        .license_central
        .add_item("CM-PRO-2", "Professional, second edition");
    let replayed = stage.ask(&[
        "dead-letters",
        "replay",
        letter_id,
        "--who",
        "mara",
        "--why",
        "item added",
        "--json",
    ]);
    assert_eq!(replayed["sent"], "request");
    stage.eventually_shows(&id, "Issued").await;
    stage.eventually_balanced(&[id]).await;

    let closed = stage.ask(&["dead-letters", "show", letter_id, "--json"]);
    assert!(
        ["replayed", "overtaken"].contains(&closed["state"].as_str().unwrap()),
        "{closed}"
    );
    assert_eq!(closed["deeds"][0]["who"], "mara");
    let again = stage.run(&["dead-letters", "replay", letter_id, "--why", "again"]);
    assert!(!again.status.success(), "an issued order is not replayed");
    assert_eq!(
        stage
            .license_central
            .books()
            .values()
            .map(|book| book.accepted)
            .sum::<u32>(),
        1
    );
}

#[tokio::test]
async fn a_second_click_after_a_refusal_succeeds_once_the_item_was_mended() {
    let stage = Stage::set().await;
    let _run = stage.start(&["run"]);
    let id = stage.activate_one(&unknown_item("CM-NEW"));
    stage.eventually_shows(&id, "Refused").await;
    // As long as nothing is mended, a second click is answered the same.
    stage.salesforce.double_click(&id).unwrap();
    stage.license_central.add_item("CM-NEW", "New");
    stage.salesforce.double_click(&id).unwrap();
    stage.eventually_shows(&id, "Issued").await;
    stage.eventually_balanced(&[id]).await;
    let open = stage.ask(&["dead-letters", "list", "--json"]);
    assert_eq!(open.as_array().unwrap().len(), 0, "the letter was overtaken: {open}");
}

#[tokio::test]
async fn a_record_that_salesforce_refuses_for_good_becomes_a_letter_of_stage_report_and_can_be_replayed() {
    let stage = Stage::set().await;
    let id = stage.salesforce.seed_order(&unknown_item("CM-PRO")).unwrap();
    let rule = simulators::salesforce::RowFault::Validation("No licenses on Fridays".to_owned());
    stage.salesforce.faults().next_rows(&id, 1, &rule);
    let _run = stage.start(&["run"]);
    stage.salesforce.activate(&id).unwrap();
    eventually("the ledger is made", async || {
        stage.ledger_file().exists().then_some(())
    })
    .await;
    let letter = first_letter(&stage).await;
    assert_eq!(
        (letter["stage"].as_str(), letter["code"].as_str()),
        (Some("report"), Some("FIELD_CUSTOM_VALIDATION_EXCEPTION"))
    );
    assert!(stage.order(&id).ticket.is_none());
    let replayed = stage.ask(&[
        "dead-letters",
        "replay",
        letter["id"].as_str().unwrap(),
        "--why",
        "rule gone",
        "--json",
    ]);
    assert_eq!(replayed["sent"], "completion");
    stage.eventually_balanced(&[id]).await;
}

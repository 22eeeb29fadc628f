use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use simulators::salesforce::{CollectionCall, RowFault};

use crate::client::World;

async fn patch(world: &World, body: &Value) -> (StatusCode, Value) {
    world.rest(Method::PATCH, "/composite/sobjects", Some(body)).await
}

fn ticket(id: &str, ticket: &str) -> Value {
    json!({"attributes": {"type": "Order"}, "id": id, "License_Ticket__c": ticket, "License_Status__c": "Issued"})
}

#[tokio::test]
async fn many_records_are_updated_in_one_call_each_with_its_own_result() {
    let world = World::new().await;
    let (good, other) = (world.draft("Good"), world.draft("Other"));
    let gone = world.draft("Gone");
    world
        .rest(Method::DELETE, &format!("/sobjects/Order/{gone}"), None)
        .await;
    let mut with_capital = ticket(&other, "BBBBB");
    let id = with_capital.as_object_mut().unwrap().remove("id").unwrap();
    with_capital["Id"] = id;
    let records = json!([
        ticket(&good, "AAAAA"),
        with_capital,
        ticket(&gone, "C"),
        ticket("801000000000001AAA", "D"),
        ticket("nonsense", "E"),
        {"attributes": {"type": "Order"}, "License_Ticket__c": "F"},
        ticket(&good, "again"),
        {"attributes": {"type": "Nonsense__c"}, "id": good},
    ]);
    let (status, results) = patch(&world, &json!({"allOrNone": false, "records": records})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(results[0], json!({"id": good, "success": true, "errors": []}));
    assert_eq!(results[1]["success"], true);
    let codes: Vec<_> = (2..8)
        .map(|at| results[at]["errors"][0]["statusCode"].as_str().unwrap())
        .collect();
    let wanted = [
        "ENTITY_IS_DELETED",
        "INVALID_CROSS_REFERENCE_KEY",
        "MALFORMED_ID",
        "MISSING_ARGUMENT",
        "DUPLICATE_VALUE",
        "INVALID_TYPE",
    ];
    assert_eq!(codes, wanted);
    assert!((2..8).all(|at| results[at]["errors"][0]["fields"].is_array() && results[at].get("id").is_none()));
    assert_eq!(world.org.order(&good).unwrap().ticket.as_deref(), Some("AAAAA"));
    assert_eq!(world.org.order(&other).unwrap().status.as_deref(), Some("Issued"));
    let calls = world.org.arrivals().collection_calls;
    assert!(
        matches!(&calls[..], [CollectionCall { method, records: 8, .. }] if method == "PATCH"),
        "{calls:?}"
    );
}

#[tokio::test]
async fn all_or_none_takes_everything_back_the_published_event_too() {
    let world = World::new().await;
    let (order, other) = (world.draft("A"), world.draft("B"));
    let records = json!([
        {"attributes": {"type": "Order"}, "id": order, "Status": "Activated"},
        {"attributes": {"type": "Order"}, "id": other, "License_Status__c": "Nonsense"},
    ]);
    let (status, results) = patch(&world, &json!({"allOrNone": true, "records": records})).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        results[0]["errors"][0]["statusCode"],
        "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    );
    assert_eq!(
        results[1]["errors"][0]["statusCode"],
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    );
    assert!(!world.org.order(&order).unwrap().activated);
    let id = world.activated("The only one");
    let mut stream = world
        .subscribe(world.fetch(schemas::pubsub::ReplayPreset::Earliest, 1))
        .await
        .unwrap();
    let event = stream.next().await.events.remove(0).event.unwrap();
    let fields = world.decode(&event.schema_id, &event.payload).await;
    assert!(fields.contains(&("Order_Id__c".to_owned(), apache_avro::types::Value::String(id))));
}

#[tokio::test]
async fn records_and_events_of_mixed_types_are_created_in_one_call() {
    let world = World::new().await;
    let records = json!([
        {"attributes": {"type": "Account"}, "Name": "A"},
        {"attributes": {"type": "Account"}},
        {"attributes": {"type": "License_Request__e"}, "Order_Id__c": "801000000000001AAA"},
    ]);
    let (status, results) = world
        .rest(Method::POST, "/composite/sobjects", Some(&json!({"records": records})))
        .await;
    assert_eq!(status, StatusCode::OK);
    assert!(results[0]["id"].as_str().unwrap().starts_with("001"));
    assert_eq!(results[1]["errors"][0]["fields"], json!(["Name"]));
    assert_eq!(results[2]["errors"][0]["statusCode"], "OPERATION_ENQUEUED");
}

#[tokio::test]
async fn calls_that_are_wrong_as_a_whole_are_refused_whole() {
    let world = World::new().await;
    let id = world.draft("A");
    let many = vec![ticket(&id, "X"); 201];
    let mixed: Vec<Value> = (0..11)
        .map(|n| json!({"attributes": {"type": if n % 2 == 0 { "Order" } else { "Account" }}, "id": id}))
        .collect();
    for (body, code) in [
        (json!({"records": many}), "EXCEEDED_ID_LIMIT"),
        (json!({"records": mixed}), "INVALID_OPERATION"),
        (json!({"records": [{"id": id}]}), "INVALID_TYPE"),
        (json!({}), "JSON_PARSER_ERROR"),
        (json!([]), "JSON_PARSER_ERROR"),
    ] {
        let (status, answer) = patch(&world, &body).await;
        assert_eq!(
            (status, &answer[0]["errorCode"]),
            (StatusCode::BAD_REQUEST, &json!(code))
        );
    }
    assert_eq!(world.org.order(&id).unwrap().ticket, None);
    let (status, results) = patch(
        &world,
        &json!({"records": (0..200).map(|_| ticket(&id, "X")).collect::<Vec<_>>()}),
    )
    .await;
    assert_eq!((status, results.as_array().unwrap().len()), (StatusCode::OK, 200));
}

#[tokio::test]
async fn rows_fail_as_planned_and_then_work_again() {
    let world = World::new().await;
    let id = world.draft("A");
    let faults = world.org.faults();
    faults.next_rows(&id, 2, &RowFault::Locked);
    faults.next_rows(&id, 1, &RowFault::Validation("No tickets today".to_owned()));
    faults.next_rows(&id, 1, &RowFault::HiddenField("License_Ticket__c".to_owned()));
    faults.next_rows(&id, 1, &RowFault::Deleted);
    let wanted = [
        "UNABLE_TO_LOCK_ROW",
        "UNABLE_TO_LOCK_ROW",
        "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "INVALID_FIELD",
        "ENTITY_IS_DELETED",
    ];
    for code in wanted {
        let (_, results) = patch(&world, &json!({"records": [ticket(&id, "X")]})).await;
        assert_eq!(results[0]["errors"][0]["statusCode"], code);
    }
    let (_, results) = patch(&world, &json!({"records": [ticket(&id, "X")]})).await;
    assert_eq!(results[0]["success"], true);
}

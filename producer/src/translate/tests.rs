use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

const ORG: &str = "00D5g000004abcDEAU";
const UUID: &str = "6f1c2a52-6f0e-4f0e-9d0a-0a8f5c1b7a11";

fn fields(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}

/// An event as it comes out of Avro: every number a double, times in milliseconds.
fn shipped() -> Map<String, Value> {
    fields(json!({
        "CreatedDate": 1_764_000_000_000_i64,
        "CreatedById": "0055g000001AbCdEAK",
        "Order_Id__c": "8015g00000AbCdE",
        "Order_Number__c": "00000100",
        "Revision__c": 1.0,
        "Action__c": "create",
        "Customer_Id__c": "001A0000006Vm9r",
        "Customer_Name__c": "Müller & Söhne <GmbH>",
        "Customer_Email__c": "lizenzen@example.com",
        "Lines__c": r#"[{"line_id":"8025g00000AbCdEAAA","item_id":"CM-PRO","quantity":3.0,"terms":{"expires_at":"2027-01-01"}}]"#,
        "Requested_At__c": 1_763_999_999_000_i64,
    }))
}

fn with(changes: Value) -> Map<String, Value> {
    let mut event = shipped();
    event.extend(fields(changes));
    event
}

fn run(event: &Map<String, Value>) -> Result<RequestEvent, InvalidRequest> {
    translate(
        &Mapping::default(),
        DecodedEvent {
            uuid: UUID,
            org_id: "00D5g000004abcD",
            fields: event,
        },
    )
}

/// The fields named by the problems of an event that must not translate.
fn problems(event: &Map<String, Value>) -> Vec<String> {
    run(event)
        .unwrap_err()
        .problems
        .into_iter()
        .map(|problem| problem.field)
        .collect()
}

#[test]
fn the_shipped_event_becomes_a_request() {
    let request = run(&shipped()).unwrap();
    assert_eq!(request.id, UUID);
    assert!(request.source.is_salesforce());
    assert_eq!(request.subject.as_deref(), Some("00000100"));
    assert_eq!(request.time.unwrap().as_millisecond(), 1_764_000_000_000);
    assert_eq!(request.data.requested_at.as_millisecond(), 1_763_999_999_000);
    assert_eq!(request.data.order.id, schemas::widen_id("8015g00000AbCdE"));
    assert_eq!(request.data.order.org, Some(schemas::widen_id("00D5g000004abcD")));
    assert_eq!(request.data.customer.id, "001A0000006Vm9rIAC");
    assert_eq!(request.data.customer.name, "Müller & Söhne <GmbH>");
    assert_eq!(request.data.customer.email.as_deref(), Some("lizenzen@example.com"));
    assert_eq!(request.data.lines[0].quantity, 3);
    assert_eq!(request.data.lines[0].terms["expires_at"], "2027-01-01");
    assert_eq!(request.reply(), schemas::Reply::Completion);
    assert_eq!(request.routing_key(), "salesforce.create");
}

#[test]
fn short_and_long_ids_and_another_click_give_one_key_and_one_fingerprint() {
    let first = run(&shipped()).unwrap();
    let clicked_again = with(json!({
        "Order_Id__c": schemas::widen_id("8015g00000AbCdE"),
        "Customer_Id__c": "001A0000006Vm9rIAC",
        "CreatedDate": 1_764_000_009_000_i64,
    }));
    let again = translate(
        &Mapping::default(),
        DecodedEvent {
            uuid: "another",
            org_id: ORG,
            fields: &clicked_again,
        },
    )
    .unwrap();
    assert_eq!(
        first.key().order_part().split('/').nth(1),
        again.key().order_part().split('/').nth(1)
    );
    assert_eq!(first.fingerprint(), again.fingerprint());
}

#[test]
fn what_may_be_absent_has_its_default() {
    let request = run(&with(json!({
        "Revision__c": null, "Action__c": "", "Customer_Email__c": "  ", "Requested_At__c": null,
    })))
    .unwrap();
    assert_eq!(request.data.revision, 1);
    assert_eq!(request.data.action, schemas::Action::Create);
    assert_eq!(request.data.customer.email, None);
    assert_eq!(
        request.data.requested_at.as_millisecond(),
        1_764_000_000_000,
        "the event's own time"
    );
}

#[test]
fn a_publishers_own_event_works_once_its_fields_are_mapped() {
    let mapping = Mapping {
        order_id: "Bestellung__c".into(),
        order_number: "Nummer__c".into(),
        revision: String::new(),
        action: String::new(),
        customer_id: "Kunde__c".into(),
        customer_name: "Kundenname__c".into(),
        customer_email: String::new(),
        lines: "Positionen__c".into(),
        requested_at: "Zeit__c".into(),
    };
    let event = fields(json!({
        "Bestellung__c": "a0B5g00000AbCdE", "Nummer__c": 4711.0, "Kunde__c": "K-17", "Kundenname__c": "Ærø Robotics",
        "Positionen__c": [{"line_id": "1", "item_id": "CM-BASIC", "quantity": 1}], "Zeit__c": "2026-11-24T09:30:00Z",
    }));
    let request = translate(
        &mapping,
        DecodedEvent {
            uuid: UUID,
            org_id: ORG,
            fields: &event,
        },
    )
    .unwrap();
    assert_eq!(request.data.order.number, "4711");
    assert_eq!(request.data.customer.id, "K-17");
    assert_eq!(request.data.lines[0].item_id, "CM-BASIC");
}

#[test]
fn every_problem_is_named_by_its_event_field() {
    let cases = [
        (json!({"Order_Id__c": null}), vec!["Order_Id__c"]),
        (json!({"Order_Number__c": "x".repeat(70)}), vec!["Order_Number__c"]),
        (json!({"Revision__c": 1.5}), vec!["Revision__c"]),
        (json!({"Revision__c": -1.0}), vec!["Revision__c"]),
        (json!({"Revision__c": 1e300}), vec!["Revision__c"]),
        (json!({"Action__c": "withdraw"}), vec!["Action__c"]),
        (json!({"Customer_Id__c": {"a": 1}}), vec!["Customer_Id__c"]),
        (json!({"Customer_Name__c": "bell\u{7}"}), vec!["Customer_Name__c"]),
        (json!({"Customer_Email__c": true}), vec!["Customer_Email__c"]),
        (json!({"Requested_At__c": "yesterday"}), vec!["Requested_At__c"]),
        (json!({"Lines__c": null}), vec!["Lines__c"]),
        (json!({"Lines__c": "[{"}), vec!["Lines__c"]),
        (json!({"Lines__c": "{}"}), vec!["Lines__c"]),
        (json!({"Lines__c": "[]"}), vec!["Lines__c"]),
        (
            json!({"Lines__c": r#"[{"line_id":"1","item_id":"CM PRO","quantity":1}]"#}),
            vec!["Lines__c[0].item_id"],
        ),
        (
            json!({"Lines__c": r#"[{"line_id":"1","item_id":"CM-PRO","quantity":-2}]"#}),
            vec!["Lines__c[0].quantity"],
        ),
        (
            json!({"Lines__c": r#"[{"line_id":"1","item_id":"CM-PRO","quantity":2.5}]"#}),
            vec!["Lines__c[0].quantity"],
        ),
        (
            json!({"Customer_Id__c": null, "Revision__c": "two", "Lines__c": "no"}),
            vec!["Revision__c", "Customer_Id__c", "Lines__c"],
        ),
    ];
    for (changes, expected) in cases {
        assert_eq!(problems(&with(changes.clone())), expected, "{changes}");
    }
}

#[test]
fn the_order_of_an_untranslatable_event_is_told_as_far_as_it_is_known() {
    let known = |changes: Value| run(&with(changes)).unwrap_err().known;
    let order = known(json!({"Lines__c": "no", "Revision__c": 2.0})).unwrap();
    assert_eq!((order.order.number.as_str(), order.revision), ("00000100", 2));
    let order = known(json!({"Order_Number__c": null, "Revision__c": 0.5})).unwrap();
    assert_eq!(order.order.id, schemas::widen_id("8015g00000AbCdE"));
    assert_eq!(
        (order.order.number, order.revision),
        (order.order.id, 1),
        "the record is enough to tell sales"
    );
    assert_eq!(known(json!({"Order_Id__c": null})), None);
    assert_eq!(known(json!({"Order_Id__c": "not an id"})), None);
}

#[test]
fn lines_nested_ten_thousand_deep_are_a_problem_and_no_crash() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    assert_eq!(problems(&with(json!({ "Lines__c": deep }))), ["Lines__c"]);
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
        r#"\[\{"line_id":"[a-z]{0,3}","item_id":".{0,5}","quantity":-?[0-9]{1,12}(\.[0-9])?\}\]"#.prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map("line_id|item_id|quantity|terms|.{0,6}", inner, 0..5)
                .prop_map(Value::from_iter),
        ]
    })
}

fn any_event() -> impl Strategy<Value = Map<String, Value>> {
    let names = proptest::sample::select(shipped().keys().cloned().collect::<Vec<_>>());
    let changes = proptest::collection::hash_map(prop_oneof![names, ".{0,10}"], any_json(), 0..6);
    (any::<bool>(), changes).prop_map(|(from_shipped, changes)| {
        let mut event = if from_shipped { shipped() } else { Map::new() };
        event.extend(changes);
        event
    })
}

proptest! {
    #[test]
    fn any_event_gives_a_valid_request_or_named_problems(event in any_event(), uuid in ".{0,40}", org in ".{0,20}") {
        match translate(&Mapping::default(), DecodedEvent { uuid: &uuid, org_id: &org, fields: &event }) {
            Ok(request) => {
                prop_assert_eq!(schemas::read_request(&request.to_json()).unwrap(), request);
            }
            Err(invalid) => {
                prop_assert!(!invalid.problems.is_empty());
                for problem in &invalid.problems {
                    prop_assert!(!problem.field.is_empty() && !problem.expected.is_empty());
                }
            }
        }
    }

    #[test]
    fn doubles_become_integers_only_when_whole(number in any::<f64>()) {
        let quantity = serde_json::Number::from_f64(number).unwrap_or_else(|| 0.into());
        let event = with(json!({"Lines__c": [{"line_id": "1", "item_id": "CM-PRO", "quantity": quantity}]}));
        let whole = number.fract() == 0.0 && (1.0..=1_000_000.0).contains(&number);
        prop_assert_eq!(run(&event).is_ok(), whole);
    }
}

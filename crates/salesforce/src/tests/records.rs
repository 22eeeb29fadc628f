//! Records: one call, one outcome each.

use std::time::Duration;

use serde_json::{Map, Value, json as value};

use super::settings;
use super::web::{Reply, TOKEN, Web, html, json};
use crate::{Allowance, ApiUsage, Class, Client, Error, RecordUpdate, RowOutcome, Settings};

const COLLECTIONS: &str = "/services/data/v67.0/composite/sobjects";

fn client(web: &Web) -> Client {
    Client::new(&settings(&web.url, "")).unwrap()
}

fn update(object: &str, number: usize) -> RecordUpdate {
    let fields = Map::from_iter([("License_Status__c".to_owned(), Value::from(format!("Issued {number}")))]);
    RecordUpdate {
        object: object.to_owned(),
        id: format!("801WU0000000{number:03}AAA"),
        fields,
    }
}

/// Answers every record with success.
fn all_written(seen: &super::web::Seen) -> Reply {
    let records = seen.json()["records"].as_array().unwrap().clone();
    let rows: Vec<Value> = records
        .iter()
        .map(|record| value!({ "id": record["id"], "success": true, "errors": [] }))
        .collect();
    json(200, Value::from(rows))
}

async fn whole_call(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Error {
    let web = Web::org(move |_, _| reply()).await;
    client(&web).update(&[update("Order", 1)]).await.unwrap_err()
}

fn refusal(status: u16, code: &str) -> Reply {
    json(status, value!([{ "message": "Salesforce's words", "errorCode": code }]))
}

#[tokio::test]
async fn every_record_has_its_own_outcome_in_the_order_of_the_records() {
    let web = Web::org(|_, _| {
        json(
            200,
            value!([
                { "id": "801WU0000000001AAA", "success": true, "errors": [] },
                { "success": false, "errors": [{ "statusCode": "UNABLE_TO_LOCK_ROW", "message": "unable to obtain exclusive access to this record", "fields": [] }] },
                { "success": false, "errors": [{ "statusCode": "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "message": "bad value", "fields": ["License_Status__c"] }] },
                { "success": false, "errors": [{ "statusCode": "LIMIT_EXCEEDED", "message": "too much", "fields": [] }] },
                { "success": false, "errors": [{ "statusCode": "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", "message": "OrderTrigger: execution of AfterUpdate caused by: UNABLE_TO_LOCK_ROW", "fields": [] }] },
                { "success": false, "errors": [] },
            ]),
        )
    })
    .await;
    let records: Vec<_> = (1..=6).map(|number| update("Order", number)).collect();
    let outcomes = client(&web).update(&records).await.unwrap();
    assert_eq!(outcomes[0], RowOutcome::Updated);
    assert!(outcomes[1].is_transient() && outcomes[4].is_transient() && outcomes[5].is_transient());
    assert!(outcomes[3].is_quota() && !outcomes[3].is_transient());
    let RowOutcome::Refused(refused) = &outcomes[2] else {
        panic!("{:?}", outcomes[2])
    };
    assert_eq!(refused.class(), Class::Configuration);
    assert_eq!(refused.code, "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST");
    assert_eq!(refused.fields, ["License_Status__c"]);
    assert!(!outcomes[2].is_transient() && !outcomes[2].is_quota());

    let seen = &web.seen(COLLECTIONS)[0];
    assert_eq!(
        (seen.method.as_str(), seen.authorization.as_str()),
        ("PATCH", "Bearer token-1")
    );
    assert_eq!(seen.json()["allOrNone"], false);
    let first =
        value!({ "attributes": { "type": "Order" }, "id": "801WU0000000001AAA", "License_Status__c": "Issued 1" });
    assert_eq!(seen.json()["records"][0], first);
}

#[tokio::test]
async fn mixed_types_go_in_runs_and_come_back_in_the_callers_order() {
    let web = Web::org(|seen, _| {
        let records = seen.json()["records"].as_array().unwrap().clone();
        let rows: Vec<Value> = records
            .iter()
            .map(|record| match record["attributes"]["type"].as_str().unwrap() {
                "Order" => value!({ "id": record["id"], "success": true, "errors": [] }),
                other => value!({ "success": false, "errors": [{ "statusCode": "NOT_FOUND", "message": other }] }),
            })
            .collect();
        json(200, Value::from(rows))
    })
    .await;
    let objects = ["Product2", "Order", "Account", "Order", "Product2"];
    let records: Vec<_> = objects
        .iter()
        .enumerate()
        .map(|(number, object)| update(object, number))
        .collect();
    let outcomes = client(&web).update(&records).await.unwrap();
    for (object, outcome) in objects.iter().zip(&outcomes) {
        match outcome {
            RowOutcome::Updated => assert_eq!(*object, "Order"),
            RowOutcome::Refused(refusal) => assert_eq!(refusal.message, *object),
        }
    }
    let sent = web.seen(COLLECTIONS)[0].json();
    let sent: Vec<_> = sent["records"]
        .as_array()
        .unwrap()
        .iter()
        .map(|record| &record["attributes"]["type"])
        .collect();
    assert_eq!(sent, ["Account", "Order", "Order", "Product2", "Product2"]);
}

#[tokio::test]
async fn two_hundred_records_are_one_call_and_more_are_refused_unsent() {
    let web = Web::org(|seen, _| all_written(seen)).await;
    let client = client(&web);
    let mut records: Vec<_> = (0..200).map(|number| update("Order", number)).collect();
    assert_eq!(client.update(&records).await.unwrap(), vec![RowOutcome::Updated; 200]);
    assert_eq!(client.update(&[]).await.unwrap(), []);
    records.push(update("Order", 200));
    assert!(matches!(
        client.update(&records).await,
        Err(Error::TooManyRecords { found: 201, most: 200 })
    ));
    assert_eq!(web.seen(COLLECTIONS).len(), 1);
}

#[tokio::test]
async fn an_expired_session_is_replaced_and_the_call_repeated_once() {
    for status in [401, 403] {
        let web = Web::org(move |seen, before| match before {
            0 => refusal(status, "INVALID_SESSION_ID"),
            _ => all_written(seen),
        })
        .await;
        assert_eq!(
            client(&web).update(&[update("Order", 1)]).await.unwrap(),
            [RowOutcome::Updated]
        );
        let seen = web.seen(COLLECTIONS);
        assert_eq!(seen.len(), 2);
        assert_eq!(seen[0].authorization, "Bearer token-1");
        assert_eq!(seen[1].authorization, "Bearer token-2");
        assert_eq!(seen[0].body, seen[1].body);
        assert_eq!(web.seen(TOKEN).len(), 2);
    }
}

#[tokio::test]
async fn a_session_that_is_never_accepted_ends_after_two_calls() {
    let web = Web::org(|_, _| refusal(401, "INVALID_SESSION_ID")).await;
    let error = client(&web).update(&[update("Order", 1)]).await.unwrap_err();
    assert!(
        matches!(&error, Error::SessionRefused { code, .. } if code == "INVALID_SESSION_ID"),
        "{error}"
    );
    assert_eq!(error.class(), Class::Reauthenticate);
    assert_eq!((web.seen(COLLECTIONS).len(), web.seen(TOKEN).len()), (2, 2));
}

#[tokio::test]
async fn a_refused_call_is_sorted_by_salesforces_code_and_the_status() {
    for (status, code, class) in [
        (403, "REQUEST_LIMIT_EXCEEDED", Class::Quota),
        (403, "API_DISABLED_FOR_ORG", Class::Configuration),
        (400, "JSON_PARSER_ERROR", Class::Configuration),
        (400, "QUERY_TIMEOUT", Class::Transient),
        (404, "NOT_FOUND", Class::Configuration),
        (410, "UNSUPPORTED_API_VERSION", Class::Configuration),
        (500, "UNKNOWN_EXCEPTION", Class::Transient),
        (500, "SOMETHING_NEW", Class::Transient),
        (503, "SERVER_UNAVAILABLE", Class::Transient),
    ] {
        let error = whole_call(move || refusal(status, code)).await;
        assert_eq!(error.class(), class, "{error}");
        assert!(
            error.to_string().contains(code) && error.to_string().contains("Salesforce's words"),
            "{error}"
        );
        assert_eq!(
            error.retry_after(),
            (class == Class::Quota).then_some(Duration::from_secs(900))
        );
    }
}

#[tokio::test]
async fn a_page_instead_of_an_answer_is_a_clear_transient_error() {
    for status in [200, 302, 404, 502, 503] {
        let error = whole_call(move || html(status)).await;
        assert!(
            matches!(error, Error::ForeignAnswer { at: "rest", .. }) && error.is_transient(),
            "{error}"
        );
        assert!(
            !error.to_string().contains("maintenance"),
            "a foreign body is not repeated: {error}"
        );
    }
}

#[tokio::test]
async fn a_wrong_number_or_order_of_results_is_a_clear_transient_error() {
    let one = value!({ "id": "801WU0000000001AAA", "success": true, "errors": [] });
    let other = value!({ "id": "801WU0000000002AAA", "success": true, "errors": [] });
    for rows in [
        value!([]),
        value!([one, other]),
        value!([other]),
        value!({ "rows": [] }),
        value!([{ "id": "x" }]),
    ] {
        let error = whole_call(move || json(200, &rows)).await;
        assert!(
            matches!(error, Error::ForeignAnswer { .. }) && error.is_transient(),
            "{error}"
        );
    }
    let web = Web::org(|_, _| {
        json(
            200,
            value!([{ "id": "801WU0000000001", "success": true, "errors": [] }]),
        )
    })
    .await;
    let mut short = update("Order", 1);
    short.id = schemas::widen_id("801WU0000000001");
    assert_eq!(
        client(&web).update(&[short]).await.unwrap(),
        [RowOutcome::Updated],
        "15 and 18 characters are one id"
    );
}

#[tokio::test]
async fn an_endless_answer_is_refused() {
    let error = whole_call(|| json(200, " ".repeat(9 * 1024 * 1024))).await;
    assert!(
        error.is_transient() && error.to_string().contains("more than"),
        "{error}"
    );
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let web = Web::org(|seen, _| match seen.path.as_str() {
        COLLECTIONS => Reply {
            status: 307,
            headers: vec![("location", "/elsewhere".to_owned())],
            body: String::new(),
        },
        _ => all_written(seen),
    })
    .await;
    let error = client(&web).update(&[update("Order", 1)]).await.unwrap_err();
    assert!(error.to_string().contains("redirect"), "{error}");
    assert!(web.seen("/elsewhere").is_empty());
}

#[tokio::test]
async fn a_call_without_an_answer_ends_with_its_timeout() {
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", silent.local_addr().unwrap());
    let web = Web::start(move |_, _, _| super::web::token(&address, "t")).await;
    let settings = Settings {
        call_timeout: Duration::from_millis(200),
        ..settings(&web.url, "")
    };
    let error = Client::new(&settings)
        .unwrap()
        .update(&[update("Order", 1)])
        .await
        .unwrap_err();
    assert!(
        matches!(error, Error::NoAnswer { at: "rest", .. }) && error.is_transient(),
        "{error}"
    );
}

#[tokio::test]
async fn the_limits_are_read_and_the_last_usage_is_remembered() {
    let web = Web::org(|_, _| {
        let mut reply = json(
            200,
            value!({
                "DailyApiRequests": { "Max": 15000, "Remaining": 14998, "Ant Migration Tool": { "Max": 0, "Remaining": 0 } },
                "DailyDeliveredPlatformEvents": { "Max": 10000, "Remaining": 9000 },
                "SomethingNew": "of another shape",
            }),
        );
        reply.headers.push(("sforce-limit-info", "api-usage=18/5000, per-app-api-usage=17/250(appName=x)".to_owned()));
        reply
    })
    .await;
    let client = client(&web);
    assert_eq!(client.api_usage(), None);
    let limits = client.limits().await.unwrap();
    assert_eq!(
        limits.daily_api_requests(),
        Some(Allowance {
            max: 15000,
            remaining: 14998
        })
    );
    assert_eq!(limits.daily_delivered_events().unwrap().remaining, 9000);
    assert_eq!(limits.iter().count(), 2);
    assert_eq!(client.api_usage(), Some(ApiUsage { used: 18, max: 5000 }));
    assert_eq!(web.seen("/services/data/v67.0/limits").len(), 1);
}

#[tokio::test]
async fn the_probe_takes_a_user_without_view_setup_for_a_living_salesforce() {
    let web = Web::org(|_, _| refusal(403, "INSUFFICIENT_ACCESS")).await;
    client(&web).probe().await.unwrap();
    assert!(client(&web).limits().await.is_err());
    let web = Web::org(|_, _| refusal(403, "REQUEST_LIMIT_EXCEEDED")).await;
    assert!(client(&web).probe().await.is_err_and(|error| error.is_quota()));
}

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::client::World;

/// An account, a product with an item, its price, a draft order; returns the order's and the entry's id.
async fn a_real_orgs_usual_sequence(world: &World) -> (String, String, String) {
    let account = world
        .create("Account", &json!({"Name": "Ærø Robotics & Søn <ApS>"}))
        .await;
    let product = world
        .create(
            "Product2",
            &json!({"Name": "Pro", "License_Item_Id__c": "CM-PRO", "IsActive": true}),
        )
        .await;
    let book = standard_price_book(world);
    let price = json!({"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 120.5, "IsActive": true});
    let entry = world.create("PricebookEntry", &price).await;
    let order = json!({"AccountId": account, "Pricebook2Id": book, "EffectiveDate": "2026-11-24", "Status": "Draft"});
    (world.create("Order", &order).await, entry, account)
}

/// The standard price book's id, which a client would query; orders that are seeded carry it.
fn standard_price_book(world: &World) -> String {
    let id = world.draft("Whoever");
    let url = format!("{}/services/data/v67.0/sobjects/Order/{id}", world.org.instance_url);
    let (http, token) = (world.http.clone(), world.token.clone());
    let ask = async move {
        http.get(url)
            .bearer_auth(token)
            .send()
            .await
            .unwrap()
            .json::<Value>()
            .await
            .unwrap()
    };
    let order = tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(ask));
    order["Pricebook2Id"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_usual_sequence_of_a_real_org_works() {
    let world = World::new().await;
    let (order, entry, account) = a_real_orgs_usual_sequence(&world).await;
    assert!(order.starts_with("801") && order.len() == 18);
    let line = json!({"OrderId": order, "PricebookEntryId": entry, "Quantity": 3, "UnitPrice": 100});
    let item = world.create("OrderItem", &line).await;
    let activated = world
        .rest(
            Method::PATCH,
            &format!("/sobjects/Order/{order}"),
            Some(&json!({"Status": "Activated"})),
        )
        .await;
    assert_eq!(activated.0, StatusCode::NO_CONTENT, "{}", activated.1);
    let (status, shown) = world.get(&format!("/sobjects/Order/{order}")).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(
        shown["attributes"]["url"],
        format!("/services/data/v67.0/sobjects/Order/{order}")
    );
    assert_eq!(
        (&shown["License_Status__c"], &shown["License_Revision__c"]),
        (&json!("Requested"), &json!(1.0))
    );
    assert_eq!(
        (&shown["AccountId"], &shown["TotalAmount"]),
        (&json!(account), &json!(300.0))
    );
    assert_eq!(shown["OrderNumber"].as_str().unwrap().len(), 8);
    let (_, item) = world
        .get(&format!("/sobjects/OrderItem/{item}?fields=ListPrice,Product2Id"))
        .await;
    assert_eq!(item["ListPrice"], 120.5);
    assert!(item["Product2Id"].as_str().unwrap().starts_with("01t"));
    assert_eq!(
        item.as_object().unwrap().len(),
        4,
        "attributes and Id come along: {item}"
    );
}

#[tokio::test]
async fn versions_need_no_token_and_everything_else_does() {
    let world = World::new().await;
    let url = format!("{}/services/data/", world.org.instance_url);
    let versions: Value = world.http.get(&url).send().await.unwrap().json().await.unwrap();
    assert_eq!(
        versions[17],
        json!({"label": "Summer '26", "url": "/services/data/v67.0", "version": "67.0"})
    );
    for path in [
        "v67.0",
        "v67.0/limits",
        "v50.0/sobjects/Order/801000000000001AAA",
        "v67.0/composite/sobjects",
    ] {
        for token in [None, Some("wrong"), Some("")] {
            let mut request = world.http.get(format!("{url}{path}"));
            if let Some(token) = token {
                request = request.bearer_auth(token);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
            let body: Value = response.json().await.unwrap();
            let wanted = json!([{"errorCode": "INVALID_SESSION_ID", "message": "Session expired or invalid"}]);
            assert_eq!(body, wanted);
        }
    }
}

#[tokio::test]
async fn every_answer_says_how_much_of_the_limit_is_used() {
    let world = World::with(simulators::salesforce::Options {
        daily_requests: 3,
        ..Default::default()
    })
    .await;
    let url = format!("{}/services/data/v67.0/limits/?x=1", world.org.instance_url);
    for used in 1..=3 {
        let response = world
            .http
            .get(&url)
            .bearer_auth(&world.token)
            .header("X-PrettyPrint", "1")
            .send()
            .await
            .unwrap();
        assert_eq!(response.headers()["sforce-limit-info"], format!("api-usage={used}/3"));
        let limits: Value = response.json().await.unwrap();
        assert_eq!(limits["DailyApiRequests"], json!({"Max": 3, "Remaining": 3 - used}));
        assert!(limits["HourlyPublishedPlatformEvents"]["Max"].is_number());
    }
    let (status, body) = world.get("/limits").await;
    assert_eq!(status, StatusCode::FORBIDDEN);
    assert_eq!(body[0]["errorCode"], "REQUEST_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn what_a_record_lacks_or_has_too_much_is_refused() {
    let world = World::new().await;
    let order = world.draft("A");
    let no_field = "No such column 'Nonsense__c' on sobject of type Account";
    for (object, fields, code, message, named) in [
        (
            "Account",
            json!({}),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [Name]",
            json!(["Name"]),
        ),
        (
            "Account",
            json!({"Name": "A", "Nonsense__c": 1}),
            "INVALID_FIELD",
            no_field,
            json!(["Nonsense__c"]),
        ),
        (
            "Order",
            json!({"AccountId": "801000000000001AAA", "EffectiveDate": "2026-01-01", "Status": "Draft"}),
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: 801000000000001AAA",
            json!(["AccountId"]),
        ),
        (
            "OrderItem",
            json!({"OrderId": order, "Quantity": 1}),
            "REQUIRED_FIELD_MISSING",
            "Required fields are missing: [PricebookEntryId]",
            json!(["PricebookEntryId"]),
        ),
    ] {
        let (status, body) = world
            .rest(Method::POST, &format!("/sobjects/{object}"), Some(&fields))
            .await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body,
            json!([{"errorCode": code, "message": message, "fields": named}]),
            "{fields}"
        );
    }
}

/// Sends a body as it is and returns the status and the first error's code.
async fn refused(world: &World, method: &str, path: &str, kind: &str, body: &'static str) -> (u16, String) {
    let url = format!("{}/services/data/{path}", world.org.instance_url);
    let request = world
        .http
        .request(method.parse().unwrap(), url)
        .bearer_auth(&world.token);
    let response = request.header("content-type", kind).body(body).send().await.unwrap();
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
    let answer: Value = response.json().await.unwrap();
    (status, answer[0]["errorCode"].as_str().unwrap().to_owned())
}

#[tokio::test]
async fn bodies_that_are_no_json_are_refused_in_json() {
    let world = World::new().await;
    for (kind, body, status, code) in [
        ("application/json", "{\"Name\":", 400, "JSON_PARSER_ERROR"),
        ("application/json", "[]", 400, "JSON_PARSER_ERROR"),
        ("application/json", "", 400, "JSON_PARSER_ERROR"),
        ("text/plain", "{}", 415, "UNSUPPORTED_MEDIA_TYPE"),
    ] {
        let refused = refused(&world, "POST", "v67.0/sobjects/Account", kind, body).await;
        assert_eq!(refused, (status, code.to_owned()), "{kind} {body}");
    }
}

#[tokio::test]
async fn resources_that_are_not_there_are_told_in_json() {
    let world = World::new().await;
    for (method, path, status, code) in [
        ("POST", "v67.0/sobjects/Invoice", 404, "NOT_FOUND"),
        ("PUT", "v67.0/sobjects/Account", 405, "METHOD_NOT_ALLOWED"),
        ("POST", "v67.0/sobjects/Organization", 405, "INVALID_TYPE_FOR_OPERATION"),
        ("GET", "v67.0/nothing", 404, "NOT_FOUND"),
        ("GET", "v67.0/sobjects/Account/123", 400, "MALFORMED_ID"),
        ("GET", "v67.0/sobjects/Account/001000000000001AAA", 404, "NOT_FOUND"),
        ("GET", "v49.0/limits", 404, "NOT_FOUND"),
        ("GET", "v30.0/limits", 410, "UNSUPPORTED_API_VERSION"),
        ("GET", "../nowhere", 404, "NOT_FOUND"),
    ] {
        let refused = refused(&world, method, path, "application/json", "{}").await;
        assert_eq!(refused, (status, code.to_owned()), "{method} {path}");
    }
}

#[tokio::test]
async fn records_are_changed_and_deleted_by_id() {
    let world = World::new().await;
    let id = world.create("Account", &json!({"Name": "Before"})).await;
    let path = format!("/sobjects/account/{}/", &id[..15]);
    assert_eq!(
        world
            .rest(Method::PATCH, &path, Some(&json!({"Name": "After"})))
            .await
            .0,
        StatusCode::NO_CONTENT
    );
    assert_eq!(world.get(&format!("{path}?fields=Name")).await.1["Name"], "After");
    let with_id = world
        .rest(Method::PATCH, &path, Some(&json!({"Id": id, "Name": "X"})))
        .await;
    assert_eq!(with_id.1[0]["errorCode"], "INVALID_FIELD");
    let old_client = world
        .rest(
            Method::POST,
            &format!("{path}?_HttpMethod=PATCH"),
            Some(&json!({"Name": "Old"})),
        )
        .await;
    assert_eq!(old_client.0, StatusCode::NO_CONTENT);
    assert_eq!(world.rest(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    let (status, body) = world.rest(Method::DELETE, &path, None).await;
    assert_eq!(
        (status, &body[0]["errorCode"]),
        (StatusCode::NOT_FOUND, &json!("ENTITY_IS_DELETED"))
    );
}

#[tokio::test]
async fn an_event_is_published_over_rest_with_success_and_an_error_at_once() {
    let world = World::new().await;
    let (status, body) = world
        .rest(
            Method::POST,
            "/sobjects/License_Request__e",
            Some(&json!({"Order_Id__c": "801000000000001AAA"})),
        )
        .await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        (&body["success"], &body["errors"][0]["statusCode"]),
        (&json!(true), &json!("OPERATION_ENQUEUED"))
    );
    let mut stream = world
        .subscribe(world.fetch(schemas::pubsub::ReplayPreset::Earliest, 1))
        .await
        .unwrap();
    assert_eq!(body["errors"][0]["message"], stream.events(1).await[0].0);
    let (status, body) = world
        .rest(Method::POST, "/sobjects/License_Request__e", Some(&json!({})))
        .await;
    assert_eq!(
        (status, &body[0]["errorCode"]),
        (StatusCode::BAD_REQUEST, &json!("REQUIRED_FIELD_MISSING"))
    );
    let (_, schema) = world
        .get("/sobjects/License_Request__e/eventSchema?payloadFormat=COMPACT")
        .await;
    let by_id = world
        .get(&format!("/event/eventSchema/{}", schema["uuid"].as_str().unwrap()))
        .await
        .1;
    assert_eq!(by_id, schema);
}

use std::time::Duration;

use reqwest::{Method, StatusCode};
use schemas::pubsub::ReplayPreset;
use serde_json::json;
use simulators::salesforce::{GrpcFault, Options, RestFault, StreamEnd, TokenFault};
use tonic::Code;

use crate::client::{World, error_code};

#[tokio::test]
async fn an_expired_token_leaves_the_stream_alone_and_a_revoked_one_ends_it() {
    let mut world = World::new().await;
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 5)).await.unwrap();
    world.org.faults().expire_tokens();
    assert_eq!(world.get("/limits").await.0, StatusCode::UNAUTHORIZED);
    world.activated("A");
    assert_eq!(stream.events(1).await.len(), 1);
    world.sign_in().await;
    world.org.faults().revoke_tokens();
    let status = stream.try_next().await.unwrap_err();
    assert_eq!(
        (status.code(), error_code(&status, "Subscribe").as_str()),
        (Code::Unauthenticated, "service.auth.error")
    );
}

#[tokio::test]
async fn tokens_fail_as_planned() {
    let world = World::new().await;
    world.org.faults().next_tokens(1, TokenFault::Status(503));
    world.org.faults().next_tokens(1, TokenFault::NotApproved);
    assert_eq!(
        world.token_call(&world.credentials()).await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    let (status, body) = world.token_call(&world.credentials()).await;
    assert_eq!(
        (status, &body["error"]),
        (StatusCode::BAD_REQUEST, &json!("invalid_grant"))
    );
    assert_eq!(world.token_call(&world.credentials()).await.0, StatusCode::OK);
}

#[tokio::test]
async fn calls_fail_as_planned() {
    let world = World::new().await;
    let faults = world.org.faults();
    for (fault, code, error) in [
        (GrpcFault::ServiceUnavailable, Code::Internal, "service.unavailable"),
        (
            GrpcFault::PermissionDenied,
            Code::PermissionDenied,
            "topic.meta.permission",
        ),
        (
            GrpcFault::DeliveryLimit,
            Code::ResourceExhausted,
            "subscription.limit.exceeded",
        ),
        (GrpcFault::AuthError, Code::Unauthenticated, "service.auth.error"),
    ] {
        faults.next_calls("Subscribe", 1, fault);
        let status = world
            .subscribe(world.fetch(ReplayPreset::Latest, 1))
            .await
            .err()
            .unwrap();
        assert_eq!(
            (status.code(), error_code(&status, "Subscribe").as_str()),
            (code, error)
        );
    }
    faults.next_calls("GetSchema", 1, GrpcFault::Unavailable);
    let status = world.schema("any").await.unwrap_err();
    assert_eq!(
        (status.code(), status.metadata().get("error-code")),
        (Code::Unavailable, None)
    );
    assert!(world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.is_ok());
}

#[tokio::test]
async fn open_streams_end_as_planned_and_new_ones_go_on() {
    let world = World::new().await;
    let open = || world.subscribe(world.fetch(ReplayPreset::Latest, 1));
    let mut stream = open().await.unwrap();
    world.org.faults().end_streams(StreamEnd::Closed);
    assert!(stream.try_next().await.unwrap().is_none());
    let mut stream = open().await.unwrap();
    world
        .org
        .faults()
        .end_streams(StreamEnd::Error(GrpcFault::ServiceUnavailable));
    assert_eq!(stream.try_next().await.unwrap_err().code(), Code::Internal);
    let mut stream = open().await.unwrap();
    world.org.faults().cut_connections();
    assert!(stream.try_next().await.is_err());
    let mut stream = open().await.unwrap();
    world.org.faults().go_away();
    world.activated("A");
    assert_eq!(
        stream.events(1).await.len(),
        1,
        "a stream outlives the request to go away"
    );
}

#[tokio::test]
async fn silence_is_nothing_at_all_until_it_is_lifted() {
    let world = World::with(Options {
        keepalive: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 5)).await.unwrap();
    stream.next().await;
    world.org.faults().silence(true);
    world.activated("A");
    let quiet = async {
        // A keepalive that was on its way may still come; the event must not.
        while stream.next().await.events.is_empty() {}
    };
    assert!(tokio::time::timeout(Duration::from_millis(200), quiet).await.is_err());
    world.org.faults().silence(false);
    assert_eq!(stream.events(1).await.len(), 1);
}

#[tokio::test]
async fn deliveries_end_at_the_limit_and_nothing_is_skipped() {
    let world = World::new().await;
    for n in 0..5 {
        world.activated(&n.to_string());
    }
    world.org.faults().limit_deliveries(Some(2));
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 10)).await.unwrap();
    let seen = stream.events(2).await;
    let status = stream.try_next().await.unwrap_err();
    assert_eq!(error_code(&status, "Subscribe"), "subscription.limit.exceeded");
    world.org.faults().limit_deliveries(None);
    let mut stream = world.subscribe(world.after(seen[1].1.clone(), 10)).await.unwrap();
    assert_eq!(stream.events(3).await.len(), 3);
}

#[tokio::test]
async fn a_spoiled_payload_cannot_be_read_and_the_next_one_can() {
    let world = World::new().await;
    world.org.faults().corrupt_next_payloads(1);
    world.activated("A");
    world.activated("B");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 1)).await.unwrap();
    let spoiled = stream.next().await.events.remove(0).event.unwrap();
    let schema = apache_avro::Schema::parse_str(&world.schema(&spoiled.schema_id).await.unwrap().schema_json).unwrap();
    let reader = apache_avro::reader::datum::GenericDatumReader::builder(&schema)
        .build()
        .unwrap();
    assert!(reader.read_value(&mut spoiled.payload.as_slice()).is_err());
    stream.grant(1).await;
    let good = stream.next().await.events.remove(0).event.unwrap();
    world.decode(&good.schema_id, &good.payload).await;
}

#[tokio::test]
async fn rest_fails_as_planned_before_or_after_the_work_is_done() {
    let world = World::new().await;
    let id = world.draft("A");
    let path = format!("/sobjects/Order/{id}");
    let patch = |ticket: &'static str| json!({"License_Ticket__c": ticket});
    let shown = || world.org.order(&id).unwrap().ticket;
    for (fault, status, code) in [
        (RestFault::Unavailable, 503, "SERVER_UNAVAILABLE"),
        (RestFault::Unexpected, 500, "UNKNOWN_EXCEPTION"),
        (RestFault::LimitExceeded, 403, "REQUEST_LIMIT_EXCEEDED"),
        (RestFault::SessionInvalid, 401, "INVALID_SESSION_ID"),
    ] {
        world.org.faults().next_rest(1, fault);
        let answer = world.rest(Method::PATCH, &path, Some(&patch("NOT-DONE"))).await;
        assert_eq!((answer.0.as_u16(), &answer.1[0]["errorCode"]), (status, &json!(code)));
    }
    assert_eq!(shown(), None);
    world.org.faults().next_rest(1, RestFault::UnavailableAfterDone);
    assert_eq!(
        world.rest(Method::PATCH, &path, Some(&patch("DONE"))).await.0,
        StatusCode::SERVICE_UNAVAILABLE
    );
    assert_eq!(shown().as_deref(), Some("DONE"));
    world.org.faults().next_rest(1, RestFault::AnswerLost);
    let url = format!("{}/services/data/v67.0{path}", world.org.instance_url);
    let lost = world
        .http
        .patch(url)
        .bearer_auth(&world.token)
        .json(&patch("LOST"))
        .send()
        .await;
    assert!(lost.is_err());
    assert_eq!(shown().as_deref(), Some("LOST"));
}

#[tokio::test]
async fn shutting_down_ends_open_streams_and_frees_the_address() {
    let world = World::new().await;
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.unwrap();
    let stopped = tokio::time::timeout(Duration::from_secs(10), world.org.shutdown()).await;
    assert!(stopped.is_ok(), "the org did not stop");
    assert!(stream.try_next().await.is_err());
    let address = world.org.instance_url.trim_start_matches("http://").parse().unwrap();
    assert!(
        simulators::salesforce::start(Options {
            listen: address,
            ..Options::default()
        })
        .await
        .is_ok()
    );
}

#[tokio::test]
async fn an_address_that_is_taken_is_told() {
    let world = World::new().await;
    let address = world.org.instance_url.trim_start_matches("http://").parse().unwrap();
    let error = simulators::salesforce::start(Options {
        listen: address,
        ..Options::default()
    })
    .await
    .err()
    .unwrap();
    assert_eq!(error.to_string(), format!("cannot listen on {address}"));
}

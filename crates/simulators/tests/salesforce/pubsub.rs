use std::time::Duration;

use apache_avro::types::Value as Avro;
use schemas::pubsub::{FetchRequest, ProducerEvent, PublishRequest, ReplayPreset, TopicRequest};
use simulators::salesforce::{Options, SeedOrder};
use tonic::Code;

use crate::client::{World, error_code};

#[tokio::test]
async fn an_activated_order_arrives_as_one_event_with_all_it_needs() {
    let world = World::new().await;
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 5)).await.unwrap();
    let seed = SeedOrder {
        customer_name: "Tōkyō Instruments & <Sons>".to_owned(),
        customer_email: Some("license@tokyo.example".to_owned()),
        lines: vec![("CM-PRO".to_owned(), 2), ("CM-BASIC".to_owned(), 1)],
    };
    let id = world.org.seed_order(&seed).unwrap();
    world.org.activate(&id).unwrap();
    world.org.activate(&id).unwrap();
    let response = stream.next().await;
    assert_eq!((response.events.len(), response.pending_num_requested), (1, 4));
    assert_eq!(response.latest_replay_id, response.events[0].replay_id);
    assert_eq!(response.latest_replay_id.len(), 10);
    assert!(!response.rpc_id.is_empty());
    let event = response.events[0].event.clone().unwrap();
    let fields = world.decode(&event.schema_id, &event.payload).await;
    let field = |name: &str| fields.iter().find(|(at, _)| at == name).unwrap().1.clone();
    let text = |value: &str| Avro::String(value.to_owned());
    let order = world.org.order(&id).unwrap();
    assert_eq!(field("Order_Id__c"), text(&id));
    assert_eq!(field("Order_Number__c"), text(&order.number));
    assert_eq!(field("Revision__c"), Avro::Double(1.0));
    assert_eq!(field("Action__c"), text("create"));
    assert_eq!(field("Customer_Name__c"), text(&seed.customer_name));
    assert_eq!(field("Customer_Email__c"), text("license@tokyo.example"));
    assert!(matches!(field("Customer_Id__c"), Avro::String(id) if id.starts_with("001") && id.len() == 18));
    assert!(matches!(
        (field("CreatedDate"), field("Requested_At__c")),
        (Avro::Long(1..), Avro::Long(1..))
    ));
    let Avro::String(lines) = field("Lines__c") else {
        panic!("no lines")
    };
    let wanted = serde_json::json!([
        {"line_id": order.lines[0].id, "item_id": "CM-PRO", "quantity": 2},
        {"line_id": order.lines[1].id, "item_id": "CM-BASIC", "quantity": 1},
    ]);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&lines).unwrap(), wanted);
}

#[tokio::test]
async fn a_double_click_is_the_same_content_under_another_id() {
    let world = World::new().await;
    let id = world.activated("A");
    world.org.double_click(&id).unwrap();
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 10)).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(stream.next().await.events.into_iter().map(|event| event.event.unwrap()));
    }
    assert_ne!(events[0].id, events[1].id);
    let mut contents = Vec::new();
    for event in &events {
        let mut fields = world.decode(&event.schema_id, &event.payload).await;
        fields.retain(|(name, _)| name != "CreatedDate" && name != "Requested_At__c");
        contents.push(fields);
    }
    assert_eq!(contents[0], contents[1]);
}

#[tokio::test]
async fn every_call_needs_all_three_headers() {
    let world = World::new().await;
    let ask = || {
        world.signed(TopicRequest {
            topic_name: world.org.topic.clone(),
        })
    };
    let topic = world.topic(ask()).await.unwrap();
    assert!(topic.can_publish && topic.can_subscribe && topic.schema_id.len() == 22);
    assert_eq!(world.schema(&topic.schema_id).await.unwrap().schema_id, topic.schema_id);
    let mut short = ask();
    short
        .metadata_mut()
        .insert("tenantid", world.org.org_id[..15].parse().unwrap());
    assert!(world.topic(short).await.is_ok());
    for header in ["accesstoken", "instanceurl", "tenantid"] {
        for value in [None, Some("wrong"), Some("")] {
            let mut request = ask();
            request.metadata_mut().remove(header);
            if let Some(value) = value {
                request.metadata_mut().insert(header, value.parse().unwrap());
            }
            let status = world.topic(request).await.unwrap_err();
            assert_eq!(
                (status.code(), error_code(&status, "GetTopic").as_str()),
                (Code::Unauthenticated, "service.auth.error")
            );
        }
    }
}

#[tokio::test]
async fn unknown_topics_and_schemas_are_told_apart() {
    let world = World::new().await;
    for (name, code, error) in [
        ("/event/Nonsense__e", Code::NotFound, "topic.not.found"),
        ("License_Request__e", Code::NotFound, "topic.not.found"),
        ("", Code::InvalidArgument, "topic.validation.empty"),
    ] {
        let status = world
            .topic(world.signed(TopicRequest {
                topic_name: name.to_owned(),
            }))
            .await
            .unwrap_err();
        assert_eq!((status.code(), error_code(&status, "GetTopic").as_str()), (code, error));
        let first = FetchRequest {
            topic_name: name.to_owned(),
            ..world.fetch(ReplayPreset::Latest, 1)
        };
        let status = world.subscribe(first).await.err().unwrap();
        assert_eq!(
            (status.code(), error_code(&status, "Subscribe").as_str()),
            (code, error)
        );
    }
    let status = world.schema("AAAAAAAAAAAAAAAAAAAAAA").await.unwrap_err();
    assert_eq!(error_code(&status, "GetSchema"), "schema.validation.failed");
}

#[tokio::test]
async fn credit_adds_up_is_cut_at_a_hundred_and_is_counted_exactly() {
    let world = World::new().await;
    for n in 0..130 {
        world.activated(&format!("Customer {n}"));
    }
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 7)).await.unwrap();
    let mut left = 7;
    while left > 0 {
        let response = stream.next().await;
        left -= i32::try_from(response.events.len()).unwrap();
        assert_eq!(response.pending_num_requested, left);
    }
    stream.grant(80).await;
    stream.grant(80).await;
    assert_eq!(stream.events(80).await.len(), 80);
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 60)).await.unwrap();
    stream.grant(60).await;
    while world.org.arrivals().fetch_requests < 5 {
        tokio::task::yield_now().await;
    }
    world.activated("One more");
    assert_eq!(stream.next().await.pending_num_requested, 99);
}

#[tokio::test]
async fn requests_that_break_the_rules_end_the_stream() {
    let world = World::new().await;
    for wrong in [0, -1] {
        let status = world
            .subscribe(world.fetch(ReplayPreset::Latest, wrong))
            .await
            .err()
            .unwrap();
        assert_eq!(
            error_code(&status, "Subscribe"),
            "subscription.fetch.requested.events.invalid"
        );
        let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.unwrap();
        stream.grant(wrong).await;
        let status = stream.try_next().await.unwrap_err();
        assert_eq!(
            error_code(&status, "Subscribe"),
            "subscription.fetch.requested.events.invalid"
        );
    }
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.unwrap();
    stream
        .requests
        .send(world.fetch(ReplayPreset::Earliest, 1))
        .await
        .unwrap();
    let mismatch = FetchRequest {
        topic_name: "/event/Other__e".to_owned(),
        ..world.fetch(ReplayPreset::Latest, 1)
    };
    stream.requests.send(mismatch).await.unwrap();
    let status = stream.try_next().await.unwrap_err();
    assert_eq!(
        (status.code(), error_code(&status, "Subscribe").as_str()),
        (Code::InvalidArgument, "subscription.fetch.topic.mismatch")
    );
}

#[tokio::test]
async fn a_quiet_stream_is_kept_alive_and_one_without_credit_is_closed() {
    let options = Options {
        keepalive: Duration::from_millis(40),
        idle_close: Duration::from_millis(80),
        ..Options::default()
    };
    let world = World::with(options).await;
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.unwrap();
    let keepalive = stream.next().await;
    assert!(keepalive.events.is_empty());
    assert_eq!(
        (keepalive.latest_replay_id.len(), keepalive.pending_num_requested),
        (10, 1)
    );
    world.activated("After the keepalive");
    let mut resumed = world
        .subscribe(world.after(keepalive.latest_replay_id, 1))
        .await
        .unwrap();
    let event = resumed.events(1).await.remove(0);
    assert_eq!(stream.events(1).await[0], event);
    assert!(
        stream.try_next().await.unwrap().is_none(),
        "no credit, so the stream ends without an error"
    );
}

#[tokio::test]
async fn a_client_that_ends_its_half_ends_the_stream() {
    let world = World::new().await;
    let crate::client::Stream {
        requests,
        mut responses,
    } = world.subscribe(world.fetch(ReplayPreset::Latest, 5)).await.unwrap();
    drop(requests);
    assert!(responses.message().await.unwrap().is_none());
}

#[tokio::test]
async fn published_events_are_read_before_they_are_accepted() {
    let world = World::new().await;
    world.activated("A");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 10)).await.unwrap();
    let original = stream.next().await.events.remove(0).event.unwrap();
    let send = |events: Vec<ProducerEvent>| PublishRequest {
        topic_name: world.org.topic.clone(),
        events,
        ..Default::default()
    };
    let good = ProducerEvent {
        id: "11111111-2222-4333-8444-555555555555".to_owned(),
        ..original.clone()
    };
    let nameless = ProducerEvent {
        id: String::new(),
        ..original.clone()
    };
    let trailing = ProducerEvent {
        payload: [original.payload.as_slice(), &[0]].concat(),
        ..good.clone()
    };
    let foreign = ProducerEvent {
        schema_id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ..good.clone()
    };
    let huge = ProducerEvent {
        payload: vec![0; 1024 * 1024 + 1],
        ..good.clone()
    };
    let response = world
        .publish(send(vec![good.clone(), nameless, trailing, foreign, huge]))
        .await
        .unwrap();
    let accepted: Vec<bool> = response.results.iter().map(|result| result.error.is_none()).collect();
    assert_eq!(accepted, [true, true, false, false, false]);
    assert_eq!(response.results[0].correlation_key, good.id);
    assert!(!response.results[1].correlation_key.is_empty());
    assert!(
        response
            .results
            .iter()
            .all(|result| result.error.is_none() == (result.replay_id.len() == 10))
    );
    let arrived = stream.events(2).await;
    assert_eq!(arrived[0], (good.id.clone(), response.results[0].replay_id.clone()));
    assert_eq!(
        error_code(&world.publish(send(Vec::new())).await.unwrap_err(), "Publish"),
        "publish.event.count.invalid"
    );
    let half = ProducerEvent {
        payload: vec![0; 900 * 1024],
        ..good
    };
    let status = world.publish(send(vec![half; 5])).await.unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
}

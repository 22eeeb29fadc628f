//! Events: decoded by the schema they were written with, or handed out as they are.

use futures_util::future::join_all;
use tonic::Code;

use super::bus::{Bus, SCHEMA_ID, Script, TOPIC, answer, event, failure, replay_id};
use super::web::TOKEN;
use super::{ORG, open, org, settings};
use crate::{Client, Content, Start, Subscription};

#[tokio::test]
async fn events_arrive_decoded_and_every_call_carries_the_metadata() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let first = requests.message().await.unwrap().unwrap();
        assert_eq!(
            (first.topic_name.as_str(), first.replay_preset, first.num_requested),
            (TOPIC, 2, 3)
        );
        assert_eq!(first.replay_id, replay_id(41));
        answers.send(Ok(answer(&[42, 44], 1))).await.unwrap();
        answers.send(Ok(answer(&[], 1))).await.unwrap();
        let _ = requests.message().await;
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut stream = client
        .subscribe(TOPIC, Start::After(replay_id(41).into()))
        .await
        .unwrap();
    stream.grant(3);

    let batch = stream.next().await.unwrap();
    assert_eq!((batch.pending, batch.rpc_id.as_str()), (1, "rpc"));
    assert_eq!(batch.latest_replay_id.as_bytes(), replay_id(44));
    let event = &batch.events[1];
    assert_eq!((event.id.as_str(), event.schema_id.as_str()), ("event-44", SCHEMA_ID));
    assert_eq!(event.replay_id.to_string(), "000000000000002c0000");
    let Content::Decoded { record_name, fields } = &event.content else {
        panic!("{event:?}")
    };
    assert_eq!(record_name, "License_Request__e");
    assert_eq!(fields["Order_Id__c"], "44");

    let keepalive = stream.next().await.unwrap();
    assert!(keepalive.is_keepalive());
    assert_eq!(keepalive.latest_replay_id.as_bytes(), replay_id(7));
    for rpc in ["GetTopic", "GetSchema", "Subscribe"] {
        let metadata = &bus.calls(rpc)[0];
        assert_eq!(metadata.get("accesstoken").unwrap(), "token-1", "{rpc}");
        assert_eq!(metadata.get("instanceurl").unwrap(), web.url.as_str(), "{rpc}");
        assert_eq!(metadata.get("tenantid").unwrap(), ORG, "{rpc}");
        assert_eq!(metadata.get("x-client-trace-id").unwrap().len(), 36, "{rpc}");
    }
}

#[tokio::test]
async fn a_schema_is_asked_for_once_by_all_streams() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let _ = answers.send(Ok(answer(&[1, 2, 3], 0))).await;
        let _ = requests.message().await;
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut streams = join_all((0..10).map(|_| open(&client, 3))).await;
    for batch in join_all(streams.iter_mut().map(Subscription::next)).await {
        assert!(
            batch
                .unwrap()
                .events
                .iter()
                .all(|event| matches!(event.content, Content::Decoded { .. }))
        );
    }
    assert_eq!(bus.calls("GetSchema").len(), 1);
    assert_eq!(web.seen(TOKEN).len(), 1);
}

#[tokio::test]
async fn a_schema_that_cannot_be_had_ends_the_stream_before_its_event_and_is_asked_for_again() {
    let mut script = Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let _ = answers.send(Ok(answer(&[1], 0))).await;
        let _ = requests.message().await;
    });
    let healthy = script.schema;
    script.schema = Box::new(move |id, before| match before {
        0 => Err(failure(Code::Unavailable, "schema.api.unavailable", "Try again.")),
        _ => healthy(id, before),
    });
    let bus = Bus::start(script).await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    assert!(open(&client, 1).await.next().await.unwrap_err().is_transient());
    let batch = open(&client, 1).await.next().await.unwrap();
    assert!(matches!(batch.events[0].content, Content::Decoded { .. }));
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_handed_out_as_data() {
    let mut script = Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let mut batch = answer(&[1, 2], 96);
        batch.events.push(event(3, &[2, 2, b'u', 250, 250]));
        batch.events.push(schemas::pubsub::ConsumerEvent {
            event: None,
            replay_id: replay_id(4),
        });
        let mut strange = event(5, b"raw");
        strange.event.as_mut().unwrap().schema_id = "strange".to_owned();
        batch.events.push(strange);
        let _ = answers.send(Ok(batch)).await;
        let _ = requests.message().await;
    });
    let healthy = script.schema;
    script.schema = Box::new(move |id, before| {
        let mut info = healthy(id, before)?;
        if id == "strange" {
            info.schema_json = "{\"type\":\"riddle\"}".to_owned();
        }
        Ok(info)
    });
    let bus = Bus::start(script).await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let batch = open(&client, 100).await.next().await.unwrap();
    let problem = |content| match content {
        &Content::Decoded { .. } => "",
        Content::Undecodable { problem, .. } => problem.as_str(),
    };
    let problems: Vec<_> = batch.events.iter().map(|event| problem(&event.content)).collect();
    assert_eq!(&problems[..2], ["", ""]);
    assert!(
        !problems[2].is_empty() && problems[3].contains("no schema"),
        "{problems:?}"
    );
    assert!(problems[4].contains("its schema cannot be read"), "{problems:?}");
    assert!(matches!(&batch.events[4].content, Content::Undecodable { raw, .. } if raw.as_ref() == b"raw"));
    assert_eq!(batch.events[3].replay_id.as_bytes(), replay_id(4));
}

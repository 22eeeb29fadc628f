//! Calls and streams that Salesforce ends with an error.

use std::sync::Arc;

use tonic::{Code, Status};

use super::bus::{Bus, Script, TOPIC, failure, topic};
use super::web::TOKEN;
use super::{open, org, settings};
use crate::{Class, Client, Error, EventCode, Start};

/// Returns how a stream ends that the server ends so.
async fn end_of(status: impl Fn() -> Status + Send + Sync + 'static) -> Error {
    let status = Arc::new(status);
    let bus = Bus::start(Script::streaming(move |mut requests, answers| {
        let status = Arc::clone(&status);
        async move {
            let _ = requests.message().await;
            let _ = answers.send(Err(status())).await;
        }
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    open(&client, 1).await.next().await.unwrap_err()
}

#[tokio::test]
async fn a_stale_position_is_told_from_everything_else() {
    let sentence = "The Replay ID validation failed. Ensure that the Replay ID is valid.";
    let error = end_of(move || failure(Code::InvalidArgument, "subscription.fetch.replayid.corrupted", sentence)).await;
    assert!(error.is_stale_checkpoint() && !error.is_transient());
    assert_eq!(error.rpc_id(), Some("3e1d"));
    assert!(error.to_string().contains(sentence), "{error}");
    let stripped = end_of(move || Status::invalid_argument(format!("{sentence} rpcId: 77ab"))).await;
    assert!(
        stripped.is_stale_checkpoint(),
        "the text tells where a proxy strips the trailers"
    );
    assert_eq!(stripped.rpc_id(), Some("77ab"));
}

#[tokio::test]
async fn salesforces_code_counts_and_not_the_status_it_comes_with() {
    let down = end_of(|| {
        failure(
            Code::Internal,
            "service.unavailable",
            "The service is unavailable. Try again later.",
        )
    })
    .await;
    assert!(
        matches!(
            down,
            Error::PubSub {
                code: Some(EventCode::ServiceUnavailable),
                ..
            }
        ) && down.is_transient()
    );
    let used_up = end_of(|| {
        failure(
            Code::ResourceExhausted,
            "subscription.limit.exceeded",
            "You have exceeded",
        )
    })
    .await;
    assert!(used_up.is_quota() && used_up.retry_after().is_some());
    let forbidden = end_of(|| failure(Code::PermissionDenied, "subscription.topic.cannot.subscribe", "no")).await;
    assert!(forbidden.is_configuration());
    assert!(
        end_of(|| Status::unavailable("upstream connect error"))
            .await
            .is_transient()
    );
    let unknown = end_of(|| failure(Code::NotFound, "something.new", "Something new.")).await;
    assert!(matches!(unknown, Error::PubSub { code: None, .. }) && unknown.is_configuration());
}

#[tokio::test]
async fn a_token_the_stream_does_not_accept_is_replaced_for_the_next_one() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let _ = answers
            .send(Err(failure(
                Code::Unauthenticated,
                "service.auth.error",
                "An authentication exception",
            )))
            .await;
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    for _ in 0..2 {
        let error = open(&client, 1).await.next().await.unwrap_err();
        assert_eq!(error.class(), Class::Reauthenticate);
    }
    let calls = bus.calls("Subscribe");
    assert_eq!(calls[0].get("accesstoken").unwrap(), "token-1");
    assert_eq!(calls[1].get("accesstoken").unwrap(), "token-2");
    assert_eq!(web.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_token_a_call_does_not_accept_is_replaced_and_the_call_repeated_once() {
    let mut script = Script::streaming(|_, _| async {});
    script.topic = Box::new(|before| match before {
        0 => Err(failure(
            Code::Unauthenticated,
            "service.auth.error",
            "An authentication exception occurred.",
        )),
        _ => Ok(topic()),
    });
    let bus = Bus::start(script).await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    assert!(client.topic(TOPIC).await.unwrap().can_subscribe);
    assert_eq!(bus.calls("GetTopic")[1].get("accesstoken").unwrap(), "token-2");
}

#[tokio::test]
async fn a_topic_that_may_not_be_read_is_refused_before_a_stream_is_opened() {
    let mut script = Script::streaming(|_, _| async {});
    script.topic = Box::new(|before| match before {
        0 => Ok(schemas::pubsub::TopicInfo {
            can_subscribe: false,
            ..topic()
        }),
        _ => Err(failure(
            Code::NotFound,
            "topic.not.found",
            "The topic information for org … not found.",
        )),
    });
    let bus = Bus::start(script).await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let error = client.subscribe(TOPIC, Start::Earliest).await.unwrap_err();
    assert!(matches!(error, Error::CannotSubscribe { .. }) && error.is_configuration());
    assert!(
        client
            .subscribe(TOPIC, Start::Earliest)
            .await
            .unwrap_err()
            .is_configuration()
    );
    assert!(bus.calls("Subscribe").is_empty());
}

use std::time::{Duration, Instant};

use schemas::pubsub::{FetchRequest, ReplayPreset};
use simulators::salesforce::Options;
use tonic::Code;

use crate::client::{World, error_code};

#[tokio::test]
async fn replay_is_strictly_after_with_ten_bytes_or_eight() {
    let world = World::new().await;
    for n in 0..6 {
        world.activated(&format!("Customer {n}"));
    }
    let all = world
        .subscribe(world.fetch(ReplayPreset::Earliest, 100))
        .await
        .unwrap()
        .events(6)
        .await;
    for from in [0, 3, 4] {
        for bytes in [8, 10] {
            let first = world.after(all[from].1[..bytes].to_vec(), 100);
            let rest = world.subscribe(first).await.unwrap().events(5 - from).await;
            assert_eq!(rest, all[from + 1..]);
        }
    }
}

#[tokio::test]
async fn latest_is_what_comes_from_now_on() {
    let world = World::new().await;
    world.activated("Before");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 10)).await.unwrap();
    world.activated("After");
    let latest = stream.events(1).await;
    let all = world
        .subscribe(world.fetch(ReplayPreset::Earliest, 10))
        .await
        .unwrap()
        .events(2)
        .await;
    assert_eq!(latest[0], all[1]);
}

#[tokio::test]
async fn replay_ids_that_were_never_given_out_are_corrupted() {
    let world = World::new().await;
    world.activated("A");
    let known = world
        .subscribe(world.fetch(ReplayPreset::Earliest, 1))
        .await
        .unwrap()
        .events(1)
        .await
        .remove(0)
        .1;
    let future = (u64::from_be_bytes(known[..8].try_into().unwrap()) + 1).to_be_bytes();
    let future = [future.as_slice(), &[0, 0]].concat();
    for bad in [future, vec![0; 10], vec![0xff; 10], vec![1, 2, 3], known[..9].to_vec()] {
        let status = world.subscribe(world.after(bad, 1)).await.err().unwrap();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert_eq!(
            error_code(&status, "Subscribe"),
            "subscription.fetch.replayid.corrupted"
        );
    }
    let status = world.subscribe(world.after(Vec::new(), 1)).await.err().unwrap();
    assert_eq!(
        error_code(&status, "Subscribe"),
        "subscription.fetch.replayid.validation.failed"
    );
    let unknown = FetchRequest {
        replay_preset: 7,
        ..world.fetch(ReplayPreset::Latest, 1)
    };
    let status = world.subscribe(unknown).await.err().unwrap();
    assert_eq!(error_code(&status, "Subscribe"), "subscription.fetch.request.invalid");
}

#[tokio::test]
async fn a_reset_stream_and_an_aged_event_are_corrupted_too() {
    let world = World::with(Options {
        retention: Duration::from_millis(100),
        ..Options::default()
    })
    .await;
    world.activated("A");
    let known = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await;
    drop(known);
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Latest, 1)).await.unwrap();
    world.activated("B");
    let replay_id = stream.events(1).await.remove(0).1;
    let deadline = Instant::now() + Duration::from_secs(10);
    let status = loop {
        match world.subscribe(world.after(replay_id.clone(), 1)).await {
            Ok(_) => assert!(Instant::now() < deadline, "the event never aged"),
            Err(status) => break status,
        }
    };
    assert_eq!(
        error_code(&status, "Subscribe"),
        "subscription.fetch.replayid.corrupted"
    );

    let world = World::new().await;
    world.activated("C");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 5)).await.unwrap();
    let replay_id = stream.events(1).await.remove(0).1;
    world.org.faults().reset_bus();
    assert!(stream.try_next().await.unwrap().is_none());
    let status = world.subscribe(world.after(replay_id, 1)).await.err().unwrap();
    assert_eq!(
        error_code(&status, "Subscribe"),
        "subscription.fetch.replayid.corrupted"
    );
}

#[tokio::test]
async fn a_duplicate_has_the_same_id_and_payload_but_another_replay_id() {
    let world = World::new().await;
    assert!(!world.org.faults().duplicate_latest(&world.org.topic));
    world.activated("A");
    assert!(world.org.faults().duplicate_latest(&world.org.topic));
    let events = world
        .subscribe(world.fetch(ReplayPreset::Earliest, 5))
        .await
        .unwrap()
        .events(2)
        .await;
    assert_eq!(events[0].0, events[1].0);
    assert!(events[0].1 < events[1].1);
}

#[tokio::test]
async fn events_keep_the_schema_they_were_published_with() {
    let world = World::new().await;
    world.activated("A");
    world.org.faults().add_event_field("Priority__c");
    world.activated("B");
    let mut stream = world.subscribe(world.fetch(ReplayPreset::Earliest, 5)).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 2 {
        events.extend(stream.next().await.events.into_iter().map(|event| event.event.unwrap()));
    }
    assert_ne!(events[0].schema_id, events[1].schema_id);
    let has_field = async |at: usize| {
        let fields = world.decode(&events[at].schema_id, &events[at].payload).await;
        fields.iter().any(|(name, _)| name == "Priority__c")
    };
    assert_eq!((has_field(0).await, has_field(1).await), (false, true));
}

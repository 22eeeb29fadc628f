//! The stream: credit, life signs, ends.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::bus::{Bus, Script, answer};
use super::{eventually, open, org, settings};
use crate::{Client, Error, Settings};

#[tokio::test]
async fn credit_is_topped_up_in_bundles_and_never_stands_above_a_hundred() {
    const EVENTS: u64 = 1000;
    let most = Arc::new(AtomicUsize::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let (seen_most, seen_asked) = (Arc::clone(&most), Arc::clone(&asked));
    let bus = Bus::start(Script::streaming(move |mut requests, answers| {
        let (most, asked) = (Arc::clone(&seen_most), Arc::clone(&seen_asked));
        async move {
            let mut open = 0;
            let mut sent = 0;
            while sent < EVENTS {
                tokio::select! {
                    biased;
                    request = requests.message() => {
                        open += request.unwrap().expect("our sender lives as long as the stream").num_requested;
                        asked.fetch_add(1, Ordering::SeqCst);
                        most.fetch_max(usize::try_from(open).unwrap(), Ordering::SeqCst);
                    }
                    permit = answers.reserve(), if open > 0 => {
                        open -= 1;
                        sent += 1;
                        permit.unwrap().send(Ok(answer(&[sent], open)));
                    }
                }
            }
            let _ = requests.message().await;
        }
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut stream = open(&client, 250).await;
    for number in 1..=EVENTS {
        let batch = tokio::time::timeout(Duration::from_secs(10), stream.next())
            .await
            .expect("never without credit");
        assert_eq!(batch.unwrap().events[0].id, format!("event-{number}"));
        stream.grant(1);
    }
    assert_eq!(most.load(Ordering::SeqCst), 100);
    let asked = asked.load(Ordering::SeqCst);
    assert!((5..=25).contains(&asked), "{asked} requests for {EVENTS} events");
}

#[tokio::test]
async fn a_small_window_is_kept_open_too() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let mut open = 0;
        let mut sent = 0;
        loop {
            while open == 0 {
                let Ok(Some(request)) = requests.message().await else {
                    return;
                };
                open += request.num_requested;
                assert!(open <= 1, "the window of the consumer is one event");
            }
            (open, sent) = (open - 1, sent + 1);
            if answers.send(Ok(answer(&[sent], open))).await.is_err() {
                return;
            }
        }
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut stream = open(&client, 1).await;
    for number in 1..=20 {
        let batch = tokio::time::timeout(Duration::from_secs(10), stream.next())
            .await
            .expect("never without credit");
        assert_eq!(batch.unwrap().events[0].id, format!("event-{number}"));
        stream.grant(1);
    }
}

#[tokio::test]
async fn a_wait_that_is_given_up_loses_nothing() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        for number in 1..=50 {
            let _ = answers.send(Ok(answer(&[number], 50))).await;
        }
        let _ = requests.message().await;
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut stream = open(&client, 100).await;
    let mut got = Vec::new();
    while got.len() < 50 {
        tokio::select! {
            biased;
            () = tokio::task::yield_now() => {}
            batch = stream.next() => got.push(batch.unwrap().events[0].id.clone()),
        }
        if let Some(Ok(batch)) = futures_util::FutureExt::now_or_never(stream.next()) {
            got.push(batch.events[0].id.clone());
        }
    }
    assert_eq!(
        got,
        (1..=50).map(|number| format!("event-{number}")).collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn a_silent_stream_ends_with_an_error_even_while_credit_is_granted() {
    let bus = Bus::start(Script::streaming(|mut requests, answers| async move {
        let _ = requests.message().await;
        let _ = answers.send(Ok(answer(&[1], 99))).await;
        while let Ok(Some(_)) = requests.message().await {}
        drop(answers);
    }))
    .await;
    let web = org().await;
    let idle = Duration::from_millis(300);
    let client = Client::new(&Settings {
        idle_timeout: idle,
        ..settings(&web.url, &bus.url)
    })
    .unwrap();
    let mut stream = open(&client, 100).await;
    assert_eq!(stream.next().await.unwrap().events.len(), 1);
    let mut granting = tokio::time::interval(Duration::from_millis(20));
    let error = tokio::time::timeout(Duration::from_secs(10), async {
        loop {
            tokio::select! {
                batch = stream.next() => break batch.unwrap_err(),
                _ = granting.tick() => stream.grant(1),
            }
        }
    })
    .await
    .expect("the stream ends");
    assert!(
        matches!(error, Error::StreamSilent { waited } if waited == idle) && error.is_transient(),
        "{error}"
    );
    assert!(stream.next().await.is_err(), "it stays over");
}

#[tokio::test]
async fn a_stream_the_server_ends_is_over_and_says_whether_it_starved() {
    for (credit, left) in [(3, 2), (1, 0)] {
        let bus = Bus::start(Script::streaming(move |mut requests, answers| async move {
            let _ = requests.message().await;
            let _ = answers.send(Ok(answer(&[1], left))).await;
        }))
        .await;
        let web = org().await;
        let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
        let mut stream = open(&client, credit).await;
        stream.next().await.unwrap();
        let error = stream.next().await.unwrap_err();
        assert!(
            matches!(error, Error::StreamClosed { pending } if i64::from(pending) == i64::from(left)),
            "{error}"
        );
        assert!(error.is_transient());
    }
}

#[tokio::test]
async fn a_dropped_subscription_ends_the_stream_at_salesforce() {
    let ended = Arc::new(Mutex::new(false));
    let seen = Arc::clone(&ended);
    let bus = Bus::start(Script::streaming(move |mut requests, answers| {
        let ended = Arc::clone(&seen);
        async move {
            let _ = requests.message().await;
            let _ = answers.send(Ok(answer(&[1], 9))).await;
            while let Ok(Some(_)) = requests.message().await {}
            *ended.lock().unwrap() = true;
        }
    }))
    .await;
    let web = org().await;
    let client = Client::new(&settings(&web.url, &bus.url)).unwrap();
    let mut stream = open(&client, 10).await;
    stream.next().await.unwrap();
    assert!(!*ended.lock().unwrap());
    drop(stream);
    eventually("the server sees the end", || *ended.lock().unwrap()).await;
}

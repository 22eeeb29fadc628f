//! Whatever happens to connections, an order reaches the server at most once, and never late.

use std::collections::HashMap;
use std::time::Duration;

use license_central::{Class, Client, Error};
use tokio::time::Instant;

use crate::server::{Act, Received, Server, created, far, order};

/// Reads the order number out of a request.
fn number(received: &Received) -> String {
    let (_, rest) = received.body.split_once("<lc:OrderNumber>").unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_connection_closed_after_the_request_was_read_leaves_the_outcome_unknown() {
    let server = Server::always(Act::Close).await;
    let error = server
        .client()
        .create_order(&order("A-1"), far(), None)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Unknown);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let server = Server::start(|received| Act::Write(created(&number(received)))).await;
    let client = server.client();
    for number in ["A-1", "A-2", "A-3"] {
        client.create_order(&order(number), far(), None).await.unwrap();
    }
    assert!(
        server.requests().iter().all(|received| received.connection == 1),
        "{:?}",
        server.requests()
    );
}

#[tokio::test]
async fn a_request_on_a_reused_connection_that_breaks_is_not_sent_again() {
    // The first request of every connection is answered, the second one breaks it: what a client is most tempted to
    // repeat, because the connection had been idle.
    let server = Server::start(|received| match number(received).as_str() {
        "A-2" => Act::Close,
        other => Act::Write(created(other)),
    })
    .await;
    let client = server.client();
    client.create_order(&order("A-1"), far(), None).await.unwrap();
    let error = client.create_order(&order("A-2"), far(), None).await.unwrap_err();
    assert_eq!(error.class(), Class::Unknown, "{error:?}");
    client.create_order(&order("A-3"), far(), None).await.unwrap();
    let seen: Vec<(String, usize)> = server
        .requests()
        .iter()
        .map(|one| (number(one), one.connection))
        .collect();
    assert_eq!(
        seen,
        [("A-1".to_owned(), 1), ("A-2".to_owned(), 1), ("A-3".to_owned(), 2)]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_connection_closed_under_us_never_doubles_an_order() {
    // The server closes every connection a moment after its answer, at moments that differ, so that the next request
    // meets a connection that is closed, closing, or about to be.
    let server = Server::start(|received| {
        let number = number(received);
        let place: u64 = number.split_once('-').unwrap().1.parse().unwrap();
        Act::WriteWaitClose(created(&number), Duration::from_micros(place * 37 % 900))
    })
    .await;
    let client = server.client();
    let mut ended = HashMap::new();
    for place in 0..250_u64 {
        let number = format!("A-{place}");
        let result = client.create_order(&order(&number), far(), None).await;
        ended.insert(
            number,
            result.map(|_| ()).map_err(|error| (error.class(), error.to_string())),
        );
        tokio::time::sleep(Duration::from_micros(place * 53 % 1000)).await;
    }
    let mut seen: HashMap<String, usize> = HashMap::new();
    for received in server.requests() {
        *seen.entry(number(&received)).or_default() += 1;
    }
    for (number, end) in &ended {
        let times = seen.get(number).copied().unwrap_or(0);
        match end {
            Ok(()) => assert_eq!(times, 1, "{number}"),
            Err((Class::Unknown, error)) => assert!(times <= 1, "{number} {error}"),
            Err((Class::NotAccepted, error)) => assert_eq!(times, 0, "{number} {error}"),
            Err((other, error)) => panic!("{number} {other:?} {error}"),
        }
    }
    let done = ended.values().filter(|end| end.is_ok()).count();
    assert!(done > 60, "only {done} of 250 orders were done: {ended:?}");
}

#[tokio::test]
async fn a_call_after_its_deadline_sends_nothing() {
    let server = Server::start(|received| Act::Write(created(&number(received)))).await;
    let client = server.client();
    let error = client
        .create_order(&order("A-1"), Instant::now(), None)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Late), "{error:?}");
    assert_eq!(error.class(), Class::NotAccepted);
    assert_eq!(server.bytes(), 0);

    // The same on a connection that is open already.
    client.create_order(&order("A-2"), far(), None).await.unwrap();
    let before = server.bytes();
    let error = client
        .create_order(&order("A-3"), Instant::now(), None)
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Late), "{error:?}");
    client.create_order(&order("A-4"), far(), None).await.unwrap();
    let seen: Vec<String> = server.requests().iter().map(number).collect();
    assert_eq!(seen, ["A-2", "A-4"]);
    assert!(server.bytes() < before * 2 + 64, "something of A-3 was sent");
}

#[tokio::test]
async fn a_call_without_a_connection_in_time_is_not_accepted() {
    // A listener whose backlog is never accepted answers a TLS handshake with silence.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("https://{}/", listener.local_addr().unwrap());
    for (connect, call) in [(100, 5_000), (5_000, 100)] {
        let mut settings = crate::server::settings(&endpoint);
        settings.connect_timeout = Duration::from_millis(connect);
        settings.call_timeout = Duration::from_millis(call);
        let client = Client::new(&settings).unwrap();
        let error = client.create_order(&order("A-1"), far(), None).await.unwrap_err();
        assert_eq!(error.class(), Class::NotAccepted, "{error:?}");
    }
}

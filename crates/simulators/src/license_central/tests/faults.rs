//! Every planned misbehavior, as it looks from outside, and what the books say after it.

use std::time::{Duration, Instant};

use super::*;
use crate::license_central::{Fault, Plan, When};

/// Plans a fault for one order and sends that order.
async fn suffered(simulator: &Handle, fault: Fault, number: &str) -> reqwest::Result<Response> {
    simulator.faults().plan(
        Plan::fault(fault)
            .on(super::super::Operation::CreateOrder)
            .for_order(number),
    );
    post(
        simulator,
        Version::Soap11,
        enveloped(Version::Soap11, &create_order(number, "CM-PRO", "1")),
    )
    .await
}

fn is_in_books(simulator: &Handle, number: &str) -> bool {
    simulator.books().contains_key(number)
}

#[tokio::test]
async fn planned_soap_faults_have_their_code_and_commit_only_if_said_so() {
    let simulator = simulator().await;
    let cases = [
        (Fault::Busy, "BUSY", "Server", false),
        (
            Fault::Refused("no such customer".to_owned()),
            "INVALID_DATA",
            "Client",
            false,
        ),
        (
            Fault::Code("E4711".to_owned(), When::BeforeCommit),
            "E4711",
            "Server",
            false,
        ),
        (
            Fault::Code("INTERNAL".to_owned(), When::AfterCommit),
            "INTERNAL",
            "Server",
            true,
        ),
    ];
    for (at, (fault, code, blame, commits)) in cases.into_iter().enumerate() {
        let number = at.to_string();
        let answered = Answered::read(Version::Soap11, suffered(&simulator, fault, &number).await.unwrap()).await;
        assert_eq!(
            (answered.status.as_u16(), answered.code(), answered.fault().0),
            (500, Some(code), blame)
        );
        assert_eq!(is_in_books(&simulator, &number), commits, "{code}");
    }
    assert_eq!(simulator.faults().left(), 0);
}

#[tokio::test]
async fn planned_statuses_look_like_a_proxys_and_say_when_to_come_back() {
    let simulator = simulator().await;
    for (at, (code, when)) in [
        (429, When::BeforeCommit),
        (503, When::BeforeCommit),
        (500, When::BeforeCommit),
        (503, When::AfterCommit),
        (500, When::AfterCommit),
    ]
    .into_iter()
    .enumerate()
    {
        let fault = Fault::Status(code, when, Some(Duration::from_secs(7)));
        let response = suffered(&simulator, fault, &at.to_string()).await.unwrap();
        assert_eq!(
            (
                response.status().as_u16(),
                response.headers()["retry-after"].to_str().unwrap()
            ),
            (code, "7")
        );
        assert!(!response.headers()["content-type"].to_str().unwrap().contains("xml"));
        assert_eq!(is_in_books(&simulator, &at.to_string()), when == When::AfterCommit);
    }
    let response = suffered(
        &simulator,
        Fault::Redirect("http://elsewhere.example/soap".to_owned()),
        "r",
    )
    .await
    .unwrap();
    assert_eq!(
        (
            response.status().as_u16(),
            response.headers()["location"].to_str().unwrap()
        ),
        (307, "http://elsewhere.example/soap")
    );
    assert!(!is_in_books(&simulator, "r"));
}

#[tokio::test]
async fn a_lost_answer_is_in_the_books_and_a_reset_is_not() {
    let simulator = simulator().await;
    let lost = suffered(&simulator, Fault::LostAnswer, "lost").await.unwrap_err();
    assert!(!lost.is_connect() && !lost.is_timeout(), "{lost:?}");
    assert!(is_in_books(&simulator, "lost"));
    let reset = suffered(&simulator, Fault::ResetBeforeCommit, "reset")
        .await
        .unwrap_err();
    let mut causes = std::iter::successors(Some(&reset as &dyn std::error::Error), |error| error.source());
    let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
    assert!(
        causes.any(|cause| cause.downcast_ref().is_some_and(is_reset)),
        "{reset:?}"
    );
    assert!(!is_in_books(&simulator, "reset"));
    assert_eq!(
        simulator.arrivals().len(),
        2,
        "both arrived, and nobody sent anything twice"
    );
}

#[tokio::test]
async fn a_truncated_answer_promises_more_than_it_gives() {
    let simulator = simulator().await;
    let mut response = suffered(&simulator, Fault::Truncated, "1").await.unwrap();
    assert_eq!(response.status(), 200);
    let promised = response.content_length().unwrap();
    let mut read = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len() as u64,
            Ok(None) => panic!("the answer came whole"),
            Err(error) => break error,
        }
    };
    assert!(error.is_body() || error.is_decode(), "{error:?}");
    assert_eq!(read, promised / 2);
    assert!(is_in_books(&simulator, "1"));
}

#[tokio::test]
async fn answers_can_be_pages_huge_or_of_a_foreign_shape() {
    let simulator = simulator().await;
    for (number, when) in [("before", When::BeforeCommit), ("after", When::AfterCommit)] {
        let page = suffered(&simulator, Fault::HtmlPage(when), number).await.unwrap();
        assert_eq!(
            (page.status().as_u16(), page.headers()["content-type"].to_str().unwrap()),
            (200, "text/html; charset=utf-8")
        );
        assert_eq!(is_in_books(&simulator, number), when == When::AfterCommit);
    }
    let huge = suffered(&simulator, Fault::Huge(5_000_000), "huge").await.unwrap();
    assert!(huge.text().await.unwrap().len() > 5_000_000);

    let foreign = suffered(&simulator, Fault::WrongNamespace, "namespace")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(foreign.contains("urn:somebody:else") && !foreign.contains(LC));

    let ticket = suffered(&simulator, Fault::ForeignTicket, "ticket")
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    let payload = envelope::open(Version::Soap11, tree::parse(&ticket).unwrap()).unwrap();
    assert!(
        schema::check(&payload)
            .unwrap_err()
            .to_string()
            .starts_with("CreateOrderResponse/Ticket")
    );
    assert!(
        ["huge", "namespace", "ticket"]
            .iter()
            .all(|number| is_in_books(&simulator, number))
    );
}

#[tokio::test]
async fn a_slow_call_is_slow_before_or_after_its_commit() {
    let simulator = simulator().await;
    let slow = Duration::from_millis(400);
    for (number, when) in [("before", When::BeforeCommit), ("after", When::AfterCommit)] {
        simulator.faults().plan(Plan::slow(when, slow).for_order(number));
        let started = Instant::now();
        let content = create_order(number, "CM-PRO", "1");
        let call = ask(&simulator, Version::Soap11, &content);
        // Seen from outside while the call is in progress: in the books already, or not yet.
        let watch = async {
            until(|| simulator.in_progress().contains_key(number)).await;
            if when == When::AfterCommit {
                until(|| is_in_books(&simulator, number)).await;
            }
            (
                is_in_books(&simulator, number),
                simulator.in_progress().contains_key(number),
            )
        };
        let (answered, seen) = tokio::join!(call, watch);
        assert_eq!(answered.status, 200);
        assert_eq!(seen, (when == When::AfterCommit, true));
        assert!(started.elapsed() >= slow);
    }
}

#[tokio::test]
async fn connections_can_fail_before_a_word_of_http() {
    let simulator = simulator().await;
    simulator.faults().fail_connections(1);
    assert!(client().get(simulator.ready().books_url).send().await.is_err());
    assert_eq!(
        client().get(simulator.ready().books_url).send().await.unwrap().status(),
        200
    );

    let tls = start(Options {
        tls: Some(crate::tls::TestCa::for_localhost().unwrap()),
        ..Options::default()
    })
    .await
    .unwrap();
    tls.faults().fail_connections(1);
    let pem = std::fs::read(tls.ready().ca_file.unwrap()).unwrap();
    let _ = client();
    let trusting = Client::builder()
        .tls_certs_only([reqwest::Certificate::from_pem(&pem).unwrap()])
        .build()
        .unwrap();
    let error = trusting.get(tls.ready().books_url).send().await.unwrap_err();
    assert!(
        error.is_connect() && format!("{error:?}").contains("HandshakeFailure"),
        "{error:?}"
    );
    assert_eq!(trusting.get(tls.ready().books_url).send().await.unwrap().status(), 200);
}

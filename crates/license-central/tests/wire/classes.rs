//! Every kind of answer ends in exactly one class, and no request is sent twice.

use std::time::Duration;

use license_central::{Class, Client, Error};
use tokio::net::TcpListener;
use tokio::time::Instant;

use crate::server::{Act, Server, created, far, fault, http, order, settings, soap};

/// Orders once and returns how it failed; the server must have seen exactly one request.
async fn failure(act: Act) -> Error {
    let server = Server::always(act).await;
    let error = server
        .client()
        .create_order(&order("A-1"), far(), None)
        .await
        .unwrap_err();
    assert_eq!(server.requests().len(), 1, "{error:?}");
    error
}

fn refused(error: &Error) -> (String, String) {
    match error.class() {
        Class::Refused { code, sentence } => (code, sentence),
        other => panic!("{other:?} for {error:?}"),
    }
}

#[tokio::test]
async fn a_ticket_is_done() {
    let server = Server::always(Act::Write(created("A-1"))).await;
    let issued = server.client().create_order(&order("A-1"), far(), None).await.unwrap();
    assert_eq!(issued.ticket.reveal(), "AB3DE-FGH1J-KLMN0-PQRST-UVWXY");
    assert_eq!(issued.web_depot_link, None);
}

#[tokio::test]
async fn a_refused_fault_names_the_item_in_a_sentence_for_sales() {
    let error = failure(Act::Write(fault(500, "UNKNOWN_ITEM"))).await;
    let (code, sentence) = refused(&error);
    assert_eq!(code, "unknown-item");
    assert!(sentence.contains("CM-X") && sentence.ends_with('.'), "{sentence}");
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("CM-X") && !shown.contains("because"), "{shown}");
}

#[tokio::test]
async fn a_refused_fault_of_soap_1_2_is_understood_too() {
    let body = "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault><e:Code><e:Value>e:Sender\
                </e:Value></e:Code><e:Reason><e:Text xml:lang=\"en\">no</e:Text></e:Reason><e:Detail>\
                <LicenseCentralFault xmlns=\"urn:ticketsmith:license-central:2026\"><Code>INVALID_DATA</Code>\
                <Message>Name is too odd</Message></LicenseCentralFault></e:Detail></e:Fault></e:Body></e:Envelope>";
    let error = failure(Act::Write(http(400, "application/soap+xml", "", body))).await;
    let (code, sentence) = refused(&error);
    assert_eq!(code, "invalid-data");
    assert_eq!(
        sentence,
        "License Central does not accept the data of order A-1: Name is too odd"
    );
}

#[tokio::test]
async fn a_busy_fault_and_http_429_are_not_accepted() {
    let busy = failure(Act::Write(fault(500, "BUSY"))).await;
    assert_eq!((busy.class(), busy.retry_after()), (Class::NotAccepted, None));
    // License Central's own word counts more than the status it comes with.
    assert_eq!(
        failure(Act::Write(fault(503, "BUSY"))).await.class(),
        Class::NotAccepted
    );
    let many = failure(Act::Write(http(429, "text/plain", "retry-after: 7\r\n", "slow down"))).await;
    assert_eq!(
        (many.class(), many.retry_after()),
        (Class::NotAccepted, Some(Duration::from_secs(7)))
    );
}

#[tokio::test]
async fn a_fault_that_the_profile_does_not_list_leaves_the_outcome_unknown() {
    for code in ["INTERNAL", "SOMETHING_NEW"] {
        let error = failure(Act::Write(fault(500, code))).await;
        assert!(
            matches!(&error, Error::Fault { code: named, .. } if named == code),
            "{error:?}"
        );
        assert_eq!(error.class(), Class::Unknown);
    }
}

#[tokio::test]
async fn statuses_that_a_proxy_can_send_leave_the_outcome_unknown() {
    for status in [400, 401, 403, 404, 408, 500, 502, 503, 504] {
        let error = failure(Act::Write(http(status, "text/html", "", "<html>Gateway</html>"))).await;
        assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Unknown, "{status}");
    }
}

#[tokio::test]
async fn a_result_with_another_status_than_200_is_not_believed() {
    let result = created("A-1");
    let lie = String::from_utf8(result)
        .unwrap()
        .replace("HTTP/1.1 200", "HTTP/1.1 503")
        .into_bytes();
    assert_eq!(failure(Act::Write(lie)).await.class(), Class::Unknown);
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let target = Server::always(Act::Write(created("A-1"))).await;
    for status in [301, 302, 303, 307, 308] {
        let location = format!("location: http://127.0.0.1:{}/\r\n", target.port);
        let error = failure(Act::Write(http(status, "text/plain", &location, ""))).await;
        assert!(matches!(error, Error::Redirected { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Unknown);
    }
    assert_eq!(target.bytes(), 0);
}

#[tokio::test]
async fn a_truncated_answer_leaves_the_outcome_unknown() {
    let mut whole = created("A-1");
    whole.truncate(whole.len() - 40);
    let error = failure(Act::WriteAndClose(whole)).await;
    assert!(matches!(error, Error::Interrupted { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Unknown);

    // Without a length only the XML itself shows that something is missing.
    let text = String::from_utf8(created("A-1")).unwrap();
    let body = text.split_once("\r\n\r\n").unwrap().1;
    let cut = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n\r\n{}",
        &body[..body.len() - 5]
    );
    let error = failure(Act::WriteAndClose(cut.into_bytes())).await;
    assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Unknown);
}

#[tokio::test]
async fn an_html_page_is_called_one() {
    for body in [
        "<!DOCTYPE html><html><body><p>Log in</body></html>",
        "  <HTML><body>Log in</body></HTML>",
        "Log in",
    ] {
        let error = failure(Act::Write(http(200, "text/html; charset=utf-8", "", body))).await;
        assert!(
            error.to_string().contains("an HTML page instead of a SOAP answer"),
            "{error}"
        );
        assert_eq!(error.class(), Class::Unknown);
    }
}

#[tokio::test]
async fn foreign_bodies_leave_the_outcome_unknown_and_say_what_they_are() {
    let cases = [
        (http(200, "application/json", "", "{\"ticket\": 1}"), "not well-formed"),
        (http(200, "text/xml", "", ""), "empty"),
        (http(200, "text/xml", "", "<answer/>"), "no SOAP envelope but answer"),
        (http(200, "text/xml", "", &soap("")), "the SOAP body is empty"),
        (
            http(200, "text/xml", "", &soap("<lc:GetVersionResponse/>")),
            "holds GetVersionResponse",
        ),
        (
            http(200, "text/xml", "", &soap("<CreateOrderResponse/>")),
            "holds CreateOrderResponse",
        ),
        (
            http(200, "text/xml", "", &soap("<lc:CreateOrderResponse/>")),
            "no ticket",
        ),
        (
            http(200, "text/xml", "content-encoding: gzip\r\n", "\u{1f}"),
            "compressed",
        ),
        (
            http(200, "multipart/related; type=\"text/xml\"", "", "--x"),
            "several parts",
        ),
    ];
    for (answer, says) in cases {
        let error = failure(Act::Write(answer)).await;
        assert!(error.to_string().contains(says), "{says}: {error}");
        assert_eq!(error.class(), Class::Unknown);
    }
}

#[tokio::test]
async fn an_answer_about_another_order_is_not_taken() {
    let error = failure(Act::Write(created("B-2"))).await;
    assert!(matches!(error, Error::ForeignOrder { .. }), "{error:?}");
    assert_eq!(error.class(), Class::Unknown);
}

#[tokio::test]
async fn a_ticket_of_a_foreign_shape_is_a_clear_error_that_does_not_show_it() {
    let text = String::from_utf8(created("A-1"))
        .unwrap()
        .replace("AB3DE-FGH1J-KLMN0-PQRST-UVWXY", "TICKET-42-OF-ANOTHER-SHAPE-99");
    let error = failure(Act::Write(text.into_bytes())).await;
    assert_eq!(
        error.to_string(),
        "order A-1: the ticket in the answer has a foreign shape: AAAAAA-99-AA-AAAAAAA-AAAAA-99"
    );
    assert_eq!(error.class(), Class::Unknown);
}

#[tokio::test]
async fn an_answer_of_two_mebibytes_is_not_read_to_its_end() {
    let padding = "x".repeat(2 * 1024 * 1024);
    let whole = http(
        200,
        "text/xml",
        "",
        &soap(&format!("<lc:CreateOrderResponse>{padding}</lc:CreateOrderResponse>")),
    );
    let chunked = format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n200000\r\n{padding}\r\n0\r\n\r\n");
    for answer in [whole, chunked.into_bytes()] {
        let error = failure(Act::Write(answer)).await;
        assert!(matches!(error, Error::TooLarge { limit: 1_048_576 }), "{error:?}");
        assert_eq!(error.class(), Class::Unknown);
    }
}

#[tokio::test]
async fn a_silent_or_a_dribbling_server_is_given_up_after_the_time_out() {
    for act in [Act::Stall, Act::Dribble(created("A-1"), Duration::from_millis(20))] {
        let server = Server::always(act).await;
        let mut settings = server.settings();
        settings.call_timeout = Duration::from_millis(300);
        let start = Instant::now();
        let error = Client::new(&settings)
            .unwrap()
            .create_order(&order("A-1"), far(), None)
            .await
            .unwrap_err();
        assert!(matches!(error, Error::NoAnswer { .. }), "{error:?}");
        assert_eq!(error.class(), Class::Unknown);
        assert!(start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
        assert_eq!(server.requests().len(), 1);
    }
}

#[tokio::test]
async fn a_refused_connection_is_not_accepted() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/", listener.local_addr().unwrap());
    drop(listener);
    let client = Client::new(&settings(&endpoint)).unwrap();
    let error = client.create_order(&order("A-1"), far(), None).await.unwrap_err();
    assert!(matches!(error, Error::Unreachable { .. }), "{error:?}");
    assert_eq!(error.class(), Class::NotAccepted);
    assert_eq!(client.probe().await.unwrap_err().class(), Class::NotAccepted);
}

//! What is sent, and what comes back from the operations without tickets.

use std::collections::BTreeMap;

use license_central::{Class, Client, Error, FoundLine, Order, SoapVersion};
use schemas::{Customer, OrderLine};
use secrecy::SecretString;

use crate::server::{Act, Server, created, far, http, order, soap};

fn answer(body: &str) -> Act {
    Act::Write(http(200, "text/xml; charset=utf-8", "", &soap(body)))
}

#[tokio::test]
async fn the_default_request_is_the_committed_one() {
    let server = Server::always(Act::Write(created("EU-00000123-1"))).await;
    let order = Order {
        number: "EU-00000123-1".to_owned(),
        customer: Customer {
            id: "001000000000001AAA".to_owned(),
            name: "Müller & Söhne <GmbH> \"quoted\" 株式会社".to_owned(),
            email: Some("licenses@example.com".to_owned()),
        },
        lines: vec![
            OrderLine {
                line_id: "802000000000001AAA".to_owned(),
                item_id: "CM-PRO".to_owned(),
                quantity: 3,
                terms: BTreeMap::from([
                    ("expires_at".to_owned(), "2027-12-31".to_owned()),
                    ("note \"1\"".to_owned(), "a < b\n& c".to_owned()),
                ]),
            },
            OrderLine {
                line_id: "802000000000002AAA".to_owned(),
                item_id: "CM-ADDON-3D".to_owned(),
                quantity: 1,
                terms: BTreeMap::new(),
            },
        ],
    };
    server.client().create_order(&order, far(), None).await.unwrap();
    let golden = include_str!("../golden/create_order.xml");
    assert_eq!(
        server.requests()[0].body,
        golden.trim_end(),
        "tests/golden/create_order.xml"
    );
}

#[tokio::test]
async fn soap_1_1_names_the_action_in_a_header() {
    let server = Server::always(Act::Write(created("A-1"))).await;
    let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    server
        .client()
        .create_order(&order("A-1"), far(), Some(trace))
        .await
        .unwrap();
    let request = &server.requests()[0];
    assert!(request.head.starts_with("POST /soap HTTP/1.1"));
    assert_eq!(request.header("content-type"), Some("text/xml; charset=utf-8"));
    assert_eq!(
        request.header("soapaction"),
        Some("\"urn:ticketsmith:license-central:2026:CreateOrder\"")
    );
    assert_eq!(request.header("traceparent"), Some(trace));
    assert_eq!(
        request.header("content-length"),
        Some(request.body.len().to_string().as_str())
    );
    assert_eq!(request.header("transfer-encoding"), None);
    assert!(
        request
            .body
            .contains("xmlns:soap=\"http://schemas.xmlsoap.org/soap/envelope/\"")
    );
}

#[tokio::test]
async fn soap_1_2_names_the_action_in_the_media_type() {
    let server = Server::always(Act::Write(created("A-1"))).await;
    let mut settings = server.settings();
    settings.soap = Some(SoapVersion::V1_2);
    Client::new(&settings)
        .unwrap()
        .create_order(&order("A-1"), far(), None)
        .await
        .unwrap();
    let request = &server.requests()[0];
    let media_type = "application/soap+xml; charset=utf-8; action=\"urn:ticketsmith:license-central:2026:CreateOrder\"";
    assert_eq!(request.header("content-type"), Some(media_type));
    assert_eq!(request.header("soapaction"), None);
    assert!(
        request
            .body
            .contains("xmlns:soap=\"http://www.w3.org/2003/05/soap-envelope\"")
    );
}

#[tokio::test]
async fn credentials_and_own_headers_are_sent_and_not_shown() {
    let server = Server::always(Act::Write(created("A-1"))).await;
    let mut settings = server.settings();
    settings.basic_user = Some("smith".to_owned());
    settings.basic_password = Some(SecretString::from("pass:word"));
    settings
        .headers
        .insert("X-Gateway-Key".to_owned(), SecretString::from("hush"));
    let client = Client::new(&settings).unwrap();
    client.create_order(&order("A-1"), far(), None).await.unwrap();
    let request = &server.requests()[0];
    assert_eq!(request.header("authorization"), Some("Basic c21pdGg6cGFzczp3b3Jk"));
    assert_eq!(request.header("x-gateway-key"), Some("hush"));
    let shown = format!("{settings:?} {client:?}");
    assert!(!shown.contains("hush") && !shown.contains("pass:word"), "{shown}");
}

#[tokio::test]
async fn fields_that_license_central_cannot_take_are_refused_before_anything_is_sent() {
    let server = Server::always(Act::Write(created("A-1"))).await;
    let client = server.client();
    let mut long = order("A-1");
    long.customer.id = "x".repeat(36);
    let mut control = order("A-1");
    control.customer.name = "Evil\u{1}Corp".to_owned();
    let mut item = order("A-1");
    item.lines[0].item_id = "CM\u{ffff}".to_owned();
    let cases = [
        (
            long,
            "field-too-long",
            "order A-1: customer.id has 36 characters, License Central takes at most 20",
        ),
        (
            control,
            "character-not-allowed",
            "order A-1: customer.name contains U+0001, a character that XML cannot carry",
        ),
        (
            item,
            "character-not-allowed",
            "order A-1: lines[0].item_id contains U+FFFF, a character that XML cannot carry",
        ),
    ];
    for (order, expected, message) in cases {
        let error = client.create_order(&order, far(), None).await.unwrap_err();
        assert_eq!(error.to_string(), message);
        let Class::Refused { code, sentence } = error.class() else {
            panic!("{error:?}")
        };
        assert_eq!(code, expected);
        assert!(sentence.starts_with("Order A-1 cannot be licensed: "), "{sentence}");
    }
    assert_eq!(server.bytes(), 0);
}

#[tokio::test]
async fn a_found_order_is_read_whole() {
    let server = Server::always(answer(
        "<lc:FindOrderResponse><lc:Order><lc:OrderNumber>A-1</lc:OrderNumber>\
         <lc:Ticket>ab3de-fgh1j-klmn0-pqrst-uvwxy</lc:Ticket><lc:TicketUrl>https://depot.example/?t=1&amp;l=de</lc:TicketUrl>\
         <lc:CustomerId>001000000000001AAA</lc:CustomerId><lc:Accepted>2</lc:Accepted><lc:Lines>\
         <lc:Line><lc:ItemId>CM-PRO</lc:ItemId><lc:Quantity>3</lc:Quantity></lc:Line>\
         <lc:Line><lc:ItemId>CM-BASIC</lc:ItemId><lc:Quantity> 1 </lc:Quantity></lc:Line>\
         </lc:Lines></lc:Order></lc:FindOrderResponse>",
    ))
    .await;
    let client = server.client();
    assert!(client.can_find());
    let found = client.find_order("A-1").await.unwrap().unwrap();
    assert_eq!(found.ticket.reveal(), "AB3DE-FGH1J-KLMN0-PQRST-UVWXY");
    assert_eq!(found.web_depot_link.as_deref(), Some("https://depot.example/?t=1&l=de"));
    assert_eq!(
        (found.customer_id.as_deref(), found.accepted),
        (Some("001000000000001AAA"), Some(2))
    );
    let line = |item_id: &str, quantity| FoundLine {
        item_id: item_id.to_owned(),
        quantity,
    };
    assert_eq!(found.lines.unwrap(), [line("CM-PRO", 3), line("CM-BASIC", 1)]);
    assert!(
        server.requests()[0]
            .body
            .contains("<lc:OrderNumber>A-1</lc:OrderNumber>")
    );
}

#[tokio::test]
async fn only_a_clear_answer_means_that_there_is_no_such_order() {
    for clear in [
        "<lc:FindOrderResponse/>",
        "<lc:FindOrderResponse><lc:Order/></lc:FindOrderResponse>",
    ] {
        let server = Server::always(answer(clear)).await;
        assert_eq!(server.client().find_order("A-1").await.unwrap(), None, "{clear}");
    }
    for unclear in [
        "<lc:FindOrderResponse><Order>of another namespace</Order></lc:FindOrderResponse>",
        "<lc:FindOrderResponse>busy</lc:FindOrderResponse>",
        "<lc:FindOrderResponse><lc:Order><lc:OrderNumber>A-1</lc:OrderNumber></lc:Order></lc:FindOrderResponse>",
        "<lc:FindOrderResponse><lc:Order><lc:OrderNumber>B-2</lc:OrderNumber></lc:Order></lc:FindOrderResponse>",
        "<lc:CreateOrderResponse/>",
    ] {
        let server = Server::always(answer(unclear)).await;
        let error = server.client().find_order("A-1").await.unwrap_err();
        assert_eq!(error.class(), Class::Unknown, "{unclear}");
    }
}

#[tokio::test]
async fn a_probe_is_content_with_a_version_and_with_nothing_else() {
    let server = Server::always(answer(
        "<lc:GetVersionResponse><lc:Version>1</lc:Version></lc:GetVersionResponse>",
    ))
    .await;
    server.client().probe().await.unwrap();
    assert!(server.requests()[0].body.contains("<lc:GetVersion/>"));
    let server = Server::always(Act::Write(http(200, "text/html", "", "<html></html>"))).await;
    let error = server.client().probe().await.unwrap_err();
    assert!(matches!(error, Error::Foreign { .. }), "{error:?}");
}

#[tokio::test]
async fn the_link_of_the_settings_is_used_where_the_answer_has_no_web_address() {
    let with_link = |link: &str| {
        let text = String::from_utf8(created("A-1")).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let body = body.replace(
            "</lc:Ticket>",
            &format!("</lc:Ticket><lc:TicketUrl>{link}</lc:TicketUrl>"),
        );
        let head = head
            .lines()
            .filter(|line| !line.starts_with("content-length"))
            .collect::<Vec<_>>()
            .join("\r\n");
        format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
    };
    let ours = "https://depot.example/AB3DE-FGH1J-KLMN0-PQRST-UVWXY";
    for (answered, expected) in [
        ("", ours),
        ("javascript:alert(1)", ours),
        ("https://lc.example/t", "https://lc.example/t"),
    ] {
        let server = Server::always(Act::Write(with_link(answered))).await;
        let mut settings = server.settings();
        settings.web_depot_link = Some("https://depot.example/{ticket}".to_owned());
        let issued = Client::new(&settings)
            .unwrap()
            .create_order(&order("A-1"), far(), None)
            .await
            .unwrap();
        assert_eq!(issued.web_depot_link.as_deref(), Some(expected));
    }
}

#[test]
fn the_order_number_carries_prefix_and_revision() {
    let mut settings = crate::server::settings("http://127.0.0.1:1/");
    settings.order_number_prefix = "EU-".to_owned();
    let client = Client::new(&settings).unwrap();
    assert_eq!(client.order_number("00000123", 2), "EU-00000123-2");
}

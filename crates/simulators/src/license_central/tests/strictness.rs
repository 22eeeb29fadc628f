//! What is taken in whatever clothes it comes, and what is refused with a fault.

use super::*;

/// Sends an order in the version's media type and gives the blame and sentence of the fault it must end in.
async fn refused(simulator: &Handle, version: Version, envelope: &str) -> (u16, String, String) {
    let response = post(simulator, version, envelope.to_owned()).await.unwrap();
    let answered = Answered::read(version, response).await;
    let (blame, sentence) = answered.fault();
    (answered.status.as_u16(), blame.to_owned(), sentence.to_owned())
}

#[tokio::test]
async fn prefixes_comments_and_layout_do_not_matter() {
    let simulator = simulator().await;
    let (soap, soap12) = (Version::Soap11.namespace(), Version::Soap12.namespace());
    let envelopes = [
        (
            Version::Soap11,
            format!(
                "<Envelope xmlns='{soap}'><Body>{}</Body></Envelope>",
                create_order("1", "CM-PRO", "1")
            ),
        ),
        (
            Version::Soap12,
            format!(
                "<!-- a --><lc:Envelope xmlns:lc='{soap12}' xmlns:env='{LC}'>\n <lc:Body><!-- b -->\n  <env:CreateOrder>\
                 <env:OrderNumber><!-- c -->1<!-- d --></env:OrderNumber>\n<env:Customer>\t<env:CustomerId>&#x43;</env:CustomerId>\
                 <env:Name><![CDATA[<N>]]></env:Name></env:Customer><env:Lines><env:Line><env:LineId>1</env:LineId>\
                 <env:ItemId>\n CM-PRO </env:ItemId><env:Quantity> +01 </env:Quantity><env:Terms><env:Term name='a'>b</env:Term>\
                 </env:Terms></env:Line></env:Lines></env:CreateOrder></lc:Body></lc:Envelope><!-- e -->"
            ),
        ),
    ];
    for (version, envelope) in envelopes {
        let answered = Answered::read(version, post(&simulator, version, envelope).await.unwrap()).await;
        assert_eq!(answered.status, 200);
    }
    assert_eq!(simulator.books()["1"].accepted, 2);
    assert_eq!(simulator.order("1").unwrap().lines[1].terms["a"], "b");
}

#[tokio::test]
async fn what_is_not_xml_is_a_fault_of_the_requests_version() {
    let simulator = simulator().await;
    let order = enveloped(Version::Soap11, &create_order("1", "CM-PRO", "1"));
    let broken = [
        String::new(),
        "hello".to_owned(),
        "{\"order\":1}".to_owned(),
        "<!doctype html><html><body><br></body></html>".to_owned(),
        order[..order.len() - 3].to_owned(),
        order.replace("</Line>", "</Lime>"),
        order.replace("Müller", "M\u{1}ller"),
        order.replace("Müller", "M&#1;ller"),
        order.replace("Müller", "M&uuml;ller"),
        order.replace("<s:Header/>", "<?php echo ?>"),
        format!("<!DOCTYPE x [<!ENTITY a \"b\">]>{order}"),
        "<a>".repeat(100_000),
    ];
    for envelope in &broken {
        let (status, blame, sentence) = refused(&simulator, Version::Soap11, envelope).await;
        assert_eq!((status, blame.as_str()), (500, "Client"), "{sentence}");
        assert!(sentence.contains("not a readable XML document"), "{sentence}");
        let (status, blame, _) = refused(&simulator, Version::Soap12, envelope).await;
        assert_eq!((status, blame.as_str()), (400, "Sender"));
    }
    assert!(simulator.books().is_empty());
}

#[tokio::test]
async fn what_breaks_the_wsdl_is_refused_by_the_elements_name_and_issues_nothing() {
    let simulator = simulator().await;
    let order = create_order("1", "CM-PRO", "1");
    let cases = [
        ("<Quantity>1</Quantity>", "<Quantity>0</Quantity>", "Quantity"),
        ("<Quantity>1</Quantity>", "<Quantity>-1</Quantity>", "Quantity"),
        ("<Quantity>1</Quantity>", "<Quantity>many</Quantity>", "Quantity"),
        ("<Quantity>1</Quantity>", "", "Quantity"),
        (
            "<CustomerId>0010000001",
            "<CustomerId>012345678901234567890",
            "CustomerId",
        ),
        ("<CustomerId>0010000001</CustomerId>", "", "CustomerId"),
        ("<OrderNumber>1</OrderNumber>", "<OrderNumber/>", "OrderNumber"),
        (
            "<LineId>1</LineId>",
            "<LineId>1</LineId><Discount>5</Discount>",
            "Discount",
        ),
        ("<Lines>", "<Lines><Line/>", "Line[1]"),
    ];
    for version in BOTH {
        for (from, to, element) in cases {
            let answered = ask(&simulator, version, &order.replace(from, to)).await;
            assert_eq!(answered.code(), Some("INVALID_DATA"));
            assert!(
                answered.text("Message").contains(element),
                "{:?} does not name {element}",
                answered.text("Message")
            );
            assert_eq!(answered.fault().1, answered.text("Message"));
        }
    }
    assert!(simulator.books().is_empty());
}

#[tokio::test]
async fn an_envelope_of_no_version_or_of_the_wrong_one_is_refused() {
    let simulator = simulator().await;
    let order = create_order("1", "CM-PRO", "1");
    let foreign = format!("<e:Envelope xmlns:e='urn:soap-3'><e:Body>{order}</e:Body></e:Envelope>");
    assert_eq!(
        refused(&simulator, Version::Soap11, &foreign).await.1,
        "VersionMismatch"
    );
    let (status, blame, _) = refused(&simulator, Version::Soap12, &foreign).await;
    assert_eq!((status, blame.as_str()), (500, "VersionMismatch"));
    assert_eq!(
        refused(&simulator, Version::Soap11, &order).await.1,
        "Client",
        "no envelope at all"
    );

    // An envelope of 1.2 sent as text/xml is answered in its own version.
    let response = post(&simulator, Version::Soap11, enveloped(Version::Soap12, &order))
        .await
        .unwrap();
    let answered = Answered::read(Version::Soap12, response).await;
    assert!(answered.fault().1.contains("text/xml"), "{:?}", answered.fault());
    let must = enveloped(Version::Soap11, &order).replace(
        "<s:Header/>",
        "<s:Header><x:Security xmlns:x='urn:x' s:mustUnderstand='1'/></s:Header>",
    );
    assert_eq!(refused(&simulator, Version::Soap11, &must).await.1, "MustUnderstand");
    assert!(simulator.books().is_empty());
}

#[tokio::test]
async fn an_action_may_be_left_out_or_quoted_but_not_contradict_the_body() {
    let simulator = simulator().await;
    let call = |version: Version, media_type: String, action: Option<&'static str>, endpoint: String| async move {
        let order = enveloped(version, &create_order("1", "CM-PRO", "1"));
        let mut request = client().post(endpoint).header("content-type", media_type).body(order);
        if let Some(action) = action {
            request = request.header("SOAPAction", action);
        }
        Answered::read(version, request.send().await.unwrap()).await
    };
    let endpoint = || simulator.ready().endpoint;
    let text = || "text/xml".to_owned();
    let right = "urn:ticketsmith:license-central:2026:CreateOrder";
    for action in [
        None,
        Some(""),
        Some("\"\""),
        Some(right),
        Some("\"urn:ticketsmith:license-central:2026:CreateOrder\""),
    ] {
        assert_eq!(
            call(Version::Soap11, text(), action, endpoint()).await.status,
            200,
            "{action:?}"
        );
    }
    let soap12 = |action: &str| format!("application/soap+xml; charset=utf-8; action=\"{action}\"");
    assert_eq!(call(Version::Soap12, soap12(right), None, endpoint()).await.status, 200);
    assert_eq!(simulator.books()["1"].accepted, 6);

    let wrong = call(
        Version::Soap11,
        text(),
        Some("urn:ticketsmith:license-central:2026:FindOrder"),
        endpoint(),
    )
    .await;
    assert!(wrong.fault().1.contains("contradicts the body"), "{:?}", wrong.fault());
    let wrong = call(
        Version::Soap12,
        soap12("urn:ticketsmith:license-central:2026:GetVersion"),
        None,
        endpoint(),
    )
    .await;
    assert_eq!(wrong.fault().0, "Sender");
    assert_eq!(simulator.books()["1"].accepted, 6);
}

#[tokio::test]
async fn media_types_that_are_not_soap_are_refused_with_a_fault() {
    let simulator = simulator().await;
    let order = || enveloped(Version::Soap11, &create_order("1", "CM-PRO", "1"));
    for media_type in ["application/x-www-form-urlencoded", "application/json", "text/plain"] {
        let request = client()
            .post(simulator.ready().endpoint)
            .header("content-type", media_type)
            .body(order());
        let answered = Answered::read(Version::Soap11, request.send().await.unwrap()).await;
        assert_eq!(answered.status, 415);
        assert!(answered.fault().1.contains(media_type));
    }
    let request = client()
        .post(simulator.ready().endpoint)
        .header("content-type", "text/xml")
        .header("content-encoding", "gzip");
    let answered = Answered::read(Version::Soap11, request.body(order()).send().await.unwrap()).await;
    assert_eq!(answered.status, 415);
    let request = client().post(simulator.ready().endpoint).body(order());
    assert_eq!(request.send().await.unwrap().status(), 200, "no media type at all");
}

#[tokio::test]
async fn an_element_that_is_no_operation_is_refused_by_name() {
    let simulator = simulator().await;
    for content in [
        format!("<DropTables xmlns='{LC}'/>"),
        "<GetVersion/>".to_owned(),
        "<GetVersion xmlns='urn:x'/>".to_owned(),
    ] {
        let answered = ask(&simulator, Version::Soap12, &content).await;
        let (blame, sentence) = answered.fault();
        assert!(
            blame == "Sender" && sentence.contains("no operation takes the element"),
            "{sentence}"
        );
    }
    // An answer's element is a global one too, and still no call.
    let answered = ask(
        &simulator,
        Version::Soap12,
        &format!("<GetVersionResponse xmlns='{LC}'/>"),
    )
    .await;
    assert_eq!(answered.fault().0, "Sender");
}

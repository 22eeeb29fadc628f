//! Orders, repeated orders, look-ups.

use super::*;

#[tokio::test]
async fn the_same_raw_order_posted_twice_is_accepted_twice_and_doubles_the_licenses() {
    let simulator = simulator().await;
    let order = enveloped(Version::Soap11, &create_order("00000042-1", "CM-PRO", "3"));
    let first = Answered::read(
        Version::Soap11,
        post(&simulator, Version::Soap11, order.clone()).await.unwrap(),
    )
    .await;
    let again = Answered::read(Version::Soap11, post(&simulator, Version::Soap11, order).await.unwrap()).await;
    assert_eq!(
        first.text("Ticket"),
        again.text("Ticket"),
        "the ticket is extended, not replaced"
    );

    let books: serde_json::Value = client()
        .get(simulator.ready().books_url)
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    let expected = serde_json::json!({
        "00000042-1": { "accepted": 2, "doubled": 1, "ticket": first.text("Ticket"), "licenses": 6 }
    });
    assert_eq!(books, expected);
}

#[tokio::test]
async fn an_order_becomes_a_ticket_in_both_versions_and_can_be_found() {
    let simulator = simulator().await;
    for version in BOTH {
        let number = format!("{version:?}-1");
        assert!(find(&ask(&simulator, version, &find_order(&number)).await.payload, "Order").is_none());
        let created = ask(&simulator, version, &create_order(&number, "CM-BASIC", "2")).await;
        assert_eq!(
            (created.status, created.text("OrderNumber")),
            (StatusCode::OK, number.as_str())
        );
        let link = format!(
            "http://{}/webdepot?ticket={}",
            simulator.address(),
            created.text("Ticket")
        );
        assert_eq!(created.text("TicketUrl"), link);

        let found = ask(&simulator, version, &find_order(&number)).await;
        for (element, value) in [
            ("Ticket", created.text("Ticket")),
            ("TicketUrl", link.as_str()),
            ("CustomerId", "0010000001"),
            ("Accepted", "1"),
            ("ItemId", "CM-BASIC"),
            ("Quantity", "2"),
        ] {
            assert_eq!(found.text(element), value, "{element}");
        }
        assert!(
            ask(&simulator, version, &format!("<GetVersion xmlns='{LC}'/>"))
                .await
                .text("Version")
                .contains("pretend")
        );
    }
}

#[tokio::test]
async fn an_unknown_item_is_refused_by_name_and_issues_nothing() {
    let simulator = simulator().await;
    for (version, status, blame) in [(Version::Soap11, 500, "Client"), (Version::Soap12, 400, "Sender")] {
        let refused = ask(&simulator, version, &create_order("1-1", "CM-NOPE", "1")).await;
        assert_eq!(refused.status, status);
        assert_eq!(
            (refused.code(), refused.text("ItemId")),
            (Some("UNKNOWN_ITEM"), "CM-NOPE")
        );
        assert_eq!(refused.fault(), (blame, "the item CM-NOPE is not known"));
    }
    assert!(simulator.books().is_empty());

    let added = client()
        .post(simulator.ready().items_url)
        .body(r#"{"item_id":"CM-NOPE","name":"Now it is"}"#)
        .send()
        .await;
    assert_eq!(added.unwrap().status(), 201);
    assert_eq!(
        ask(&simulator, Version::Soap11, &create_order("1-1", "CM-NOPE", "1"))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn text_that_xml_fears_comes_through_whole() {
    let simulator = simulator().await;
    simulator.add_item("<A&B>\"'", "Hostile");
    let order = create_order("N&amp;&lt;1>", "&lt;A&amp;<![CDATA[B>\"]]>&#39;", "1");
    let created = ask(&simulator, Version::Soap12, &order).await;
    assert_eq!(created.text("OrderNumber"), "N&<1>");
    let found = ask(&simulator, Version::Soap12, &find_order("N&amp;&lt;1&gt;")).await;
    assert_eq!(found.text("ItemId"), "<A&B>\"'");
    assert_eq!(simulator.order("N&<1>").unwrap().customer_name, "Müller & Söhne");
}

#[tokio::test]
async fn calls_at_the_same_moment_are_all_carried_out() {
    let simulator = simulator().await;
    let plan = crate::license_central::Plan::slow(
        crate::license_central::When::BeforeCommit,
        std::time::Duration::from_millis(200),
    );
    simulator.faults().plan(plan.times(u32::MAX));
    let order = create_order("same", "CM-PRO", "1");
    let calls = (0..6).map(|_| ask(&simulator, Version::Soap11, &order));
    let answers = futures_util::future::join_all(calls).await;
    let ticket = answers[0].text("Ticket");
    assert!(answers.iter().all(|answer| answer.text("Ticket") == ticket));
    let book = &simulator.books()["same"];
    assert_eq!((book.accepted, book.doubled, book.licenses), (6, 5, 6));
    assert_eq!(simulator.overlaps()["same"], 6);
    assert!(simulator.in_progress().is_empty());
}

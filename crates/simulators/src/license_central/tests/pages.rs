//! The pages for people.

use super::*;

async fn page(url: String) -> (StatusCode, String) {
    let response = client().get(url).send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
    assert!(
        response.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    (response.status(), response.text().await.unwrap())
}

async fn act(simulator: &Handle, ticket: &str, license: u32, action: &str) -> Response {
    let form = [
        ("ticket", ticket),
        ("line", "0"),
        ("license", &license.to_string()),
        ("from", "0"),
        ("action", action),
    ];
    client()
        .post(format!("{}/license", simulator.ready().web_depot_url))
        .form(&form)
        .send()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_person_redeems_a_ticket_license_by_license() {
    let simulator = simulator().await;
    let created = ask(&simulator, Version::Soap11, &create_order("1-1", "CM-PRO", "2")).await;
    let (ticket, link) = (created.text("Ticket"), created.text("TicketUrl").to_owned());
    let (status, before) = page(link.clone()).await;
    assert_eq!(
        (
            status,
            before.matches("not yet collected").count(),
            before.matches(">Activate<").count()
        ),
        (StatusCode::OK, 2, 2)
    );
    assert!(before.contains("0 of 2 collected") && before.contains("Müller &amp; Söhne"));

    for (action, state) in [
        ("activate", "collected"),
        ("confirm", "confirmed"),
        ("return", "returned"),
        ("activate", "collected"),
    ] {
        let answer = act(&simulator, ticket, 1, action).await;
        assert_eq!(answer.status(), 303);
        let back = format!(
            "http://{}{}",
            simulator.address(),
            answer.headers()["location"].to_str().unwrap()
        );
        assert!(back.ends_with("#license-0-1"));
        assert!(page(back).await.1.contains(&format!(">{state}</span>")), "{state}");
    }
    assert_eq!(simulator.order("1-1").unwrap().collected(), 1);
    assert_eq!(
        act(&simulator, ticket, 1, "activate").await.status(),
        409,
        "a second click changes nothing"
    );
    assert_eq!(
        act(&simulator, ticket, 2, "activate").await.status(),
        409,
        "no third license"
    );
    assert_eq!(act(&simulator, ticket, 1, "explode").await.status(), 400);
    assert_eq!(
        act(&simulator, "AAAAA-AAAAA-AAAAA-AAAAA-AAAAA", 0, "activate")
            .await
            .status(),
        404
    );
}

#[tokio::test]
async fn tickets_may_be_typed_carelessly_and_several_at_once() {
    let simulator = simulator().await;
    let one = ask(&simulator, Version::Soap11, &create_order("1", "CM-PRO", "1"))
        .await
        .text("Ticket")
        .to_lowercase();
    let two = ask(&simulator, Version::Soap11, &create_order("2", "CM-BASIC", "1"))
        .await
        .text("Ticket")
        .to_owned();
    let (status, both) = page(format!(
        "{}?ticket=+{one}+%3B{two};NOPE",
        simulator.ready().web_depot_url
    ))
    .await;
    assert_eq!(status, 200);
    assert!(
        both.contains("Professional edition")
            && both.contains("Basic edition")
            && both.contains("There is no ticket <code>NOPE</code>")
    );
    let (status, hostile) = page(format!(
        "{}?ticket=%3Cscript%3Ealert(1)%3C/script%3E",
        simulator.ready().web_depot_url
    ))
    .await;
    assert_eq!(status, 404);
    assert!(!hostile.to_lowercase().contains("<script"), "{hostile}");
}

#[tokio::test]
async fn a_ticket_with_millions_of_licenses_is_shown_page_by_page() {
    let simulator = simulator().await;
    let created = ask(
        &simulator,
        Version::Soap11,
        &create_order("big", "CM-PRO", "2147483647"),
    )
    .await;
    ask(&simulator, Version::Soap11, &create_order("big", "CM-PRO", "10")).await;
    let (_, first) = page(created.text("TicketUrl").to_owned()).await;
    assert_eq!(first.matches("<li ").count(), 50);
    assert!(first.contains("1 to 50 of 2147483657"));
    let (_, last) = page(format!("{}&from=2147483640", created.text("TicketUrl"))).await;
    assert_eq!(
        last.matches("<li ").count(),
        17,
        "seven of the first line, all ten of the second"
    );
    let (_, beyond) = page(format!("{}&from=18446744073709551615", created.text("TicketUrl"))).await;
    assert_eq!(beyond.matches("<li ").count(), 7, "the last page");
}

#[tokio::test]
async fn forms_of_other_sites_are_turned_away() {
    let simulator = simulator().await;
    let ticket = ask(&simulator, Version::Soap11, &create_order("1", "CM-PRO", "1"))
        .await
        .text("Ticket")
        .to_owned();
    let form = [
        ("ticket", ticket.as_str()),
        ("line", "0"),
        ("license", "0"),
        ("action", "activate"),
    ];
    let action = format!("{}/license", simulator.ready().web_depot_url);
    let sent = client()
        .post(action)
        .header("origin", "http://evil.example")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 403);
    let sent = client()
        .post(simulator.ready().items_url)
        .header("sec-fetch-site", "cross-site")
        .body(r#"{"item_id":"X"}"#);
    assert_eq!(sent.send().await.unwrap().status(), 403);
    assert_eq!(simulator.order("1").unwrap().collected(), 0);
}

#[tokio::test]
async fn the_start_page_leads_everywhere_and_shows_what_was_doubled() {
    let simulator = simulator().await;
    let root = format!("http://{}/", simulator.address());
    assert!(page(root.clone()).await.1.contains("No order yet"));
    for _ in 0..2 {
        ask(
            &simulator,
            Version::Soap11,
            &create_order("<b>1</b>".replace('<', "&lt;").as_str(), "CM-PRO", "1"),
        )
        .await;
    }
    let (_, start) = page(root.clone()).await;
    assert!(
        start.contains("&lt;b&gt;1&lt;/b&gt;") && !start.contains("<b>1"),
        "escaped"
    );
    assert!(start.contains("ordered 2 times") && start.contains("not affiliated with Wibu-Systems"));
    for path in ["/soap?wsdl", "/webdepot", "/items", "/books", "/style.css"] {
        assert!(start.contains(&format!("href=\"{path}\"")), "{path}");
        assert_eq!(
            client()
                .get(format!("{}{}", root.trim_end_matches('/'), path))
                .send()
                .await
                .unwrap()
                .status(),
            200
        );
    }
    assert_eq!(
        client().get(format!("{root}nothing")).send().await.unwrap().status(),
        404
    );
}

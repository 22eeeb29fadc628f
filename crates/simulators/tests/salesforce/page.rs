use reqwest::StatusCode;

use crate::client::World;

async fn html(world: &World) -> String {
    world
        .http
        .get(&world.org.instance_url)
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap()
}

#[tokio::test]
async fn a_person_creates_activates_and_activates_again() {
    let world = World::new().await;
    let url = world.org.instance_url.clone();
    assert!(html(&world).await.contains("No orders yet"));
    let form = [
        ("customer", "Müller & Söhne"),
        ("item", "CM-PRO"),
        ("quantity", "2"),
        ("email", ""),
    ];
    let created = world
        .http
        .post(format!("{url}/orders"))
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (created.status(), &created.headers()["location"]),
        (StatusCode::SEE_OTHER, &"/".parse().unwrap())
    );
    let order = world.org.orders().remove(0);
    assert!(html(&world).await.contains(">Activate<"));
    for _ in 0..2 {
        let clicked = world
            .http
            .post(format!("{url}/orders/{}/activate", order.id))
            .send()
            .await
            .unwrap();
        assert_eq!(clicked.status(), StatusCode::SEE_OTHER);
    }
    let page = html(&world).await;
    assert!(page.contains("Activate again") && page.contains("Müller &amp; Söhne") && page.contains("Requested"));
    let mut stream = world
        .subscribe(world.fetch(schemas::pubsub::ReplayPreset::Earliest, 5))
        .await
        .unwrap();
    assert_eq!(stream.events(2).await.len(), 2);
}

#[tokio::test]
async fn hostile_names_and_links_are_shown_as_what_they_are() {
    let world = World::new().await;
    let id = world.draft("<script>alert(1)</script>\"'");
    let fields = serde_json::json!({
        "License_Ticket__c": "<b>T</b>", "License_Link__c": "javascript:alert(1)", "License_Reason__c": "<img src=x>",
    });
    let path = format!("/sobjects/Order/{id}");
    assert_eq!(
        world.rest(reqwest::Method::PATCH, &path, Some(&fields)).await.0,
        StatusCode::NO_CONTENT
    );
    let page = html(&world).await;
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;") && page.contains("&lt;img src=x&gt;"));
    assert!(!page.contains("<script>alert") && !page.contains("<b>T") && !page.contains("javascript:"));
}

#[tokio::test]
async fn mistakes_in_the_form_are_told_and_foreign_forms_refused() {
    let world = World::new().await;
    let url = format!("{}/orders", world.org.instance_url);
    for quantity in ["0", "-1", "many", ""] {
        let form = [("customer", "A"), ("item", "CM-PRO"), ("quantity", quantity)];
        let response = world.http.post(&url).form(&form).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{quantity}");
        assert!(response.text().await.unwrap().contains("role=\"alert\""));
    }
    assert!(world.org.orders().is_empty(), "a refused order leaves no draft behind");
    let form = [("customer", "A"), ("item", "CM-PRO"), ("quantity", "1")];
    let foreign = world
        .http
        .post(&url)
        .header("sec-fetch-site", "cross-site")
        .form(&form)
        .send()
        .await
        .unwrap();
    assert_eq!(foreign.status(), StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_ticket_and_its_link_appear() {
    let world = World::new().await;
    let id = world.activated("A");
    let fields = serde_json::json!({
        "License_Ticket__c": "AAAAA-BBBBB-CCCCC-DDDDD-EEEEE", "License_Link__c": "http://127.0.0.1/webdepot/x",
        "License_Status__c": "Issued",
    });
    world
        .rest(reqwest::Method::PATCH, &format!("/sobjects/Order/{id}"), Some(&fields))
        .await;
    let page = html(&world).await;
    assert!(page.contains("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE") && page.contains("pill good"));
    assert!(page.contains("href=\"http://127.0.0.1/webdepot/x\""));
    assert!(page.contains("not affiliated with Salesforce"));
}

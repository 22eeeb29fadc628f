//! The JSON list of items.

use super::*;

#[tokio::test]
async fn items_are_listed_and_added_by_json_and_by_form() {
    let simulator = simulator().await;
    let url = simulator.ready().items_url;
    let items = || async {
        client()
            .get(&url)
            .send()
            .await
            .unwrap()
            .json::<serde_json::Value>()
            .await
            .unwrap()
    };
    assert_eq!(items().await.as_array().unwrap().len(), 5);
    let add = |body: &'static str| {
        let request = client()
            .post(&url)
            .header("content-type", "application/json")
            .body(body);
        async move { request.send().await.unwrap() }
    };
    assert_eq!(add(r#"{"item_id":"CM-NEW","name":"New"}"#).await.status(), 201);
    assert_eq!(add(r#"{"id":" CM-NEW ","name":"Renamed"}"#).await.status(), 200);
    for bad in [
        "",
        "[]",
        "{}",
        r#"{"item_id":""}"#,
        r#"{"item_id":"a\u0001"}"#,
        r#"{"item_id":7}"#,
    ] {
        let refused = add(bad).await;
        assert_eq!(refused.status(), 400, "{bad}");
        assert!(refused.json::<serde_json::Value>().await.unwrap()["error"].is_string());
    }
    let form = client()
        .post(format!("{url}/"))
        .form(&[("item_id", "CM-FORM"), ("name", "")])
        .send()
        .await
        .unwrap();
    assert_eq!(
        (form.status(), form.headers()["location"].to_str().unwrap()),
        (StatusCode::SEE_OTHER, "/#items")
    );
    let listed = items().await;
    assert!(
        listed
            .as_array()
            .unwrap()
            .contains(&serde_json::json!({"item_id": "CM-NEW", "name": "Renamed"}))
    );
    assert!(
        listed
            .as_array()
            .unwrap()
            .contains(&serde_json::json!({"item_id": "CM-FORM", "name": "CM-FORM"}))
    );
}

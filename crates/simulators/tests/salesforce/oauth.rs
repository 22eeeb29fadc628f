use base64::Engine as _;
use jiff::Timestamp;
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::client::World;

#[tokio::test]
async fn both_grants_give_the_same_token_with_everything_clients_need() {
    let world = World::new().await;
    let (status, jwt) = world.token_call(&world.assertion(&world.claims())).await;
    assert_eq!(status, StatusCode::OK);
    assert_eq!(jwt["access_token"], world.token.as_str());
    assert!(world.token.starts_with(&format!("{}!", &world.org.org_id[..15])));
    assert_eq!(jwt["instance_url"], world.org.instance_url.as_str());
    assert_eq!((&jwt["token_type"], &jwt["scope"]), (&json!("Bearer"), &json!("api")));
    let id = jwt["id"].as_str().unwrap();
    assert!(
        id.starts_with(&format!("{}/id/{}/005", world.org.login_url, world.org.org_id)),
        "{id}"
    );
    assert!(jwt["issued_at"].as_str().unwrap().parse::<i64>().is_ok() && jwt["signature"].is_string());
    assert!(jwt.get("expires_in").is_none() && jwt.get("refresh_token").is_none());
    assert_eq!(world.org.arrivals().tokens_made, 1);
}

#[tokio::test]
async fn secrets_may_come_as_basic_and_forms_in_chunks() {
    let world = World::new().await;
    let url = format!("{}/services/oauth2/token/", world.org.login_url);
    let chunks = ["grant_type=client", "_credentials"].map(|part| Ok::<_, std::io::Error>(part.as_bytes().to_vec()));
    let body = axum::body::Body::from_stream(tokio_stream::iter(chunks));
    let credentials = format!("{}:{}", world.org.client_id, world.org.client_secret);
    let request = http::Request::post(&url)
        .header("host", url.split('/').nth(2).unwrap())
        .header("content-type", "application/x-www-form-urlencoded")
        .header(
            "authorization",
            format!(
                "Basic {}",
                base64::engine::general_purpose::STANDARD.encode(credentials)
            ),
        )
        .body(body)
        .unwrap();
    let stream = tokio::net::TcpStream::connect(url.split('/').nth(2).unwrap())
        .await
        .unwrap();
    let (mut sender, connection) = hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    let response = sender.send_request(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json;charset=UTF-8");
}

#[tokio::test]
async fn assertions_are_taken_with_any_good_audience_and_expiry_as_digits() {
    let world = World::new().await;
    let in_five_minutes = Timestamp::now().as_second() + 300;
    let other_login = world.org.login_url.replace("127.0.0.1", "localhost");
    for (claim, value) in [
        ("aud", json!(world.org.login_url)),
        ("aud", json!(other_login)),
        ("aud", json!("https://test.salesforce.com")),
        ("aud", json!(["https://login.salesforce.com"])),
        ("aud", json!("https://acme.my.salesforce.com")),
        ("exp", json!(in_five_minutes)),
        ("exp", json!(in_five_minutes.to_string())),
    ] {
        let mut claims = world.claims();
        claims[claim] = value.clone();
        let mut form = world.assertion(&claims);
        form.push(("client_id", "ignored".to_owned()));
        form.push(("client_secret", "ignored".to_owned()));
        let (status, body) = world.token_call(&form).await;
        assert_eq!(status, StatusCode::OK, "{claim} = {value}: {body}");
    }
}

#[tokio::test]
async fn assertions_that_are_not_good_are_refused_with_the_real_ones_words() {
    let world = World::new().await;
    let now = Timestamp::now().as_second();
    for (claim, value, error, description) in [
        (
            "iss",
            json!("somebody"),
            "invalid_client_id",
            "client identifier invalid",
        ),
        (
            "sub",
            json!("nobody@example.com"),
            "invalid_grant",
            "user hasn't approved this consumer",
        ),
        (
            "aud",
            json!("https://evil.example"),
            "invalid_grant",
            "audience is invalid",
        ),
        (
            "aud",
            json!("http://127.0.0.1:1"),
            "invalid_grant",
            "audience is invalid",
        ),
        ("aud", Value::Null, "invalid_grant", "audience is invalid"),
        ("exp", json!(now - 1), "invalid_grant", "expired assertion"),
        ("exp", json!(now + 400), "invalid_grant", "invalid assertion"),
        ("exp", json!("soon"), "invalid_grant", "invalid assertion"),
        ("exp", Value::Null, "invalid_grant", "invalid assertion"),
    ] {
        let mut claims = world.claims();
        claims[claim] = value.clone();
        let (status, body) = world.token_call(&world.assertion(&claims)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{claim} = {value}");
        assert_eq!(
            body,
            json!({"error": error, "error_description": description}),
            "{claim} = {value}"
        );
    }
}

#[tokio::test]
async fn signatures_of_another_key_or_algorithm_are_refused() {
    let (world, other) = (World::new().await, World::new().await);
    let claims = world.claims();
    let foreign = other.assertion(&claims);
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::HS256);
    let hmac = jsonwebtoken::encode(&header, &claims, &jsonwebtoken::EncodingKey::from_secret(b"x")).unwrap();
    let encode = |text: &str| base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text);
    let none = format!("{}.{}.", encode(r#"{"alg":"none"}"#), encode(&claims.to_string()));
    for assertion in [foreign[1].1.clone(), hmac, none, "a.b.c".to_owned(), String::new()] {
        let mut form = world.assertion(&claims);
        form[1].1.clone_from(&assertion);
        let (status, body) = world.token_call(&form).await;
        assert_eq!(
            (status, &body["error"]),
            (StatusCode::BAD_REQUEST, &json!("invalid_grant")),
            "{assertion}"
        );
    }
}

#[tokio::test]
async fn wrong_credentials_and_grants_are_refused_with_the_real_ones_words() {
    let world = World::new().await;
    for (name, value, error, description) in [
        ("client_secret", "wrong", "invalid_client", "invalid client credentials"),
        ("client_id", "wrong", "invalid_client_id", "client identifier invalid"),
        (
            "grant_type",
            "password",
            "unsupported_grant_type",
            "grant type not supported",
        ),
        ("grant_type", "", "unsupported_grant_type", "grant type not supported"),
    ] {
        let mut form = world.credentials();
        value.clone_into(&mut form.iter_mut().find(|(at, _)| *at == name).unwrap().1);
        let (status, body) = world.token_call(&form).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body, json!({"error": error, "error_description": description}));
    }
    let login_host = world
        .http
        .post(format!("{}/services/oauth2/token", world.org.login_url))
        .header("host", "login.salesforce.com")
        .form(&world.credentials())
        .send();
    let body: Value = login_host.await.unwrap().json().await.unwrap();
    assert_eq!(body["error_description"], "request not supported on this domain");
}

#[tokio::test]
async fn a_revoked_token_is_dead_at_once_and_the_next_sign_in_gives_another() {
    let mut world = World::new().await;
    let old = world.token.clone();
    let url = format!("{}/services/oauth2/revoke", world.org.instance_url);
    let revoked = world.http.post(&url).form(&[("token", &old)]).send().await.unwrap();
    assert_eq!(revoked.status(), StatusCode::OK);
    assert_eq!(world.get("/limits").await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(
        world
            .http
            .post(&url)
            .form(&[("token", &old)])
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::BAD_REQUEST
    );
    world.sign_in().await;
    assert_ne!(world.token, old);
    assert_eq!(world.get("/limits").await.0, StatusCode::OK);
}

#[tokio::test]
async fn clients_learn_who_they_are() {
    let world = World::new().await;
    let info = world
        .http
        .get(format!("{}/services/oauth2/userinfo", world.org.login_url))
        .bearer_auth(&world.token);
    let info: Value = info.send().await.unwrap().json().await.unwrap();
    assert_eq!(info["organization_id"], world.org.org_id.as_str());
    assert_eq!(info["preferred_username"], world.org.username.as_str());
    let id = info["sub"].as_str().unwrap();
    let identity = world
        .http
        .get(format!("{id}?format=json&oauth_token={}", world.token))
        .send()
        .await
        .unwrap();
    let identity: Value = identity.json().await.unwrap();
    assert_eq!(identity["user_id"], info["user_id"]);
    assert_eq!(identity["username"], world.org.username.as_str());
    assert!(
        identity["urls"]["rest"]
            .as_str()
            .unwrap()
            .contains("/services/data/v{version}/")
    );
    let short = id.replace(&world.org.org_id, &world.org.org_id[..15]);
    assert_eq!(
        world
            .http
            .get(short)
            .bearer_auth(&world.token)
            .send()
            .await
            .unwrap()
            .status(),
        StatusCode::OK
    );
    assert_eq!(
        world.http.get(id).bearer_auth("wrong").send().await.unwrap().status(),
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn the_signing_key_is_for_this_user_only_and_goes_with_the_org() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new().await;
    let file = world.org.jwt_key_file.clone();
    assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let ready: Value = serde_json::to_value(world.org.ready()).unwrap();
    for key in [
        "login_url",
        "instance_url",
        "pubsub_endpoint",
        "org_id",
        "username",
        "client_id",
        "client_secret",
        "topic",
    ] {
        assert!(ready[key].is_string(), "{key}");
    }
    assert_eq!(ready["jwt_key_file"], file.to_str().unwrap());
    assert!(ready.get("ca_file").is_none());
    world.org.shutdown().await;
    drop(world);
    assert!(!file.exists());
}

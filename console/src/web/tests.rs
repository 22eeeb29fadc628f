use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use tower::ServiceExt as _;

use super::*;
use crate::samples::{HOSTILE, Sample, TICKET, sample};

struct Page {
    status: StatusCode,
    policy: String,
    text: String,
}

async fn get(sample: &Sample, path: &str, host: &str) -> Page {
    let console = Console::new(sample.ledger.clone(), None);
    let routes = routes(Deps {
        console,
        environment: "<i>test</i>".into(),
        health: telemetry::Health::default(),
    });
    let request = Request::get(path).header("host", host).body(Body::empty()).unwrap();
    let response = routes.oneshot(request).await.unwrap();
    let policy = response
        .headers()
        .get("content-security-policy")
        .map(|policy| policy.to_str().unwrap().to_owned());
    Page {
        status: response.status(),
        policy: policy.unwrap_or_default(),
        text: String::from_utf8(to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec()).unwrap(),
    }
}

/// Every page there is about the sample.
async fn pages(sample: &Sample) -> Vec<(String, Page)> {
    let letter = format!("/dead-letters/{}", sample.refused_letter);
    let mut pages = Vec::new();
    for path in [
        "/",
        "/orders",
        "/orders/erp%2FPO-1%2F1",
        "/orders/PO-2",
        "/orders/PO-3",
        "/dead-letters",
        &letter,
    ] {
        let page = get(sample, path, "localhost:8080").await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
        pages.push((path.to_owned(), page));
    }
    pages
}

#[tokio::test]
async fn hostile_names_and_faults_are_harmless_on_every_page() {
    let sample = sample().await;
    for (path, page) in pages(&sample).await {
        for hostile in ["<script>alert", "<img", "<b>CM-PRO-2", "<i>test", "onload=x &amp; "] {
            assert!(!page.text.contains(hostile), "{path} carries {hostile}");
        }
        assert!(
            page.policy.contains("default-src 'none'") && !page.policy.contains("unsafe"),
            "{path}"
        );
        assert!(
            !page.text.contains("style=\""),
            "{path}: the policy would drop an inline style"
        );
    }
    let shown = get(&sample, "/orders/PO-2", "localhost").await.text;
    assert!(
        shown.contains("&lt;script&gt;alert(1)&lt;/script&gt;"),
        "it is shown as the text it is: {HOSTILE}"
    );
}

#[tokio::test]
async fn no_page_shows_a_ticket() {
    let sample = sample().await;
    for (path, page) in pages(&sample).await {
        assert!(!page.text.contains(TICKET) && !page.text.contains("AAAAA"), "{path}");
    }
    assert!(
        get(&sample, "/", "localhost").await.text.contains("7KQ2M-•••••"),
        "but enough to compare it"
    );
}

#[tokio::test]
async fn the_first_page_says_what_needs_a_person_and_how_to_send_it_again() {
    let sample = sample().await;
    let page = get(&sample, "/", "127.0.0.1:9000").await.text;
    assert!(page.contains("1 dead letter needs a person"), "{page}");
    assert!(page.contains("License Central declined 1 order"));
    assert!(page.contains(&format!(
        "ticketsmith dead-letters replay {} --why ",
        &sample.refused_letter[..12]
    )));
}

#[tokio::test]
async fn what_does_not_exist_is_a_page_that_says_so() {
    let sample = sample().await;
    for path in ["/orders/none", "/dead-letters/ffffffffffff", "/nothing"] {
        let page = get(&sample, path, "[::1]:80").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}: {}", page.text);
        assert!(!page.policy.is_empty(), "{path}");
    }
}

#[tokio::test]
async fn a_page_asked_for_under_a_foreign_name_is_not_shown() {
    let sample = sample().await;
    for host in ["evil.example", "127.0.0.1.evil.example:80", "10.0.0.1"] {
        assert_eq!(
            get(&sample, "/", host).await.status,
            StatusCode::MISDIRECTED_REQUEST,
            "{host}"
        );
    }
}

#[tokio::test]
async fn without_sign_in_no_other_machine_is_served() {
    let sample = sample().await;
    let deps = Deps {
        console: Console::new(sample.ledger.clone(), None),
        environment: String::new(),
        health: telemetry::Health::default(),
    };
    let address = "0.0.0.0:0".parse().unwrap();
    let refused = serve(address, deps, CancellationToken::new()).await;
    assert!(matches!(refused, Err(Error::NotLoopback { .. })));
}

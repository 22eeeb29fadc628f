//! Tokens: minted once for all, never kept empty, refused with a hint.

use futures_util::future::join_all;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};

use super::web::{Reply, TOKEN, Web, html, json, token};
use super::{ORG, USER, settings};
use crate::http_client::Http;
use crate::oauth::Tokens;
use crate::{Auth, Client, Error, Jwt, Settings};

fn tokens(settings: &Settings) -> Tokens {
    Tokens::new(settings, Http::new(settings).unwrap()).unwrap()
}

async fn first_error(answer: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Error {
    let web = Web::start(move |url, _, _| answer(url)).await;
    tokens(&settings(&web.url, "")).token().await.unwrap_err()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_waiters_share_one_token_call() {
    let web = Web::start(|url, _, before| token(url, &format!("token-{before}"))).await;
    let tokens = tokens(&settings(&web.url, ""));
    let all = join_all((0..50).map(|_| tokens.token())).await;
    assert!(all.iter().all(|token| token.as_ref().unwrap().access() == "token-0"));
    assert_eq!(web.seen(TOKEN).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_invalidated_token_is_minted_once_more_by_all_who_notice() {
    let web = Web::start(|url, _, before| token(url, &format!("token-{before}"))).await;
    let tokens = tokens(&settings(&web.url, ""));
    let old = tokens.token().await.unwrap();
    let all = join_all((0..50).map(|_| async {
        tokens.invalidate(&old);
        tokens.token().await
    }))
    .await;
    assert!(all.iter().all(|token| token.as_ref().unwrap().access() == "token-1"));
    tokens.invalidate(&old);
    assert_eq!(tokens.token().await.unwrap().access(), "token-1", "the new token stays");
    assert_eq!(web.seen(TOKEN).len(), 2);
}

#[tokio::test]
async fn a_failed_token_call_is_shared_and_not_kept() {
    let web = Web::start(|url, _, before| if before == 0 { html(503) } else { token(url, "second") }).await;
    let tokens = tokens(&settings(&web.url, ""));
    let all = join_all((0..50).map(|_| tokens.token())).await;
    assert!(all.iter().all(|token| token.as_ref().is_err_and(Error::is_transient)));
    assert_eq!(web.seen(TOKEN).len(), 1);
    assert_eq!(tokens.token().await.unwrap().access(), "second");
}

#[tokio::test]
async fn a_waiter_that_gives_up_does_not_stop_the_others() {
    let web = Web::start(|url, _, before| token(url, &format!("token-{before}"))).await;
    let tokens = tokens(&settings(&web.url, ""));
    let mut first = Box::pin(tokens.token());
    assert!(futures_util::poll!(&mut first).is_pending());
    let second = tokens.token();
    drop(first);
    assert_eq!(second.await.unwrap().access(), "token-0");
    assert_eq!(web.seen(TOKEN).len(), 1);
}

#[tokio::test]
async fn an_old_token_is_minted_anew_unasked() {
    let web = Web::start(|url, _, before| token(url, &format!("token-{before}"))).await;
    let tokens = tokens(&Settings {
        token_lifetime: std::time::Duration::ZERO,
        ..settings(&web.url, "")
    });
    assert_eq!(tokens.token().await.unwrap().access(), "token-0");
    assert_eq!(tokens.token().await.unwrap().access(), "token-1");
}

#[tokio::test]
async fn the_org_and_the_user_are_read_from_the_token_answer() {
    let web = Web::org(|_, _| html(404)).await;
    let client = Client::new(&settings(&web.url, "")).unwrap();
    assert_eq!(client.org_id().await.unwrap(), ORG);
    assert_eq!(client.user_id().await.unwrap(), USER);
    let seen = &web.seen(TOKEN)[0];
    assert_eq!(seen.form("grant_type").unwrap(), "client_credentials");
    assert_eq!(seen.form("client_id").unwrap(), "the-app");
    assert_eq!(seen.form("client_secret").unwrap(), "the-secret");
}

#[tokio::test]
async fn the_assertion_is_verified_with_the_public_key() {
    #[derive(serde::Deserialize)]
    struct Claims {
        iss: String,
        sub: String,
        aud: String,
        exp: u64,
    }
    let web = Web::start(|url, _, _| token(url, "t")).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    let key = rcgen::KeyPair::generate_rsa_for(&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048).unwrap();
    std::fs::write(&file, key.serialize_pem()).unwrap();
    let jwt = Jwt {
        client_id: "the-app".into(),
        username: "robot@example.com".into(),
        private_key_file: file,
        audience: Some("https://login.salesforce.com".into()),
    };
    let settings = Settings {
        auth: Auth {
            jwt: Some(jwt),
            client_credentials: None,
        },
        ..settings(&web.url, "")
    };
    assert!(
        settings.connection_mistakes().is_empty(),
        "{:?}",
        settings.connection_mistakes()
    );
    tokens(&settings).token().await.unwrap();

    let seen = &web.seen(TOKEN)[0];
    assert_eq!(
        seen.form("grant_type").unwrap(),
        "urn:ietf:params:oauth:grant-type:jwt-bearer"
    );
    let mut validation = Validation::new(Algorithm::RS256);
    validation.set_audience(&["https://login.salesforce.com"]);
    let public = DecodingKey::from_rsa_pem(key.public_key_pem().as_bytes()).unwrap();
    let claims = jsonwebtoken::decode::<Claims>(seen.form("assertion").unwrap(), &public, &validation)
        .unwrap()
        .claims;
    assert_eq!(
        (claims.iss.as_str(), claims.sub.as_str()),
        ("the-app", "robot@example.com")
    );
    assert_eq!(claims.aud, "https://login.salesforce.com");
    let now = u64::try_from(jiff::Timestamp::now().as_second()).unwrap();
    assert!((now + 100..=now + 180).contains(&claims.exp), "{} at {now}", claims.exp);
}

#[tokio::test]
async fn an_empty_or_unusable_token_answer_is_an_error() {
    for (field, value) in [
        ("access_token", ""),
        ("access_token", "  "),
        ("instance_url", ""),
        ("instance_url", "ftp://x"),
        ("id", ""),
        ("id", "https://login.salesforce.com/id/nonsense/005WU00000Xy9z8YAB"),
    ] {
        let error = first_error(move |url| {
            let mut body: serde_json::Value = serde_json::from_str(&token(url, "t").body).unwrap();
            body[field] = value.into();
            json(200, body)
        })
        .await;
        assert!(
            matches!(&error, Error::ForeignAnswer { at: "token", .. }),
            "{field}={value}: {error}"
        );
        assert!(error.is_transient());
    }
}

#[test]
fn a_token_that_came_over_tls_is_not_carried_to_a_plaintext_address() {
    let body = token("http://acme.my.salesforce.com", "t").body;
    let error = crate::oauth::answer::read(200, body.as_bytes(), true).err().unwrap();
    assert!(error.to_string().contains("instance_url"), "{error}");
    assert!(crate::oauth::answer::read(200, body.as_bytes(), false).is_ok());
}

#[tokio::test]
async fn a_refused_token_names_salesforces_words_and_a_hint() {
    for (error, description, hint) in [
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorize"),
        (
            "invalid_app_access",
            "user is not admin approved to access this app",
            "permission set",
        ),
        ("invalid_grant", "no client credentials user enabled", "run-as user"),
        ("invalid_grant", "request not supported on this domain", "My Domain"),
        ("invalid_client_id", "client identifier invalid", "consumer key"),
        ("invalid_client", "invalid client credentials", "consumer secret"),
        ("unsupported_grant_type", "grant type not supported", "enable this flow"),
        ("invalid_grant", "audience is invalid", "auth.jwt.audience"),
        ("invalid_grant", "expired authorization code", "clock"),
        ("invalid_grant", "authentication failure", "policies"),
    ] {
        let refusal = serde_json::json!({ "error": error, "error_description": description });
        let found = first_error(move |_| json(400, &refusal)).await;
        assert!(found.is_configuration() && !found.is_transient());
        let text = found.to_string();
        assert!(
            text.contains(error) && text.contains(description) && text.contains(hint),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_server_in_trouble_is_transient_and_a_foreign_page_is_not_a_token() {
    for status in [500, 502, 503, 429, 302] {
        assert!(first_error(move |_| html(status)).await.is_transient(), "{status}");
    }
    assert!(first_error(|_| html(404)).await.is_configuration());
    assert!(first_error(|_| html(200)).await.is_transient());
    let nobody = settings("http://127.0.0.1:9", "");
    let error = tokens(&nobody).token().await.unwrap_err();
    assert!(
        matches!(error, Error::Unreachable { at: "token", .. }) && error.is_transient(),
        "{error:?}"
    );
}

#[tokio::test]
async fn no_debug_text_shows_a_secret() {
    let web = Web::start(|url, _, _| token(url, "very-secret-token")).await;
    let settings = settings(&web.url, "");
    let token = tokens(&settings).token().await.unwrap();
    let text = format!("{settings:?} {token:?} {}", toml::to_string(&settings).unwrap());
    assert!(
        !text.contains("very-secret-token") && !text.contains("the-secret"),
        "{text}"
    );
}

//! The health endpoint: `/livez`, `/readyz` and `/metrics`.

use crate::{Health, MetricsText, install_metrics};
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse, routing::get};
use std::{fmt::Write as _, io, net::SocketAddr};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// The health endpoint could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} for health and metrics")]
pub struct ServeError {
    /// Where it should have listened.
    pub address: SocketAddr,
    source: io::Error,
}

/// Answers `/livez`, `/readyz` and `/metrics` until the process ends; returns where it really listens.
///
/// # Errors
/// When the address cannot be listened on.
pub async fn serve(address: SocketAddr, health: Health, shutdown: CancellationToken) -> Result<SocketAddr, ServeError> {
    let failed = |source| ServeError { address, source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    tokio::spawn(async move {
        let ended = axum::serve(listener, routes(health))
            .with_graceful_shutdown(shutdown.cancelled_owned())
            .await;
        if let Err(error) = ended {
            tracing::error!(%error, "the health endpoint ended");
        }
    });
    Ok(bound)
}

/// The routes themselves, for a process that serves more on the same address.
pub fn routes(health: Health) -> Router {
    Router::new()
        .route("/livez", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics))
        .with_state((health, install_metrics()))
}

async fn ready(State((health, _)): State<(Health, MetricsText)>) -> impl IntoResponse {
    let mut text = String::new();
    for (name, state) in health.report() {
        let state = state.map_or_else(|reason| format!("failed: {reason}"), |()| "ok".to_owned());
        let _ = writeln!(text, "{name}: {state}");
    }
    let status = if health.is_ready() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, text)
}

async fn metrics(State((_, text)): State<(Health, MetricsText)>) -> impl IntoResponse {
    (
        [("content-type", "text/plain; version=0.0.4; charset=utf-8")],
        text.render(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    async fn get(address: SocketAddr, path: &str) -> String {
        let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }

    #[tokio::test]
    async fn a_process_is_ready_once_every_check_passes_and_says_which_one_does_not() {
        let health = Health::default();
        let (broker, ledger) = (health.check("broker"), health.check("ledger"));
        let shutdown = CancellationToken::new();
        let address = serve(([127, 0, 0, 1], 0).into(), health, shutdown.clone())
            .await
            .unwrap();
        ledger.pass();
        let answer = get(address, "/readyz").await;
        assert!(
            answer.starts_with("HTTP/1.1 503") && answer.contains("broker: failed: starting"),
            "{answer}"
        );
        broker.pass();
        assert!(get(address, "/readyz").await.starts_with("HTTP/1.1 200"));
        assert!(get(address, "/livez").await.contains("alive"));
        assert!(get(address, "/metrics").await.contains("text/plain; version=0.0.4"));
        shutdown.cancel();
    }
}

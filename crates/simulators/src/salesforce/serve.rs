//! Connections: accepted, secured, served, and cut or sent away when a fault says so.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A mark on a response: everything was done, but the answer is lost and the connection with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct AnswerLost;

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Protocol {
    /// OAuth, REST and pages.
    Http1,
    /// gRPC.
    Http2,
}

/// Tells all open connections what to do.
#[derive(Debug, Default)]
pub(super) struct Connections {
    cut: watch::Sender<u64>,
    go_away: watch::Sender<u64>,
}

impl Connections {
    /// Cuts every connection without a word.
    pub(super) fn cut(&self) {
        self.cut.send_modify(|count| *count += 1);
    }

    /// Asks the HTTP/2 connections to go away once their calls are done.
    pub(super) fn go_away(&self) {
        self.go_away.send_modify(|count| *count += 1);
    }
}

/// What a listener needs beside its service.
#[derive(Clone)]
pub(super) struct Listening {
    pub(super) protocol: Protocol,
    pub(super) tls: Option<TlsAcceptor>,
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    pub(super) cut: watch::Receiver<u64>,
    pub(super) go_away: watch::Receiver<u64>,
}

impl Listening {
    /// What both listeners share.
    pub(super) fn new(
        protocol: Protocol,
        tls: Option<TlsAcceptor>,
        connections: &Connections,
        stop: CancellationToken,
        tasks: TaskTracker,
    ) -> Self {
        let (cut, go_away) = (connections.cut.subscribe(), connections.go_away.subscribe());
        Self {
            protocol,
            tls,
            stop,
            tasks,
            cut,
            go_away,
        }
    }

    /// Accepts connections until told to stop, and serves each on its own task.
    pub(super) async fn serve<S, F, B>(self, listener: TcpListener, service: S)
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        loop {
            let accepted = tokio::select! {
                () = self.stop.cancelled() => return,
                accepted = listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, _)) => {
                    let mut connection = self.clone();
                    // A connection answers to what is told after it began.
                    connection.cut.mark_unchanged();
                    connection.go_away.mark_unchanged();
                    self.tasks.spawn(connection.secure(stream, service.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    async fn secure<S, F, B>(self, stream: TcpStream, service: S)
    where
        S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        stream.set_nodelay(true).ok();
        let Some(tls) = self.tls.clone() else {
            return self.speak(stream, service).await;
        };
        let handshake = tokio::select! {
            () = self.stop.cancelled() => return,
            handshake = tokio::time::timeout(Duration::from_secs(10), tls.accept(stream)) => handshake,
        };
        match handshake {
            Ok(Ok(stream)) => self.speak(stream, service).await,
            Ok(Err(error)) => tracing::debug!(%error, "a client gave up the TLS handshake"),
            Err(_) => tracing::debug!("a client did not finish the TLS handshake"),
        }
    }

    async fn speak<I, S, F, B>(mut self, stream: I, service: S)
    where
        I: AsyncRead + AsyncWrite + Unpin + Send + 'static,
        S: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<B>> + Send + 'static,
        B: hyper::body::Body + Send + 'static,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let service = Arc::new(service);
        let answer = service_fn(move |request| {
            let service = Arc::clone(&service);
            async move { keep_or_lose(service(request).await) }
        });
        let mut builder = Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new());
        // The real one allows 1,000 streams on a connection.
        builder.http2().timer(TokioTimer::new()).max_concurrent_streams(1000);
        let builder = match self.protocol {
            Protocol::Http1 => builder.http1_only(),
            Protocol::Http2 => builder.http2_only(),
        };
        let connection = builder.serve_connection(TokioIo::new(stream), answer);
        tokio::pin!(connection);
        loop {
            tokio::select! {
                done = connection.as_mut() => {
                    if let Err(error) = done {
                        tracing::debug!(%error, "a connection ended");
                    }
                    return;
                }
                () = self.stop.cancelled() => return,
                _ = self.cut.changed() => return,
                Ok(()) = self.go_away.changed(), if self.protocol == Protocol::Http2 => connection.as_mut().graceful_shutdown(),
            }
        }
    }
}

/// Why hyper is made to cut a connection.
#[derive(Debug, thiserror::Error)]
#[error("the answer is lost, as planned")]
struct Lost;

fn keep_or_lose<B>(response: Response<B>) -> Result<Response<B>, Lost> {
    if response.extensions().get::<AnswerLost>().is_some() {
        Err(Lost)
    } else {
        Ok(response)
    }
}

/// Turns an axum router into what a listener serves.
pub(super) async fn route(router: axum::Router, mut request: Request<Incoming>) -> Response<axum::body::Body> {
    use tower::ServiceExt as _;
    without_trailing_slash(&mut request);
    let answered: Result<_, Infallible> = router.oneshot(request.map(axum::body::Body::new)).await;
    match answered {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

/// `/services/data/v67.0/limits/?x=1` → `/services/data/v67.0/limits?x=1`: the real one takes both.
fn without_trailing_slash<B>(request: &mut Request<B>) {
    let path = request.uri().path();
    let trimmed = path.trim_end_matches('/');
    if trimmed.len() == path.len() || trimmed.is_empty() {
        return;
    }
    let query = request
        .uri()
        .query()
        .map(|query| format!("?{query}"))
        .unwrap_or_default();
    if let Ok(uri) = format!("{trimmed}{query}").parse() {
        *request.uri_mut() = uri;
    }
}

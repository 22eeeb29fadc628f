//! Takes connections, plain or TLS, and serves HTTP/1.1 on them until told to stop.

use std::{io, sync::Arc, time::Duration};

use axum::Router;
use futures_util::future::{Either, select};
use hyper::{Request, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::Service;

use super::{
    connection::{Scissors, Wire},
    site::Site,
};

/// How long requests in progress may take once the server is told to stop.
const GRACE: Duration = Duration::from_secs(2);
/// A client that does not finish its TLS handshake does not hold a place for ever.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// A fatal `handshake_failure` alert.
const HANDSHAKE_FAILURE: [u8; 7] = [0x15, 3, 3, 0, 2, 2, 40];

/// What is needed to serve.
pub(crate) struct Server {
    pub(crate) listener: TcpListener,
    pub(crate) tls: Option<TlsAcceptor>,
    pub(crate) site: Arc<Site>,
    pub(crate) router: Router,
    pub(crate) stop: CancellationToken,
}

impl Server {
    /// Serves until `stop`; returns when every connection has ended or [`GRACE`] is over.
    pub(crate) async fn run(self) {
        let connections = TaskTracker::new();
        let abandon = CancellationToken::new();
        loop {
            let stream = tokio::select! {
                () = self.stop.cancelled() => break,
                accepted = self.listener.accept() => match accepted {
                    Ok((stream, _)) => stream,
                    Err(error) => {
                        // Out of file descriptors, most likely: taking the next at once would spin.
                        tracing::warn!(error = &error as &dyn std::error::Error, "cannot take a connection");
                        tokio::time::sleep(Duration::from_millis(50)).await;
                        continue;
                    }
                },
            };
            let connection = self.serve(stream);
            let abandoned = abandon.clone();
            connections.spawn(async move {
                tokio::select! {
                    () = abandoned.cancelled() => {}
                    () = connection => {}
                }
            });
        }
        drop(self.listener);
        connections.close();
        if tokio::time::timeout(GRACE, connections.wait()).await.is_err() {
            abandon.cancel();
            connections.wait().await;
        }
    }

    /// Serves one connection to its end.
    fn serve(&self, stream: TcpStream) -> impl Future<Output = ()> + use<> {
        let (tls, router, stop) = (self.tls.clone(), self.router.clone(), self.stop.clone());
        let fails = self.site.faults.take_handshake();
        let scissors = Scissors::default();
        async move {
            let _ = stream.set_nodelay(true);
            let wire = Wire::new(stream, scissors.clone());
            // How a connection ends is the client's business; whatever it was, there is nobody left to tell.
            let _ = match (fails, tls) {
                (true, None) => Ok(()),
                (true, Some(_)) => refuse_handshake(wire).await,
                (false, None) => http(wire, router, scissors, stop).await,
                (false, Some(tls)) => match tokio::time::timeout(HANDSHAKE, tls.accept(wire)).await {
                    Ok(Ok(wire)) => http(wire, router, scissors, stop).await,
                    Ok(Err(error)) => Err(error),
                    Err(_) => Ok(()),
                },
            };
        }
    }
}

async fn http(
    wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    scissors: Scissors,
    stop: CancellationToken,
) -> io::Result<()> {
    let for_requests = scissors.clone();
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(for_requests.clone());
        router.clone().call(request)
    });
    let connection = std::pin::pin!(http1::Builder::new().serve_connection(TokioIo::new(wire), service));
    let cut_or_stop = std::pin::pin!(async {
        tokio::select! {
            () = scissors.was_cut() => true,
            () = stop.cancelled() => false,
        }
    });
    match select(connection, cut_or_stop).await {
        Either::Left((ended, _)) => ended.map_err(io::Error::other),
        // Dropping the connection closes the socket, or resets it.
        Either::Right((true, _)) => Ok(()),
        Either::Right((false, mut connection)) => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection => ended.map_err(io::Error::other),
                () = scissors.was_cut() => Ok(()),
            }
        }
    }
}

/// Reads the client's hello and refuses it.
async fn refuse_handshake(mut wire: Wire) -> io::Result<()> {
    let mut hello = [0; 2048];
    if wire.read(&mut hello).await? > 0 {
        wire.write_all(&HANDSHAKE_FAILURE).await?;
        wire.shutdown().await?;
    }
    Ok(())
}

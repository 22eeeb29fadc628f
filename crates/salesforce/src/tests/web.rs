//! A web server that answers as a test says and keeps what it was asked.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use axum::serve::Listener;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::AbortHandle;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

use super::{ORG, USER};

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) authorization: String,
    pub(super) body: String,
}

impl Seen {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn form(&self, name: &str) -> Option<String> {
        url::form_urlencoded::parse(self.body.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into())
    }
}

/// What to answer.
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: String,
}

pub(super) fn json(status: u16, body: impl ToString) -> Reply {
    let headers = vec![("content-type", "application/json;charset=UTF-8".to_owned())];
    Reply {
        status,
        headers,
        body: body.to_string(),
    }
}

pub(super) fn html(status: u16) -> Reply {
    let headers = vec![("content-type", "text/html".to_owned())];
    Reply {
        status,
        headers,
        body: "<html><body>Down for maintenance</body></html>".to_owned(),
    }
}

pub(super) struct Web {
    pub(super) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: AbortHandle,
}

impl Drop for Web {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Web {
    /// Starts a server; `answer` gets its own address, the request, and how many came to that path before.
    pub(super) async fn start(answer: impl Fn(&str, &Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        Self::serve(listener, url, answer)
    }

    /// Starts behind TLS, with an address under `localhost`.
    pub(super) async fn start_tls(
        tls: TlsAcceptor,
        answer: impl Fn(&str, &Seen, usize) -> Reply + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("https://localhost:{}", listener.local_addr().unwrap().port());
        Self::serve(TlsListener { listener, tls }, url, answer)
    }

    fn serve<L>(listener: L, url: String, answer: impl Fn(&str, &Seen, usize) -> Reply + Send + Sync + 'static) -> Self
    where
        L: Listener<Addr: std::fmt::Debug>,
    {
        let seen = Arc::new(Mutex::new(Vec::<Seen>::new()));
        let shared = Arc::new((url.clone(), Arc::clone(&seen), answer));
        let app = Router::new().fallback(move |request: Request<Body>| {
            let shared = Arc::clone(&shared);
            async move {
                let (url, seen, answer) = &*shared;
                let request = read(request).await;
                let before = {
                    let mut seen = seen.lock().unwrap();
                    seen.push(request.clone());
                    seen.iter().filter(|other| other.path == request.path).count() - 1
                };
                let reply = answer(url, &request, before);
                let mut response = Response::builder().status(reply.status);
                for (name, value) in reply.headers {
                    response = response.header(name, value);
                }
                response.body(Body::from(reply.body)).unwrap()
            }
        });
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }).abort_handle();
        Self { url, seen, task }
    }

    /// Starts a server whose token endpoint gives `token-1`, `token-2`, …; the rest is `answer`'s.
    pub(super) async fn org(answer: impl Fn(&Seen, usize) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(move |url, seen, before| match seen.path.as_str() {
            TOKEN => token(url, &format!("token-{}", before + 1)),
            _ => answer(seen, before),
        })
        .await
    }

    /// Returns what came to paths that end so.
    pub(super) fn seen(&self, path: &str) -> Vec<Seen> {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|seen| seen.path.ends_with(path))
            .cloned()
            .collect()
    }
}

struct TlsListener {
    listener: TcpListener,
    tls: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, address) = self.listener.accept().await.unwrap();
            if let Ok(stream) = self.tls.accept(stream).await {
                return (stream, address);
            }
        }
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.listener.local_addr()
    }
}

pub(super) const TOKEN: &str = "/services/oauth2/token";

/// A token answer as Salesforce gives it.
pub(super) fn token(instance_url: &str, token: &str) -> Reply {
    let body = serde_json::json!({
        "access_token": token,
        "instance_url": instance_url,
        "id": format!("https://login.salesforce.com/id/{ORG}/{USER}"),
        "token_type": "Bearer",
        "scope": "api",
        "issued_at": "1700000000000",
        "signature": "c2lnbmF0dXJl",
    });
    json(200, body)
}

async fn read(request: Request<Body>) -> Seen {
    let (head, body) = request.into_parts();
    let authorization = head
        .headers
        .get("authorization")
        .map(|value| value.to_str().unwrap().to_owned());
    Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        authorization: authorization.unwrap_or_default(),
        body: String::from_utf8(to_bytes(body, 10_000_000).await.unwrap().to_vec()).unwrap(),
    }
}

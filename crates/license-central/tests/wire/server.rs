//! A raw HTTP/1.1 server that does what it is told and remembers what it read.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use license_central::{Client, Order, Settings};
use schemas::{Customer, OrderLine};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio::time::Instant;

/// What the server does with a request it has read.
#[derive(Clone)]
pub(crate) enum Act {
    /// Writes these bytes and keeps the connection.
    Write(Vec<u8>),
    /// Writes these bytes and closes the connection.
    WriteAndClose(Vec<u8>),
    /// Writes these bytes, waits, and closes the connection.
    WriteWaitClose(Vec<u8>, Duration),
    /// Closes the connection without an answer.
    Close,
    /// Writes these bytes one by one, this long apart.
    Dribble(Vec<u8>, Duration),
    /// Keeps the connection open and says nothing.
    Stall,
}

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) connection: usize,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Received {
    /// Returns a header's value.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(value.trim())
        })
    }
}

#[derive(Default)]
struct Log {
    requests: Vec<Received>,
    connections: usize,
    bytes: usize,
}

/// A running server; it ends with the test's runtime.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    log: Arc<Mutex<Log>>,
}

type Script = Arc<dyn Fn(&Received) -> Act + Send + Sync>;

impl Server {
    /// Starts a server that answers every request by a script.
    pub(crate) async fn start(script: impl Fn(&Received) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            port: listener.local_addr().unwrap().port(),
            log: Arc::default(),
        };
        let (log, script): (_, Script) = (server.clone(), Arc::new(script));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(log.clone().serve(stream, Arc::clone(&script)));
            }
        });
        server
    }

    /// Starts a server that always does the same.
    pub(crate) async fn always(act: Act) -> Self {
        Self::start(move |_| act.clone()).await
    }

    /// Serves one connection, which may be a TLS one.
    pub(crate) async fn serve(self, mut stream: impl AsyncRead + AsyncWrite + Unpin, script: Script) {
        let connection = self.with(|log| {
            log.connections += 1;
            log.connections
        });
        let mut buffer = Vec::new();
        while let Some((head, body)) = self.read_request(&mut stream, &mut buffer).await {
            let received = Received { connection, head, body };
            self.with(|log| log.requests.push(received.clone()));
            match script(&received) {
                Act::Write(bytes) => {
                    if stream.write_all(&bytes).await.is_err() {
                        return;
                    }
                }
                Act::WriteAndClose(bytes) => {
                    let _ = stream.write_all(&bytes).await;
                    let _ = stream.shutdown().await;
                    return;
                }
                Act::WriteWaitClose(bytes, wait) => {
                    let _ = stream.write_all(&bytes).await;
                    tokio::time::sleep(wait).await;
                    return;
                }
                Act::Close => return,
                Act::Dribble(bytes, pause) => {
                    for byte in bytes {
                        tokio::time::sleep(pause).await;
                        if stream.write_all(&[byte]).await.is_err() {
                            return;
                        }
                    }
                }
                Act::Stall => std::future::pending().await,
            }
        }
    }

    async fn read_request(
        &self,
        stream: &mut (impl AsyncRead + Unpin),
        buffer: &mut Vec<u8>,
    ) -> Option<(String, String)> {
        loop {
            if let Some(end) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                let head = String::from_utf8(buffer[..end].to_vec()).unwrap();
                let length: usize = head
                    .lines()
                    .find_map(|line| {
                        line.to_ascii_lowercase()
                            .strip_prefix("content-length:")
                            .map(str::to_owned)
                    })
                    .map_or(0, |value| value.trim().parse().unwrap());
                if buffer.len() >= end + 4 + length {
                    let body = String::from_utf8(buffer[end + 4..end + 4 + length].to_vec()).unwrap();
                    buffer.drain(..end + 4 + length);
                    return Some((head, body));
                }
            }
            let read = stream.read_buf(buffer).await.ok()?;
            self.with(|log| log.bytes += read);
            if read == 0 {
                return None;
            }
        }
    }

    /// Returns the whole requests that came.
    pub(crate) fn requests(&self) -> Vec<Received> {
        self.with(|log| log.requests.clone())
    }

    /// Returns how many bytes came, whole requests or not.
    pub(crate) fn bytes(&self) -> usize {
        self.with(|log| log.bytes)
    }

    fn with<T>(&self, look: impl FnOnce(&mut Log) -> T) -> T {
        look(&mut self.log.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns settings for this server.
    pub(crate) fn settings(&self) -> Settings {
        settings(&format!("http://127.0.0.1:{}/soap", self.port))
    }

    /// Returns a client of this server.
    pub(crate) fn client(&self) -> Client {
        Client::new(&self.settings()).unwrap()
    }
}

/// Returns settings with a short time-out.
pub(crate) fn settings(endpoint: &str) -> Settings {
    Settings {
        call_timeout: Duration::from_secs(10),
        ..Settings::new(endpoint.parse().unwrap())
    }
}

/// Returns an order of one line.
pub(crate) fn order(number: &str) -> Order {
    Order {
        number: number.to_owned(),
        customer: Customer {
            id: "001000000000001AAA".to_owned(),
            name: "Müller & Söhne".to_owned(),
            email: None,
        },
        lines: vec![OrderLine {
            line_id: "802000000000001AAA".to_owned(),
            item_id: "CM-PRO".to_owned(),
            quantity: 3,
            terms: std::collections::BTreeMap::new(),
        }],
    }
}

/// Returns a deadline that no test meets.
pub(crate) fn far() -> Instant {
    Instant::now() + Duration::from_secs(600)
}

/// Writes an HTTP answer.
pub(crate) fn http(status: u16, media_type: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

/// Writes a SOAP 1.1 envelope around a body.
pub(crate) fn soap(body: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\" \
         xmlns:lc=\"urn:ticketsmith:license-central:2026\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}

/// Writes a good answer to `create_order`.
pub(crate) fn created(number: &str) -> Vec<u8> {
    let body = format!(
        "<lc:CreateOrderResponse><lc:OrderNumber>{number}</lc:OrderNumber>\
         <lc:Ticket>AB3DE-FGH1J-KLMN0-PQRST-UVWXY</lc:Ticket></lc:CreateOrderResponse>"
    );
    http(200, "text/xml; charset=utf-8", "", &soap(&body))
}

/// Writes a SOAP 1.1 fault answer.
pub(crate) fn fault(status: u16, code: &str) -> Vec<u8> {
    let body = format!(
        "<s:Fault><faultcode>s:Server</faultcode><faultstring>no</faultstring><detail><lc:LicenseCentralFault>\
         <lc:Code>{code}</lc:Code><lc:Message>because</lc:Message><lc:ItemId>CM-X</lc:ItemId>\
         </lc:LicenseCentralFault></detail></s:Fault>"
    );
    http(status, "text/xml; charset=utf-8", "", &soap(&body))
}

//! The connection, and a call over it.

use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use prost::Message;
use schemas::pubsub::SERVICE;
use tokio::time::timeout;
use tonic::client::Grpc;
use tonic::metadata::{AsciiMetadataValue, MetadataMap};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status, Streaming};
use tonic_prost::ProstCodec;

use super::{AT, failure};
use crate::oauth::{Token, Tokens};
use crate::settings::Settings;
use crate::{Class, Error, ca};

/// Answers are at most 3 MB by Salesforce's word; twice that is still nothing to fear.
const MOST_BYTES: usize = 6 * 1024 * 1024;

/// The port of the Pub/Sub API where an address names none.
const PORT: u16 = 7443;

/// Completes an address as people write it; the error says what was found.
pub(crate) fn address(text: &str) -> Result<http::Uri, String> {
    let text = text.trim();
    let wrong = || format!("{text:?}");
    let full = if text.contains("://") {
        text.to_owned()
    } else {
        format!("https://{text}")
    };
    let uri: http::Uri = full.parse().map_err(|_| wrong())?;
    let host = uri.host().filter(|host| !host.is_empty()).ok_or_else(wrong)?;
    // An unreadable port is silently none to the parser.
    if uri.port_u16().is_none() && uri.authority().is_some_and(|authority| authority.as_str() != host) {
        return Err(wrong());
    }
    let root = matches!(uri.path(), "" | "/") && uri.query().is_none() && !full.contains('@');
    match (uri.scheme_str(), root) {
        (Some("https"), true) if uri.port().is_none() => format!("https://{host}:{PORT}").parse().map_err(|_| wrong()),
        (Some("https" | "http"), true) => Ok(uri),
        _ => Err(wrong()),
    }
}

/// Builds the endpoint of the settings.
pub(crate) fn endpoint(settings: &Settings) -> Result<Endpoint, Error> {
    let unusable = |field: &str, found: String| Error::Settings {
        field: field.to_owned(),
        found,
    };
    let uri = address(&settings.pubsub_endpoint).map_err(|found| unusable("pubsub_endpoint", found))?;
    let secure = uri.scheme_str() == Some("https");
    let endpoint = Endpoint::from(uri)
        .connect_timeout(settings.connect_timeout)
        .tcp_nodelay(true)
        .tcp_keepalive(Some(Duration::from_secs(30)))
        // A firewall that forgets a quiet connection tells nobody; a PING finds it out.
        .http2_keep_alive_interval(settings.keepalive_interval)
        .keep_alive_timeout(settings.keepalive_timeout)
        .keep_alive_while_idle(true)
        .user_agent(concat!("ticketsmith/", env!("CARGO_PKG_VERSION")))
        .map_err(|error| unusable("pubsub_endpoint", error.to_string()))?;
    if !secure {
        return Ok(endpoint);
    }
    let tls = match &settings.ca_file {
        Some(file) => {
            let pem = ca::read(file).map_err(|found| unusable("ca_file", found))?;
            ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem))
        }
        None => ClientTlsConfig::new().with_native_roots(),
    };
    endpoint
        .tls_config(tls)
        .map_err(|error| unusable("ca_file", error.to_string()))
}

/// Makes calls over one connection.
#[derive(Clone)]
pub(crate) struct Caller {
    grpc: Grpc<Channel>,
    tokens: Tokens,
    call_timeout: Duration,
}

impl Caller {
    /// Takes a connection of its own, made at the first call.
    pub(super) fn new(endpoint: &Endpoint, tokens: Tokens, call_timeout: Duration) -> Self {
        let grpc = Grpc::new(endpoint.connect_lazy()).max_decoding_message_size(MOST_BYTES);
        Self {
            grpc,
            tokens,
            call_timeout,
        }
    }

    /// Returns the tokens the calls are made with.
    pub(super) fn tokens(&self) -> &Tokens {
        &self.tokens
    }

    /// Makes one call with one answer. A token that is not accepted is replaced, and the call repeated, once.
    pub(super) async fn unary<Q, A>(&self, rpc: &'static str, message: Q) -> Result<A, Error>
    where
        Q: Message + Clone + 'static,
        A: Message + Default + 'static,
    {
        let token = self.tokens.token().await?;
        match self.call(rpc, &token, message.clone()).await {
            Err(error) if error.class() == Class::Reauthenticate => {
                self.tokens.invalidate(&token);
                let token = self.tokens.token().await?;
                let again = self.call(rpc, &token, message).await;
                if again
                    .as_ref()
                    .is_err_and(|error| error.class() == Class::Reauthenticate)
                {
                    self.tokens.invalidate(&token);
                }
                again
            }
            answer => answer,
        }
    }

    async fn call<Q, A>(&self, rpc: &'static str, token: &Token, message: Q) -> Result<A, Error>
    where
        Q: Message + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        let request = request(token, rpc, message)?;
        let call = async {
            grpc.ready().await.map_err(unreachable)?;
            grpc.unary(request, path(rpc), ProstCodec::default())
                .await
                .map_err(failure::from_status)
        };
        match timeout(self.call_timeout, call).await {
            Ok(answer) => Ok(answer?.into_inner()),
            Err(_) => Err(Error::NoAnswer {
                at: AT,
                waited: self.call_timeout,
            }),
        }
    }

    /// Opens a stream in both directions; resolves when the server has begun to answer, which may be as late as its
    /// first message. So the first of `messages` must be there already.
    pub(super) async fn stream<S, A>(
        &self,
        rpc: &'static str,
        token: &Token,
        messages: S,
    ) -> Result<Streaming<A>, Error>
    where
        S: tokio_stream::Stream<Item: Message + 'static> + Send + 'static,
        A: Message + Default + 'static,
    {
        let mut grpc = self.grpc.clone();
        let request = request(token, rpc, messages)?;
        grpc.ready().await.map_err(unreachable)?;
        let answer = grpc.streaming(request, path(rpc), ProstCodec::default()).await;
        Ok(answer.map_err(failure::from_status)?.into_inner())
    }
}

fn unreachable(error: tonic::transport::Error) -> Error {
    Error::Unreachable {
        at: AT,
        source: Arc::new(error),
    }
}

#[expect(clippy::expect_used, reason = "a constant and the name of an RPC always make a path")]
fn path(rpc: &'static str) -> PathAndQuery {
    PathAndQuery::try_from(format!("/{SERVICE}/{rpc}")).expect("a path")
}

/// Wraps a message with what Salesforce wants to see on every call.
fn request<T>(token: &Token, rpc: &'static str, message: T) -> Result<Request<T>, Error> {
    let trace = uuid::Uuid::new_v4().to_string();
    tracing::debug!(
        salesforce.rpc = rpc,
        salesforce.client_trace_id = trace,
        "calling Salesforce"
    );
    let mut request = Request::new(message);
    let metadata = request.metadata_mut();
    // The raw token, without "Bearer".
    put(metadata, "accesstoken", token.access())?.set_sensitive(true);
    put(
        metadata,
        "instanceurl",
        token.instance_url().as_str().trim_end_matches('/'),
    )?;
    put(metadata, "tenantid", token.org_id())?;
    // Salesforce's support asks for it.
    put(metadata, "x-client-trace-id", &trace)?;
    Ok(request)
}

fn put<'a>(metadata: &'a mut MetadataMap, key: &'static str, value: &str) -> Result<&'a mut AsciiMetadataValue, Error> {
    let value = AsciiMetadataValue::try_from(value).map_err(|_| Error::ForeignAnswer {
        at: "token",
        status: 200,
        what: format!("a token answer whose {key} no header can carry"),
    })?;
    metadata.insert(key, value);
    metadata
        .get_mut(key)
        .ok_or_else(|| failure::from_status(Status::internal("metadata lost")))
}

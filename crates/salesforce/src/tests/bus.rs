//! A Pub/Sub server without any rules: each test says what it answers.

use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use schemas::pubsub::{
    ConsumerEvent, FetchRequest, FetchResponse, ProducerEvent, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::metadata::MetadataMap;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_prost::ProstCodec;

pub(super) const TOPIC: &str = "/event/License_Request__e";
pub(super) const SCHEMA_ID: &str = "K98aAtiNFBjA-PJlcvaQ2g";

type Answers = mpsc::Sender<Result<FetchResponse, Status>>;
/// Gets how many such calls came before.
type OnTopic = dyn Fn(usize) -> Result<TopicInfo, Status> + Send + Sync;
type OnSchema = dyn Fn(&str, usize) -> Result<SchemaInfo, Status> + Send + Sync;
type OnSubscribe = dyn Fn(Streaming<FetchRequest>, Answers) -> Job + Send + Sync;
type Job = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What the server answers.
pub(super) struct Script {
    pub(super) topic: Box<OnTopic>,
    pub(super) schema: Box<OnSchema>,
    pub(super) subscribe: Box<OnSubscribe>,
}

impl Script {
    /// A healthy server whose streams do as told.
    pub(super) fn streaming<F>(
        subscribe: impl Fn(Streaming<FetchRequest>, Answers) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        Self {
            topic: Box::new(|_| Ok(topic())),
            schema: Box::new(|id, _| {
                let schema_json = include_str!("license_request.avsc").to_owned();
                Ok(SchemaInfo {
                    schema_json,
                    schema_id: id.to_owned(),
                    rpc_id: "rpc".to_owned(),
                })
            }),
            subscribe: Box::new(move |requests, answers| Box::pin(subscribe(requests, answers))),
        }
    }
}

pub(super) fn topic() -> TopicInfo {
    TopicInfo {
        topic_name: TOPIC.to_owned(),
        tenant_guid: "tenant".to_owned(),
        can_publish: true,
        can_subscribe: true,
        schema_id: SCHEMA_ID.to_owned(),
        rpc_id: "rpc".to_owned(),
    }
}

/// An error as Salesforce sends it.
pub(super) fn failure(code: Code, suffix: &str, message: &str) -> Status {
    let mut metadata = MetadataMap::new();
    metadata.insert(
        "error-code",
        format!("sfdc.platform.eventbus.grpc.{suffix}").parse().unwrap(),
    );
    metadata.insert("rpc-id", "3e1d".parse().unwrap());
    Status::with_metadata(code, format!("{message} rpcId: 3e1d"), metadata)
}

/// An answer with one event per given number; each event is `Order_Id__c` = the number.
pub(super) fn answer(numbers: &[u64], pending: i32) -> FetchResponse {
    let events = numbers.iter().map(|&number| event(number, &datum(number))).collect();
    let latest_replay_id = replay_id(numbers.last().copied().unwrap_or(7));
    FetchResponse {
        events,
        latest_replay_id,
        rpc_id: "rpc".to_owned(),
        pending_num_requested: pending,
    }
}

pub(super) fn event(number: u64, payload: &[u8]) -> ConsumerEvent {
    let event = ProducerEvent {
        id: format!("event-{number}"),
        schema_id: SCHEMA_ID.to_owned(),
        payload: payload.to_vec(),
        headers: Vec::new(),
    };
    ConsumerEvent {
        event: Some(event),
        replay_id: replay_id(number),
    }
}

/// Ten bytes, as today's replay ids have.
pub(super) fn replay_id(number: u64) -> Vec<u8> {
    [&number.to_be_bytes()[..], &[0, 0]].concat()
}

/// `CreatedDate` 1, `CreatedById` "u", `Order_Id__c` the number, `Revision__c` null.
pub(super) fn datum(number: u64) -> Vec<u8> {
    let text = number.to_string();
    let length = u8::try_from(text.len() * 2).unwrap();
    [&[2, 2, b'u', 2, length][..], text.as_bytes(), &[0]].concat()
}

/// The running server, and what it was asked.
pub(super) struct Bus {
    pub(super) url: String,
    state: Arc<State>,
    _tasks: JoinSet<()>,
}

struct State {
    script: Script,
    calls: Mutex<Vec<(String, MetadataMap)>>,
}

impl Bus {
    pub(super) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(State {
            script,
            calls: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(serve(stream, Arc::clone(&shared)));
            }
        });
        Self {
            url,
            state,
            _tasks: tasks,
        }
    }

    /// Starts behind TLS.
    pub(super) async fn start_tls(script: Script, tls: tokio_rustls::TlsAcceptor) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("localhost:{}", listener.local_addr().unwrap().port());
        let state = Arc::new(State {
            script,
            calls: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let shared = Arc::clone(&state);
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                if let Ok(stream) = tls.accept(stream).await {
                    tokio::spawn(serve(stream, Arc::clone(&shared)));
                }
            }
        });
        Self {
            url,
            state,
            _tasks: tasks,
        }
    }

    /// Returns the metadata of every call of this RPC.
    pub(super) fn calls(&self, rpc: &str) -> Vec<MetadataMap> {
        let calls = self.state.calls.lock().unwrap();
        calls
            .iter()
            .filter(|(name, _)| name == rpc)
            .map(|(_, metadata)| metadata.clone())
            .collect()
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, state: Arc<State>) {
    let service = hyper::service::service_fn(move |request: hyper::Request<Incoming>| {
        let state = Arc::clone(&state);
        async move { Ok::<_, Infallible>(route(state, request).await) }
    });
    let builder = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
    let _ = builder.serve_connection(TokioIo::new(stream), service).await;
}

async fn route(state: Arc<State>, request: hyper::Request<Incoming>) -> http::Response<tonic::body::Body> {
    let rpc = request
        .uri()
        .path()
        .strip_prefix("/eventbus.v1.PubSub/")
        .unwrap_or("")
        .to_owned();
    let before = {
        let mut calls = state.calls.lock().unwrap();
        calls.push((rpc.clone(), MetadataMap::from_headers(request.headers().clone())));
        calls.iter().filter(|(name, _)| *name == rpc).count() - 1
    };
    match rpc.as_str() {
        "GetTopic" => {
            let service = tower::service_fn(move |_: Request<TopicRequest>| {
                let answer = (state.script.topic)(before).map(Response::new);
                async move { answer }
            });
            tonic::server::Grpc::new(ProstCodec::default())
                .unary(service, request)
                .await
        }
        "GetSchema" => {
            let service = tower::service_fn(move |request: Request<SchemaRequest>| {
                let answer = (state.script.schema)(&request.into_inner().schema_id, before).map(Response::new);
                async move { answer }
            });
            tonic::server::Grpc::new(ProstCodec::default())
                .unary(service, request)
                .await
        }
        "Subscribe" => {
            let service = tower::service_fn(move |request: Request<Streaming<FetchRequest>>| {
                let (answers, out) = mpsc::channel(1);
                tokio::spawn((state.script.subscribe)(request.into_inner(), answers));
                async move { Ok::<_, Status>(Response::new(ReceiverStream::new(out))) }
            });
            tonic::server::Grpc::new(ProstCodec::default())
                .streaming(service, request)
                .await
        }
        other => panic!("no such rpc: {other}"),
    }
}

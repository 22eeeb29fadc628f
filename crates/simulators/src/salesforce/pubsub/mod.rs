//! The Pub/Sub API over gRPC: `GetTopic`, `GetSchema`, `Subscribe`, `Publish`.
//!
//! Written by hand on the messages of [`schemas::pubsub`]: a generated service could not be as wrong as the real one can be.

mod gate;
mod publish;
mod refusal;
mod subscribe;
mod topics;

use std::sync::Arc;

use http::{Request, Response};
use hyper::body::Incoming;
use schemas::pubsub::{
    FetchRequest, FetchResponse, PublishRequest, PublishResponse, SchemaInfo, SchemaRequest, TopicInfo, TopicRequest,
};
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::server::Grpc;
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::service_fn;

use super::org::Org;

/// The largest message that is read at all. What the real one refuses is refused by us, not by the transport.
const LARGEST_MESSAGE: usize = 64 * 1024 * 1024;

/// The service of one org.
#[derive(Clone)]
pub(super) struct Service {
    org: Arc<Org>,
    tasks: TaskTracker,
}

impl Service {
    pub(super) fn new(org: Arc<Org>, tasks: TaskTracker) -> Self {
        Self { org, tasks }
    }

    /// Answers one call.
    pub(super) async fn answer(self, request: Request<Incoming>) -> Response<Body> {
        let Self { org, tasks } = self;
        let method = request
            .uri()
            .path()
            .strip_prefix("/eventbus.v1.PubSub/")
            .unwrap_or_default()
            .to_owned();
        org.seen.call(&method);
        match method.as_str() {
            "GetTopic" => {
                let service = service_fn(move |request| topics::topic(Arc::clone(&org), request));
                Grpc::new(ProstCodec::<TopicInfo, TopicRequest>::default())
                    .unary(service, request)
                    .await
            }
            "GetSchema" => {
                let service = service_fn(move |request| topics::schema(Arc::clone(&org), request));
                Grpc::new(ProstCodec::<SchemaInfo, SchemaRequest>::default())
                    .unary(service, request)
                    .await
            }
            "Publish" => {
                let service = service_fn(move |request| publish::publish(Arc::clone(&org), request));
                let codec = ProstCodec::<PublishResponse, PublishRequest>::default();
                Grpc::new(codec)
                    .max_decoding_message_size(LARGEST_MESSAGE)
                    .unary(service, request)
                    .await
            }
            "Subscribe" => {
                let service = service_fn(move |request: tonic::Request<Streaming<FetchRequest>>| {
                    subscribe::subscribe(Arc::clone(&org), tasks.clone(), request)
                });
                Grpc::new(ProstCodec::<FetchResponse, FetchRequest>::default())
                    .streaming(service, request)
                    .await
            }
            _ => Status::unimplemented("Method not found").into_http(),
        }
    }
}

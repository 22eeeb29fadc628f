//! Errors of the Pub/Sub API: a gRPC status, and what clients really go by, the trailer `error-code`.

use tonic::metadata::{MetadataMap, MetadataValue};
use tonic::{Code, Status};
use uuid::Uuid;

use crate::salesforce::faults::GrpcFault;

/// Builds the errors of one call.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    method: &'static str,
    pub(super) rpc_id: String,
}

impl Refusal {
    /// The errors of a call of that method.
    pub(super) fn of(method: &'static str) -> Self {
        Self {
            method,
            rpc_id: Uuid::new_v4().to_string(),
        }
    }

    /// An error whose code ends so.
    pub(super) fn status(&self, code: Code, suffix: &str, message: &str) -> Status {
        let mut trailers = MetadataMap::new();
        let error_code = format!("sfdc.platform.eventbus.grpc.{suffix}");
        for (name, value) in [
            ("error-code", error_code.as_str()),
            ("rpc-id", &self.rpc_id),
            ("type", self.method),
        ] {
            if let Ok(value) = MetadataValue::try_from(value) {
                trailers.insert(name, value);
            }
        }
        Status::with_metadata(code, format!("{message} rpcId: {}", self.rpc_id), trailers)
    }

    /// The token or the headers are wrong.
    pub(super) fn unauthenticated(&self) -> Status {
        let message = "An authentication exception occurred. Provide valid authentication via metadata headers.";
        self.status(Code::Unauthenticated, "service.auth.error", message)
    }

    /// There is no such topic.
    pub(super) fn no_topic(&self, org_id: &str, topic: &str) -> Status {
        if topic.is_empty() {
            let message = "The topic name can't be empty.";
            return self.status(Code::InvalidArgument, "topic.validation.empty", message);
        }
        let message = format!(
            "The topic information for org CORE/prod/{org_id} and topic {topic} not found. Ensure the topic name is correct and \
             that the topic exists."
        );
        self.status(Code::NotFound, "topic.not.found", &message)
    }

    /// What a planned fault is answered with.
    pub(super) fn fault(&self, fault: GrpcFault) -> Status {
        match fault {
            GrpcFault::ServiceUnavailable => self.status(
                Code::Internal,
                "service.unavailable",
                "The service is unavailable. Try again later.",
            ),
            GrpcFault::Unavailable => Status::unavailable("RST_STREAM closed stream. HTTP/2 error code: INTERNAL_ERROR"),
            GrpcFault::PermissionDenied => self.status(
                Code::PermissionDenied,
                "topic.meta.permission",
                "An error occurred while getting the metadata for the topic. Ensure the credentials and topic name are correct.",
            ),
            GrpcFault::DeliveryLimit => self.status(
                Code::ResourceExhausted,
                "subscription.limit.exceeded",
                "You have exceeded the event delivery limit for your org.",
            ),
            GrpcFault::AuthError => self.unauthenticated(),
        }
    }
}

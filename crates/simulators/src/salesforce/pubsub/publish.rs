//! `Publish`: events are read before they are accepted, each with its own result.

use std::sync::Arc;

use jiff::Timestamp;
use prost::Message as _;
use schemas::pubsub::{Error, ErrorCode, ProducerEvent, PublishRequest, PublishResponse, PublishResult};
use tonic::{Code, Request, Response, Status};
use uuid::Uuid;

use super::gate::admit;
use super::refusal::Refusal;
use crate::salesforce::bus::replay_id;
use crate::salesforce::org::Org;

const LARGEST_EVENT: usize = 1024 * 1024;
const LARGEST_REQUEST: usize = 4 * 1024 * 1024;

/// Publishes events.
pub(super) async fn publish(
    org: Arc<Org>,
    request: Request<PublishRequest>,
) -> Result<Response<PublishResponse>, Status> {
    let refusal = Refusal::of("Publish");
    admit(&org, "Publish", request.metadata(), &refusal)?;
    let PublishRequest { topic_name, events, .. } = within_size(request.into_inner())?;
    let topic = org
        .schemas
        .of_topic(&topic_name)
        .ok_or_else(|| match topic_name.as_str() {
            "" => refusal.status(
                Code::InvalidArgument,
                "publish.topic.validation.empty",
                "The topic name can't be empty.",
            ),
            topic => refusal.no_topic(&org.identity.org_id, topic),
        })?;
    if events.is_empty() {
        let message = "The publish request must contain at least one event.";
        return Err(refusal.status(Code::InvalidArgument, "publish.event.count.invalid", message));
    }
    let results = events
        .into_iter()
        .map(|event| publish_one(&org, &topic_name, &topic.event, event))
        .collect();
    Ok(Response::new(PublishResponse {
        results,
        schema_id: topic.id.clone(),
        rpc_id: refusal.rpc_id,
    }))
}

/// A request that is too large does not reach the service; its proxy resets the call.
fn within_size(request: PublishRequest) -> Result<PublishRequest, Status> {
    if request.encoded_len() <= LARGEST_REQUEST {
        return Ok(request);
    }
    let message = "upstream connect error or disconnect/reset before headers. reset reason: remote reset";
    Err(Status::unavailable(message))
}

fn publish_one(org: &Org, topic: &str, event_name: &str, event: ProducerEvent) -> PublishResult {
    // Whoever sends no id is told the one the event got.
    let id = if event.id.is_empty() {
        Uuid::new_v4().to_string()
    } else {
        event.id.clone()
    };
    match accept(org, event_name, &event) {
        Ok((schema_id, payload)) => {
            let position = org.put_on_bus(topic, &id, &schema_id, payload);
            PublishResult {
                replay_id: replay_id(position),
                error: None,
                correlation_key: id,
            }
        }
        Err(msg) => {
            let error = Error {
                code: ErrorCode::Publish.into(),
                msg,
            };
            PublishResult {
                replay_id: Vec::new(),
                error: Some(error),
                correlation_key: id,
            }
        }
    }
}

fn accept(org: &Org, event_name: &str, event: &ProducerEvent) -> Result<(String, Vec<u8>), String> {
    if event.payload.len() > LARGEST_EVENT {
        return Err("The event message is too large: the maximum is 1 MB.".to_owned());
    }
    let schema = org
        .schemas
        .by_id(&event.schema_id)
        .filter(|schema| schema.event == event_name);
    let schema = schema.ok_or_else(|| format!("The schema {} is not one of this topic.", event.schema_id))?;
    // The creator may be anybody: the real one accepts the event then, too, and only its own automation never sees it.
    let (payload, _creator) = schema
        .stamp(&event.payload, Timestamp::now().as_millisecond())
        .map_err(|error| format!("The event payload can't be decoded: {error}"))?;
    Ok((schema.id.clone(), payload))
}

//! `GetTopic` and `GetSchema`.

use std::sync::Arc;

use schemas::pubsub::{SchemaInfo, SchemaRequest, TopicInfo, TopicRequest};
use tonic::{Code, Request, Response, Status};

use super::gate::admit;
use super::refusal::Refusal;
use crate::salesforce::org::Org;

/// Says what a topic is and which schema its events have now.
pub(super) async fn topic(org: Arc<Org>, request: Request<TopicRequest>) -> Result<Response<TopicInfo>, Status> {
    let refusal = Refusal::of("GetTopic");
    admit(&org, "GetTopic", request.metadata(), &refusal)?;
    let topic = request.into_inner().topic_name;
    let schema = org
        .schemas
        .of_topic(&topic)
        .ok_or_else(|| refusal.no_topic(&org.identity.org_id, &topic))?;
    Ok(Response::new(TopicInfo {
        topic_name: topic,
        tenant_guid: org.identity.org_id.clone(),
        can_publish: true,
        can_subscribe: true,
        schema_id: schema.id.clone(),
        rpc_id: refusal.rpc_id,
    }))
}

/// Gives a schema, current or former.
pub(super) async fn schema(org: Arc<Org>, request: Request<SchemaRequest>) -> Result<Response<SchemaInfo>, Status> {
    let refusal = Refusal::of("GetSchema");
    tokio::time::sleep(org.faults.schema_wait()).await;
    admit(&org, "GetSchema", request.metadata(), &refusal)?;
    let id = request.into_inner().schema_id;
    let schema = org.schemas.by_id(&id).ok_or_else(|| {
        let message = "The schema validation failed. Ensure that the schema ID is valid.";
        refusal.status(Code::InvalidArgument, "schema.validation.failed", message)
    })?;
    Ok(Response::new(SchemaInfo {
        schema_json: schema.json.clone(),
        schema_id: schema.id.clone(),
        rpc_id: refusal.rpc_id,
    }))
}

//! What a topic is, and what we may do with it.

use schemas::pubsub::{TopicInfo, TopicRequest};

use super::channel::Caller;
use crate::Error;

/// A topic of the org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its name, like `/event/License_Request__e`.
    pub name: String,
    /// Salesforce's name for the org on the bus.
    pub tenant_guid: String,
    /// Whether we may read it.
    pub can_subscribe: bool,
    /// Whether we may write to it.
    pub can_publish: bool,
    /// The id of the schema events are written with now; older ones may still be on the bus.
    pub schema_id: String,
}

/// Asks for a topic.
pub(super) async fn get(caller: &Caller, name: &str) -> Result<Topic, Error> {
    let info: TopicInfo = caller
        .unary(
            "GetTopic",
            TopicRequest {
                topic_name: name.to_owned(),
            },
        )
        .await?;
    Ok(Topic {
        name: info.topic_name,
        tenant_guid: info.tenant_guid,
        can_subscribe: info.can_subscribe,
        can_publish: info.can_publish,
        schema_id: info.schema_id,
    })
}

//! What every Pub/Sub call must carry: a good token, the instance it belongs to, the org's id.

use tonic::Status;
use tonic::metadata::MetadataMap;

use super::refusal::Refusal;
use crate::salesforce::oauth::Session;
use crate::salesforce::org::Org;
use crate::salesforce::store::ids;

/// Lets a call in, or says why not. Planned faults come after the headers are found good.
pub(super) fn admit(org: &Org, method: &str, headers: &MetadataMap, refusal: &Refusal) -> Result<Session, Status> {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    };
    let session = org.sessions.find(header("accesstoken"));
    let instance = header("instanceurl").trim_end_matches('/') == org.identity.url;
    let tenant = ids::read(header("tenantid")).as_deref() == Some(&org.identity.org_id);
    let session = session
        .filter(|_| instance && tenant)
        .ok_or_else(|| refusal.unauthenticated())?;
    match org.faults.on_call(method) {
        Some(fault) => Err(refusal.fault(fault)),
        None => Ok(session),
    }
}

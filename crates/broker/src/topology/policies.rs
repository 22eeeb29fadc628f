//! Finds policies that overrule our arguments. Only the management API shows them.

use super::{DELIVERY_LIMIT, Finding, Queue, Topology};
use crate::{Error, Settings, dial::vhost};
use reqwest::StatusCode;
use serde::Deserialize;
use serde_json::Value;
use std::time::Duration;
use tokio::time::sleep;
use url::Url;

/// A queue as the management API shows it.
#[derive(Deserialize)]
struct Shown {
    name: String,
    /// What all policies on it come to, operator policies among them. A young queue shows it after some seconds.
    #[serde(default)]
    effective_policy_definition: Value,
}

/// How long and how often is waited for a queue that does not show its policy yet.
const LOOKS: (Duration, usize) = (Duration::from_secs(1), 15);

impl Topology {
    /// Checks that no policy makes the broker decide about an order: of two limits it takes the smaller, ours or the
    /// policy's. `management` is the address of the management API with a name and a password that may look
    /// (tag `monitoring` and some right in the vhost).
    ///
    /// # Errors
    /// When the API cannot be reached or does not let us in, or a policy is in the way: all of them are reported.
    pub async fn check_policies(&self, settings: &Settings, management: &Url) -> Result<(), Error> {
        let (pause, mut looks) = LOOKS;
        let shown = loop {
            let shown = list(settings, management).await?;
            looks -= 1;
            if looks == 0 || self.queues.iter().all(|queue| policy(&shown, queue).is_some()) {
                break shown;
            }
            sleep(pause).await;
        };
        let findings: Vec<Finding> = self.queues.iter().flat_map(|queue| findings(&shown, queue)).collect();
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Error::Topology(findings))
        }
    }
}

fn policy<'a>(shown: &'a [Shown], queue: &Queue) -> Option<&'a Value> {
    let shown = shown.iter().find(|shown| shown.name == queue.name)?;
    (!shown.effective_policy_definition.is_null()).then_some(&shown.effective_policy_definition)
}

fn findings(shown: &[Shown], queue: &Queue) -> Vec<Finding> {
    let what = format!("queue {}", queue.name);
    let Some(policy) = policy(shown, queue) else {
        return vec![Finding::Missing {
            what: format!("the policy of {what} in the management api"),
        }];
    };
    // Some versions write an empty policy as a list.
    let entries = policy
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(key, value)| overrules(key, value));
    let finding = |(key, value): (&String, &Value)| Finding::Policy {
        what: what.clone(),
        key: key.clone(),
        value: value.to_string(),
    };
    entries.map(finding).collect()
}

/// Says whether a policy's entry changes what becomes of a message.
fn overrules(key: &str, value: &Value) -> bool {
    match key {
        "max-length" | "max-length-bytes" | "message-ttl" | "expires" => true,
        "delivery-limit" => value.as_i64().is_none_or(|limit| limit < DELIVERY_LIMIT),
        // A policy beats our argument here, and with another value dead-lettering loses messages.
        "overflow" => value != "reject-publish",
        _ => false,
    }
}

async fn list(settings: &Settings, management: &Url) -> Result<Vec<Shown>, Error> {
    let failed = |source: reqwest::Error| Error::Management {
        source: source.without_url(),
    };
    let mut url = management.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.pop_if_empty().extend(["api", "queues", &vhost(settings)?]);
    }
    // Without its statistics 3.10 does not show this column.
    url.set_query(Some("columns=name,effective_policy_definition"));
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(30))
        .build()
        .map_err(failed)?;
    let answer = client.get(url).send().await.map_err(failed)?;
    match answer.status() {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Error::ManagementRefused),
        _ => answer.error_for_status().map_err(failed)?.json().await.map_err(failed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_makes_the_broker_decide_is_found_and_an_empty_policy_is_read_in_either_form() {
        let policy = r#"{"delivery-limit": 3, "max-length": 10, "overflow": "drop-head", "queue-leader-locator": "x"}"#;
        let list = format!(
            r#"[{{"name": "a", "effective_policy_definition": {policy}}},
                {{"name": "b", "effective_policy_definition": []}}, {{"name": "c", "effective_policy_definition": {{}}}},
                {{"name": "d"}}, {{"name": "e", "effective_policy_definition": {{"delivery-limit": 2000000}}}}]"#
        );
        let shown: Vec<Shown> = serde_json::from_str(&list).unwrap();
        let queue = |name: &str| Queue {
            name: name.to_owned(),
            ttl: None,
            dead_letter_exchange: None,
        };
        let count = |name| findings(&shown, &queue(name)).len();
        assert_eq!(["a", "b", "c", "d", "e"].map(count), [3, 0, 0, 1, 0]);
    }
}

//! The few calls of RabbitMQ's management API that tests and the demo need.

use super::Error;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A broker's management API, ours or a running one's.
#[derive(Debug, Clone)]
pub struct Management {
    base: Url,
}

/// How many messages a queue holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueueTotals {
    /// The queue's name.
    pub name: String,
    /// All of them, also those that wait inside the broker to be dead-lettered.
    pub messages: u64,
    /// Those that a consumer could get now.
    pub ready: u64,
    /// Those that were given out and not yet acknowledged.
    pub unacknowledged: u64,
}

impl Management {
    /// Reads an address such as `http://guest:guest@127.0.0.1:15672`; without a name in it, `guest` is taken.
    ///
    /// # Errors
    /// When the text is no HTTP address.
    pub fn new(address: &str) -> Result<Self, Error> {
        let bad = || Error::BadAddress(address.to_owned());
        let mut base = Url::parse(address).map_err(|_| bad())?;
        if !matches!(base.scheme(), "http" | "https") {
            return Err(bad());
        }
        if base.username().is_empty() {
            base.set_username("guest")
                .and_then(|()| base.set_password(Some("guest")))
                .map_err(|()| bad())?;
        }
        Ok(Self { base })
    }

    /// Returns the address of the API, with name and password in it.
    pub fn address(&self) -> &Url {
        &self.base
    }

    /// Makes a vhost and lets the account of this address do everything in it.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn create_vhost(&self, name: &str) -> Result<(), Error> {
        self.call(Method::PUT, &["vhosts", name], None).await?;
        let user = self.base.username().to_owned();
        self.grant(name, &user, [".*", ".*", ".*"]).await
    }

    /// Removes a vhost with everything in it.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn delete_vhost(&self, name: &str) -> Result<(), Error> {
        self.call(Method::DELETE, &["vhosts", name], None).await.map(drop)
    }

    /// Makes a user without any tag.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn create_user(&self, name: &str, password: &str) -> Result<(), Error> {
        let user = json!({"password": password, "tags": ""});
        self.call(Method::PUT, &["users", name], Some(user)).await.map(drop)
    }

    /// Gives a user what it may configure, write and read in a vhost, each as a regular expression.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn grant(&self, vhost: &str, user: &str, rights: [&str; 3]) -> Result<(), Error> {
        let [configure, write, read] = rights;
        let rights = json!({"configure": configure, "write": write, "read": read});
        self.call(Method::PUT, &["permissions", vhost, user], Some(rights))
            .await
            .map(drop)
    }

    /// Sets a policy on the queues of a vhost whose names match a pattern.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn set_policy(&self, vhost: &str, name: &str, pattern: &str, definition: Value) -> Result<(), Error> {
        // `quorum_queues` is known from 3.12 on only.
        let policy = json!({"pattern": pattern, "definition": definition, "apply-to": "queues"});
        self.call(Method::PUT, &["policies", vhost, name], Some(policy))
            .await
            .map(drop)
    }

    /// Imports definitions into a vhost.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn import_definitions(&self, vhost: &str, definitions: Value) -> Result<(), Error> {
        self.call(Method::POST, &["definitions", vhost], Some(definitions))
            .await
            .map(drop)
    }

    /// Counts the messages of a vhost's queues. A quorum queue tells its counts every few seconds only.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn queues(&self, vhost: &str) -> Result<Vec<QueueTotals>, Error> {
        // With these two parameters a queue shows its counts soon after it was made; the plain list lags far behind.
        let queues = self
            .call(
                Method::GET,
                &["queues", vhost, "?disable_stats=true&enable_queue_totals=true"],
                None,
            )
            .await?;
        let count = |queue: &Value, name: &str| queue[name].as_u64().unwrap_or(0);
        let totals = |queue: &Value| QueueTotals {
            name: queue["name"].as_str().unwrap_or_default().to_owned(),
            messages: count(queue, "messages"),
            ready: count(queue, "messages_ready"),
            unacknowledged: count(queue, "messages_unacknowledged"),
        };
        Ok(queues.as_array().into_iter().flatten().map(totals).collect())
    }

    /// Throws away what waits in a queue.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn purge(&self, vhost: &str, queue: &str) -> Result<(), Error> {
        self.call(Method::DELETE, &["queues", vhost, queue, "contents"], None)
            .await
            .map(drop)
    }

    /// Closes every connection to a vhost from the broker's side, and says how many there were.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn close_connections(&self, vhost: &str) -> Result<usize, Error> {
        let connections = self.call(Method::GET, &["vhosts", vhost, "connections"], None).await?;
        let names = connections
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|connection| connection["name"].as_str());
        let mut closed = 0;
        for name in names {
            match self.call(Method::DELETE, &["connections", name], None).await {
                Ok(_) => closed += 1,
                // It went by itself in the meantime.
                Err(Error::Refused { status: 404, .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(closed)
    }

    /// Asks for the broker's version, which shows that the API answers.
    ///
    /// # Errors
    /// When the API cannot be reached or refuses.
    pub async fn version(&self) -> Result<String, Error> {
        let overview = self.call(Method::GET, &["overview"], None).await?;
        Ok(overview["rabbitmq_version"].as_str().unwrap_or_default().to_owned())
    }

    /// Calls the API; a last part that begins with `?` is the query.
    async fn call(&self, method: Method, parts: &[&str], body: Option<Value>) -> Result<Value, Error> {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .push("api")
                .extend(parts.iter().filter(|part| !part.starts_with('?')));
        }
        url.set_query(parts.iter().find_map(|part| part.strip_prefix('?')));
        // A client for each call: tests share an address between runtimes, and a pooled connection dies with its own.
        let client = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(10))
            .build();
        let request = client
            .map_err(|source| Error::Management { source })?
            .request(method.clone(), url);
        let request = if let Some(body) = body {
            request.json(&body)
        } else {
            request
        };
        let answer = request.send().await.map_err(|source| Error::Management {
            source: source.without_url(),
        })?;
        let status = answer.status();
        let text = answer.text().await.map_err(|source| Error::Management {
            source: source.without_url(),
        })?;
        if !status.is_success() {
            return Err(refused(&method, parts, status, &text));
        }
        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
    }
}

fn refused(method: &Method, parts: &[&str], status: StatusCode, text: &str) -> Error {
    let what = format!("{method} /api/{}", parts.join("/"));
    Error::Refused {
        what,
        status: status.as_u16(),
        body: text.chars().take(200).collect(),
    }
}

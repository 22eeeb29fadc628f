//! What every story plays on: a virtual host of its own, pretend neighbours of its own, and the real program.

mod program;

pub(crate) use program::Program;

use simulators::{
    license_central,
    rabbitmq::Vhost,
    salesforce::{self, OrderView, SeedOrder},
    tls::TestCa,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Output,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long a story waits for what must happen; long, because machines are busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Settings that make the minutes of real life short enough for a story; each is an ordinary setting.
const QUICK: &str = r#"
[worker]
recover_every = "100ms"
lease = "2s"
settle = "1s"
nudge_after = "2s"
schedule = { steps = ["100ms", "300ms"], then = "1s", then_times = 600 }
breaker = { after = 3, first_wait = "100ms", longest_wait = "500ms", quota_wait = "1s" }
report = { within = "50ms" }

[producer]
lease = "1s"
"#;

/// The set-up of one story.
pub(crate) struct Stage {
    pub(crate) vhost: Vhost,
    pub(crate) salesforce: salesforce::Handle,
    pub(crate) license_central: license_central::Handle,
    folder: TempDir,
}

impl Stage {
    /// Sets a stage with its topology declared; nothing of the program runs yet.
    pub(crate) async fn set() -> Self {
        Self::set_over(false).await
    }

    /// The same, with both neighbours over TLS, each with an authority of its own.
    pub(crate) async fn set_over_tls() -> Self {
        Self::set_over(true).await
    }

    async fn set_over(tls: bool) -> Self {
        let vhost = Vhost::make().await.unwrap();
        let options = salesforce::Options {
            keepalive: Duration::from_secs(1),
            tls,
            ..Default::default()
        };
        let org = salesforce::start(options).await.unwrap();
        let options = license_central::Options {
            tls: tls.then(|| TestCa::for_localhost().unwrap()),
            mode: license_central::Mode::Scripted,
            ..Default::default()
        };
        let central = license_central::start(options).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let stage = Self {
            vhost,
            salesforce: org,
            license_central: central,
            folder,
        };
        std::fs::write(stage.settings_file(), stage.settings()).unwrap();
        let definitions = stage.run(&["topology", "print"]);
        stage
            .vhost
            .import(&String::from_utf8_lossy(&definitions.stdout))
            .await
            .unwrap();
        stage
    }

    fn settings(&self) -> String {
        let org = &self.salesforce;
        let trust = |ca: Option<&Path>| ca.map_or_else(String::new, |ca| format!("ca_file = {ca:?}"));
        format!(
            r#"
[broker]
url = "{amqp}"
declare = false
tiers = ["100ms", "300ms", "1s"]
reconnect = {{ initial = "50ms", max = "500ms" }}
[ledger]
url = "sqlite://{ledger}"
[license_central]
endpoint = "{endpoint}"
{central_ca}
connect_timeout = "500ms"
call_timeout = "1s"
[salesforce]
login_url = "{login}"
pubsub_endpoint = "{pubsub}"
first_start = "earliest"
{org_ca}
reconnect = {{ initial = "50ms", max = "500ms" }}
[salesforce.auth.jwt]
client_id = "{client}"
username = "{user}"
private_key_file = "{key}"
[console]
listen = "127.0.0.1:0"
[log]
format = "text"
{QUICK}"#,
            amqp = self.vhost.url(),
            ledger = self.ledger_file().display(),
            endpoint = self.license_central.ready().endpoint,
            central_ca = trust(self.license_central.ready().ca_file.as_deref()),
            org_ca = trust(org.ca_file.as_deref()),
            login = org.login_url,
            pubsub = org.pubsub_endpoint,
            client = org.client_id,
            user = org.username,
            key = org.jwt_key_file.display(),
        )
    }

    /// The folder of this story.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The ledger's file.
    pub(crate) fn ledger_file(&self) -> PathBuf {
        self.folder().join("ticketsmith.db")
    }

    fn settings_file(&self) -> PathBuf {
        self.folder().join("ticketsmith.toml")
    }

    /// Starts a part of the program and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Program {
        self.start_with(arguments, &[])
    }

    /// The same with other settings, as variables of the environment.
    pub(crate) fn start_with(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Program {
        Program::start(&self.settings_file(), arguments, variables)
    }

    /// Runs a command to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        program::command(&self.settings_file(), arguments).output().unwrap()
    }

    /// Runs a command that must succeed and prints JSON.
    pub(crate) fn ask(&self, arguments: &[&str]) -> serde_json::Value {
        let output = self.run(arguments);
        assert!(
            output.status.success(),
            "{arguments:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Writes and activates orders of one line each; returns their ids.
    pub(crate) fn activate(&self, number: usize) -> Vec<String> {
        let order = |place: usize| SeedOrder {
            customer_name: format!("Customer {}", place % 7),
            customer_email: None,
            lines: vec![("CM-PRO".to_owned(), 1)],
        };
        (0..number).map(|place| self.activate_one(&order(place))).collect()
    }

    /// Writes and activates an order.
    pub(crate) fn activate_one(&self, order: &SeedOrder) -> String {
        let id = self.salesforce.seed_order(order).unwrap();
        self.salesforce.activate(&id).unwrap();
        id
    }

    /// One order as Salesforce shows it.
    pub(crate) fn order(&self, id: &str) -> OrderView {
        self.salesforce.order(id).unwrap()
    }

    /// Waits until Salesforce shows this status for an order.
    pub(crate) async fn eventually_shows(&self, id: &str, status: &str) -> OrderView {
        eventually(
            &format!("order {id} is {status}, not {:?}", self.order(id).status),
            async || Some(self.order(id)).filter(|order| order.status.as_deref() == Some(status)),
        )
        .await
    }

    /// Waits until Salesforce shows a ticket for each of these orders, and holds the books against each other: no order
    /// was accepted twice, and each ticket is the one that License Central holds.
    pub(crate) async fn eventually_balanced(&self, ids: &[String]) {
        eventually(&format!("{} orders have their tickets", ids.len()), async || {
            ids.iter().all(|id| self.order(id).ticket.is_some()).then_some(())
        })
        .await;
        let books: BTreeMap<_, _> = self.license_central.books();
        for id in ids {
            let order = self.order(id);
            let book = &books[&format!("{}-1", order.number)];
            assert_eq!(book.accepted, 1, "order {} was doubled", order.number);
            assert_eq!(
                Some(&book.ticket),
                order.ticket.as_ref(),
                "order {} shows another ticket",
                order.number
            );
        }
        assert_eq!(
            books.len(),
            ids.len(),
            "License Central holds orders that nobody activated"
        );
    }
}

/// Waits until something is there.
pub(crate) async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(there) = look().await {
            return there;
        }
        assert!(start.elapsed() < PATIENCE, "never happened: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Publishes any bytes as a stranger would: no properties, no headers, larger than our own publisher lets through.
pub(crate) async fn publish_raw(stage: &Stage, exchange: &str, routing_key: &str, body: &[u8]) {
    let connection = lapin::Connection::connect(stage.vhost.url(), Default::default())
        .await
        .unwrap();
    let channel = connection.create_channel().await.unwrap();
    channel.confirm_select(Default::default()).await.unwrap();
    let publish = channel.basic_publish(
        exchange.into(),
        routing_key.into(),
        Default::default(),
        body,
        Default::default(),
    );
    let confirm = publish.await.unwrap().await.unwrap();
    assert!(confirm.is_ack());
    connection.close(200, "done".into()).await.unwrap();
}

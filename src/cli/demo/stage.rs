//! What the demo plays on: a private RabbitMQ, the pretend neighbours, and the program itself with a ledger of its own.

use super::books::Issued;
use crate::{
    compose::{self, Parts, Running},
    settings::{self, Settings},
};
use anyhow::Context as _;
use simulators::{license_central, rabbitmq, salesforce};
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// The whole set-up; everything in it is gone after [`Stage::strike`].
pub(super) struct Stage {
    pub(super) salesforce: salesforce::Handle,
    license_central: license_central::Handle,
    client: ::license_central::Client,
    node: Option<rabbitmq::Node>,
    running: Running,
    stop: CancellationToken,
    _ledger: tempfile::TempDir,
}

impl Stage {
    /// Starts everything, with a running broker if one is named.
    pub(super) async fn set(amqp: Option<String>) -> anyhow::Result<Self> {
        let (node, url) = match amqp {
            Some(url) => (None, url),
            None => {
                eprintln!("Starting a private RabbitMQ node …");
                let node = rabbitmq::Node::start(rabbitmq::Options::default()).await?;
                let url = node.amqp_url();
                (Some(node), url)
            }
        };
        eprintln!("Starting the pretend Salesforce and the pretend License Central …");
        let org = salesforce::Options {
            keepalive: Duration::from_secs(20),
            ..Default::default()
        };
        let salesforce = salesforce::start(org).await?;
        let license_central = license_central::start(license_central::Options::default()).await?;
        let folder = tempfile::tempdir().context("a folder for the demo's ledger cannot be made")?;
        let settings = settings(url, &salesforce, &license_central, folder.path())?;
        let lc_settings = settings.license_central.as_ref().context("the demo sets it")?;
        let client = ::license_central::Client::new(lc_settings)?;
        eprintln!("Starting producer, worker and console …");
        let stop = CancellationToken::new();
        let running = compose::start(&settings, Parts::ALL, "demo", stop.clone()).await?;
        Ok(Self {
            salesforce,
            license_central,
            client,
            node,
            running,
            stop,
            _ledger: folder,
        })
    }

    /// The books of the pretend License Central.
    pub(super) fn books(&self) -> Issued {
        self.license_central.books()
    }

    /// Under which number License Central knows an order.
    pub(super) fn number_at_license_central(&self, order: &salesforce::OrderView) -> String {
        self.client.order_number(&order.number, order.revision.unwrap_or(1))
    }

    /// Says what is wrong if a part of the program ended by itself.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        self.stop
            .is_cancelled()
            .then_some("a part of the program ended by itself; the log above says why")
    }

    /// Says where a person can look.
    pub(super) fn invite(&self) {
        let depot = self.license_central.ready().web_depot_url;
        eprintln!("\nHave a look (Ctrl-C ends everything):");
        eprintln!(
            "  Salesforce, pretended   {}/   activate more orders",
            self.salesforce.instance_url
        );
        eprintln!("  WebDepot, pretended     {depot}   redeem a ticket, license by license");
        if let Some(console) = self.running.console {
            eprintln!("  Ticketsmith             http://{console}/   what became of every order");
        }
    }

    /// Stops everything in good order.
    pub(super) async fn strike(self) -> anyhow::Result<()> {
        self.stop.cancel();
        self.running.ended().await?;
        self.salesforce.shutdown().await;
        self.license_central.shutdown().await;
        if let Some(mut node) = self.node {
            node.stop().await?;
        }
        Ok(())
    }
}

fn settings(
    amqp: String,
    org: &salesforce::Handle,
    license_central: &license_central::Handle,
    folder: &std::path::Path,
) -> anyhow::Result<Settings> {
    let endpoint = license_central
        .ready()
        .endpoint
        .parse()
        .context("the pretend License Central's address")?;
    let jwt = ::salesforce::Jwt {
        client_id: org.client_id.clone(),
        username: org.username.clone(),
        private_key_file: org.jwt_key_file.clone(),
        audience: None,
    };
    Ok(Settings {
        broker: broker::Settings {
            url: amqp.into(),
            ..Default::default()
        },
        ledger: ledger::Settings::sqlite(folder.join("ticketsmith.db")),
        license_central: Some(::license_central::Settings::new(endpoint)),
        salesforce: ::salesforce::Settings {
            login_url: org.login_url.parse().context("the pretend Salesforce's address")?,
            pubsub_endpoint: org.pubsub_endpoint.clone(),
            auth: ::salesforce::Auth {
                jwt: Some(jwt),
                client_credentials: None,
            },
            first_start: Some(::salesforce::FirstStart::Earliest),
            ..Default::default()
        },
        producer: producer::Settings::default(),
        worker: worker::Settings::default(),
        console: settings::Console {
            listen: ([127, 0, 0, 1], 0).into(),
            environment: "demo".to_owned(),
        },
        health: settings::Health::default(),
        log: settings::Log::default(),
    })
}

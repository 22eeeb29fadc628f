//! `ticketsmith simulate`: a pretend neighbour alone, for tests of your own in any language.

use super::{DONE, signals::stop_on_signals};
use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde::Serialize;
use simulators::{license_central, rabbitmq, salesforce, tls::TestCa};
use std::{io::Write as _, net::SocketAddr, path::PathBuf, process::ExitCode, time::Duration};
use tokio::io::AsyncReadExt as _;

const EXAMPLES: &str = "\
Examples:
  ticketsmith simulate salesforce
  ticketsmith simulate salesforce --tls --json --keepalive 2s
  ticketsmith simulate license-central --listen 127.0.0.1:8080
Ctrl-C or SIGTERM ends it. With --json, one line of JSON names the real addresses when it is ready.";

/// Run a pretend neighbour alone, for tests of your own in any language.
#[derive(Debug, Subcommand)]
#[command(after_help = EXAMPLES)]
pub(crate) enum Simulate {
    /// A pretend Salesforce org: OAuth, REST, Pub/Sub, and a page with an Activate button.
    Salesforce(Salesforce),
    /// A pretend License Central: SOAP with a WSDL, books, and a WebDepot page.
    LicenseCentral(LicenseCentral),
    /// A private RabbitMQ node with its own port and data, from the installed rabbitmq-server.
    Rabbitmq(Rabbitmq),
}

/// What every pretend neighbour takes.
#[derive(Debug, Args)]
struct Common {
    /// Print one line of JSON when it is ready.
    #[arg(long)]
    json: bool,
    /// End as soon as standard input ends, so that it cannot outlive the program that started it.
    #[arg(long)]
    while_stdin: bool,
}

/// A pretend Salesforce org: OAuth, REST, Pub/Sub, and a page with an Activate button.
#[derive(Debug, Args)]
pub(crate) struct Salesforce {
    /// Where OAuth, REST and the page listen; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where Pub/Sub listens; a free port of the same address by default.
    #[arg(long, value_name = "ADDR")]
    pubsub_listen: Option<SocketAddr>,
    /// Serve https, and Pub/Sub over TLS, with a certificate for localhost from a CA made now.
    #[arg(long)]
    tls: bool,
    /// A certificate of your own for --tls (PEM, with --key and --ca).
    #[arg(long, value_name = "FILE", requires = "tls", requires = "key", requires = "ca")]
    certificate: Option<PathBuf>,
    /// The key of your own certificate (PEM).
    #[arg(long, value_name = "FILE", requires = "certificate")]
    key: Option<PathBuf>,
    /// The authority of your own certificate (PEM), named in the JSON line.
    #[arg(long, value_name = "FILE", requires = "certificate")]
    ca: Option<PathBuf>,
    /// How long a stream is quiet before a keepalive is sent; the real one: one to two minutes.
    #[arg(long, value_name = "TIME", default_value = "90s", value_parser = schemas::duration::parse)]
    keepalive: Duration,
    /// How long a stream without credit stays open.
    #[arg(long, value_name = "TIME", default_value = "60s", value_parser = schemas::duration::parse)]
    idle_close: Duration,
    /// How long events can be replayed.
    #[arg(long, value_name = "TIME", default_value = "72h", value_parser = schemas::duration::parse)]
    retention: Duration,
    #[command(flatten)]
    common: Common,
}

/// A pretend License Central: SOAP with a WSDL, books, and a WebDepot page.
#[derive(Debug, Args)]
pub(crate) struct LicenseCentral {
    /// Where it listens; port 0 takes a free one.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Serve https with a certificate for localhost from a CA made now.
    #[arg(long)]
    tls: bool,
    #[command(flatten)]
    common: Common,
}

/// A private RabbitMQ node with its own port and data, from the installed rabbitmq-server.
#[derive(Debug, Args)]
pub(crate) struct Rabbitmq {
    /// Where its data is kept; without it a temporary folder, removed at the end.
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(flatten)]
    common: Common,
}

impl Simulate {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        match self {
            Self::Salesforce(salesforce) => salesforce.run().await?,
            Self::LicenseCentral(license_central) => license_central.run().await?,
            Self::Rabbitmq(rabbitmq) => rabbitmq.run().await?,
        }
        Ok(DONE)
    }
}

impl Salesforce {
    async fn run(self) -> anyhow::Result<()> {
        let certificate = match (self.certificate, self.key, self.ca) {
            (Some(certificate_file), Some(key_file), Some(ca_file)) => Some(salesforce::Certificate {
                certificate_file,
                key_file,
                ca_file,
            }),
            _ => None,
        };
        let org = salesforce::start(salesforce::Options {
            listen: self.listen,
            pubsub_listen: self.pubsub_listen,
            tls: self.tls,
            certificate,
            keepalive: self.keepalive,
            idle_close: self.idle_close,
            retention: self.retention,
            ..Default::default()
        })
        .await?;
        let words = format!(
            "A pretend Salesforce org is ready; the page for people is {0}/\n  OAuth, REST  {0}\n  Pub/Sub      {1}\n  \
             user         {2}\n  client id    {3}\n  JWT key      {4}\n  topic        {5}\nCtrl-C ends it.",
            org.instance_url,
            org.pubsub_endpoint,
            org.username,
            org.client_id,
            org.jwt_key_file.display(),
            org.topic,
        );
        self.common.serve(&org.ready(), &words).await?;
        org.shutdown().await;
        Ok(())
    }
}

impl LicenseCentral {
    async fn run(self) -> anyhow::Result<()> {
        let tls = self
            .tls
            .then(TestCa::for_localhost)
            .transpose()
            .context("no certificate can be made")?;
        let options = license_central::Options {
            listen: self.listen,
            tls,
            ..Default::default()
        };
        let central = license_central::start(options).await?;
        let ready = central.ready();
        let words = format!(
            "A pretend License Central is ready.\n  SOAP      {}\n  WSDL      {}\n  WebDepot  {}\n  items     {}\n  books     {}\n\
             Ctrl-C ends it.",
            ready.endpoint, ready.wsdl_url, ready.web_depot_url, ready.items_url, ready.books_url
        );
        self.common.serve(&ready, &words).await?;
        central.shutdown().await;
        Ok(())
    }
}

impl Rabbitmq {
    async fn run(self) -> anyhow::Result<()> {
        let mut node = rabbitmq::Node::start(rabbitmq::Options {
            dir: self.dir,
            ..Default::default()
        })
        .await?;
        let (amqp_url, management_url) = (node.amqp_url(), node.management_url());
        let ready = serde_json::json!({ "amqp_url": amqp_url, "management_url": management_url });
        let words =
            format!("RabbitMQ is ready.\n  AMQP        {amqp_url}\n  management  {management_url}\nCtrl-C ends it.");
        self.common.serve(&ready, &words).await?;
        Ok(node.stop().await?)
    }
}

impl Common {
    /// Says that it is ready, and waits until it is told to stop.
    async fn serve<T: Serialize>(&self, ready: &T, words: &str) -> anyhow::Result<()> {
        let stop = stop_on_signals()?;
        let line = if self.json {
            serde_json::to_string(ready)?
        } else {
            words.to_owned()
        };
        {
            let mut out = std::io::stdout().lock();
            writeln!(out, "{line}")?;
            out.flush()?;
        }
        tokio::select! {
            () = stop.cancelled() => {}
            () = stdin_ended(), if self.while_stdin => {}
        }
        Ok(())
    }
}

/// Waits until standard input ends.
async fn stdin_ended() {
    let mut input = tokio::io::stdin();
    let mut ignored = [0; 64];
    while input.read(&mut ignored).await.is_ok_and(|read| read > 0) {}
}

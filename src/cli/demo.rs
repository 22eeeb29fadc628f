//! `ticketsmith demo`: license requests on their way through a private RabbitMQ.

use super::DONE;
use anyhow::Context as _;
use clap::Args;
use schemas::{RequestEvent, read_request};
use std::{process::ExitCode, time::Duration};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

const SAMPLE: &[u8] = include_bytes!("../../schemas/samples/license.request.v1.json");

/// Show license requests on their way through a private RabbitMQ.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// How many orders.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    orders: u32,
    /// Use this running broker instead of a private one.
    #[arg(long, value_name = "URL")]
    amqp: Option<String>,
}

impl Demo {
    pub(crate) async fn run(self) -> anyhow::Result<ExitCode> {
        let mut node = None;
        let url = match self.amqp {
            Some(url) => url,
            None => {
                println!("Starting a private RabbitMQ node …");
                let started = simulators::rabbitmq::Node::start(simulators::rabbitmq::Options::default()).await?;
                node.insert(started).amqp_url()
            }
        };
        let settings = broker::Settings {
            url: url.into(),
            ..broker::Settings::default()
        };
        let topology = broker::topology::Topology::new(&settings.tiers);
        let created = topology.apply(&settings).await?;
        topology.check(&settings).await?;
        println!("The topology stands and was checked ({created} queues are new).");
        pass_through(&settings, self.orders).await?;
        if let Some(mut node) = node {
            node.stop().await?;
        }
        Ok(DONE)
    }
}

/// Publishes the requests, confirmed, and prints each as a consumer receives it.
async fn pass_through(settings: &broker::Settings, orders: u32) -> anyhow::Result<()> {
    let stop = CancellationToken::new();
    let broker = broker::Broker::connect(settings, stop.clone()).await?;
    let (printed, mut arrived) = mpsc::channel(64);
    let (_handle, valve) = broker::Valve::new();
    let consumer = {
        let (broker, stop) = (broker.clone(), stop.clone());
        tokio::spawn(async move {
            broker::consume(&broker, broker::topology::REQUESTS, 8, valve, Printer(printed), stop).await
        })
    };
    let publisher = broker.publisher();
    for number in 1..=orders {
        let event = numbered(number)?;
        let mut envelope = broker::Envelope::new(&event.id, schemas::REQUEST_TYPE, event.to_json());
        envelope.traceparent = Some(telemetry::trace::new_traceparent());
        publisher
            .publish(broker::topology::REQUESTS, &event.routing_key(), &envelope)
            .await?;
    }
    println!("{orders} license requests are published, each confirmed by the broker.");
    for _ in 0..orders {
        let line = tokio::time::timeout(Duration::from_secs(60), arrived.recv()).await;
        println!(
            "{}",
            line.context("a request did not come back within a minute")?
                .context("the consumer ended")?
        );
    }
    stop.cancel();
    consumer.await??;
    Ok(())
}

fn numbered(number: u32) -> anyhow::Result<RequestEvent> {
    let mut event = read_request(SAMPLE)?;
    event.id = uuid::Uuid::new_v4().to_string();
    event.data.order.number = format!("{:08}", 100 + number);
    event.data.order.id = format!("801Hs{number:010}IAV");
    event.subject = Some(event.data.order.number.clone());
    Ok(event)
}

struct Printer(mpsc::Sender<String>);

impl broker::Handler for Printer {
    async fn handle(&self, delivery: broker::Delivery) -> broker::Disposition {
        let line = match read_request(&delivery.envelope.body) {
            Ok(event) => format!("  received {}  {} order lines", event.key(), event.data.lines.len()),
            Err(invalid) => format!("  received something else: {invalid}"),
        };
        match self.0.send(line).await {
            Ok(()) => broker::Disposition::Done,
            Err(_) => broker::Disposition::Abandon,
        }
    }
}

//! Declares the topology.

use super::{Exchange, Finding, Queue, Topology, definitions::to_amqp};
use crate::{
    Error, Settings,
    dial::Dial,
    error::{ACCESS_REFUSED, NOT_FOUND, PRECONDITION_FAILED, reply_code},
};
use lapin::{
    Channel, Connection,
    options::{ExchangeDeclareOptions, QueueBindOptions, QueueDeclareOptions},
    types::FieldTable,
};
use std::time::Duration;

/// A queue younger than about a second does not survive a killed node, nor do the messages in it.
const SETTLE: Duration = Duration::from_secs(2);

impl Topology {
    /// Declares what is missing and says how many queues it created; if any, only after they will survive a killed
    /// node. What exists is never changed.
    ///
    /// # Errors
    /// When the broker cannot be reached, the account may not, or something exists with other arguments: all of those
    /// are reported together.
    pub async fn apply(&self, settings: &Settings) -> Result<usize, Error> {
        let connection = Dial::new(settings)?.connect("topology").await?;
        let created = self.apply_on(&connection).await;
        // What was declared stays whether or not the connection ends in good order.
        let _ = connection.close(200, "done".into()).await;
        created
    }

    /// The same over a connection that exists.
    pub(crate) async fn apply_on(&self, connection: &Connection) -> Result<usize, Error> {
        let mut scout = Scout::new(connection);
        let mut created = 0;
        for queue in &self.queues {
            if scout.queue(&queue.name).await? == Look::Missing {
                created += 1;
            }
        }
        for exchange in &self.exchanges {
            scout.declare_exchange(exchange).await?;
        }
        for queue in &self.queues {
            scout.declare_queue(queue).await?;
        }
        scout.no_finding()?;
        let channel = scout.channel().await?;
        for binding in &self.bindings {
            let (queue, exchange, key) = (
                binding.queue.as_str().into(),
                binding.exchange.into(),
                binding.key.as_str().into(),
            );
            let bound = channel
                .queue_bind(queue, exchange, key, QueueBindOptions::default(), FieldTable::default())
                .await;
            bound.map_err(|source| Error::sorted(format!("bind queue {}", binding.queue), source))?;
        }
        if created > 0 {
            tracing::info!(queues.created = created, "the topology was declared");
            tokio::time::sleep(SETTLE).await;
        }
        Ok(created)
    }
}

/// What a look at an exchange or a queue showed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// It is there.
    There,
    /// It is not.
    Missing,
    /// The account may not look.
    Forbidden,
}

/// Asks for things that may not be there. Each such answer costs the channel, so it opens a new one when needed.
pub(super) struct Scout<'a> {
    connection: &'a Connection,
    channel: Option<Channel>,
    pub(super) findings: Vec<Finding>,
}

impl<'a> Scout<'a> {
    pub(super) fn new(connection: &'a Connection) -> Self {
        Self {
            connection,
            channel: None,
            findings: Vec::new(),
        }
    }

    async fn channel(&mut self) -> Result<Channel, Error> {
        if let Some(channel) = self.channel.as_ref().filter(|channel| channel.status().connected()) {
            return Ok(channel.clone());
        }
        let channel = self
            .connection
            .create_channel()
            .await
            .map_err(|source| Error::Unreachable { source })?;
        self.channel = Some(channel.clone());
        Ok(channel)
    }

    /// Looks for a queue.
    pub(super) async fn queue(&mut self, name: &str) -> Result<Look, Error> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            passive: true,
            ..QueueDeclareOptions::default()
        };
        look(
            channel
                .queue_declare(name.into(), options, FieldTable::default())
                .await
                .map(drop),
        )
    }

    /// Looks for an exchange.
    pub(super) async fn exchange(&mut self, exchange: &Exchange) -> Result<Look, Error> {
        let channel = self.channel().await?;
        let options = ExchangeDeclareOptions {
            passive: true,
            ..ExchangeDeclareOptions::default()
        };
        let kind = exchange.kind.to_lapin();
        look(
            channel
                .exchange_declare(exchange.name.into(), kind, options, FieldTable::default())
                .await,
        )
    }

    /// Declares an exchange; one that exists with other arguments is a finding.
    pub(super) async fn declare_exchange(&mut self, exchange: &Exchange) -> Result<(), Error> {
        let channel = self.channel().await?;
        let options = ExchangeDeclareOptions {
            durable: true,
            ..ExchangeDeclareOptions::default()
        };
        let arguments = to_amqp(exchange.arguments());
        let kind = exchange.kind.to_lapin();
        let declared = channel
            .exchange_declare(exchange.name.into(), kind, options, arguments)
            .await;
        self.differs(format!("exchange {}", exchange.name), declared)
    }

    /// Declares a queue; one that exists with other arguments is a finding.
    pub(super) async fn declare_queue(&mut self, queue: &Queue) -> Result<(), Error> {
        let channel = self.channel().await?;
        let options = QueueDeclareOptions {
            durable: true,
            ..QueueDeclareOptions::default()
        };
        let arguments = to_amqp(queue.arguments());
        let declared = channel
            .queue_declare(queue.name.as_str().into(), options, arguments)
            .await;
        self.differs(format!("queue {}", queue.name), declared.map(drop))
    }

    /// Fails with all findings, if there are any.
    pub(super) fn no_finding(&mut self) -> Result<(), Error> {
        let findings = std::mem::take(&mut self.findings);
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Error::Topology(findings))
        }
    }

    fn differs(&mut self, what: String, declared: Result<(), lapin::Error>) -> Result<(), Error> {
        match declared {
            Ok(()) => Ok(()),
            Err(error) if reply_code(&error) == Some(PRECONDITION_FAILED) => {
                self.findings.push(Finding::Differs {
                    what,
                    detail: error.to_string(),
                });
                Ok(())
            }
            Err(source) => Err(Error::sorted(format!("declare {what}"), source)),
        }
    }
}

fn look(answer: Result<(), lapin::Error>) -> Result<Look, Error> {
    match answer {
        Ok(()) => Ok(Look::There),
        Err(error) if reply_code(&error) == Some(NOT_FOUND) => Ok(Look::Missing),
        Err(error) if reply_code(&error) == Some(ACCESS_REFUSED) => Ok(Look::Forbidden),
        Err(source) => Err(Error::Unreachable { source }),
    }
}

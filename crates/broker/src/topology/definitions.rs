//! The topology as RabbitMQ's own definitions format, and as the arguments of AMQP's declare methods: one source.

use super::{DELIVERY_LIMIT, Exchange, Kind, Queue, Topology, UNROUTED};
use lapin::{
    ExchangeKind,
    types::{AMQPValue, FieldTable, ShortString},
};
use serde::Serialize;
use std::collections::BTreeMap;

/// The file's form. A struct rather than a JSON value: its order does not hang on how `serde_json` was built.
#[derive(Serialize)]
struct Definitions<'a> {
    exchanges: Vec<ExchangeRow<'a>>,
    queues: Vec<QueueRow<'a>>,
    bindings: Vec<BindingRow<'a>>,
}

#[derive(Serialize)]
struct ExchangeRow<'a> {
    name: &'a str,
    vhost: &'static str,
    #[serde(rename = "type")]
    kind: &'static str,
    durable: bool,
    auto_delete: bool,
    internal: bool,
    arguments: Arguments,
}

#[derive(Serialize)]
struct QueueRow<'a> {
    name: &'a str,
    vhost: &'static str,
    durable: bool,
    auto_delete: bool,
    arguments: Arguments,
}

#[derive(Serialize)]
struct BindingRow<'a> {
    source: &'a str,
    vhost: &'static str,
    destination: &'a str,
    destination_type: &'static str,
    routing_key: &'a str,
    arguments: Arguments,
}

/// The arguments of an exchange or a queue.
pub(super) type Arguments = BTreeMap<&'static str, Argument>;

/// The value of an argument.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Argument {
    Word(&'static str),
    Number(i64),
}

impl Topology {
    /// Renders `definitions.json`, for `rabbitmqctl import_definitions`, `load_definitions` and the management API.
    ///
    /// It holds exchanges, queues and bindings of the vhost `/` (an import into another vhost overrides that), and no
    /// users: their passwords do not belong into a repository.
    pub fn definitions_json(&self) -> String {
        let exchanges = self.exchanges.iter().map(|exchange| ExchangeRow {
            name: exchange.name,
            vhost: "/",
            kind: exchange.kind.word(),
            durable: true,
            auto_delete: false,
            internal: false,
            arguments: exchange.arguments(),
        });
        let queues = self.queues.iter().map(|queue| QueueRow {
            name: &queue.name,
            vhost: "/",
            durable: true,
            auto_delete: false,
            arguments: queue.arguments(),
        });
        let bindings = self.bindings.iter().map(|binding| BindingRow {
            source: binding.exchange,
            vhost: "/",
            destination: &binding.queue,
            destination_type: "queue",
            routing_key: &binding.key,
            arguments: Arguments::new(),
        });
        let definitions = Definitions {
            exchanges: exchanges.collect(),
            queues: queues.collect(),
            bindings: bindings.collect(),
        };
        // Names, numbers and truth values only: writing them cannot fail.
        serde_json::to_string_pretty(&definitions).unwrap_or_default()
    }
}

impl Kind {
    fn word(self) -> &'static str {
        match self {
            Self::Topic => "topic",
            Self::Direct => "direct",
            Self::Fanout => "fanout",
        }
    }

    pub(super) fn to_lapin(self) -> ExchangeKind {
        match self {
            Self::Topic => ExchangeKind::Topic,
            Self::Direct => ExchangeKind::Direct,
            Self::Fanout => ExchangeKind::Fanout,
        }
    }
}

impl Exchange {
    /// Its arguments.
    pub(super) fn arguments(&self) -> Arguments {
        self.has_alternate
            .then_some(("alternate-exchange", Argument::Word(UNROUTED)))
            .into_iter()
            .collect()
    }
}

impl Queue {
    /// Its arguments. Arguments rather than a policy: what loses messages when it is missing must not hang on something
    /// that an operator may delete.
    pub(super) fn arguments(&self) -> Arguments {
        let mut arguments = Arguments::from([
            ("x-queue-type", Argument::Word("quorum")),
            ("x-delivery-limit", Argument::Number(DELIVERY_LIMIT)),
            // At-least-once dead-lettering falls back to at-most-once without a word if this is anything else.
            ("x-overflow", Argument::Word("reject-publish")),
        ]);
        if let Some(exchange) = self.dead_letter_exchange {
            arguments.insert("x-dead-letter-exchange", Argument::Word(exchange));
            arguments.insert("x-dead-letter-strategy", Argument::Word("at-least-once"));
        }
        if let Some(ttl) = self.ttl {
            let milliseconds = i64::try_from(ttl.as_millis()).unwrap_or(i64::MAX);
            arguments.insert("x-message-ttl", Argument::Number(milliseconds));
        }
        arguments
    }
}

/// The same arguments for AMQP.
pub(super) fn to_amqp(arguments: Arguments) -> FieldTable {
    let value = |argument| match argument {
        Argument::Word(word) => AMQPValue::LongString(word.into()),
        Argument::Number(number) => AMQPValue::LongLongInt(number),
    };
    let table: BTreeMap<ShortString, AMQPValue> = arguments
        .into_iter()
        .map(|(name, argument)| (name.into(), value(argument)))
        .collect();
    table.into()
}

#[cfg(test)]
mod tests {
    use crate::{Settings, topology::Topology};

    #[test]
    fn the_committed_definitions_are_those_of_the_default_settings() {
        let rendered = Topology::new(&Settings::default().tiers).definitions_json();
        let committed = include_str!("../../../../deploy/rabbitmq/definitions.json");
        let advice = "write it anew: ticketsmith topology print > deploy/rabbitmq/definitions.json";
        assert!(committed.trim_end() == rendered, "{advice}");
    }
}

//! The one private RabbitMQ node that all tests of a run share; each test has a virtual host of its own.

use anyhow::{Context as _, bail};
use std::{
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

/// A running node. Its program ends with its standard input, so it cannot outlive us.
pub(crate) struct Node {
    program: Child,
    /// What the tests read: the variables with its addresses.
    pub(crate) variables: [(&'static str, String); 2],
}

impl Node {
    /// Starts `ticketsmith simulate rabbitmq` and waits until it is ready.
    pub(crate) fn start(ticketsmith: &Path) -> anyhow::Result<Self> {
        let mut program = Command::new(ticketsmith)
            .args(["simulate", "rabbitmq", "--json", "--while-stdin"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", ticketsmith.display()))?;
        let mut line = String::new();
        if let Some(output) = program.stdout.take() {
            BufReader::new(output)
                .read_line(&mut line)
                .context("the node says nothing")?;
        }
        let Ok(ready) = serde_json::from_str::<serde_json::Value>(&line) else {
            bail!("the private RabbitMQ node did not start; it said {line:?}")
        };
        let text = |name: &str| {
            ready[name]
                .as_str()
                .map(str::to_owned)
                .with_context(|| format!("no {name} in {line}"))
        };
        let variables = [
            ("TICKETSMITH_TEST_AMQP", text("amqp_url")?),
            ("TICKETSMITH_TEST_RABBITMQ_MANAGEMENT", text("management_url")?),
        ];
        Ok(Self { program, variables })
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        drop(self.program.stdin.take());
        if let Err(error) = self.program.wait() {
            eprintln!("the private RabbitMQ node was lost: {error}");
        }
    }
}

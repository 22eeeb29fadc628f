//! `ticketsmith submit`: a license request from any other system, checked and published.

use super::DONE;
use crate::settings::{Loaded, Role};
use anyhow::Context as _;
use clap::Args;
use std::{io::Read as _, path::PathBuf, process::ExitCode};
use telemetry::trace;
use tokio_util::sync::CancellationToken;

const EXAMPLES: &str = "\
Examples:
  ticketsmith submit request.json
  ticketsmith submit --dry-run request.json
  jq … | ticketsmith submit -

The file holds one CloudEvents message of type io.ticketsmith.license.request.v1; its JSON Schema is
schemas/json/license.request.v1.schema.json, a sample is schemas/samples/license.request.v1.json.";

/// Check a license request and publish it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Submit {
    /// The file with the request, or - for standard input.
    file: PathBuf,
    /// Check only; publish nothing.
    #[arg(long)]
    dry_run: bool,
}

impl Submit {
    pub(crate) async fn run(&self, loaded: &Loaded) -> anyhow::Result<ExitCode> {
        let body = self.read()?;
        let event = schemas::read_request(&body)?;
        let (key, lines) = (event.key(), event.data.lines.len());
        if self.dry_run {
            println!("The request is right: {key}, {lines} order lines. Nothing was published.");
            return Ok(DONE);
        }
        let settings = super::settings_of_command(loaded, Role::Broker)?;
        let broker = broker::Broker::connect(&settings.broker, CancellationToken::new()).await?;
        let mut envelope = broker::Envelope::new(&event.id, schemas::REQUEST_TYPE, event.to_json());
        envelope.traceparent = Some(trace_of(&body));
        broker
            .publisher()
            .publish(broker::topology::REQUESTS, &event.routing_key(), &envelope)
            .await?;
        println!("Published: {key}, {lines} order lines. See what becomes of it with: ticketsmith orders show {key}");
        broker.close().await;
        Ok(DONE)
    }

    fn read(&self) -> anyhow::Result<Vec<u8>> {
        // One byte more than is allowed, so that a body that is too large is told from one that fits.
        let most = schemas::MAX_BODY_BYTES as u64 + 1;
        let mut body = Vec::new();
        if self.file.as_os_str() == "-" {
            std::io::stdin()
                .take(most)
                .read_to_end(&mut body)
                .context("standard input cannot be read")?;
        } else {
            let file =
                std::fs::File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
            file.take(most)
                .read_to_end(&mut body)
                .with_context(|| format!("cannot read {}", self.file.display()))?;
        }
        Ok(body)
    }
}

/// Goes on with the submitter's own trace, where the message names it as CloudEvents' extension *distributed tracing* does
/// (<https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/extensions/distributed-tracing.md>); else begins one.
fn trace_of(body: &[u8]) -> String {
    let message: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    trace::child(message["traceparent"].as_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_trace_of_the_submitter_goes_on() {
        let theirs = trace::new_traceparent();
        let body = serde_json::json!({ "traceparent": theirs }).to_string();
        assert_eq!(trace::trace_id(&trace_of(body.as_bytes())), trace::trace_id(&theirs));
    }

    #[test]
    fn a_message_without_a_readable_trace_begins_one() {
        for body in ["{}", r#"{"traceparent": 7}"#, r#"{"traceparent": "rubbish"}"#] {
            assert!(trace::trace_id(&trace_of(body.as_bytes())).is_some(), "{body}");
        }
    }
}

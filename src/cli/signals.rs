//! Turns signals into a stop: the first one drains, a second one ends at once.

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// Returns a token that is cancelled by SIGTERM or SIGINT. A second signal ends the process: what is not finished then
/// is not acknowledged, and comes again.
pub(crate) fn stop_on_signals() -> std::io::Result<CancellationToken> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let token = CancellationToken::new();
    let stop = token.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            if stop.is_cancelled() {
                tracing::warn!("a second signal: ending at once; unfinished work comes again");
                std::process::exit(1);
            }
            tracing::info!("stopping: no new work is taken, what is in hand is finished");
            stop.cancel();
        }
    });
    Ok(token)
}

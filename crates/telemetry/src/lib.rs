//! Logs, metrics, health and trace context: how a process says what it does.
//!
//! Names of metrics live in one enum; what a log may never hold (tickets, tokens, bodies, personal data) is kept out by
//! the types of the other rooms, which mask themselves.

mod health;
mod logs;
mod metric;
mod serve;
pub mod trace;

pub use health::{Check, Health};
pub use logs::{InvalidFilter, LogFormat, init_logs};
pub use metric::{Metric, MetricsText, Stopwatch, install_metrics};
pub use serve::{ServeError, routes, serve};

//! The worker: license requests become tickets, tickets become reports.
//!
//! `fulfil` takes license requests from RabbitMQ, asks License Central and publishes what came of it; it never speaks
//! to Salesforce. `report` takes completions and writes them to Salesforce; it never speaks to License Central. So each
//! neighbor may be away without the other noticing. `recover` runs beside `fulfil` and finishes what a crash, a freeze
//! or a lost answer left unfinished.
//!
//! Reading order: [`worker`](Worker), `fulfil`, `report`, `recover`; `failure` holds the one table of decisions.

mod worker;

mod fulfil;
mod recover;
mod report;

pub mod breaker;
mod failure;
mod waits;

mod alone;
mod guard;
mod licensing;
mod outbox;

mod error;
mod settings;

pub use error::Error;
pub use guard::{BreakerStatus, Guard, Neighbor};
pub use report::{Fields, Settings as ReportSettings, Words};
pub use settings::Settings;
pub use waits::{Schedule, tier_of};
pub use worker::{Done, Status, Worker};

//! A pretend Salesforce org: OAuth, REST, Pub/Sub and a page for people, on real sockets.
//!
//! It is as strict as the real one: it verifies signatures, headers, credit, replay ids and field names, and it answers with the
//! real one's errors. Orders are ordinary records; setting an order's `Status` to `Activated` publishes `License_Request__e` as
//! the shipped flow would. The event and the custom fields are read from the sfdx package in `deploy/salesforce`.
//!
//! [`start`] gives a [`Handle`]: addresses and credentials for clients, [`Faults`] to plan trouble, [`Arrivals`] to read what came.

mod arrivals;
mod bus;
mod error;
mod faults;
mod flow;
mod handle;
mod metadata;
mod oauth;
mod options;
mod org;
mod page;
mod pubsub;
mod rest;
mod schema;
mod serve;
mod start;
mod store;

pub use arrivals::{Arrivals, CollectionCall};
pub use error::Error;
pub use faults::{Faults, GrpcFault, RestFault, RowFault, StreamEnd, TokenFault};
pub use handle::Handle;
pub use options::{Certificate, Options, Ready};
pub use start::start;
pub use store::orders::{LineView, OrderView, SeedOrder};

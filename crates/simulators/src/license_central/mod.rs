//! A pretend CodeMeter License Central: a real SOAP server on a real socket, with a WebDepot for people.
//!
//! It is as strict as its WSDL (`schemas/license-central/license-central.wsdl`) and as forgetful as the real one is said
//! to be: it never recognizes a repeated request, so an order number that comes again extends its ticket, and the books
//! say so. [`start()`] starts one; [`Handle::faults`] makes it misbehave.

mod arrivals;
mod connection;
mod faults;
mod handle;
mod license;
mod lists;
mod misbehavior;
mod order;
mod page;
mod server;
mod site;
mod soap;
mod soap_endpoint;
mod start;
mod start_page;
mod store;
mod ticket;
mod web_depot;
mod wsdl;

pub use arrivals::Arrival;
pub use faults::{Fault, Faults, Plan, When};
pub use handle::{Handle, Ready};
pub use license::{LicenseAction, LicenseState};
pub use order::{Book, Item, Line, Order};
pub use soap::{envelope::Version, read::Operation};
pub use start::{Error, Mode, Options, start};

#[cfg(test)]
mod tests;

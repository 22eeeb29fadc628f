//! The License Central client: the only place that names XML.
//!
//! What License Central's owner expects on the wire is not public and differs between installations, so nothing about
//! it is fixed here. A [`Profile`] (a folder with `profile.toml` and one request template per operation) says what is
//! sent, where in the answer things stand, and what each fault and status means. This room turns that into one of four
//! classes per call: an `Ok` is *done*, and [`Error::class`] names the other three ([`Class`]).
//!
//! Nothing here decides what happens next and nothing is sent twice: see [`Client::create_order`].

mod answer;
mod client;
mod error;
mod gate;
mod identity;
mod profile;
mod render;
mod settings;
mod transport;
mod web_depot;

pub use client::{Client, Found, FoundLine, Issued, Order};
pub use error::{Class, Error, Mistake, Mistakes, Sentence};
pub use profile::{Operation, Profile, SoapVersion};
pub use settings::{ProfileChoice, Settings};

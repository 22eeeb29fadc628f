//! SOAP 1.1 and 1.2 as the pretend License Central reads and writes them.
//!
//! A request ([`message`]) passes through these files in order: bytes become text ([`charset`]), text becomes a tree
//! ([`tree`], by the rules of [`grammar`]), the tree is taken out of its envelope ([`envelope`]), judged by the WSDL
//! ([`schema`]) and becomes a call ([`read`]); [`answer`] writes what comes back.

pub(crate) mod answer;
pub(crate) mod charset;
pub(crate) mod envelope;
pub(crate) mod fault;
pub(crate) mod grammar;
pub(crate) mod media_type;
pub(crate) mod message;
pub(crate) mod read;
pub(crate) mod schema;
pub(crate) mod tree;

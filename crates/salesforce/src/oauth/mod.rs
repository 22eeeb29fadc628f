//! Tokens: one for all, minted when needed.

pub(crate) mod answer;
pub(crate) mod credentials;
pub(crate) mod jwt;
pub(crate) mod tokens;

pub(crate) use tokens::{Token, Tokens};

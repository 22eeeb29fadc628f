//! The digest of what is handed out and to whom.

use crate::LicenseRequest;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{fmt, str::FromStr};

/// Tells whether two requests with one key want the same thing.
///
/// SHA-256 over action, customer id and, per line in sorted order, item, quantity and terms. Event ids, times, names,
/// e-mail addresses and line ids do not count. Each part is preceded by its length, so that no two contents can run
/// together into one text.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(#[schemars(with = "String")] [u8; 32]);

/// The text is not a fingerprint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is 64 hexadecimal digits")]
pub struct InvalidFingerprint;

impl Fingerprint {
    /// Digests a request.
    pub fn of(request: &LicenseRequest) -> Self {
        let mut lines: Vec<Vec<u8>> = request
            .lines
            .iter()
            .map(|line| {
                let mut bytes = Vec::new();
                part(&mut bytes, line.item_id.as_bytes());
                part(&mut bytes, &line.quantity.to_be_bytes());
                for (name, value) in &line.terms {
                    part(&mut bytes, name.as_bytes());
                    part(&mut bytes, value.as_bytes());
                }
                bytes
            })
            .collect();
        lines.sort_unstable();
        let mut whole = Vec::new();
        part(&mut whole, request.action.as_str().as_bytes());
        part(&mut whole, crate::widen_id(&request.customer.id).as_bytes());
        for line in &lines {
            part(&mut whole, line);
        }
        Self(Sha256::digest(&whole).into())
    }
}

fn part(into: &mut Vec<u8>, bytes: &[u8]) {
    into.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
    into.extend_from_slice(bytes);
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

impl FromStr for Fingerprint {
    type Err = InvalidFingerprint;

    fn from_str(text: &str) -> Result<Self, InvalidFingerprint> {
        if text.len() != 64 || !text.is_ascii() {
            return Err(InvalidFingerprint);
        }
        let mut bytes = [0; 32];
        for (place, byte) in bytes.iter_mut().enumerate() {
            let digits = text.get(place * 2..place * 2 + 2).ok_or(InvalidFingerprint)?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| InvalidFingerprint)?;
        }
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = InvalidFingerprint;

    fn try_from(text: String) -> Result<Self, InvalidFingerprint> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

//! The authorities to trust when they are not the system's.

use std::path::Path;

/// Reads a PEM file of certificates; the error says what was found instead.
pub(crate) fn read(file: &Path) -> Result<Vec<u8>, String> {
    let pem = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    match reqwest::Certificate::from_pem_bundle(&pem) {
        Ok(certificates) if certificates.is_empty() => Err(format!("{}: no certificate in it", file.display())),
        Ok(_) => Ok(pem),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

//! Record ids of 18 characters, as Salesforce makes and checks them.

const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECKSUM: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// Gives out ids, each once; every org starts somewhere else, so that no two orgs share a record id.
#[derive(Debug)]
pub(in crate::salesforce) struct IdSource {
    next: u64,
}

impl IdSource {
    /// Starts at a place that no other org is likely to have.
    pub(in crate::salesforce) fn new() -> Self {
        Self {
            next: rand::random_range(0..62_u64.pow(7)) * 10_000,
        }
    }

    /// Returns a fresh id of 18 characters with that key prefix.
    pub(in crate::salesforce) fn next(&mut self, key_prefix: &str) -> String {
        self.next += 1;
        let (mut number, mut digits) = (self.next, Vec::new());
        while digits.len() < 10 {
            digits.push(char::from(DIGITS[usize::try_from(number % 62).unwrap_or(0)]));
            number /= 62;
        }
        widen(&format!(
            "{key_prefix}g0{}",
            digits.into_iter().rev().collect::<String>()
        ))
    }
}

/// Adds the three checksum characters to an id of 15.
fn widen(id: &str) -> String {
    format!("{id}{}", checksum(id))
}

/// Returns the id in 18 characters if it is one of 15 or 18; a wrong checksum is no id.
pub(in crate::salesforce) fn read(id: &str) -> Option<String> {
    if !id.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    match id.len() {
        15 => Some(widen(id)),
        18 => id.get(..15).map(widen).filter(|widened| widened == id),
        _ => None,
    }
}

/// One character per five: which of them are capital letters.
fn checksum(id: &str) -> String {
    id.as_bytes()
        .chunks(5)
        .map(|five| {
            let capitals = five.iter().enumerate().filter(|(_, byte)| byte.is_ascii_uppercase());
            char::from(CHECKSUM[capitals.map(|(at, _)| 1 << at).sum::<usize>()])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_ids_have_their_known_checksums() {
        assert_eq!(widen("001000000000001"), "001000000000001AAA");
        assert_eq!(widen("0018c00002Mfo1A"), "0018c00002Mfo1AAAR");
        assert_eq!(widen("00D5e000000GmVZ"), "00D5e000000GmVZEA0");
    }

    #[test]
    fn ids_are_fresh_and_read_back() {
        let mut source = IdSource::new();
        let (one, two) = (source.next("801"), source.next("801"));
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[..3]), (18, "801"));
        assert_eq!(read(&one), Some(one.clone()));
        assert_eq!(read(&one[..15]), Some(one.clone()));
    }

    #[test]
    fn a_wrong_checksum_or_length_is_no_id() {
        for bad in [
            "001000000000001AAB",
            "0010000000001",
            "",
            "001000000000001!!!",
            "001-00000000001",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}

//! From the bytes of a request to its text.

use super::tree::Malformed;

/// Decodes an XML document; what says the encoding is, in this order, a byte order mark, the `charset` of its media type,
/// the XML declaration, and else UTF-8 ([RFC 7303, section 3.2](https://www.rfc-editor.org/rfc/rfc7303#section-3.2)).
pub(crate) fn decode(bytes: &[u8], charset: Option<&str>) -> Result<String, Malformed> {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        return decode_as(encoding.name(), &bytes[mark..]);
    }
    if let Some(charset) = charset {
        return decode_as(charset, bytes);
    }
    match bytes {
        [0, b'<', ..] => return decode_as("utf-16be", bytes),
        [b'<', 0, ..] => return decode_as("utf-16le", bytes),
        _ => {}
    }
    match declared(bytes) {
        // The declaration was readable as ASCII, so whatever this is, it is not UTF-16.
        Some(label) if label.to_ascii_lowercase().starts_with("utf-16") => Err(Malformed::new(
            "the XML declaration says UTF-16, but the document is not UTF-16",
        )),
        Some(label) => decode_as(&label, bytes),
        None => decode_as("utf-8", bytes),
    }
}

fn decode_as(label: &str, bytes: &[u8]) -> Result<String, Malformed> {
    // The registry that encoding_rs follows reads ISO-8859-1 as windows-1252, which differs in 0x80 to 0x9F.
    if ["iso-8859-1", "latin1", "iso_8859-1", "l1"].contains(&label.to_ascii_lowercase().as_str()) {
        return Ok(bytes.iter().map(|byte| char::from(*byte)).collect());
    }
    // Without a mark the byte order of "UTF-16" is seen from its first character.
    let label = match (label.to_ascii_lowercase().as_str(), bytes) {
        ("utf-16", [0, _, ..]) => "utf-16be",
        ("utf-16", _) => "utf-16le",
        _ => label,
    };
    let encoding = encoding_rs::Encoding::for_label(label.as_bytes())
        .ok_or_else(|| Malformed::new(format!("the encoding {label:?} is not known here")))?;
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
        .ok_or_else(|| Malformed::new(format!("the document is not {}", encoding.name())))
}

/// Finds `encoding="…"` in an XML declaration that starts the document.
fn declared(bytes: &[u8]) -> Option<String> {
    let rest = bytes.strip_prefix(b"<?xml")?;
    let end = rest.windows(2).position(|pair| pair == b"?>")?;
    let declaration = std::str::from_utf8(&rest[..end]).ok()?;
    let value = declaration
        .split_once("encoding")?
        .1
        .trim_start()
        .strip_prefix('=')?
        .trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split_once(quote).map(|(label, _)| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        text.encode_utf16()
            .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
            .collect()
    }

    #[test]
    fn every_way_to_say_the_encoding_gives_the_same_text() {
        let plain = "<a>Müller €</a>";
        let utf8 = decode(plain.as_bytes(), None).unwrap();
        assert_eq!(utf8, plain);
        let marked = [b"\xEF\xBB\xBF".as_slice(), plain.as_bytes()].concat();
        assert_eq!(
            decode(&marked, Some("iso-8859-1")).unwrap(),
            plain,
            "a mark outranks the media type"
        );
        for big in [false, true] {
            assert_eq!(decode(&utf16(plain, big), None).unwrap(), plain);
            assert_eq!(decode(&utf16(plain, big), Some("UTF-16")).unwrap(), plain);
            assert_eq!(decode(&utf16(&format!("\u{feff}{plain}"), big), None).unwrap(), plain);
        }
    }

    #[test]
    fn latin_1_is_read_by_declaration_or_by_media_type() {
        let declared = b"<?xml version='1.0' encoding='ISO-8859-1'?><a>M\xFCller</a>";
        assert!(decode(declared, None).unwrap().ends_with("<a>Müller</a>"));
        assert_eq!(decode(b"<a>\xFC\x80</a>", Some("latin1")).unwrap(), "<a>ü\u{80}</a>");
    }

    #[test]
    fn what_is_not_in_its_encoding_is_refused() {
        assert!(decode(b"<a>\xFC</a>", None).is_err());
        assert!(decode(b"<a/>", Some("klingon")).is_err());
        assert!(decode(b"<?xml version='1.0' encoding='UTF-16'?><a/>", None).is_err());
        assert!(
            decode(b"\xFF\xFE<\x00a\x00\x00\xD8", None).is_err(),
            "half a surrogate pair"
        );
    }
}

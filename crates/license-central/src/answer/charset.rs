//! Turns an answer's bytes into characters.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Why bytes cannot be read as characters.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CharsetProblem {
    /// The charset is not one that is known.
    #[error("a charset that is not known")]
    Unknown,
    /// The bytes are not what their charset says.
    #[error("bytes that are not {0}")]
    Wrong(&'static str),
}

/// Decodes a document. RFC 7303: a byte order mark counts most, then the media type's charset, then the XML declaration.
pub(super) fn decode<'a>(bytes: &'a [u8], media_type: Option<&str>) -> Result<Cow<'a, str>, CharsetProblem> {
    if bytes.starts_with(&[0xff, 0xfe, 0, 0]) || bytes.starts_with(&[0, 0, 0xfe, 0xff]) {
        // UTF-32: no XML writer of our time uses it, and taking it for UTF-16 would only confuse.
        return Err(CharsetProblem::Unknown);
    }
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, bytes.get(length..).unwrap_or_default()),
        None => (without_mark(bytes, media_type)?, bytes),
    };
    let wrong = CharsetProblem::Wrong(encoding.name());
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or(wrong)
}

fn without_mark(bytes: &[u8], media_type: Option<&str>) -> Result<&'static Encoding, CharsetProblem> {
    // The first character of a document is "<" or white space, so a zero beside it gives UTF-16 away, whatever is
    // declared: the label "utf-16" alone does not say which of the two it is.
    match bytes {
        [0, 1..=255, ..] => return Ok(UTF_16BE),
        [1..=255, 0, ..] => return Ok(UTF_16LE),
        _ => {}
    }
    let from_media_type = media_type.and_then(charset_parameter);
    match from_media_type.or_else(|| declared(bytes)) {
        None => Ok(UTF_8),
        Some(label) => {
            let encoding = Encoding::for_label_no_replacement(label.as_bytes()).ok_or(CharsetProblem::Unknown)?;
            // Not UTF-16, as seen above: a declaration that was left in place when the text was recoded.
            Ok(if encoding == UTF_16LE || encoding == UTF_16BE {
                UTF_8
            } else {
                encoding
            })
        }
    }
}

/// Returns the charset of a media type such as `text/xml; charset="utf-8"`.
fn charset_parameter(media_type: &str) -> Option<String> {
    media_type.split(';').skip(1).find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        name.trim()
            .eq_ignore_ascii_case("charset")
            .then(|| value.trim().trim_matches('"').to_owned())
    })
}

/// Returns the encoding of an XML declaration in a charset that contains ASCII.
fn declared(bytes: &[u8]) -> Option<String> {
    let head = bytes.strip_prefix(b"<?xml")?;
    let end = head.iter().take(256).position(|byte| *byte == b'>')?;
    let declaration = std::str::from_utf8(head.get(..end)?).ok()?;
    let (_, value) = declaration.split_once("encoding")?;
    let value = value.trim_start().strip_prefix('=')?.trim_start();
    let quote = value
        .chars()
        .next()
        .filter(|character| matches!(character, '"' | '\''))?;
    let (label, _) = value.get(1..)?.split_once(quote)?;
    Some(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_byte_order_mark_counts_more_than_any_label() {
        let bytes = "\u{feff}<a>ü</a>".as_bytes();
        assert_eq!(decode(bytes, Some("text/xml; charset=iso-8859-1")).unwrap(), "<a>ü</a>");
    }

    #[test]
    fn the_media_type_counts_more_than_the_declaration() {
        let bytes = b"<?xml version='1.0' encoding='utf-8'?><a>\xfc</a>";
        let text = decode(bytes, Some("text/xml; charset=\"ISO-8859-1\"; action=\"x\"")).unwrap();
        assert!(text.ends_with("<a>ü</a>"));
    }

    #[test]
    fn the_declaration_counts_when_nothing_else_is_said() {
        let bytes = b"<?xml version=\"1.0\" encoding = 'windows-1252' ?><a>\x80</a>";
        assert!(decode(bytes, Some("text/xml")).unwrap().ends_with("<a>€</a>"));
    }

    #[test]
    fn utf_16_is_read_with_and_without_a_mark() {
        let text = "<?xml version=\"1.0\" encoding=\"utf-16\"?><a>日本</a>";
        let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked: Vec<u8> = [0xfe, 0xff].into_iter().chain(big.clone()).collect();
        for bytes in [little, big, marked] {
            assert_eq!(decode(&bytes, Some("text/xml; charset=utf-16")).unwrap(), text);
        }
    }

    #[test]
    fn wrong_and_unknown_charsets_are_refused() {
        assert!(matches!(
            decode(b"<a>\xfc</a>", None),
            Err(CharsetProblem::Wrong("UTF-8"))
        ));
        assert!(matches!(
            decode(b"<a/>", Some("text/xml; charset=klingon")),
            Err(CharsetProblem::Unknown)
        ));
        assert!(matches!(
            decode(b"\0\0\xfe\xff\0\0\0<", None),
            Err(CharsetProblem::Unknown)
        ));
    }
}

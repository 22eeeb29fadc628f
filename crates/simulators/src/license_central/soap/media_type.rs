//! The `Content-Type` of a request: type, charset, and SOAP 1.2's action.

/// A media type taken apart; all but `action` in lower case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct MediaType {
    pub(crate) essence: String,
    pub(crate) charset: Option<String>,
    pub(crate) action: Option<String>,
}

impl MediaType {
    /// Takes a header's value apart; parameters that cannot be read are left out.
    pub(crate) fn read(header: &str) -> Self {
        let (essence, mut rest) = header.split_once(';').unwrap_or((header, ""));
        let mut media_type = Self {
            essence: essence.trim().to_ascii_lowercase(),
            ..Self::default()
        };
        while let Some((name, after)) = rest.split_once('=') {
            let (value, after) = value(after);
            match name.trim().to_ascii_lowercase().as_str() {
                "charset" => media_type.charset = Some(value.to_ascii_lowercase()),
                "action" => media_type.action = Some(value),
                _ => {}
            }
            rest = after;
        }
        media_type
    }
}

/// Reads a token or quoted string and what follows its semicolon.
fn value(text: &str) -> (String, &str) {
    let text = text.trim_start();
    let Some(quoted) = text.strip_prefix('"') else {
        let (token, rest) = text.split_once(';').unwrap_or((text, ""));
        return (token.trim().to_owned(), rest);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, quoted[at + 1..].split_once(';').map_or("", |(_, rest)| rest)),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_come_in_any_order_quoted_or_not() {
        let one = MediaType::read("application/soap+xml; charset=UTF-8; action=\"urn:a;b=c\"");
        assert_eq!(one.essence, "application/soap+xml");
        assert_eq!(
            (one.charset.as_deref(), one.action.as_deref()),
            (Some("utf-8"), Some("urn:a;b=c"))
        );
        let other = MediaType::read("Application/SOAP+XML ;action=urn:a;charset=\"utf-16\"");
        assert_eq!(
            (other.charset.as_deref(), other.action.as_deref()),
            (Some("utf-16"), Some("urn:a"))
        );
        assert_eq!(MediaType::read("text/xml").charset, None);
        assert_eq!(MediaType::read("text/xml; charset=\"").charset.as_deref(), Some(""));
    }
}

//! The rules of XML that quick-xml leaves to its caller.

use quick_xml::events::{BytesDecl, BytesRef, attributes::Attributes};

use super::tree::Malformed;

/// Resolves a character reference, or one of the five that XML knows by name.
pub(crate) fn resolve(reference: &BytesRef<'_>) -> Result<char, Malformed> {
    let unknown = || Malformed::new(format!("the reference &{}; means nothing", &**reference));
    match reference.resolve_char_ref().map_err(|_| unknown())? {
        Some(character) => Ok(character),
        None => match &**reference {
            "lt" => Ok('<'),
            "gt" => Ok('>'),
            "amp" => Ok('&'),
            "apos" => Ok('\''),
            "quot" => Ok('"'),
            _ => Err(unknown()),
        },
    }
}

/// Refuses every XML but 1.0, and declarations that are not written as XML wants them.
pub(crate) fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Malformed> {
    let written: &str = declaration;
    let rest = written.strip_prefix("xml").unwrap_or(written);
    check_spacing(rest)?;
    let expected = ["version", "encoding", "standalone"];
    let mut place = 0;
    for attribute in Attributes::new(rest, 0) {
        let attribute = attribute.map_err(|error| Malformed::new(format!("in the XML declaration: {error}")))?;
        let name = attribute.key.0;
        // In this order, each at most once, the version always.
        let found = expected[place..].iter().position(|one| *one == name);
        place += 1 + found.ok_or_else(|| Malformed::new(format!("{name} stands wrong in the XML declaration")))?;
        let value = &*attribute.value;
        let right = match name {
            "version" if value != "1.0" => {
                return Err(Malformed::new(format!("XML {value}; only XML 1.0 is read here")));
            }
            "version" => true,
            "encoding" => {
                value.starts_with(|c: char| c.is_ascii_alphabetic()) && value.chars().all(is_of_encoding_name)
            }
            _ => matches!(value, "yes" | "no"),
        };
        if !right {
            return Err(Malformed::new(format!(
                "{name}={value:?} stands wrong in the XML declaration"
            )));
        }
    }
    if declaration.version().is_ok() {
        Ok(())
    } else {
        Err(Malformed::new("the XML declaration says no version"))
    }
}

fn is_of_encoding_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')
}

/// Refuses attributes that are not parted by white space; takes all that follows the name in a tag.
pub(crate) fn check_spacing(attributes: &str) -> Result<(), Malformed> {
    let mut open = None;
    let mut closed = false;
    for c in attributes.chars() {
        match open {
            None if closed && !is_blank(c.encode_utf8(&mut [0; 4])) => {
                return Err(Malformed::new("no white space between two attributes"));
            }
            None => {
                closed = false;
                open = Some(c).filter(|c| matches!(c, '"' | '\''));
            }
            Some(quote) if quote == c => (open, closed) = (None, true),
            Some(_) => {}
        }
    }
    Ok(())
}

/// Refuses characters that XML does not allow, written out or by reference.
pub(crate) fn characters(text: &str) -> Result<(), Malformed> {
    let allowed = |c: char| matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..);
    match text.chars().find(|c| !allowed(*c)) {
        Some(c) => Err(Malformed::new(format!(
            "the character U+{:04X}, which XML does not allow",
            u32::from(c)
        ))),
        None => Ok(()),
    }
}

/// Checks a name with or without one prefix. Letters are taken as Unicode has them now: wider than XML 1.0's own list.
pub(crate) fn check_name(name: &str) -> Result<(), Malformed> {
    let part = |part: &str| {
        let mut characters = part.chars();
        characters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
            && characters.all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | '\u{b7}'))
    };
    if name.splitn(2, ':').all(part) {
        Ok(())
    } else {
        Err(Malformed::new(format!("{name:?} is not a name")))
    }
}

/// Says whether XML sees nothing but white space in a text.
pub(crate) fn is_blank(text: &str) -> bool {
    text.chars().all(|c| matches!(c, ' ' | '\t' | '\n' | '\r'))
}

//! Reads SOAP faults of both versions.

use super::element::Element;
use crate::error::Sentence;
use crate::profile::{FaultPaths, Name, SoapVersion};

/// What a fault says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// License Central's own code from the detail, else the SOAP fault code's local name.
    pub(super) code: String,
    /// Its text, from the detail or the fault itself.
    pub(super) message: String,
    /// The item it speaks of.
    pub(super) item: Option<String>,
}

/// Reads a fault element.
pub(super) fn read(fault: &Element, version: SoapVersion, paths: &FaultPaths) -> Fault {
    let namespace = Some(version.namespace());
    let (detail, code, reason) = match version {
        // SOAP 1.1 leaves these unqualified.
        SoapVersion::V1_1 => (
            fault.child(None, "detail"),
            fault.child(None, "faultcode"),
            fault.child(None, "faultstring"),
        ),
        SoapVersion::V1_2 => (
            fault.child(namespace, "Detail"),
            fault.child(namespace, "Code").map(|code| innermost_code(code, version)),
            fault
                .child(namespace, "Reason")
                .and_then(|reason| reason.child(namespace, "Text")),
        ),
    };
    let in_detail = |path: &Option<Vec<Name>>| {
        let found = detail?.all(path.as_deref()?);
        found
            .first()
            .map(|element| element.trimmed())
            .filter(|text| !text.is_empty())
    };
    let own_code = code
        .map(|code| local_name(code.trimmed()))
        .filter(|text| !text.is_empty());
    Fault {
        code: in_detail(&paths.code)
            .or(own_code)
            .unwrap_or("without a code")
            .to_owned(),
        message: in_detail(&paths.message)
            .or_else(|| reason.map(Element::trimmed))
            .unwrap_or_default()
            .to_owned(),
        item: in_detail(&paths.item).map(str::to_owned),
    }
}

/// SOAP 1.2 nests codes from the general one (Sender) to the particular one.
fn innermost_code(code: &Element, version: SoapVersion) -> &Element {
    let namespace = Some(version.namespace());
    let mut code = code;
    // The reader bounds how deep elements stand.
    while let Some(subcode) = code.child(namespace, "Subcode") {
        code = subcode;
    }
    code.child(namespace, "Value").unwrap_or(code)
}

/// Fault codes are qualified names; their prefix means nothing here.
fn local_name(text: &str) -> &str {
    text.rsplit_once(':').map_or(text, |(_, local)| local)
}

/// Fills a sentence for a sales person.
pub(super) fn sentence(template: &str, order: &str, fault: Option<&Fault>) -> Sentence {
    let item = fault.and_then(|fault| fault.item.as_deref()).unwrap_or("(not named)");
    let message = fault
        .map(|fault| fault.message.as_str())
        .filter(|text| !text.is_empty())
        .unwrap_or("(no reason given)");
    // One pass, so that a message with "{order}" in it stays as it is.
    let mut filled = String::new();
    let mut rest = template;
    while let Some(start) = rest.find('{') {
        let (text, tail) = rest.split_at(start);
        filled.push_str(text);
        let known = [("{item}", item), ("{order}", order), ("{message}", message)];
        match known
            .into_iter()
            .find_map(|(name, value)| Some((value, tail.strip_prefix(name)?)))
        {
            Some((value, after)) => {
                filled.push_str(value);
                rest = after;
            }
            None => {
                filled.push('{');
                rest = tail.get(1..).unwrap_or_default();
            }
        }
    }
    filled.push_str(rest);
    Sentence::new(&filled)
}

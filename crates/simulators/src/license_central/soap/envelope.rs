//! The SOAP envelope: which version it is, what it may contain, and what is in its body.

use super::{
    fault::{Blame, SoapFault},
    grammar::is_blank,
    tree::Element,
};

const SOAP_11: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const SOAP_12: &str = "http://www.w3.org/2003/05/soap-envelope";

/// The two versions that are spoken here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// SOAP 1.1: `text/xml`, the action in the header `SOAPAction`.
    Soap11,
    /// SOAP 1.2: `application/soap+xml`, the action in the media type.
    Soap12,
}

impl Version {
    /// Names the envelope's namespace.
    #[must_use]
    pub fn namespace(self) -> &'static str {
        match self {
            Self::Soap11 => SOAP_11,
            Self::Soap12 => SOAP_12,
        }
    }

    /// Names the media type, without parameters.
    #[must_use]
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Soap11 => "text/xml",
            Self::Soap12 => "application/soap+xml",
        }
    }

    /// Finds the version of a media type.
    pub(crate) fn of_media_type(essence: &str) -> Option<Self> {
        [Self::Soap11, Self::Soap12]
            .into_iter()
            .find(|version| version.media_type() == essence)
    }

    /// Finds the version of a document's root element.
    pub(crate) fn of_envelope(root: &Element) -> Option<Self> {
        let of_namespace = |version: &Self| root.is(version.namespace(), "Envelope");
        [Self::Soap11, Self::Soap12].into_iter().find(of_namespace)
    }
}

/// Takes the one element out of the body of an envelope of the given version.
pub(crate) fn open(version: Version, root: Element) -> Result<Element, SoapFault> {
    let sender = |message: &str| SoapFault::new(Blame::Sender, message);
    if !is_blank(&root.text) {
        return Err(sender("text between the parts of the SOAP envelope"));
    }
    let mut parts = root.children.into_iter().peekable();
    if let Some(header) = parts.next_if(|part| part.is(version.namespace(), "Header")) {
        check_header(version, &header)?;
    }
    let body = parts.next().filter(|part| part.is(version.namespace(), "Body"));
    let body = body.ok_or_else(|| sender("the SOAP envelope has no Body where one must be"))?;
    if let Some(extra) = parts.next() {
        return Err(sender(&format!("the element {} follows the SOAP Body", extra.name)));
    }
    if !is_blank(&body.text) {
        return Err(sender("text beside the element in the SOAP Body"));
    }
    let mut children = body.children.into_iter();
    match (children.next(), children.next()) {
        (Some(payload), None) => Ok(payload),
        (None, _) => Err(sender("the SOAP Body is empty")),
        (Some(_), Some(second)) => Err(sender(&format!("a second element, {}, in the SOAP Body", second.name))),
    }
}

/// Refuses header entries that are meant for us and must be understood: we understand none.
fn check_header(version: Version, header: &Element) -> Result<(), SoapFault> {
    for entry in &header.children {
        let demanded = match entry.attribute(version.namespace(), "mustUnderstand").map(str::trim) {
            Some("1") => true,
            Some("true") => version == Version::Soap12,
            _ => false,
        };
        if demanded && is_for_us(version, entry) {
            let message = format!(
                "the header entry {} of {:?} is not understood",
                entry.name, entry.namespace
            );
            return Err(SoapFault::new(Blame::MustUnderstand, message));
        }
    }
    Ok(())
}

fn is_for_us(version: Version, entry: &Element) -> bool {
    let addressee = match version {
        Version::Soap11 => entry.attribute(SOAP_11, "actor"),
        Version::Soap12 => entry.attribute(SOAP_12, "role"),
    };
    match addressee.map(str::trim) {
        None | Some("" | "http://schemas.xmlsoap.org/soap/actor/next") => true,
        Some(role) => {
            role.starts_with(SOAP_12) && (role.ends_with("/role/next") || role.ends_with("/role/ultimateReceiver"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{super::tree::parse, *};

    fn opened(version: Version, inside: &str) -> Result<Element, SoapFault> {
        let document = format!("<e:Envelope xmlns:e='{}'>{inside}</e:Envelope>", version.namespace());
        let root = parse(&document).unwrap();
        assert_eq!(Version::of_envelope(&root), Some(version));
        open(version, root)
    }

    #[test]
    fn the_one_element_of_the_body_comes_out() {
        for version in [Version::Soap11, Version::Soap12] {
            let payload = opened(
                version,
                "<e:Header><x/></e:Header><e:Body>\n<a xmlns='urn:x'/>\n</e:Body>",
            )
            .unwrap();
            assert!(payload.is("urn:x", "a"));
        }
    }

    #[test]
    fn an_envelope_of_another_shape_is_refused() {
        for inside in [
            "",
            "<e:Header/>",
            "<Body><a/></Body>",
            "<e:Body/>",
            "<e:Body><a/><b/></e:Body>",
            "<e:Body><a/></e:Body><e:Body><a/></e:Body>",
            "<e:Body><a/></e:Body><e:Header/>",
            "<e:Body>x<a/></e:Body>",
            "x<e:Body><a/></e:Body>",
        ] {
            assert_eq!(
                opened(Version::Soap11, inside).unwrap_err().blame,
                Blame::Sender,
                "{inside:?}"
            );
        }
    }

    #[test]
    fn a_header_entry_that_must_be_understood_is_not() {
        let with = |attributes: &str| format!("<e:Header><x {attributes}/></e:Header><e:Body><a/></e:Body>");
        let blame = |version, attributes: &str| opened(version, &with(attributes)).err().map(|fault| fault.blame);
        assert_eq!(
            blame(Version::Soap11, "e:mustUnderstand='1'"),
            Some(Blame::MustUnderstand)
        );
        assert_eq!(
            blame(Version::Soap12, "e:mustUnderstand='true'"),
            Some(Blame::MustUnderstand)
        );
        assert_eq!(blame(Version::Soap11, "e:mustUnderstand='0'"), None);
        assert_eq!(
            blame(Version::Soap11, "e:mustUnderstand='1' e:actor='urn:somebody-else'"),
            None
        );
        assert_eq!(
            blame(Version::Soap12, "mustUnderstand='true'"),
            None,
            "an attribute of no namespace"
        );
    }
}

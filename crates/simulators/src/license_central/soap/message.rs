//! From a request's headers and bytes to the call it stands for.

use axum::http::{HeaderMap, header};

use super::{
    charset,
    envelope::{self, Version},
    fault::{Blame, SoapFault},
    media_type::MediaType,
    read::{self, Call},
    tree,
};

/// A request, read as far as it can be read.
pub(crate) struct Message {
    /// Known as soon as the envelope is.
    pub(crate) version: Option<Version>,
    pub(crate) call: Result<Call, Refusal>,
}

/// Why there is no call.
pub(crate) enum Refusal {
    /// The body was not looked at: it is not of a kind that is read here.
    Transport(SoapFault),
    /// The body is not a valid call.
    Content(SoapFault),
}

/// Reads a request.
pub(crate) fn read(headers: &HeaderMap, media_type: &MediaType, body: &[u8]) -> Message {
    let mut version = None;
    let call = check_transport(headers, media_type)
        .map_err(Refusal::Transport)
        .and_then(|()| understand(headers, media_type, body, &mut version).map_err(Refusal::Content));
    Message { version, call }
}

/// Refuses bodies that are not XML or not as they are.
fn check_transport(headers: &HeaderMap, media_type: &MediaType) -> Result<(), SoapFault> {
    if let Some(encoding) = headers
        .get(header::CONTENT_ENCODING)
        .filter(|encoding| *encoding != "identity")
    {
        return Err(SoapFault::new(
            Blame::Sender,
            format!("the content encoding {encoding:?} is not read here"),
        ));
    }
    let essence = media_type.essence.as_str();
    if essence.is_empty() || Version::of_media_type(essence).is_some() {
        return Ok(());
    }
    let message =
        format!("the media type {essence:?} is not read here; SOAP 1.1 is text/xml, SOAP 1.2 application/soap+xml");
    Err(SoapFault::new(Blame::Sender, message))
}

/// Reads a request as far as it can be read; `version` is set as soon as it is known.
fn understand(
    headers: &HeaderMap,
    media_type: &MediaType,
    body: &[u8],
    version: &mut Option<Version>,
) -> Result<Call, SoapFault> {
    let text = charset::decode(body, media_type.charset.as_deref())?;
    let root = tree::parse(&text)?;
    let Some(found) = Version::of_envelope(&root) else {
        let message = format!(
            "the root element {} of the namespace {:?} is no SOAP envelope",
            root.name, root.namespace
        );
        let blame = if root.name == "Envelope" {
            Blame::VersionMismatch
        } else {
            Blame::Sender
        };
        return Err(SoapFault::new(blame, message));
    };
    *version = Some(found);
    if Version::of_media_type(&media_type.essence).is_some_and(|said| said != found) {
        let message = format!(
            "the media type {} does not go with an envelope of {:?}",
            media_type.essence,
            found.namespace()
        );
        return Err(SoapFault::new(Blame::Sender, message));
    }
    let header = headers.get("soapaction").and_then(|value| value.to_str().ok());
    let header = header
        .map(|action| action.trim().trim_matches('"'))
        .filter(|action| !action.is_empty());
    let action = match found {
        Version::Soap11 => header,
        Version::Soap12 => media_type
            .action
            .as_deref()
            .filter(|action| !action.is_empty())
            .or(header),
    };
    read::read(&envelope::open(found, root)?, action)
}

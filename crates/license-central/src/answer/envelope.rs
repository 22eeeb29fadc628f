//! Opens a SOAP envelope of either version.

use super::element::Element;
use super::fault::{self, Fault};
use super::short;
use super::xml;
use crate::profile::{FaultPaths, SoapVersion};

/// What a SOAP body holds.
#[derive(Debug)]
pub(super) enum Content {
    /// A fault.
    Fault(Fault),
    /// Something else.
    Element(Element),
}

/// Opens an answer; the error says in a few words what it is instead, never quoting it.
pub(super) fn read(bytes: &[u8], media_type: Option<&str>, paths: &FaultPaths) -> Result<Content, String> {
    if media_type.is_some_and(|media_type| starts_with_word(media_type.as_bytes(), "multipart/")) {
        return Err("the answer has several parts (attachments), which this program does not read".to_owned());
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err("the answer is empty".to_owned());
    }
    let root = match xml::read(bytes, media_type) {
        Ok(root) => root,
        Err(_) if looks_like_html(bytes, media_type) => return Err("an HTML page instead of a SOAP answer".to_owned()),
        Err(problem) => return Err(format!("the answer is {problem}")),
    };
    let version = [SoapVersion::V1_1, SoapVersion::V1_2]
        .into_iter()
        .find(|version| root.is(Some(version.namespace()), "Envelope"));
    let Some(version) = version else {
        if root.name.eq_ignore_ascii_case("html") {
            return Err("an HTML page instead of a SOAP answer".to_owned());
        }
        return Err(format!("the answer is no SOAP envelope but {}", short(&root.name)));
    };
    open(root, version, paths)
}

fn open(root: Element, version: SoapVersion, paths: &FaultPaths) -> Result<Content, String> {
    let namespace = version.namespace();
    let mut bodies = root
        .children
        .into_iter()
        .filter(|child| child.is(Some(namespace), "Body"));
    let body = bodies.next().ok_or("the SOAP envelope has no body")?;
    if bodies.next().is_some() {
        return Err("the SOAP envelope has two bodies".to_owned());
    }
    let mut children = body.children.into_iter();
    let first = children.next().ok_or("the SOAP body is empty")?;
    if first.is(Some(namespace), "Fault") {
        return Ok(Content::Fault(fault::read(&first, version, paths)));
    }
    if children.next().is_some() {
        return Err("the SOAP body holds several elements".to_owned());
    }
    Ok(Content::Element(first))
}

fn looks_like_html(bytes: &[u8], media_type: Option<&str>) -> bool {
    let start = bytes.trim_ascii_start();
    let start = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    media_type.is_some_and(|media_type| starts_with_word(media_type.trim().as_bytes(), "text/html"))
        || starts_with_word(start, "<!doctype html")
        || starts_with_word(start, "<html")
}

fn starts_with_word(bytes: &[u8], word: &str) -> bool {
    bytes
        .get(..word.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(word.as_bytes()))
}

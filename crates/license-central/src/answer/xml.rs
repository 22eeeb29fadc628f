//! Reads XML within bounds: any prefixes and encodings, no DOCTYPE, no entities but XML's own five.

use std::sync::Arc;

use quick_xml::NsReader;
use quick_xml::XmlVersion;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::ResolveResult;

use super::charset::{self, CharsetProblem};
use super::element::Element;
use crate::render::is_xml_character;

/// The deepest element that is read; a found order stands seven deep.
const MAX_DEPTH: usize = 64;

/// The most elements that are read.
const MAX_ELEMENTS: usize = 50_000;

/// The most different namespaces that are read.
const MAX_NAMESPACES: usize = 64;

/// Why a text is not read as XML. Messages never quote the text.
#[derive(Debug, thiserror::Error)]
pub(crate) enum XmlProblem {
    /// Its characters cannot be read.
    #[error(transparent)]
    Charset(#[from] CharsetProblem),
    /// It is not well-formed.
    #[error("not well-formed XML near byte {0}")]
    Malformed(u64),
    /// It has a DOCTYPE, the door to entity attacks, which SOAP forbids.
    #[error("XML with a DOCTYPE, which SOAP forbids")]
    Doctype,
    /// It has an entity that XML itself does not define.
    #[error("XML with an entity that is not defined")]
    Entity,
    /// It has a character that XML does not allow.
    #[error("XML with the character U+{0:04X}, which XML does not allow")]
    Character(u32),
    /// It is nested too deeply.
    #[error("XML that is more than {MAX_DEPTH} elements deep")]
    Depth,
    /// It has too many elements or namespaces.
    #[error("XML with more than {MAX_ELEMENTS} elements or {MAX_NAMESPACES} namespaces")]
    Size,
    /// It ends before its root element ends, or has none.
    #[error("XML that is cut off or empty")]
    Truncated,
}

/// Reads a document; `media_type` may name the charset.
pub(crate) fn read(bytes: &[u8], media_type: Option<&str>) -> Result<Element, XmlProblem> {
    let text = charset::decode(bytes, media_type)?;
    if let Some(character) = text.chars().find(|character| !is_xml_character(*character)) {
        return Err(XmlProblem::Character(u32::from(character)));
    }
    let mut reader = NsReader::from_str(&text);
    let config = reader.config_mut();
    config.expand_empty_elements = true;
    config.check_comments = true;
    let mut tree = Tree::default();
    loop {
        let event = reader
            .read_event()
            .map_err(|_| XmlProblem::Malformed(reader.error_position()))?;
        let position = reader.buffer_position();
        match event {
            Event::Start(start) => {
                let element = tree.element(&start, reader.resolver().resolve_element(start.name()), position)?;
                tree.open(element, position)?;
            }
            Event::End(_) => tree.close(position)?,
            Event::Text(text) => tree.text(&text.xml10_content(), position)?,
            Event::CData(text) => tree.cdata(&text.xml10_content(), position)?,
            Event::GeneralRef(reference) => tree.reference(&reference, position)?,
            Event::DocType(_) => return Err(XmlProblem::Doctype),
            // The declaration was read with the charset; comments and instructions say nothing to us. An element with
            // `expand_empty_elements` is never `Empty`.
            Event::Decl(_) | Event::Comment(_) | Event::PI(_) | Event::Empty(_) => {}
            Event::Eof => return tree.root.filter(|_| tree.open.is_empty()).ok_or(XmlProblem::Truncated),
        }
    }
}

/// The tree so far.
#[derive(Default)]
struct Tree {
    root: Option<Element>,
    open: Vec<Element>,
    elements: usize,
    namespaces: Vec<Arc<str>>,
}

impl Tree {
    fn element(
        &mut self,
        start: &BytesStart<'_>,
        (namespace, local): (ResolveResult<'_>, quick_xml::name::LocalName<'_>),
        position: u64,
    ) -> Result<Element, XmlProblem> {
        let namespace = match namespace {
            ResolveResult::Unbound => None,
            ResolveResult::Bound(namespace) => Some(self.namespace(namespace.into_inner())?),
            ResolveResult::Unknown(_) => return Err(XmlProblem::Malformed(position)),
        };
        let mut attributes = Vec::new();
        for attribute in start.attributes() {
            let attribute = attribute.map_err(|_| XmlProblem::Malformed(position))?;
            if attribute.key.as_namespace_binding().is_none() {
                let value = attribute.normalized_value(XmlVersion::Implicit1_0);
                attributes.push(value.map_err(|_| XmlProblem::Entity)?.into_owned());
            }
        }
        Ok(Element {
            namespace,
            name: local.into_inner().to_owned(),
            text: String::new(),
            attributes,
            children: Vec::new(),
        })
    }

    fn namespace(&mut self, text: &str) -> Result<Arc<str>, XmlProblem> {
        if let Some(known) = self.namespaces.iter().find(|known| known.as_ref() == text) {
            return Ok(Arc::clone(known));
        }
        if self.namespaces.len() == MAX_NAMESPACES {
            return Err(XmlProblem::Size);
        }
        let namespace: Arc<str> = text.into();
        self.namespaces.push(Arc::clone(&namespace));
        Ok(namespace)
    }

    fn open(&mut self, element: Element, position: u64) -> Result<(), XmlProblem> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            return Err(XmlProblem::Size);
        }
        if self.open.len() == MAX_DEPTH {
            return Err(XmlProblem::Depth);
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(XmlProblem::Malformed(position));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self, position: u64) -> Result<(), XmlProblem> {
        let element = self.open.pop().ok_or(XmlProblem::Malformed(position))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str, position: u64) -> Result<(), XmlProblem> {
        match self.open.last_mut() {
            // White space may stand around the root, nothing else.
            None if text.trim().is_empty() => Ok(()),
            None => Err(XmlProblem::Malformed(position)),
            Some(_) if text.contains("]]>") => Err(XmlProblem::Malformed(position)),
            Some(element) => {
                element.text.push_str(text);
                Ok(())
            }
        }
    }

    fn cdata(&mut self, text: &str, position: u64) -> Result<(), XmlProblem> {
        let element = self.open.last_mut().ok_or(XmlProblem::Malformed(position))?;
        element.text.push_str(text);
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>, position: u64) -> Result<(), XmlProblem> {
        let element = self.open.last_mut().ok_or(XmlProblem::Malformed(position))?;
        match reference.resolve_char_ref().map_err(|_| XmlProblem::Entity)? {
            Some(character) if is_xml_character(character) => element.text.push(character),
            Some(character) => return Err(XmlProblem::Character(u32::from(character))),
            None => element
                .text
                .push_str(resolve_xml_entity(reference).ok_or(XmlProblem::Entity)?),
        }
        Ok(())
    }
}

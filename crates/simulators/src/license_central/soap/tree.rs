//! XML text as a small tree of elements in which names are what they mean, whatever their prefixes.
//!
//! quick-xml finds the tags; what it leaves to its caller and a SOAP message needs is done here: characters and names that
//! XML allows, references, one root, no document type, no processing instructions, namespaces, a limit of depth.

use quick_xml::{
    XmlVersion,
    events::{BytesStart, Event},
    name::{PrefixDeclaration, ResolveResult},
    reader::NsReader,
};

use super::grammar::{characters, check_declaration, check_name, check_spacing, is_blank, resolve};

/// Deeper than any request, shallow enough that no recursion over the tree can matter.
const MAX_DEPTH: usize = 64;

/// An element with everything in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Element {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) children: Vec<Element>,
    /// All character data directly in it, comments left out.
    pub(crate) text: String,
}

/// An attribute; the declarations of namespaces are none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attribute {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) value: String,
}

impl Element {
    /// Says whether this is the element `name` of `namespace`.
    pub(crate) fn is(&self, namespace: &str, name: &str) -> bool {
        self.name == name && self.namespace == namespace
    }

    /// Finds the first child called `name`.
    pub(crate) fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Finds an attribute's value; unprefixed attributes are in the namespace `""`.
    pub(crate) fn attribute(&self, namespace: &str, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|one| one.name == name && one.namespace == namespace)?;
        Some(&found.value)
    }
}

/// Why a document is not XML, or not XML that a SOAP message may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Malformed {
    message: String,
}

impl Malformed {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
        }
    }
}

/// Reads a whole document.
pub(crate) fn parse(text: &str) -> Result<Element, Malformed> {
    let mut reader = NsReader::from_str(text);
    reader.config_mut().check_comments = true;
    let mut tree = Tree::default();
    loop {
        let before = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        let step = match reader.read_event() {
            Ok(Event::Eof) => return tree.finish(),
            Ok(event) => tree.take(&reader, &event, before == 0),
            Err(error) => Err(Malformed::new(error.to_string())),
        };
        step.map_err(|error| at_line(text, before, &error))?;
    }
}

fn at_line(text: &str, position: usize, error: &Malformed) -> Malformed {
    let line = 1 + text.bytes().take(position).filter(|byte| *byte == b'\n').count();
    Malformed::new(format!("{error} (near line {line})"))
}

#[derive(Default)]
struct Tree {
    open: Vec<Element>,
    root: Option<Element>,
}

impl Tree {
    fn take(&mut self, reader: &NsReader<&[u8]>, event: &Event<'_>, first: bool) -> Result<(), Malformed> {
        match event {
            Event::Start(tag) => self.open(start(reader, tag)?),
            Event::Empty(tag) => self.open(start(reader, tag)?).and_then(|()| self.close()),
            Event::End(_) => self.close(),
            Event::Text(text) if text.contains("]]>") => {
                Err(Malformed::new("\"]]>\" in text must be written \"]]&gt;\""))
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(_) if self.open.is_empty() => {
                Err(Malformed::new("a CDATA section outside of the root element"))
            }
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(_) if self.open.is_empty() => {
                Err(Malformed::new("a reference outside of the root element"))
            }
            Event::GeneralRef(reference) => self.text(resolve(reference)?.encode_utf8(&mut [0; 4])),
            Event::Comment(text) => characters(text),
            Event::Decl(declaration) if first => check_declaration(declaration),
            Event::Decl(_) => Err(Malformed::new("the XML declaration does not start the document")),
            Event::PI(_) => Err(Malformed::new(
                "a SOAP message must not contain processing instructions",
            )),
            Event::DocType(_) => Err(Malformed::new(
                "a SOAP message must not contain a document type declaration (DOCTYPE)",
            )),
            Event::Eof => Ok(()),
        }
    }

    fn open(&mut self, element: Element) -> Result<(), Malformed> {
        if self.root.is_some() {
            return Err(Malformed::new(format!("a second root element {}", element.name)));
        }
        if self.open.len() == MAX_DEPTH {
            return Err(Malformed::new(format!("elements deeper than {MAX_DEPTH}")));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), Malformed> {
        let element = self
            .open
            .pop()
            .ok_or_else(|| Malformed::new("an end tag without a start tag"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: &str) -> Result<(), Malformed> {
        characters(text)?;
        match self.open.last_mut() {
            Some(element) => element.text.push_str(text),
            None if is_blank(text) => {}
            None => return Err(Malformed::new("text outside of the root element")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element, Malformed> {
        match (self.open.last(), self.root) {
            (Some(open), _) => Err(Malformed::new(format!(
                "the document ends inside of the element {}",
                open.name
            ))),
            (None, Some(root)) => Ok(root),
            (None, None) => Err(Malformed::new("the document has no root element")),
        }
    }
}

fn start(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>) -> Result<Element, Malformed> {
    check_name(tag.name().0)?;
    check_spacing(tag.attributes_raw())?;
    let (namespace, name) = reader.resolver().resolve_element(tag.name());
    let mut element = Element {
        namespace: bound(&namespace, tag.name().0)?,
        name: name.into_inner().to_owned(),
        ..Element::default()
    };
    for attribute in tag.attributes() {
        let attribute =
            attribute.map_err(|error| Malformed::new(format!("in the tag of {}: {error}", element.name)))?;
        let written = attribute.key.0;
        check_name(written)?;
        if attribute.value.contains('<') {
            return Err(Malformed::new(format!("\"<\" in the attribute {written}")));
        }
        let value = attribute
            .normalized_value(XmlVersion::Explicit1_0)
            .map_err(|error| Malformed::new(format!("in the attribute {written}: {error}")))?;
        characters(&value)?;
        match attribute.key.as_namespace_binding() {
            Some(PrefixDeclaration::Named(prefix)) if value.is_empty() => {
                return Err(Malformed::new(format!(
                    "the prefix {prefix} is declared to stand for nothing"
                )));
            }
            Some(_) => continue,
            None => {}
        }
        let (namespace, name) = reader.resolver().resolve_attribute(attribute.key);
        let namespace = bound(&namespace, written)?;
        if element.attribute(&namespace, name.into_inner()).is_some() {
            return Err(Malformed::new(format!("the attribute {written} stands there twice")));
        }
        element.attributes.push(Attribute {
            namespace,
            name: name.into_inner().to_owned(),
            value: value.into_owned(),
        });
    }
    Ok(element)
}

fn bound(namespace: &ResolveResult<'_>, written: &str) -> Result<String, Malformed> {
    match namespace {
        ResolveResult::Unbound => Ok(String::new()),
        ResolveResult::Bound(namespace) => Ok(namespace.0.to_owned()),
        ResolveResult::Unknown(prefix) => Err(Malformed::new(format!(
            "the prefix {prefix} of {written} stands for no namespace"
        ))),
    }
}

#[cfg(test)]
#[path = "tree_tests.rs"]
mod tests;

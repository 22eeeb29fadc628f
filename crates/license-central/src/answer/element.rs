//! An element of an answer that was read.

use std::sync::Arc;

use crate::profile::Name;

/// An element with what it holds. The reader bounds how many there are and how deep they stand.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Element {
    /// Its namespace; shared, because a hostile answer could name one long namespace a thousand times.
    pub(crate) namespace: Option<Arc<str>>,
    /// Its name without prefix.
    pub(crate) name: String,
    /// Its own text, without that of its children.
    pub(crate) text: String,
    /// The values of its attributes, without namespace declarations.
    pub(crate) attributes: Vec<String>,
    /// The elements in it.
    pub(crate) children: Vec<Element>,
}

impl Element {
    /// Says whether it has this name.
    pub(crate) fn is(&self, namespace: Option<&str>, name: &str) -> bool {
        self.namespace.as_deref() == namespace && self.name == name
    }

    /// Returns its text without white space around it.
    pub(crate) fn trimmed(&self) -> &str {
        self.text.trim_matches([' ', '\t', '\r', '\n'])
    }

    /// Returns every element at a path that starts in this element.
    pub(crate) fn all(&self, path: &[Name]) -> Vec<&Element> {
        let mut found = vec![self];
        for step in path {
            let fits = |child: &&Element| step.fits(child.namespace.as_deref(), &child.name);
            found = found
                .iter()
                .flat_map(|element| element.children.iter().filter(fits))
                .collect();
        }
        found
    }

    /// Returns a direct child that has this name.
    pub(crate) fn child(&self, namespace: Option<&str>, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.is(namespace, name))
    }

    /// Says whether a text or an attribute in it or below it is exactly this.
    pub(crate) fn carries(&self, text: &str) -> bool {
        self.text == text
            || self.attributes.iter().any(|value| value == text)
            || self.children.iter().any(|child| child.carries(text))
    }

    /// Says whether it holds nothing at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.children.is_empty() && self.trimmed().is_empty()
    }
}

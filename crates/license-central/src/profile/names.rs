//! Names and paths in an answer, by namespace and local name; never by prefix.

use std::collections::BTreeMap;
use std::fmt;

/// The name of an element in an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Name {
    /// The namespace that is asked for.
    pub(crate) namespace: Namespace,
    /// The name without prefix.
    pub(crate) local: String,
}

/// Which namespace an element must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Namespace {
    /// Any, written `*:Name`.
    Any,
    /// None, written `Name`.
    Unqualified,
    /// This one, written with a prefix of the profile's `[namespaces]`.
    Is(String),
}

impl Name {
    /// Says whether an element has this name.
    pub(crate) fn fits(&self, namespace: Option<&str>, local: &str) -> bool {
        let namespace_fits = match &self.namespace {
            Namespace::Any => true,
            Namespace::Unqualified => namespace.is_none(),
            Namespace::Is(wanted) => namespace == Some(wanted.as_str()),
        };
        namespace_fits && self.local == local
    }
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.local)
    }
}

/// The profile's prefixes.
pub(crate) type Prefixes = BTreeMap<String, String>;

/// Reads one name; the error says what is expected.
pub(super) fn name(text: &str, prefixes: &Prefixes) -> Result<Name, String> {
    let (namespace, local) = match text.split_once(':') {
        None => (Namespace::Unqualified, text),
        Some(("*", local)) => (Namespace::Any, local),
        Some((prefix, local)) => match prefixes.get(prefix) {
            Some(namespace) => (Namespace::Is(namespace.clone()), local),
            None => return Err(format!("a prefix that [namespaces] defines, not {prefix:?}")),
        },
    };
    let is_name_character = |character: char| character.is_alphanumeric() || matches!(character, '_' | '-' | '.');
    let starts_well = local.starts_with(|first: char| first.is_alphabetic() || first == '_');
    if !starts_well || !local.chars().all(is_name_character) {
        return Err("an element's name such as lc:Ticket".to_owned());
    }
    Ok(Name {
        namespace,
        local: local.to_owned(),
    })
}

/// Reads a path such as `lc:Lines/lc:Line`; the error says what is expected.
pub(super) fn path(text: &str, prefixes: &Prefixes) -> Result<Vec<Name>, String> {
    text.split('/').map(|step| name(step, prefixes)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_read_by_namespace_and_local_name() {
        let prefixes = Prefixes::from([("lc".to_owned(), "urn:x".to_owned())]);
        let path = path("lc:Order/*:Ticket/Plain", &prefixes).unwrap();
        assert!(path[0].fits(Some("urn:x"), "Order") && !path[0].fits(Some("urn:y"), "Order"));
        assert!(path[1].fits(None, "Ticket") && path[1].fits(Some("urn:y"), "Ticket"));
        assert!(path[2].fits(None, "Plain") && !path[2].fits(Some("urn:x"), "Plain"));
    }

    #[test]
    fn a_wrong_path_says_what_is_expected() {
        for wrong in ["", "/", "lc:", "zz:Ticket", "lc:A/", "a b", "1st"] {
            assert!(
                path(wrong, &Prefixes::from([("lc".to_owned(), "urn:x".to_owned())])).is_err(),
                "{wrong}"
            );
        }
    }
}

//! Reads a profile folder and reports all its mistakes at once.

use toml::de::DeTable;

use super::document::{Document, Folder, Section};
use super::limits::{Limit, Limits};
use super::names::{Prefixes, path};
use super::number::NumberFormat;
use super::read_operations::{self, Operations};
use super::templates::Templates;
use super::ticket::{ForeignTicket, Shape, TicketRule};
use super::verdicts::{FaultPaths, FaultRule, Sorted, StatusRule, Verdicts};
use super::{Profile, SoapVersion};
use crate::error::Error;
use crate::web_depot;

/// Reads and checks a profile; `soap` takes the place of its own SOAP version.
pub(super) fn profile(folder: &Folder, soap: Option<SoapVersion>) -> Result<Profile, Error> {
    const FILE: &str = "profile.toml";
    let text = folder.read(FILE).map_err(|source| Error::File {
        path: folder.place(FILE).into(),
        source,
    })?;
    let document = Document::new(folder.place(FILE), &text);
    let (table, errors) = DeTable::parse_recoverable(&text);
    for error in &errors {
        document.syntax(error);
    }
    let read = document_root(Section::root(&document, table.get_ref()), folder, soap);
    let mistakes = document.into_mistakes();
    match read {
        Some(profile) if mistakes.is_empty() => Ok(profile),
        Some(_) | None => Err(Error::Profile(mistakes)),
    }
}

/// Reads everything before it gives up, so that every mistake is noted.
fn document_root(root: Section<'_, '_>, folder: &Folder, soap: Option<SoapVersion>) -> Option<Profile> {
    let prefixes = prefixes(&root);
    root.require("soap", "\"1.1\" or \"1.2\"");
    let own_soap = root.parsed("soap", soap_version);
    root.require("order_number", "a format such as \"{prefix}{order.number}-{revision}\"");
    let order_number = root.parsed("order_number", NumberFormat::parse);
    let web_depot_link = root.parsed("web_depot_link", |link| {
        web_depot::check(link).map(|()| link.to_owned())
    });
    let ticket = ticket_rule(&root);
    let limits = limits(&root);
    let verdicts = verdicts(&root, &prefixes);
    let soap = soap.or(own_soap);
    let mut templates = Templates::new(soap.unwrap_or(SoapVersion::V1_1));
    let operations = read_operations::operations(&root, folder, &prefixes, &mut templates);
    root.finish();
    let Operations {
        create_order,
        find_order,
        probe,
    } = operations?;
    Some(Profile {
        soap: soap?,
        order_number: order_number?,
        web_depot_link,
        create_order,
        find_order,
        probe,
        ticket: ticket?,
        limits,
        verdicts,
        templates,
    })
}

fn soap_version(text: &str) -> Result<SoapVersion, String> {
    match text {
        "1.1" => Ok(SoapVersion::V1_1),
        "1.2" => Ok(SoapVersion::V1_2),
        _ => Err("\"1.1\" or \"1.2\"".to_owned()),
    }
}

fn prefixes(root: &Section<'_, '_>) -> Prefixes {
    let Some(section) = root.section("namespaces") else {
        return Prefixes::new();
    };
    let mut prefixes = Prefixes::new();
    for prefix in section.keys() {
        let not_empty = |text: &str| {
            if text.is_empty() {
                Err("a namespace".to_owned())
            } else {
                Ok(text.to_owned())
            }
        };
        // A mistaken namespace is still known by its prefix, so that paths do not complain about it again.
        let namespace = section.parsed(&prefix, not_empty).unwrap_or_default();
        prefixes.insert(prefix, namespace);
    }
    prefixes
}

fn ticket_rule(root: &Section<'_, '_>) -> Option<TicketRule> {
    root.require("ticket", "a section [ticket]");
    let section = root.section("ticket")?;
    section.require("shapes", "a list of shapes such as [\"XXXXX-XXXXX-XXXXX-XXXXX-XXXXX\"]");
    let shapes = section.texts("shapes");
    let fold_case = section.flag("fold_case").is_none_or(|entry| entry.value);
    let foreign = section.parsed("foreign", |text| match text {
        "unknown" => Ok(ForeignTicket::Unknown),
        "accept" => Ok(ForeignTicket::Accept),
        _ => Err("\"unknown\" or \"accept\"".to_owned()),
    });
    let document = section.document();
    let mut read = Vec::new();
    if let Some(shapes) = &shapes {
        if shapes.value.is_empty() {
            document.mistake(shapes.line, &shapes.field, "an empty list", "at least one shape");
        }
        for text in &shapes.value {
            match Shape::parse(text) {
                Ok(shape) => read.push(shape),
                Err(expected) => document.mistake(shapes.line, &shapes.field, format!("{text:?}"), expected),
            }
        }
    }
    section.finish();
    Some(TicketRule {
        shapes: read,
        fold_case,
        foreign: foreign.unwrap_or(ForeignTicket::Unknown),
    })
}

fn limits(root: &Section<'_, '_>) -> Limits {
    let Some(section) = root.section("limits") else {
        return Limits::new();
    };
    let mut limits = Limits::new();
    for key in section.keys() {
        let Some(entry) = section.number(&key) else { continue };
        match Limit::parse(&key) {
            Err(expected) => section
                .document()
                .mistake(entry.line, &entry.field, "an unknown field", expected),
            Ok(_) if entry.value == 0 => section.document().mistake(entry.line, &entry.field, "0", "at least 1"),
            Ok(limit) => {
                limits.insert(limit, usize::try_from(entry.value).unwrap_or(usize::MAX));
            }
        }
    }
    limits
}

fn verdicts(root: &Section<'_, '_>, prefixes: &Prefixes) -> Verdicts {
    let fault = root.section("fault").map_or_else(FaultPaths::default, |section| {
        let paths = FaultPaths {
            code: section.parsed("code", |text| path(text, prefixes)),
            message: section.parsed("message", |text| path(text, prefixes)),
            item: section.parsed("item", |text| path(text, prefixes)),
        };
        section.finish();
        paths
    });
    let faults = root.sections("faults").into_iter().filter_map(fault_rule).collect();
    let statuses = root.sections("statuses").into_iter().filter_map(status_rule).collect();
    Verdicts {
        fault,
        faults,
        statuses,
    }
}

fn fault_rule(section: Section<'_, '_>) -> Option<FaultRule> {
    section.require("code", "the fault's code");
    let code = section.text("code").map(|entry| entry.value.to_owned());
    let class = class(&section);
    section.finish();
    Some(FaultRule {
        code: code?,
        class: class?,
    })
}

fn status_rule(section: Section<'_, '_>) -> Option<StatusRule> {
    section.require("status", "an HTTP status from 400 to 599");
    let status = section.number("status").and_then(|entry| {
        let status = u16::try_from(entry.value)
            .ok()
            .filter(|status| (400..=599).contains(status));
        if status.is_none() {
            let expected = "an HTTP status from 400 to 599";
            section
                .document()
                .mistake(entry.line, &entry.field, entry.value.to_string(), expected);
        }
        status
    });
    let class = class(&section);
    section.finish();
    Some(StatusRule {
        status: status?,
        class: class?,
    })
}

fn class(section: &Section<'_, '_>) -> Option<Sorted> {
    const CLASSES: &str = "\"refused\", \"not-accepted\" or \"unknown\"";
    section.require("class", CLASSES);
    let class = section.parsed("class", |text| match text {
        "refused" | "not-accepted" | "unknown" => Ok(text.to_owned()),
        _ => Err(CLASSES.to_owned()),
    })?;
    if class != "refused" {
        return Some(if class == "unknown" {
            Sorted::Unknown
        } else {
            Sorted::NotAccepted
        });
    }
    section.require("report", "a short word for programs such as \"unknown-item\"");
    section.require("sentence", "a sentence for a sales person");
    let report = section.parsed("report", |text| {
        let good = !text.is_empty()
            && text
                .chars()
                .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
        if good {
            Ok(text.to_owned())
        } else {
            Err("a short word in lower case such as \"unknown-item\"".to_owned())
        }
    });
    let sentence = section.parsed("sentence", sentence);
    Some(Sorted::Refused {
        report: report?,
        sentence: sentence?,
    })
}

fn sentence(text: &str) -> Result<String, String> {
    let without = text
        .replace("{item}", "")
        .replace("{order}", "")
        .replace("{message}", "");
    if text.trim().is_empty() || without.contains(['{', '}']) {
        return Err("a sentence; {item}, {order} and {message} may stand in it".to_owned());
    }
    Ok(text.to_owned())
}

//! Reads the operations of a profile.

use super::document::{Folder, Section};
use super::names::{Name, Prefixes, name, path};
use super::templates::Templates;
use super::{Call, CreateOrder, FindOrder, FoundLines, NotFound};
use crate::profile::Operation;

/// The operations of a profile.
pub(super) struct Operations {
    pub(super) create_order: CreateOrder,
    pub(super) find_order: Option<FindOrder>,
    pub(super) probe: Call,
}

/// Reads all operations and their templates.
pub(super) fn operations(
    root: &Section<'_, '_>,
    folder: &Folder,
    prefixes: &Prefixes,
    templates: &mut Templates,
) -> Option<Operations> {
    root.require(
        "operations",
        "the sections [operations.create_order] and [operations.probe]",
    );
    let all = root.section("operations")?;
    let mut reader = OperationReader {
        folder,
        prefixes,
        templates,
    };
    all.require("create_order", "a section");
    let create_order = all.section("create_order").map(|section| reader.create_order(section));
    let has_find_order = all.keys().iter().any(|key| key == "find_order");
    let find_order = all.section("find_order").map(|section| reader.find_order(section));
    all.require("probe", "a section");
    let probe = all.section("probe").map(|section| reader.probe(section));
    all.finish();
    let find_order = find_order.flatten();
    if has_find_order && find_order.is_none() {
        return None;
    }
    Some(Operations {
        create_order: create_order.flatten()?,
        find_order,
        probe: probe.flatten()?,
    })
}

struct OperationReader<'a> {
    folder: &'a Folder,
    prefixes: &'a Prefixes,
    templates: &'a mut Templates,
}

impl OperationReader<'_> {
    fn create_order(&mut self, section: Section<'_, '_>) -> Option<CreateOrder> {
        let call = self.call(&section, Operation::CreateOrder);
        let order_number = self.path(&section, "order_number");
        section.require("ticket", "the path of the ticket in the answer");
        let ticket = self.path(&section, "ticket");
        let web_depot_link = self.path(&section, "web_depot_link");
        section.finish();
        Some(CreateOrder {
            call: call?,
            order_number,
            ticket: ticket?,
            web_depot_link,
        })
    }

    fn find_order(&mut self, section: Section<'_, '_>) -> Option<FindOrder> {
        let call = self.call(&section, Operation::FindOrder);
        section.require("order", "the path of the order in the answer");
        let order = self.path(&section, "order");
        let order_number = self.path(&section, "order_number");
        section.require("ticket", "the path of the ticket in the order");
        let ticket = self.path(&section, "ticket");
        let web_depot_link = self.path(&section, "web_depot_link");
        let customer_id = self.path(&section, "customer_id");
        let accepted = self.path(&section, "accepted");
        let lines = self.lines(&section);
        let not_found = self.not_found(&section);
        section.finish();
        Some(FindOrder {
            call: call?,
            order: order?,
            order_number,
            ticket: ticket?,
            web_depot_link,
            customer_id,
            accepted,
            lines,
            not_found,
        })
    }

    fn probe(&mut self, section: Section<'_, '_>) -> Option<Call> {
        let call = self.call(&section, Operation::Probe);
        section.finish();
        call
    }

    /// Reads what every operation has, and its template.
    fn call(&mut self, section: &Section<'_, '_>, operation: Operation) -> Option<Call> {
        section.require("action", "the operation's SOAPAction");
        let action = section.parsed("action", soap_action);
        section.require("answer", "the name of the answer's element");
        let answer = section.parsed("answer", |text| name(text, self.prefixes));
        section.require("template", "the request template's file name");
        if let Some(file) = section.parsed("template", file_name) {
            let line = section.text("template").map_or(section.line(), |entry| entry.line);
            self.template(section, operation, &file, line);
        }
        Some(Call {
            action: action?,
            answer: answer?,
        })
    }

    fn template(&mut self, section: &Section<'_, '_>, operation: Operation, file: &str, line: usize) {
        let field = section.field("template");
        let problem = match self.folder.read(file) {
            Err(error) => Some((
                format!("{} ({error})", self.folder.place(file)),
                "a readable file".to_owned(),
            )),
            Ok(text) => {
                let added = self.templates.add(operation, &text);
                added
                    .err()
                    .map(|problem| (format!("{}: {problem}", self.folder.place(file)), problem.expected()))
            }
        };
        if let Some((found, expected)) = problem {
            section.document().mistake(line, &field, found, expected);
        }
    }

    fn lines(&self, section: &Section<'_, '_>) -> Option<FoundLines> {
        let line = self.path(section, "lines");
        if section.text("lines").is_some() {
            section.require("item_id", "the path of the item in a line");
            section.require("quantity", "the path of the quantity in a line");
        }
        let item_id = self.path(section, "item_id");
        let quantity = self.path(section, "quantity");
        Some(FoundLines {
            line: line?,
            item_id: item_id?,
            quantity: quantity?,
        })
    }

    fn not_found(&self, section: &Section<'_, '_>) -> NotFound {
        let faults = section
            .texts("not_found_faults")
            .map_or_else(Vec::new, |entry| entry.value);
        let element = self.path(section, "not_found_element");
        let text = section.text("not_found_text");
        if element.is_some() {
            section.require("not_found_text", "the text of not_found_element that means so");
        }
        if text.is_some() {
            section.require("not_found_element", "the path of the element with not_found_text");
        }
        NotFound {
            faults: faults.into_iter().map(str::to_owned).collect(),
            element: element.zip(text.map(|entry| entry.value.to_owned())),
        }
    }

    fn path(&self, section: &Section<'_, '_>, key: &str) -> Option<Vec<Name>> {
        section.parsed(key, |text| path(text, self.prefixes))
    }
}

/// The action stands between quotes in a header.
fn soap_action(text: &str) -> Result<String, String> {
    let good = text.chars().all(|c| c.is_ascii_graphic() && c != '"' && c != '\\');
    if good {
        Ok(text.to_owned())
    } else {
        Err("visible ASCII characters without quotes".to_owned())
    }
}

/// A template is a file of the folder itself.
fn file_name(text: &str) -> Result<String, String> {
    let good = !text.is_empty() && !text.starts_with('.') && !text.contains(['/', '\\']);
    if good {
        Ok(text.to_owned())
    } else {
        Err("the name of a file in the profile's folder".to_owned())
    }
}

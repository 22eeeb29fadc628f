//! The request templates, checked with sample orders before a real one meets them.

use std::collections::BTreeMap;
use std::fmt;

use minijinja::{Environment, UndefinedBehavior};
use schemas::{Customer, OrderLine};

use super::{Operation, SoapVersion};
use crate::answer::{Element, read_xml};
use crate::client::Order;
use crate::render::{create_context, find_context, format_value, probe_context};

/// The templates of a profile. Everything they print is escaped for XML; there is no way around it.
pub(crate) struct Templates {
    environment: Environment<'static>,
    soap: SoapVersion,
}

/// What is wrong with a template.
#[derive(Debug)]
pub(super) enum Problem {
    /// The engine cannot read or fill it.
    Engine(minijinja::Error),
    /// What it writes is no XML.
    Xml(String),
    /// What it writes is no envelope of the chosen SOAP version with one element in its body.
    Envelope(SoapVersion),
    /// What it writes leaves out a field that must not be missing.
    Missing(&'static str),
}

impl Templates {
    /// Prepares the engine.
    pub(super) fn new(soap: SoapVersion) -> Self {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_formatter(format_value);
        // These switch escaping off or do it twice.
        for filter in ["safe", "escape", "e"] {
            environment.remove_filter(filter);
        }
        Self { environment, soap }
    }

    /// Returns the SOAP version they write.
    pub(crate) fn soap(&self) -> SoapVersion {
        self.soap
    }

    /// Writes a request.
    pub(crate) fn write(&self, operation: Operation, context: &minijinja::Value) -> Result<String, minijinja::Error> {
        self.environment.get_template(operation.as_str())?.render(context)
    }

    /// Adds an operation's template if it can write the sample orders.
    pub(super) fn add(&mut self, operation: Operation, text: &str) -> Result<(), Problem> {
        // Editors on Windows put one in front, where XML's declaration must be.
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        self.environment
            .add_template_owned(operation.as_str(), text.to_owned())
            .map_err(Problem::Engine)?;
        for order in sample_orders() {
            let context = match operation {
                Operation::CreateOrder => create_context(self.soap, &order),
                Operation::FindOrder => find_context(self.soap, &order.number),
                Operation::Probe => probe_context(self.soap),
            };
            let request = self.write(operation, &context).map_err(Problem::Engine)?;
            let envelope = read_xml(request.as_bytes(), None).map_err(|problem| Problem::Xml(problem.to_string()))?;
            self.check_envelope(&envelope)?;
            check_fields(operation, &order, &envelope)?;
        }
        Ok(())
    }

    fn check_envelope(&self, envelope: &Element) -> Result<(), Problem> {
        let namespace = Some(self.soap.namespace());
        let body = envelope.children.iter().find(|child| child.is(namespace, "Body"));
        if envelope.is(namespace, "Envelope") && body.is_some_and(|body| body.children.len() == 1) {
            return Ok(());
        }
        Err(Problem::Envelope(self.soap))
    }
}

impl fmt::Debug for Templates {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Templates")
            .field("soap", &self.soap)
            .finish_non_exhaustive()
    }
}

/// Without these an order would be wrong or could not be found again.
fn check_fields(operation: Operation, order: &Order, envelope: &Element) -> Result<(), Problem> {
    let carries = |text: &str| envelope.carries(text);
    if operation != Operation::Probe && !carries(&order.number) {
        return Err(Problem::Missing("order.number"));
    }
    if operation == Operation::CreateOrder {
        if !carries(&order.customer.id) {
            return Err(Problem::Missing("customer.id"));
        }
        for line in &order.lines {
            if !carries(&line.item_id) {
                return Err(Problem::Missing("line.item_id"));
            }
            if !carries(&line.quantity.to_string()) {
                return Err(Problem::Missing("line.quantity"));
            }
        }
    }
    Ok(())
}

/// Two orders that between them have everything an order can have or leave out.
pub(super) fn sample_orders() -> [Order; 2] {
    let line = |line_id: &str, item_id: &str, quantity, terms: &[(&str, &str)]| OrderLine {
        line_id: line_id.to_owned(),
        item_id: item_id.to_owned(),
        quantity,
        terms: terms
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
    };
    let customer = |id: &str, name: &str, email: Option<&str>| Customer {
        id: id.to_owned(),
        name: name.to_owned(),
        email: email.map(str::to_owned),
    };
    let full = Order {
        number: "EU-00000<1>&\"'-1".to_owned(),
        customer: customer(
            "001&<>",
            "Müller & Söhne <GmbH> \"x\" 'y' ]]> 株式会社",
            Some("a&b@example.com"),
        ),
        lines: vec![
            line(
                "1",
                "CM-PRO&<",
                70_001,
                &[("expires_at", "2027-12-31"), ("note", "<&>")],
            ),
            line("2", "CM-ADDON'\"", 70_002, &[]),
        ],
    };
    let bare = Order {
        number: "00000002-1".to_owned(),
        customer: customer("001000000000002AAA", "Bare", None),
        lines: vec![OrderLine {
            terms: BTreeMap::new(),
            ..line("1", "CM-BASIC", 70_003, &[])
        }],
    };
    [full, bare]
}

impl Problem {
    /// Says what is expected of a template.
    pub(super) fn expected(&self) -> String {
        match self {
            Self::Engine(_) => "a template that can write every order".to_owned(),
            Self::Xml(_) => "a template that writes XML".to_owned(),
            Self::Envelope(soap) => format!("an Envelope of {} with one element in its Body", soap.namespace()),
            Self::Missing(field) => format!("{{{{ {field} }}}} in the request"),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The samples are ours, so nothing private can be quoted here.
            Self::Engine(error) => {
                let line = error.line().map_or_else(String::new, |line| format!("line {line}: "));
                write!(
                    formatter,
                    "{line}{}",
                    error.detail().map_or_else(|| error.kind().to_string(), str::to_owned)
                )
            }
            Self::Xml(problem) => formatter.write_str(problem),
            Self::Envelope(_) => formatter.write_str("no such envelope"),
            Self::Missing(field) => write!(formatter, "{field} is not written"),
        }
    }
}

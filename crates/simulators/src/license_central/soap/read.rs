//! From the element in a SOAP body to the call it stands for.

use std::collections::BTreeMap;

use super::{
    fault::{Blame, SoapFault, code},
    schema::{self, collapse, int},
    tree::Element,
};

/// What License Central can be asked to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Operation {
    /// Creates licenses and a ticket, or extends a ticket.
    CreateOrder,
    /// Looks an order up.
    FindOrder,
    /// The probe.
    GetVersion,
}

impl Operation {
    const ALL: [Self; 3] = [Self::CreateOrder, Self::FindOrder, Self::GetVersion];

    /// Names it as the WSDL does.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CreateOrder => "CreateOrder",
            Self::FindOrder => "FindOrder",
            Self::GetVersion => "GetVersion",
        }
    }

    /// Names its SOAP action.
    #[must_use]
    pub fn action(self) -> String {
        format!("{}:{}", schema::NAMESPACE, self.name())
    }
}

/// A request that is valid by the WSDL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    CreateOrder(NewOrder),
    FindOrder { number: String },
    GetVersion,
}

/// What `CreateOrder` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewOrder {
    pub(crate) number: String,
    pub(crate) customer_id: String,
    pub(crate) customer_name: String,
    pub(crate) lines: Vec<NewLine>,
}

/// One line of `CreateOrder`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct NewLine {
    pub(crate) line_id: String,
    pub(crate) item_id: String,
    pub(crate) quantity: u32,
    pub(crate) terms: BTreeMap<String, String>,
}

impl Call {
    pub(crate) fn operation(&self) -> Operation {
        match self {
            Self::CreateOrder(_) => Operation::CreateOrder,
            Self::FindOrder { .. } => Operation::FindOrder,
            Self::GetVersion => Operation::GetVersion,
        }
    }

    pub(crate) fn order_number(&self) -> Option<&str> {
        match self {
            Self::CreateOrder(order) => Some(&order.number),
            Self::FindOrder { number } => Some(number),
            Self::GetVersion => None,
        }
    }
}

/// Reads the body's element; `action` is what the transport says the call is, if it says anything.
pub(crate) fn read(payload: &Element, action: Option<&str>) -> Result<Call, SoapFault> {
    let known = Operation::ALL
        .into_iter()
        .find(|operation| payload.is(schema::NAMESPACE, operation.name()));
    let operation = known.ok_or_else(|| {
        let message = format!(
            "no operation takes the element {} of the namespace {:?}",
            payload.name, payload.namespace
        );
        SoapFault::new(Blame::Sender, message)
    })?;
    if let Some(action) = action.filter(|action| *action != operation.action()) {
        let message = format!(
            "the SOAP action {action:?} contradicts the body, which asks for {}",
            operation.name()
        );
        return Err(SoapFault::new(Blame::Sender, message));
    }
    schema::check(payload)?;
    match operation {
        Operation::CreateOrder => Ok(Call::CreateOrder(new_order(payload)?)),
        Operation::FindOrder => Ok(Call::FindOrder {
            number: text(payload, "OrderNumber"),
        }),
        Operation::GetVersion => Ok(Call::GetVersion),
    }
}

fn new_order(payload: &Element) -> Result<NewOrder, SoapFault> {
    let customer = payload.child("Customer").cloned().unwrap_or_default();
    let lines = payload.child("Lines").map_or(&[][..], |lines| &lines.children);
    Ok(NewOrder {
        number: text(payload, "OrderNumber"),
        customer_id: text(&customer, "CustomerId"),
        customer_name: text(&customer, "Name"),
        lines: lines.iter().map(new_line).collect::<Result<_, _>>()?,
    })
}

fn new_line(line: &Element) -> Result<NewLine, SoapFault> {
    let quantity = int(&text(line, "Quantity")).and_then(|quantity| u32::try_from(quantity).ok());
    let mut terms = BTreeMap::new();
    for term in line.child("Terms").map_or(&[][..], |terms| &terms.children) {
        let name = collapse(term.attribute("", "name").unwrap_or_default());
        if terms.insert(name.clone(), term.text.clone()).is_some() {
            let message = format!(
                "Term: the name {name:?} stands twice in the line {}",
                text(line, "LineId")
            );
            return Err(SoapFault::coded(Blame::Sender, code::INVALID_DATA, message));
        }
    }
    Ok(NewLine {
        line_id: text(line, "LineId"),
        item_id: text(line, "ItemId"),
        quantity: quantity.unwrap_or_default(),
        terms,
    })
}

/// The text of a child; the schema has already said that it is there.
fn text(parent: &Element, name: &str) -> String {
    parent
        .child(name)
        .map(|child| collapse(&child.text))
        .unwrap_or_default()
}

//! Writes answers and faults in the version of the request.

use quick_xml::escape::escape;

use super::{
    envelope::Version,
    fault::{Blame, SoapFault},
    schema::NAMESPACE,
};
use crate::license_central::store::Found;

/// What is sent back: a status, and a document of `version`'s media type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) version: Version,
    pub(crate) status: u16,
    pub(crate) document: String,
}

impl Answer {
    /// Says the whole `Content-Type`.
    pub(crate) fn content_type(&self) -> String {
        format!("{}; charset=utf-8", self.version.media_type())
    }
}

/// Answers `CreateOrder`.
pub(crate) fn created(version: Version, number: &str, ticket: &str, ticket_url: &str) -> Answer {
    let content = format!(
        "<lc:OrderNumber>{}</lc:OrderNumber><lc:Ticket>{}</lc:Ticket><lc:TicketUrl>{}</lc:TicketUrl>",
        escape(number),
        escape(ticket),
        escape(ticket_url)
    );
    success(version, "CreateOrderResponse", &content)
}

/// Answers `FindOrder`, with the order if there is one.
pub(crate) fn found(version: Version, order: Option<(&Found, &str)>) -> Answer {
    let Some((order, ticket_url)) = order else {
        return success(version, "FindOrderResponse", "");
    };
    let line = |(item_id, quantity): &(String, u32)| {
        format!(
            "<lc:Line><lc:ItemId>{}</lc:ItemId><lc:Quantity>{quantity}</lc:Quantity></lc:Line>",
            escape(item_id.as_str())
        )
    };
    let content = format!(
        "<lc:Order><lc:OrderNumber>{}</lc:OrderNumber><lc:Ticket>{}</lc:Ticket><lc:TicketUrl>{}</lc:TicketUrl>\
         <lc:CustomerId>{}</lc:CustomerId><lc:Accepted>{}</lc:Accepted><lc:Lines>{}</lc:Lines></lc:Order>",
        escape(order.number.as_str()),
        escape(order.ticket.as_str()),
        escape(ticket_url),
        escape(order.customer_id.as_str()),
        order.accepted,
        order.lines.iter().map(line).collect::<String>()
    );
    success(version, "FindOrderResponse", &content)
}

/// Answers `GetVersion`.
pub(crate) fn version(version: Version) -> Answer {
    let content = format!(
        "<lc:Version>Ticketsmith pretend License Central {}</lc:Version>",
        env!("CARGO_PKG_VERSION")
    );
    success(version, "GetVersionResponse", &content)
}

/// Writes a fault: HTTP status 500 in SOAP 1.1, in SOAP 1.2 400 where the sender is to blame.
pub(crate) fn fault(version: Version, fault: &SoapFault) -> Answer {
    let message = escape(fault.message.as_str());
    let detail = fault.detail.as_ref().map_or(String::new(), |detail| {
        let item = detail.item_id.as_deref().map_or(String::new(), |item| format!("<lc:ItemId>{}</lc:ItemId>", escape(item)));
        format!(
            "<lc:LicenseCentralFault xmlns:lc=\"{NAMESPACE}\"><lc:Code>{}</lc:Code><lc:Message>{message}</lc:Message>{item}</lc:LicenseCentralFault>",
            escape(detail.code.as_str())
        )
    });
    let code = code(version, fault.blame);
    let status = if version == Version::Soap12 && fault.blame == Blame::Sender {
        400
    } else {
        500
    };
    let content = match version {
        Version::Soap11 => {
            let detail = if detail.is_empty() {
                detail
            } else {
                format!("<detail>{detail}</detail>")
            };
            format!(
                "<soap:Fault><faultcode>soap:{code}</faultcode><faultstring xml:lang=\"en\">{message}</faultstring>{detail}</soap:Fault>"
            )
        }
        Version::Soap12 => {
            let detail = if detail.is_empty() {
                detail
            } else {
                format!("<soap:Detail>{detail}</soap:Detail>")
            };
            format!(
                "<soap:Fault><soap:Code><soap:Value>soap:{code}</soap:Value></soap:Code>\
                 <soap:Reason><soap:Text xml:lang=\"en\">{message}</soap:Text></soap:Reason>{detail}</soap:Fault>"
            )
        }
    };
    Answer {
        version,
        status,
        document: enveloped(version, &content),
    }
}

fn code(version: Version, blame: Blame) -> &'static str {
    match (blame, version) {
        (Blame::VersionMismatch, _) => "VersionMismatch",
        (Blame::MustUnderstand, _) => "MustUnderstand",
        (Blame::Sender, Version::Soap11) => "Client",
        (Blame::Sender, Version::Soap12) => "Sender",
        (Blame::Receiver, Version::Soap11) => "Server",
        (Blame::Receiver, Version::Soap12) => "Receiver",
    }
}

fn success(version: Version, name: &str, content: &str) -> Answer {
    let document = enveloped(
        version,
        &format!("<lc:{name} xmlns:lc=\"{NAMESPACE}\">{content}</lc:{name}>"),
    );
    Answer {
        version,
        status: 200,
        document,
    }
}

fn enveloped(version: Version, content: &str) -> String {
    let namespace = version.namespace();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<soap:Envelope xmlns:soap=\"{namespace}\"><soap:Body>{content}</soap:Body></soap:Envelope>"
    )
}

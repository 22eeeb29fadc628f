//! The WSDL as it is served: with the address at which the asker reached us.

use quick_xml::escape::escape;

/// The address that stands in the shipped document.
const SHIPPED_ADDRESS: &str = "location=\"http://localhost:8026/soap\"";

/// Writes the shipped WSDL with another address in both ports.
pub(crate) fn at(endpoint: &str) -> String {
    schemas::LICENSE_CENTRAL_WSDL.replace(SHIPPED_ADDRESS, &format!("location=\"{}\"", escape(endpoint)))
}

#[cfg(test)]
mod tests {
    use super::{super::soap::tree::parse, *};

    #[test]
    fn both_ports_say_where_the_server_was_reached() {
        let wsdl = parse(&at("https://license.example:8443/soap")).unwrap();
        let ports = &wsdl.child("service").unwrap().children;
        let addresses: Vec<_> = ports
            .iter()
            .map(|port| port.children[0].attribute("", "location").unwrap())
            .collect();
        assert_eq!(addresses, ["https://license.example:8443/soap"; 2]);
        assert_eq!(ports[0].children[0].namespace, "http://schemas.xmlsoap.org/wsdl/soap/");
        assert_eq!(
            ports[1].children[0].namespace,
            "http://schemas.xmlsoap.org/wsdl/soap12/"
        );
    }

    #[test]
    fn every_message_part_is_a_global_element_and_every_operation_is_bound_twice() {
        let wsdl = parse(schemas::LICENSE_CENTRAL_WSDL).unwrap();
        let schema = wsdl.child("types").and_then(|types| types.child("schema")).unwrap();
        let elements: Vec<_> = schema
            .children
            .iter()
            .filter(|part| part.name == "element")
            .filter_map(|e| e.attribute("", "name"))
            .collect();
        let all = |name: &'static str| wsdl.children.iter().filter(move |part| part.name == name);
        for message in all("message") {
            let element = message.children[0]
                .attribute("", "element")
                .unwrap()
                .strip_prefix("lc:")
                .unwrap();
            assert!(elements.contains(&element), "{element}");
        }
        for binding in all("binding") {
            let bound: Vec<_> = binding
                .children
                .iter()
                .filter(|part| part.name == "operation")
                .collect();
            assert_eq!(bound.len(), 3);
            for operation in bound {
                let name = operation.attribute("", "name").unwrap();
                let action = operation.children[0].attribute("", "soapAction").unwrap();
                assert_eq!(action, format!("urn:ticketsmith:license-central:2026:{name}"));
            }
        }
    }
}

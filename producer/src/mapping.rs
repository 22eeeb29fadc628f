//! Which field of the event carries which part of the request.

use serde::{Deserialize, Serialize};

/// Names the event's field for each part of a license request (`[producer.mapping]`).
///
/// The defaults are the fields of the shipped event `License_Request__e`; a publisher's own event works once its fields
/// are named here. An empty name means that the event does not carry that part: allowed for `revision` (then 1),
/// `action` (then `create`), `customer_email` (then none) and `requested_at` (then the event's `CreatedDate`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Id of the order's record, 15 or 18 characters; default `Order_Id__c`.
    pub order_id: String,
    /// The number people know the order by; default `Order_Number__c`.
    pub order_number: String,
    /// Which operation on the order this is, counted from 1; default `Revision__c`.
    pub revision: String,
    /// What is wished for; default `Action__c`.
    pub action: String,
    /// Id of the customer's record; default `Customer_Id__c`.
    pub customer_id: String,
    /// The customer's name; default `Customer_Name__c`.
    pub customer_name: String,
    /// The customer's e-mail address; default `Customer_Email__c`.
    pub customer_email: String,
    /// The order lines, as JSON in a text field; default `Lines__c`.
    pub lines: String,
    /// When the order was activated; default `Requested_At__c`.
    pub requested_at: String,
}

impl Default for Mapping {
    fn default() -> Self {
        Self {
            order_id: "Order_Id__c".into(),
            order_number: "Order_Number__c".into(),
            revision: "Revision__c".into(),
            action: "Action__c".into(),
            customer_id: "Customer_Id__c".into(),
            customer_name: "Customer_Name__c".into(),
            customer_email: "Customer_Email__c".into(),
            lines: "Lines__c".into(),
            requested_at: "Requested_At__c".into(),
        }
    }
}

impl Mapping {
    /// Lists the parts that every event must carry and that this mapping leaves empty, by their settings' names.
    pub fn missing(&self) -> Vec<&'static str> {
        [
            ("order_id", &self.order_id),
            ("order_number", &self.order_number),
            ("customer_id", &self.customer_id),
            ("customer_name", &self.customer_name),
            ("lines", &self.lines),
        ]
        .into_iter()
        .filter(|(_, field)| field.trim().is_empty())
        .map(|(part, _)| part)
        .collect()
    }

    /// Pairs each path of the request with the event's field that fills it; longer paths come first.
    pub(crate) fn paths(&self) -> [(&'static str, &str); 9] {
        [
            ("data.customer.email", &self.customer_email),
            ("data.customer.name", &self.customer_name),
            ("data.customer.id", &self.customer_id),
            ("data.requested_at", &self.requested_at),
            ("data.order.number", &self.order_number),
            ("data.order.id", &self.order_id),
            ("data.revision", &self.revision),
            ("data.action", &self.action),
            ("data.lines", &self.lines),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_parts_an_event_must_carry_are_reported_as_missing() {
        let mapping = Mapping {
            order_id: " ".into(),
            lines: String::new(),
            revision: String::new(),
            customer_email: String::new(),
            ..Mapping::default()
        };
        assert_eq!(mapping.missing(), ["order_id", "lines"]);
        assert!(Mapping::default().missing().is_empty());
    }
}

//! What is ordered, and for whom.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Names an order in the system that sold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderRef {
    /// The order's identity there; a Salesforce record id of 15 or 18 characters, or the submitter's own.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// The number that people know it by.
    #[schemars(length(min = 1, max = 64))]
    pub number: String,
    /// The Salesforce org, 18 characters; absent for other sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(min = 1, max = 64))]
    pub org: Option<String>,
}

/// Who receives the licenses. Further fields are allowed and not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Customer {
    /// The customer's identity, as License Central shall know it.
    #[schemars(length(min = 1, max = 64))]
    pub id: String,
    /// The customer's name.
    #[schemars(length(min = 1, max = 255))]
    pub name: String,
    /// Where the ticket may be sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(length(max = 254))]
    pub email: Option<String>,
}

/// One line of an order: so many licenses of one item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OrderLine {
    /// The line's identity in its order.
    #[schemars(length(min = 1, max = 64))]
    pub line_id: String,
    /// License Central's Item ID; no white space.
    #[schemars(length(min = 1, max = 64), regex(pattern = r"^\S+$"))]
    pub item_id: String,
    /// How many licenses.
    #[schemars(range(min = 1, max = 1_000_000))]
    pub quantity: u32,
    /// Further conditions by name, such as `expires_at`; handed to the profile's request template.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub terms: BTreeMap<String, String>,
}

//! The shipped flow: what an activated order puts into its license request.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::store::Store;
use super::store::rows::Record;
use super::store::values::moment;

/// Fills the event's fields from the order, its account and its lines.
pub(super) fn license_request(store: &Store, order_id: &str) -> Option<Map<String, Value>> {
    let order = store.get("Order", order_id)?;
    let account_id = order.get("AccountId").and_then(Value::as_str).unwrap_or_default();
    let lines: Vec<Value> = store
        .children("OrderItem", order_id)
        .map(|item| line(store, item))
        .collect();
    let event = json!({
        "Order_Id__c": order_id,
        "Order_Number__c": order.get("OrderNumber"),
        "Revision__c": order.get("License_Revision__c"),
        "Action__c": "create",
        "Customer_Id__c": account_id,
        "Customer_Name__c": store.get("Account", account_id).and_then(|account| account.get("Name")),
        "Customer_Email__c": email(store, order, account_id),
        "Lines__c": Value::Array(lines).to_string(),
        "Requested_At__c": moment(Timestamp::now()),
    });
    event.as_object().cloned()
}

fn line(store: &Store, item: &Record) -> Value {
    let product_id = item.get("Product2Id").and_then(Value::as_str).unwrap_or_default();
    let item_id = store
        .get("Product2", product_id)
        .and_then(|product| product.get("License_Item_Id__c"));
    json!({"line_id": item.get("Id"), "item_id": item_id, "quantity": quantity(item)})
}

/// A whole quantity is written without a point; half a license is passed on as it is, for others to refuse.
#[expect(
    clippy::cast_possible_truncation,
    reason = "only whole numbers far below 2^53 are converted"
)]
fn quantity(item: &Record) -> Value {
    match item.get("Quantity").and_then(Value::as_f64) {
        Some(number) if number.fract() == 0.0 && number.abs() < 9e15 => Value::from(number as i64),
        Some(number) => Value::from(number),
        None => Value::Null,
    }
}

/// The address of the contact the order is billed to, else of the account's first contact that has one.
fn email(store: &Store, order: &Record, account_id: &str) -> Value {
    let billed_to = order
        .get("BillToContactId")
        .and_then(Value::as_str)
        .and_then(|id| store.get("Contact", id));
    let of_account = || {
        store
            .children("Contact", account_id)
            .find(|contact| !contact["Email"].is_null())
    };
    let contact = billed_to
        .filter(|contact| !contact["Email"].is_null())
        .or_else(of_account);
    contact.map_or(Value::Null, |contact| contact["Email"].clone())
}

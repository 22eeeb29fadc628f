//! What Salesforce does by itself when records are written: numbers, prices, what an order must have to be activated.

use jiff::Timestamp;
use serde_json::Value;

use super::rows::{Record, RowError};
use super::{Store, values};

impl Store {
    pub(super) fn before_insert(&mut self, object: &str, record: &mut Record) -> Result<(), RowError> {
        match object {
            "Contact" => name_contact(record),
            "Order" => self.new_order(record)?,
            "OrderItem" => self.new_item(record)?,
            "PricebookEntry" => self.new_entry(record)?,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn before_update(&mut self, object: &str, before: &Record, record: &mut Record) -> Result<(), RowError> {
        match object {
            "Contact" => name_contact(record),
            "Order" => self.changed_order(before, record)?,
            "OrderItem" => {
                self.order_is_draft(record)?;
                price(record)?;
            }
            _ => {}
        }
        Ok(())
    }

    pub(super) fn before_delete(&mut self, object: &str, id: &str) -> Result<(), RowError> {
        match object {
            "Order" => self.cascade("OrderItem", "OrderId", id),
            "OrderItem" => {
                if let Some(item) = self.get("OrderItem", id).cloned() {
                    self.order_is_draft(&item)?;
                }
            }
            "Account" => {
                self.not_in_use("Order", "AccountId", id)?;
                self.cascade("Contact", "AccountId", id);
            }
            "Product2" => {
                self.not_in_use("OrderItem", "Product2Id", id)?;
                self.cascade("PricebookEntry", "Product2Id", id);
            }
            "PricebookEntry" => self.not_in_use("OrderItem", "PricebookEntryId", id)?,
            "Pricebook2" => self.not_in_use("Order", "Pricebook2Id", id)?,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn after_write(&mut self, object: &str, id: &str) {
        if object != "OrderItem" {
            return;
        }
        let Some(order_id) = self.get(object, id).map(|item| text(item, "OrderId").to_owned()) else {
            return;
        };
        let total: f64 = self
            .children("OrderItem", &order_id)
            .filter_map(|item| item["TotalPrice"].as_f64())
            .sum();
        if let Some(mut order) = self.get("Order", &order_id).cloned() {
            order.insert("TotalAmount".to_owned(), Value::from(total));
            self.put("Order", &order_id, order);
        }
    }

    fn new_order(&mut self, record: &mut Record) -> Result<(), RowError> {
        if text(record, "Status") != "Draft" {
            return Err(RowError::new("FAILED_ACTIVATION", "A new order must have the status Draft.").on("Status"));
        }
        record.insert("StatusCode".to_owned(), Value::from("Draft"));
        record.insert(
            "OrderNumber".to_owned(),
            Value::String(format!("{:08}", self.next_order_number)),
        );
        self.next_order_number += 1;
        Ok(())
    }

    fn changed_order(&mut self, before: &Record, record: &mut Record) -> Result<(), RowError> {
        let status = text(record, "Status").to_owned();
        let was = text(before, "Status");
        let id = text(record, "Id").to_owned();
        if before["Pricebook2Id"] != record["Pricebook2Id"] && self.children("OrderItem", &id).next().is_some() {
            let message = "can't change the price book of an order that has order products";
            return Err(RowError::new("FIELD_INTEGRITY_EXCEPTION", message).on("Pricebook2Id"));
        }
        if status == was {
            return Ok(());
        }
        record.insert("StatusCode".to_owned(), Value::from(status.as_str()));
        if status != "Activated" {
            record.insert("ActivatedDate".to_owned(), Value::Null);
            record.insert("ActivatedById".to_owned(), Value::Null);
            return Ok(());
        }
        if self.children("OrderItem", &id).next().is_none() {
            return Err(RowError::new("FAILED_ACTIVATION", "An order must have at least one product.").on("Status"));
        }
        record.insert(
            "ActivatedDate".to_owned(),
            Value::String(values::moment(Timestamp::now())),
        );
        record.insert("ActivatedById".to_owned(), Value::String(self.user_id.clone()));
        self.request_licenses(&id, record);
        Ok(())
    }

    /// The shipped flow: an activated order asks for its licenses. What the order shows already is left alone.
    fn request_licenses(&mut self, id: &str, record: &mut Record) {
        if record["License_Revision__c"].is_null() {
            record.insert("License_Revision__c".to_owned(), Value::from(1.0));
        }
        if record["License_Status__c"].is_null() {
            record.insert("License_Status__c".to_owned(), Value::from("Requested"));
        }
        self.requested.push(id.to_owned());
    }

    fn new_item(&mut self, record: &mut Record) -> Result<(), RowError> {
        self.order_is_draft(record)?;
        let entry = self
            .get("PricebookEntry", text(record, "PricebookEntryId"))
            .ok_or_else(RowError::points_nowhere)?;
        let order = self
            .get("Order", text(record, "OrderId"))
            .ok_or_else(RowError::points_nowhere)?;
        if entry["Pricebook2Id"] != order["Pricebook2Id"] {
            let message = "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than the \
                           one assigned to the order)";
            return Err(RowError::new("FIELD_INTEGRITY_EXCEPTION", message).on("PricebookEntryId"));
        }
        let (product, list_price) = (entry["Product2Id"].clone(), entry["UnitPrice"].clone());
        if !record["Product2Id"].is_null() && record["Product2Id"] != product {
            let message = "field integrity exception: Product2Id (the pricebook entry is of another product)";
            return Err(RowError::new("FIELD_INTEGRITY_EXCEPTION", message).on("Product2Id"));
        }
        record.insert("Product2Id".to_owned(), product);
        if record["UnitPrice"].is_null() {
            record.insert("UnitPrice".to_owned(), list_price.clone());
        }
        record.insert("ListPrice".to_owned(), list_price);
        record.insert(
            "OrderItemNumber".to_owned(),
            Value::String(format!("{:010}", self.next_item_number)),
        );
        self.next_item_number += 1;
        price(record)
    }

    fn new_entry(&self, record: &mut Record) -> Result<(), RowError> {
        let (book, product) = (text(record, "Pricebook2Id"), text(record, "Product2Id"));
        let prices: Vec<&str> = self
            .all("PricebookEntry")
            .filter(|entry| text(entry, "Product2Id") == product)
            .map(|entry| text(entry, "Pricebook2Id"))
            .collect();
        if prices.contains(&book) {
            let message = "This price definition already exists in this price book";
            return Err(RowError::new("DUPLICATE_VALUE", message));
        }
        let standard = self
            .all("Pricebook2")
            .find(|book| book["IsStandard"] == true)
            .map(|book| text(book, "Id"));
        if standard.is_some_and(|standard| standard != book && !prices.contains(&standard)) {
            let message = "Before creating a custom price, create a standard price.";
            return Err(RowError::new("STANDARD_PRICE_NOT_DEFINED", message));
        }
        let product = self.get("Product2", product).ok_or_else(RowError::points_nowhere)?;
        let (name, code) = (product["Name"].clone(), product["ProductCode"].clone());
        record.insert("Name".to_owned(), name);
        record.insert("ProductCode".to_owned(), code);
        Ok(())
    }

    fn order_is_draft(&self, item: &Record) -> Result<(), RowError> {
        match self.get("Order", text(item, "OrderId")) {
            Some(order) if text(order, "Status") != "Draft" => Err(RowError::new(
                "FIELD_INTEGRITY_EXCEPTION",
                "Order products can't be added, changed or removed when the order is activated.",
            )
            .on("OrderId")),
            _ => Ok(()),
        }
    }

    fn not_in_use(&self, object: &str, field: &str, id: &str) -> Result<(), RowError> {
        match self.all(object).find(|record| text(record, field) == id) {
            Some(user) => {
                let named = user
                    .get("OrderNumber")
                    .and_then(Value::as_str)
                    .unwrap_or_else(|| text(user, "Id"));
                let message = format!(
                    "Your attempt to delete this record could not be completed because it is associated with the following \
                     records: {named}"
                );
                Err(RowError::new("DELETE_FAILED", message))
            }
            None => Ok(()),
        }
    }

    fn cascade(&mut self, object: &str, field: &str, id: &str) {
        let children: Vec<String> = self
            .all(object)
            .filter(|child| text(child, field) == id)
            .map(|child| text(child, "Id").to_owned())
            .collect();
        for child in children {
            self.take(object, &child);
        }
    }
}

/// A record's text field, empty where it is null.
pub(super) fn text<'a>(record: &'a Record, field: &str) -> &'a str {
    record.get(field).and_then(Value::as_str).unwrap_or_default()
}

fn price(record: &mut Record) -> Result<(), RowError> {
    let quantity = record["Quantity"].as_f64().unwrap_or_default();
    if quantity <= 0.0 {
        let message = "Quantity: must be greater than zero";
        return Err(RowError::new("FIELD_INTEGRITY_EXCEPTION", message).on("Quantity"));
    }
    record.insert(
        "TotalPrice".to_owned(),
        Value::from(quantity * record["UnitPrice"].as_f64().unwrap_or_default()),
    );
    Ok(())
}

fn name_contact(record: &mut Record) {
    let parts = [text(record, "FirstName"), text(record, "LastName")];
    let name = parts
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect::<Vec<_>>()
        .join(" ");
    record.insert("Name".to_owned(), Value::String(name));
}

//! Orders as the owner of the pretend org writes, activates and reads them.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::Store;
use super::rows::{Record, RowError};
use super::rules::text;

/// A draft order to be written, with its account, products and lines.
#[derive(Debug, Clone, Default)]
pub struct SeedOrder {
    /// The account's name; orders of one name share an account.
    pub customer_name: String,
    /// The account's contact, if it is to have one.
    pub customer_email: Option<String>,
    /// License Central's item and how many, per line.
    pub lines: Vec<(String, u32)>,
}

/// What people see of an order.
#[derive(Debug, Clone, PartialEq)]
pub struct OrderView {
    /// The record's id, 18 characters.
    pub id: String,
    /// The order's number.
    pub number: String,
    /// The account's name.
    pub customer_name: String,
    /// Whether the order is activated, not a draft.
    pub activated: bool,
    /// Where its licenses are: `License_Status__c`.
    pub status: Option<String>,
    /// `License_Ticket__c`.
    pub ticket: Option<String>,
    /// `License_Link__c`.
    pub link: Option<String>,
    /// `License_Reason__c`.
    pub reason: Option<String>,
    /// `License_Revision__c`.
    pub revision: Option<u32>,
    /// The order's products.
    pub lines: Vec<LineView>,
}

/// What people see of an order's product.
#[derive(Debug, Clone, PartialEq)]
pub struct LineView {
    /// The order product's id.
    pub id: String,
    /// License Central's item, from the product; empty if the product has none.
    pub item: String,
    /// How many.
    pub quantity: f64,
}

/// What seeded orders share.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Shared {
    /// The account of that name.
    Account(String),
    /// The standard price book's entry for a product that hands out that item.
    Entry(String),
}

impl Store {
    /// Writes a draft order as a client would, record by record.
    pub(in crate::salesforce) fn seed_order(&mut self, order: &SeedOrder) -> Result<String, RowError> {
        let account_id = self.seed_account(order)?;
        let price_book_id = self.standard_price_book();
        let today = Timestamp::now().strftime("%Y-%m-%d").to_string();
        let order_id = self.insert(
            "Order",
            &fields(&json!({
                "AccountId": account_id, "Pricebook2Id": price_book_id, "EffectiveDate": today, "Status": "Draft",
            })),
        )?;
        for (item, quantity) in &order.lines {
            let entry_id = self.seed_entry(item, &price_book_id)?;
            let line =
                json!({"OrderId": order_id, "PricebookEntryId": entry_id, "Quantity": quantity, "UnitPrice": 100});
            self.insert("OrderItem", &fields(&line))?;
        }
        Ok(order_id)
    }

    /// Sets an order's status to Activated.
    pub(in crate::salesforce) fn activate(&mut self, order_id: &str) -> Result<(), RowError> {
        self.update("Order", order_id, &fields(&json!({"Status": "Activated"})))
    }

    /// Asks again for what an activated order asked for.
    pub(in crate::salesforce) fn double_click(&mut self, order_id: &str) -> Result<(), RowError> {
        let order = self.get("Order", order_id).ok_or_else(RowError::points_nowhere)?;
        if text(order, "Status") != "Activated" {
            return Err(RowError::new("FAILED_ACTIVATION", "The order is not activated.").on("Status"));
        }
        self.requested.push(order_id.to_owned());
        Ok(())
    }

    /// All orders, by number.
    pub(in crate::salesforce) fn order_views(&self) -> Vec<OrderView> {
        self.all("Order").map(|order| self.view(order)).collect()
    }

    /// The latest orders, newest first.
    pub(in crate::salesforce) fn latest_orders(&self, at_most: usize) -> Vec<OrderView> {
        let orders = self
            .tables
            .get("Order")
            .into_iter()
            .flat_map(|table| table.values().rev());
        orders.take(at_most).map(|order| self.view(order)).collect()
    }

    /// One order.
    pub(in crate::salesforce) fn order_view(&self, order_id: &str) -> Option<OrderView> {
        self.get("Order", order_id).map(|order| self.view(order))
    }

    fn view(&self, order: &Record) -> OrderView {
        let shown = |field: &str| order.get(field).and_then(Value::as_str).map(str::to_owned);
        let customer = self.get("Account", text(order, "AccountId"));
        OrderView {
            id: text(order, "Id").to_owned(),
            number: text(order, "OrderNumber").to_owned(),
            customer_name: customer
                .map(|account| text(account, "Name").to_owned())
                .unwrap_or_default(),
            activated: text(order, "Status") == "Activated",
            status: shown("License_Status__c"),
            ticket: shown("License_Ticket__c"),
            link: shown("License_Link__c"),
            reason: shown("License_Reason__c"),
            revision: revision(order),
            lines: self
                .children("OrderItem", text(order, "Id"))
                .map(|item| self.line(item))
                .collect(),
        }
    }

    fn line(&self, item: &Record) -> LineView {
        let product = self.get("Product2", text(item, "Product2Id"));
        LineView {
            id: text(item, "Id").to_owned(),
            item: product
                .map(|product| text(product, "License_Item_Id__c").to_owned())
                .unwrap_or_default(),
            quantity: item.get("Quantity").and_then(Value::as_f64).unwrap_or_default(),
        }
    }

    fn seed_account(&mut self, order: &SeedOrder) -> Result<String, RowError> {
        let key = Shared::Account(order.customer_name.clone());
        if let Some(id) = self.seeded.get(&key).filter(|id| self.get("Account", id).is_some()) {
            return Ok(id.clone());
        }
        let id = self.insert("Account", &fields(&json!({"Name": order.customer_name})))?;
        if let Some(email) = &order.customer_email {
            self.insert(
                "Contact",
                &fields(&json!({"AccountId": id, "LastName": "Licensing", "Email": email})),
            )?;
        }
        self.seeded.insert(key, id.clone());
        Ok(id)
    }

    fn seed_entry(&mut self, item: &str, price_book_id: &str) -> Result<String, RowError> {
        let key = Shared::Entry(item.to_owned());
        if let Some(id) = self
            .seeded
            .get(&key)
            .filter(|id| self.get("PricebookEntry", id).is_some())
        {
            return Ok(id.clone());
        }
        let name = if item.is_empty() {
            "A product without an item"
        } else {
            item
        };
        let product = json!({"Name": name, "License_Item_Id__c": item, "IsActive": true});
        let product_id = self.insert("Product2", &fields(&product))?;
        let entry =
            json!({"Pricebook2Id": price_book_id, "Product2Id": product_id, "UnitPrice": 100, "IsActive": true});
        let id = self.insert("PricebookEntry", &fields(&entry))?;
        self.seeded.insert(key, id.clone());
        Ok(id)
    }

    /// Returns the id of the price book that every org has.
    pub(in crate::salesforce) fn standard_price_book(&self) -> String {
        let standard = self.all("Pricebook2").find(|book| book["IsStandard"] == true);
        standard.map(|book| text(book, "Id").to_owned()).unwrap_or_default()
    }
}

/// The order's revision, if it has one that is a whole number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the field holds nine digits; less is no revision"
)]
fn revision(order: &Record) -> Option<u32> {
    order
        .get("License_Revision__c")
        .and_then(Value::as_f64)
        .filter(|number| *number >= 1.0)
        .map(|number| number as u32)
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

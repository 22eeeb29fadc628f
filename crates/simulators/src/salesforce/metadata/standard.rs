//! Salesforce's own objects, as far as orders need them.

use super::{Field, Kind, Nature, Object};

/// The standard objects, without the custom fields of the sfdx package.
pub(super) fn objects() -> Vec<Object> {
    vec![
        object("Account", "001", account()),
        object("Contact", "003", contact()),
        object("Order", "801", order()),
        object("OrderItem", "802", order_item()),
        object("Product2", "01t", product()),
        object("Pricebook2", "01s", price_book()),
        object("PricebookEntry", "01u", price_book_entry()),
        Object {
            nature: Nature::ReadOnly,
            ..object("Organization", "00D", organization())
        },
        Object {
            nature: Nature::ReadOnly,
            ..object("User", "005", user())
        },
    ]
}

fn object(name: &str, key_prefix: &str, fields: Vec<Field>) -> Object {
    let label = match name {
        "OrderItem" => "Order Product",
        "Product2" => "Product",
        "Pricebook2" => "Price Book",
        "PricebookEntry" => "Price Book Entry",
        other => other,
    };
    let mut all = vec![Field {
        label: format!("{label} ID"),
        ..Field::new("Id", Kind::Id).server_set()
    }];
    all.extend(fields);
    all.push(Field::new("IsDeleted", Kind::Checkbox).server_set());
    for moment in ["CreatedDate", "LastModifiedDate", "SystemModstamp"] {
        all.push(Field::new(moment, Kind::DateTime).server_set());
    }
    for user in ["CreatedById", "LastModifiedById"] {
        all.push(reference(user, "User").server_set());
    }
    Object {
        name: name.to_owned(),
        label: label.to_owned(),
        key_prefix: key_prefix.to_owned(),
        nature: Nature::Record,
        fields: all,
    }
}

fn text(name: &str, length: usize) -> Field {
    Field::new(name, Kind::Text(length))
}

fn reference(name: &str, to: &str) -> Field {
    Field::new(name, Kind::Reference(to.to_owned()))
}

fn picklist(name: &str, values: &[&str], restricted: bool) -> Field {
    Field::new(
        name,
        Kind::Picklist {
            values: values.iter().map(|value| (*value).to_owned()).collect(),
            restricted,
        },
    )
}

fn money(name: &str) -> Field {
    Field::new(name, Kind::Number { whole: 16, scale: 2 })
}

fn flag(name: &str) -> Field {
    Field::new(name, Kind::Checkbox)
}

fn date(name: &str) -> Field {
    Field::new(name, Kind::Date)
}

fn address(front: &str) -> Vec<Field> {
    [
        ("Street", 255),
        ("City", 40),
        ("State", 80),
        ("PostalCode", 20),
        ("Country", 80),
    ]
    .into_iter()
    .map(|(part, length)| text(&format!("{front}{part}"), length))
    .collect()
}

fn account() -> Vec<Field> {
    let mut fields = vec![
        text("Name", 255).required(),
        text("AccountNumber", 40),
        picklist(
            "Type",
            &["Prospect", "Customer - Direct", "Customer - Channel", "Other"],
            false,
        ),
        picklist(
            "Industry",
            &["Electronics", "Engineering", "Manufacturing", "Technology"],
            false,
        ),
        text("Phone", 40),
        Field::new("Website", Kind::Url),
        text("Site", 80),
        text("Description", 32_000),
        reference("ParentId", "Account"),
        reference("OwnerId", "User"),
    ];
    fields.extend(address("Billing"));
    fields.extend(address("Shipping"));
    fields
}

fn contact() -> Vec<Field> {
    let mut fields = vec![
        reference("AccountId", "Account"),
        text("LastName", 80).required(),
        text("FirstName", 40),
        picklist("Salutation", &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof."], false),
        text("Name", 121).server_set(),
        Field::new("Email", Kind::Email),
        text("Phone", 40),
        text("MobilePhone", 40),
        text("Title", 128),
        text("Description", 32_000),
        reference("OwnerId", "User"),
    ];
    fields.extend(address("Mailing"));
    fields
}

fn order() -> Vec<Field> {
    let mut fields = vec![
        text("OrderNumber", 30).server_set(),
        reference("AccountId", "Account").required(),
        reference("Pricebook2Id", "Pricebook2"),
        date("EffectiveDate").required(),
        date("EndDate"),
        picklist("Status", &["Draft", "Activated"], true).required(),
        picklist("StatusCode", &["Draft", "Activated"], true).server_set(),
        text("Name", 80),
        text("Description", 32_000),
        picklist("Type", &[], false),
        text("PoNumber", 80),
        date("PoDate"),
        text("OrderReferenceNumber", 80),
        flag("IsReductionOrder").fixed(),
        reference("BillToContactId", "Contact"),
        reference("ShipToContactId", "Contact"),
        reference("CustomerAuthorizedById", "Contact"),
        money("TotalAmount").server_set().or(0.0),
        Field::new("ActivatedDate", Kind::DateTime).server_set(),
        reference("ActivatedById", "User").server_set(),
        reference("OwnerId", "User"),
    ];
    fields.extend(address("Billing"));
    fields.extend(address("Shipping"));
    fields
}

fn order_item() -> Vec<Field> {
    vec![
        text("OrderItemNumber", 30).server_set(),
        reference("OrderId", "Order").required().fixed(),
        reference("PricebookEntryId", "PricebookEntry").required().fixed(),
        reference("Product2Id", "Product2").fixed(),
        Field::new("Quantity", Kind::Number { whole: 16, scale: 2 }).required(),
        money("UnitPrice"),
        money("ListPrice").server_set(),
        money("TotalPrice").server_set(),
        date("ServiceDate"),
        date("EndDate"),
        text("Description", 255),
    ]
}

fn product() -> Vec<Field> {
    vec![
        text("Name", 255).required(),
        text("ProductCode", 255),
        text("Description", 4000),
        flag("IsActive"),
        picklist("Family", &["None"], false),
        text("StockKeepingUnit", 180),
        text("ExternalId", 255),
        Field::new("DisplayUrl", Kind::Url),
        picklist("QuantityUnitOfMeasure", &["Each"], false),
    ]
}

fn price_book() -> Vec<Field> {
    vec![
        text("Name", 255).required(),
        text("Description", 255),
        flag("IsActive"),
        flag("IsStandard").server_set(),
    ]
}

fn price_book_entry() -> Vec<Field> {
    vec![
        text("Name", 255).server_set(),
        text("ProductCode", 255).server_set(),
        reference("Pricebook2Id", "Pricebook2").required().fixed(),
        reference("Product2Id", "Product2").required().fixed(),
        money("UnitPrice").required(),
        flag("IsActive"),
        flag("UseStandardPrice"),
    ]
}

fn organization() -> Vec<Field> {
    vec![
        text("Name", 80).server_set(),
        text("OrganizationType", 40).server_set(),
        text("InstanceName", 5).server_set(),
        flag("IsSandbox").server_set(),
        text("NamespacePrefix", 15).server_set(),
        text("LanguageLocaleKey", 40).server_set(),
        text("TimeZoneSidKey", 40).server_set(),
    ]
}

fn user() -> Vec<Field> {
    vec![
        text("Username", 80).server_set(),
        text("Name", 121).server_set(),
        text("LastName", 80).server_set(),
        text("FirstName", 40).server_set(),
        Field::new("Email", Kind::Email).server_set(),
        flag("IsActive").server_set(),
        text("UserType", 40).server_set(),
    ]
}

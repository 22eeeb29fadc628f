use serde_json::json;

use super::orders::SeedOrder;
use super::standing::Standing;
use super::*;

fn store() -> Store {
    let mut ids = IdSource::new();
    let standing = Standing {
        org_id: ids.next("00D"),
        org_name: "Test".to_owned(),
        user_id: ids.next("005"),
        username: "integration@pretend.example".to_owned(),
    };
    Store::new(Arc::new(Catalog::load().unwrap()), ids, &standing)
}

fn fields(value: &Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

fn seed(store: &mut Store) -> String {
    let order = SeedOrder {
        customer_name: "Müller & Söhne".to_owned(),
        customer_email: Some("lizenz@mueller.example".to_owned()),
        lines: vec![("CM-PRO".to_owned(), 2), ("CM-BASIC".to_owned(), 1)],
    };
    store.seed_order(&order).unwrap()
}

#[test]
fn activation_asks_once_and_setting_it_again_asks_for_nothing() {
    let mut store = store();
    let id = seed(&mut store);
    assert!(store.commit().is_empty());
    store.activate(&id).unwrap();
    assert_eq!(store.commit(), std::slice::from_ref(&id));
    store.activate(&id).unwrap();
    assert!(store.commit().is_empty());
    let order = store.order_view(&id).unwrap();
    assert_eq!((order.status.as_deref(), order.revision), (Some("Requested"), Some(1)));
    assert_eq!(order.lines[0].item, "CM-PRO");
}

#[test]
fn a_second_click_asks_again_for_the_same_revision() {
    let mut store = store();
    let id = seed(&mut store);
    assert_eq!(store.double_click(&id).unwrap_err().code, "FAILED_ACTIVATION");
    store.activate(&id).unwrap();
    store.commit();
    store.double_click(&id).unwrap();
    assert_eq!(store.commit(), std::slice::from_ref(&id));
    assert_eq!(store.order_view(&id).unwrap().revision, Some(1));
}

#[test]
fn a_rolled_back_transaction_leaves_no_trace() {
    let mut store = store();
    let id = seed(&mut store);
    store.commit();
    let before = store.order_view(&id).unwrap();
    let savepoint = store.savepoint();
    store.activate(&id).unwrap();
    store.delete("Order", &id).unwrap();
    assert!(store.order_view(&id).is_none());
    store.rollback(savepoint);
    assert_eq!(store.order_view(&id).unwrap(), before);
    assert!(store.commit().is_empty());
    store.activate(&id).unwrap();
}

#[test]
fn an_order_without_products_cannot_be_activated() {
    let mut store = store();
    let id = store
        .seed_order(&SeedOrder {
            customer_name: "Empty".to_owned(),
            ..SeedOrder::default()
        })
        .unwrap();
    assert_eq!(store.activate(&id).unwrap_err().code, "FAILED_ACTIVATION");
}

#[test]
fn an_activated_order_takes_no_more_products() {
    let mut store = store();
    let id = seed(&mut store);
    store.activate(&id).unwrap();
    let item = store.children("OrderItem", &id).next().unwrap().clone();
    let line = json!({"OrderId": id, "PricebookEntryId": item["PricebookEntryId"], "Quantity": 1, "UnitPrice": 1});
    assert_eq!(
        store.insert("OrderItem", &fields(&line)).unwrap_err().code,
        "FIELD_INTEGRITY_EXCEPTION"
    );
}

#[test]
fn a_custom_price_needs_a_standard_price_first_and_only_one_each() {
    let mut store = store();
    let product = store.insert("Product2", &fields(&json!({"Name": "P"}))).unwrap();
    let book = store
        .insert("Pricebook2", &fields(&json!({"Name": "Partners", "IsActive": true})))
        .unwrap();
    let standard = store.all("Pricebook2").find(|book| book["IsStandard"] == true).unwrap()["Id"].clone();
    let custom = fields(&json!({"Pricebook2Id": book, "Product2Id": product, "UnitPrice": 5}));
    assert_eq!(
        store.insert("PricebookEntry", &custom).unwrap_err().code,
        "STANDARD_PRICE_NOT_DEFINED"
    );
    let first = fields(&json!({"Pricebook2Id": standard, "Product2Id": product, "UnitPrice": 5}));
    store.insert("PricebookEntry", &first).unwrap();
    assert_eq!(
        store.insert("PricebookEntry", &first).unwrap_err().code,
        "DUPLICATE_VALUE"
    );
    store.insert("PricebookEntry", &custom).unwrap();
}

#[test]
fn references_must_exist_and_be_of_the_right_object() {
    let mut store = store();
    let id = seed(&mut store);
    let contact = |account: &str| fields(&json!({"LastName": "N", "AccountId": account}));
    assert_eq!(store.insert("Contact", &contact(&id)).unwrap_err().code, "MALFORMED_ID");
    let gone = store.insert("Account", &fields(&json!({"Name": "Gone"}))).unwrap();
    store.delete("Account", &gone).unwrap();
    assert_eq!(
        store.insert("Contact", &contact(&gone)).unwrap_err().code,
        "ENTITY_IS_DELETED"
    );
    let never = store.ids.next("001");
    assert_eq!(
        store.insert("Contact", &contact(&never)).unwrap_err().code,
        "INVALID_CROSS_REFERENCE_KEY"
    );
}

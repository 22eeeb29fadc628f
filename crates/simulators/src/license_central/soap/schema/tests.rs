//! The shapes of the WSDL, held against documents that keep them and documents that do not.

use super::{super::tree::parse, *};

const ORDER: &str = "<CreateOrder xmlns='urn:ticketsmith:license-central:2026'><OrderNumber>1-1</OrderNumber>\
    <Customer><CustomerId>C</CustomerId><Name>N</Name><Email>e@x</Email></Customer>\
    <Lines><Line><LineId>1</LineId><ItemId>CM-PRO</ItemId><Quantity>2</Quantity>\
    <Terms><Term name='until'>2027-01-01</Term></Terms></Line></Lines></CreateOrder>";

fn judged(document: &str) -> Result<(), String> {
    check(&parse(document).unwrap()).map_err(|error| error.to_string())
}

fn with(from: &str, to: &str) -> Result<(), String> {
    assert!(ORDER.contains(from), "{from}");
    judged(&ORDER.replacen(from, to, 1))
}

#[test]
fn a_whole_order_is_valid_with_and_without_what_may_be_left_out() {
    assert_eq!(judged(ORDER), Ok(()));
    assert_eq!(with("<Email>e@x</Email>", ""), Ok(()));
    assert_eq!(with("<Terms><Term name='until'>2027-01-01</Term></Terms>", ""), Ok(()));
    assert_eq!(with("<Quantity>2", "<Quantity>\n +2 "), Ok(()));
    assert_eq!(
        with(
            "<Customer>",
            "<Customer xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:type='x'>"
        ),
        Ok(())
    );
}

/// What is replaced, by what, and what the refusal then says.
const MISTAKES: [(&str, &str, &str); 17] = [
    (
        "<CustomerId>C",
        "<CustomerId>  ",
        "CreateOrder/Customer/CustomerId: must not be empty",
    ),
    (
        "<Quantity>2",
        "<Quantity>0",
        "CreateOrder/Lines/Line[1]/Quantity: 0 is less than 1",
    ),
    ("<Quantity>2", "<Quantity>-3", "Quantity: -3 is less than 1"),
    (
        "<Quantity>2",
        "<Quantity>1.5",
        "Quantity: \"1.5\" is not a whole number",
    ),
    ("<Quantity>2", "<Quantity>2147483648", "Quantity: \"2147483648\" is not"),
    ("<Quantity>2", "<Quantity>two", "Quantity: \"two\" is not"),
    (
        "<Quantity>2",
        "<Quantity><b/>2",
        "Quantity: the element b where only text may stand",
    ),
    (
        "<Quantity>2</Quantity>",
        "",
        "Line[1]: the element Quantity is missing; Terms stands in its place",
    ),
    (
        "<LineId>1</LineId>",
        "<Foo/>",
        "Line[1]: the element LineId is missing; Foo stands in its place",
    ),
    (
        "<LineId>1",
        "<LineId>1</LineId><LineId>2",
        "Line[1]: the element ItemId is missing; LineId stands",
    ),
    (
        "</Lines>",
        "</Lines><Lines/>",
        "CreateOrder: the element Lines may not stand here",
    ),
    (
        "<Customer>",
        "<Customer>text",
        "CreateOrder/Customer: text where only elements may stand",
    ),
    (
        "<Customer>",
        "<Customer kind='x'>",
        "CreateOrder/Customer: the attribute kind may not stand here",
    ),
    (" name='until'", "", "Terms/Term[1]: the attribute name is missing"),
    ("name='until'", "name=''", "Terms/Term[1]/@name: must not be empty"),
    (
        "<Email>",
        "<Email xmlns:i='http://www.w3.org/2001/XMLSchema-instance' i:nil='true'>",
        "Email: must have a value; xsi:nil",
    ),
    (
        "<OrderNumber>",
        "<OrderNumber xmlns=''>",
        "OrderNumber is missing; OrderNumber (of no namespace) stands",
    ),
];

#[test]
fn whatever_is_wrong_is_named_by_its_element() {
    for (from, to, expected) in MISTAKES {
        let message = with(from, to).unwrap_err();
        assert!(message.contains(expected), "{message:?} does not say {expected:?}");
    }
    assert!(
        judged("<CreateOrder/>")
            .unwrap_err()
            .starts_with("CreateOrder: no such element")
    );
}

#[test]
fn lengths_are_counted_in_characters_and_limited_as_the_wsdl_says() {
    let limits = [
        ("OrderNumber", "1-1", 64),
        ("CustomerId", "C", 20),
        ("Name", "N", 255),
        ("ItemId", "CM-PRO", 64),
    ];
    for (element, now, most) in limits {
        let from = format!("<{element}>{now}");
        let filled = |length: usize| with(&from, &format!("<{element}>{}", "ü".repeat(length)));
        assert_eq!(filled(most), Ok(()));
        let message = filled(most + 1).unwrap_err();
        let expected = format!("{element}: is {} characters long, at most {most} are allowed", most + 1);
        assert!(message.contains(&expected), "{message:?} does not say {expected:?}");
    }
}

#[test]
fn a_list_of_lines_needs_at_least_one_and_takes_many() {
    let start = ORDER.find("<Line>").unwrap();
    let end = ORDER.find("</Lines>").unwrap();
    let line = &ORDER[start..end];
    assert!(
        with(line, "")
            .unwrap_err()
            .contains("CreateOrder/Lines: the element Line is missing")
    );
    assert_eq!(with(line, &line.repeat(100)), Ok(()));
    let second = format!("{line}{}", line.replace("<Quantity>2", "<Quantity>x"));
    assert!(with(line, &second).unwrap_err().contains("Line[2]/Quantity"));
}

#[test]
fn a_ticket_is_five_groups_of_five() {
    let answer = |ticket: &str| {
        judged(&format!(
            "<CreateOrderResponse xmlns='{NAMESPACE}'><OrderNumber>1</OrderNumber><Ticket>{ticket}</Ticket></CreateOrderResponse>"
        ))
    };
    assert_eq!(answer("ABCDE-12345-ABCDE-12345-ABCDE"), Ok(()));
    for foreign in [
        "",
        "ABCDE",
        "abcde-12345-ABCDE-12345-ABCDE",
        "ABCDE-12345-ABCDE-12345-ABCDE-12345",
        "ABCDEF-2345-ABCDE-12345-ABCDE",
    ] {
        assert!(answer(foreign).is_err(), "{foreign:?}");
    }
}

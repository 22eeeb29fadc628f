//! Profiles as people write them, with and without mistakes.

use std::path::Path;

use super::{Profile, SoapVersion};
use crate::error::Error;

const TOML: &str = include_str!("../../../../schemas/license-central/default/profile.toml");
const CREATE: &str = include_str!("../../../../schemas/license-central/default/create_order.xml");
const FIND: &str = include_str!("../../../../schemas/license-central/default/find_order.xml");
const PROBE: &str = include_str!("../../../../schemas/license-central/default/probe.xml");

const MISTAKEN: &str = r#"soap = "1.3"
order_number = "{prefix}{order.number}{revision}"
colour = "blue"
[namespaces]
lc = "urn:x"
[operations.create_order]
action = 7
template = "missing.xml"
answer = "lx:CreateOrderResponse"
tickets = "lc:Ticket"
[operations.find_order]
action = "find"
template = "../find_order.xml"
answer = "lc:Found"
order = "lc:Order/"
ticket = "lc:Ticket"
lines = "lc:Line"
not_found_text = "NONE"
[ticket]
shapes = ["-----"]
fold_case = "yes"
[limits]
"customer.shoe_size" = 20
"customer.id" = 0
[[faults]]
code = "A"
class = "refused"
report = "Not A Word"
[[faults]]
class = "retry"
[[statuses]]
status = 200
class = "not-accepted"
"#;

/// Writes a copy of the default profile with other text in it and reads it.
fn load(toml: &str, create_order: &str) -> (tempfile::TempDir, Result<Profile, Error>) {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("profile.toml", toml);
    write("create_order.xml", create_order);
    write("find_order.xml", FIND);
    write("probe.xml", PROBE);
    let profile = Profile::load(folder.path(), None);
    (folder, profile)
}

/// Returns the mistakes as `file:line: field`.
fn mistakes(profile: Result<Profile, Error>) -> Vec<String> {
    let Err(Error::Profile(mistakes)) = profile else {
        panic!("{profile:?}")
    };
    let place = |place: &str| Path::new(place).file_name().unwrap().to_str().unwrap().to_owned();
    mistakes
        .iter()
        .map(|mistake| format!("{}: {}", place(&mistake.place), mistake.field))
        .collect()
}

#[test]
fn the_built_in_profile_is_without_mistakes_in_both_versions() {
    for soap in [None, Some(SoapVersion::V1_1), Some(SoapVersion::V1_2)] {
        let profile = Profile::built_in(soap).unwrap();
        assert!(profile.find_order.is_some());
        assert_eq!(profile.order_number.write("", "00000123", 1), "00000123-1");
    }
}

#[test]
fn a_copy_of_the_built_in_profile_is_a_profile() {
    let (_folder, profile) = load(TOML, CREATE);
    assert_eq!(profile.unwrap().soap, SoapVersion::V1_1);
}

#[test]
fn a_profile_may_have_no_look_up() {
    let start = TOML.find("[operations.find_order]").unwrap();
    let end = TOML.find("# Asks for something without effect").unwrap();
    let (_folder, profile) = load(&[&TOML[..start], &TOML[end..]].concat(), CREATE);
    assert!(profile.unwrap().find_order.is_none());
}

#[test]
fn all_mistakes_of_a_profile_are_told_at_once_with_their_lines() {
    let (_folder, profile) = load(MISTAKEN, CREATE);
    let expected = [
        "profile.toml:1: soap",
        "profile.toml:2: order_number",
        "profile.toml:3: colour",
        "profile.toml:6: operations.create_order.ticket",
        "profile.toml:6: operations.probe",
        "profile.toml:7: operations.create_order.action",
        "profile.toml:8: operations.create_order.template",
        "profile.toml:9: operations.create_order.answer",
        "profile.toml:10: operations.create_order.tickets",
        "profile.toml:11: operations.find_order.item_id",
        "profile.toml:11: operations.find_order.quantity",
        "profile.toml:11: operations.find_order.not_found_element",
        "profile.toml:13: operations.find_order.template",
        "profile.toml:15: operations.find_order.order",
        "profile.toml:20: ticket.shapes",
        "profile.toml:21: ticket.fold_case",
        "profile.toml:23: limits.customer.shoe_size",
        "profile.toml:24: limits.customer.id",
        "profile.toml:25: faults[0].sentence",
        "profile.toml:28: faults[0].report",
        "profile.toml:29: faults[1].code",
        "profile.toml:30: faults[1].class",
        "profile.toml:32: statuses[0].status",
    ];
    let found = mistakes(profile);
    assert_eq!(found, expected, "{found:#?}");
}

#[test]
fn broken_toml_is_told_with_its_lines() {
    let (_folder, profile) = load("soap = \"1.1\"\norder_number = \n= 3\n", CREATE);
    let found = mistakes(profile);
    assert!(
        found.iter().any(|mistake| mistake.starts_with("profile.toml:2: ")),
        "{found:#?}"
    );
    assert!(
        found.iter().any(|mistake| mistake.starts_with("profile.toml:3: ")),
        "{found:#?}"
    );
}

#[test]
fn a_folder_without_a_profile_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Profile::load(folder.path(), None).unwrap_err();
    assert!(
        matches!(error, Error::File { .. }) && error.to_string().ends_with("profile.toml"),
        "{error}"
    );
}

#[test]
fn templates_are_tried_before_an_order_meets_them() {
    let cases = [
        ("{{ customer.nam }}", "{{ customer.name }}", "undefined"),
        ("{{ customer.email }}", "", "kind none cannot be printed"),
        (
            "{{ customer.name",
            "{{ customer.name }}",
            "template that can write every order",
        ),
        (
            "{{ customer.name | safe }}",
            "{{ customer.name }}",
            "template that can write every order",
        ),
        ("<oops>", "{{ customer.name }}", "a template that writes XML"),
    ];
    for (wrong, right, says) in cases {
        let anchor = if right.is_empty() { "{{ customer.name }}" } else { right };
        let (_folder, profile) = load(TOML, &CREATE.replace(anchor, wrong));
        let Err(Error::Profile(mistakes)) = profile else {
            panic!("{wrong}")
        };
        let text = mistakes.to_string();
        assert!(
            text.contains("create_order.xml") && text.contains(says),
            "{wrong}: {text}"
        );
    }
}

#[test]
fn a_template_must_carry_what_makes_an_order() {
    for field in ["order.number", "customer.id", "line.item_id", "line.quantity"] {
        let (_folder, profile) = load(TOML, &CREATE.replace(&format!("{{{{ {field} }}}}"), "1"));
        let Err(Error::Profile(mistakes)) = profile else {
            panic!("{field}")
        };
        assert!(
            mistakes.to_string().contains(&format!("{field} is not written")),
            "{mistakes}"
        );
    }
}

#[test]
fn a_template_must_write_the_envelope_of_its_version() {
    let fixed = CREATE.replace("{{ soap.namespace }}", SoapVersion::V1_2.namespace());
    let (_folder, profile) = load(TOML, &fixed);
    let Err(Error::Profile(mistakes)) = profile else {
        panic!()
    };
    assert!(
        mistakes
            .to_string()
            .contains("http://schemas.xmlsoap.org/soap/envelope/"),
        "{mistakes}"
    );
}

#[test]
fn a_template_may_put_fields_into_attributes() {
    let attributes = CREATE.replace(
        "<lc:Quantity>{{ line.quantity }}</lc:Quantity>",
        "<lc:Q n=\"{{ line.quantity }}\"/>",
    );
    let (_folder, profile) = load(TOML, &attributes);
    profile.unwrap();
}

#[test]
fn a_template_that_fails_at_an_order_refuses_it_without_quoting_it() {
    let wrong = "{% if customer.name == 'Odd' %}{{ customer.name.nothing.at.all }}{% endif %}{{ customer.name }}";
    let (_folder, profile) = load(TOML, &CREATE.replace("{{ customer.name }}", wrong));
    let profile = profile.unwrap();
    let [_, mut order] = super::templates::sample_orders();
    order.customer.name = "Odd".to_owned();
    let checked = crate::render::CheckedOrder::new(&order, &profile.limits).unwrap();
    let error = crate::render::create_order(&profile, &checked).unwrap_err();
    assert!(matches!(error.class(), crate::error::Class::Refused { .. }));
    assert!(
        !format!("{error} {error:?}").contains("Odd") && error.to_string().contains("in line 8"),
        "{error}"
    );
}

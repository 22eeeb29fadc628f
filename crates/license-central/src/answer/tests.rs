//! Answers in every dress that XML allows, and in some that it does not.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode};
use proptest::prelude::*;

use super::{create_order, find_order, read_xml};
use crate::client::{Found, Issued, Order};
use crate::error::{Class, Error};
use crate::profile::Profile;
use crate::render::{CheckedOrder, escape, is_xml_character};
use crate::transport::Answer;

const TICKET: &str = "AB3DE-FGH1J-KLMN0-PQRST-UVWXY";

fn answer(media_type: &'static str, body: impl Into<Vec<u8>>) -> Answer {
    let mut headers = HeaderMap::new();
    headers.insert("content-type", HeaderValue::from_static(media_type));
    Answer {
        status: StatusCode::OK,
        headers,
        body: Ok(Bytes::from(body.into())),
    }
}

fn read(media_type: &'static str, body: impl Into<Vec<u8>>) -> Result<Issued, Error> {
    create_order(&Profile::built_in(None)?, "A-1", answer(media_type, body))
}

fn is_read(body: impl Into<Vec<u8>>) {
    let body = body.into();
    let issued = read("text/xml", body.clone());
    assert_eq!(
        issued.unwrap().ticket.reveal(),
        TICKET,
        "{}",
        String::from_utf8_lossy(&body)
    );
}

fn problem(body: impl Into<Vec<u8>>) -> String {
    let error = read("text/xml", body).unwrap_err();
    assert_eq!(error.class(), Class::Unknown);
    error.to_string()
}

/// The same answer with a hole for the ticket.
fn envelope(inner: &str) -> String {
    format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Header/><s:Body>\
         <r:CreateOrderResponse xmlns:r=\"urn:ticketsmith:license-central:2026\">{inner}</r:CreateOrderResponse>\
         </s:Body></s:Envelope>"
    )
}

#[test]
fn prefixes_do_not_matter() {
    is_read(envelope(&format!("<r:Ticket>{TICKET}</r:Ticket>")));
    is_read(envelope(&format!(
        "<Ticket xmlns='urn:ticketsmith:license-central:2026'>{TICKET}</Ticket>"
    )));
    is_read(format!(
        "<Envelope xmlns=\"http://www.w3.org/2003/05/soap-envelope\"><Body>\
         <CreateOrderResponse xmlns=\"urn:ticketsmith:license-central:2026\"><Ticket>{TICKET}</Ticket>\
         </CreateOrderResponse></Body></Envelope>"
    ));
    // One prefix for two namespaces, one inside the other.
    is_read(format!(
        "<a:Envelope xmlns:a=\"http://schemas.xmlsoap.org/soap/envelope/\"><a:Body>\
         <a:CreateOrderResponse xmlns:a=\"urn:ticketsmith:license-central:2026\"><a:Ticket>{TICKET}</a:Ticket>\
         </a:CreateOrderResponse></a:Body></a:Envelope>"
    ));
}

#[test]
fn cdata_comments_references_and_white_space_do_not_matter() {
    for written in [
        "<![CDATA[AB3DE-FGH1J-KLMN0-PQRST-UVWXY]]>",
        "AB3DE-FGH1J<!-- - -->-KLMN0-PQRST-UVWXY",
        "AB3DE-FGH1J<?pause now?>-KLMN0-PQRST-UVWXY",
        "AB3DE&#45;FGH1J&#x2d;KLMN0-PQRST-UVWX&#89;",
        "\r\n  AB3DE-FGH1J<![CDATA[-KLMN0]]>-PQRST-UVWXY\t\n",
        "ab3de-fgh1j-klmn0-pqrst-uvwxy",
    ] {
        is_read(envelope(&format!(
            "<r:OrderNumber> A-1 </r:OrderNumber><r:Ticket>{written}</r:Ticket>"
        )));
    }
    let text = envelope(&format!("<r:Ticket>{TICKET}</r:Ticket>"));
    is_read(format!(
        "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<!-- hello -->\n{text}\n<!-- bye -->\n"
    ));
}

#[test]
fn declared_charsets_are_read() {
    let text = envelope(&format!("<r:Ticket>{TICKET}</r:Ticket><r:Note>Ü</r:Note>"));
    let declared = format!("<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>{text}");
    is_read(
        declared
            .chars()
            .map(|c| u8::try_from(u32::from(c)).unwrap())
            .collect::<Vec<u8>>(),
    );
    let utf_16 = format!("\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?>{text}");
    is_read(utf_16.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>());
    is_read(utf_16.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>());
    assert!(problem(format!("<?xml version=\"1.0\" encoding=\"x-own\"?>{text}")).contains("charset"));
    assert!(problem([text.as_bytes(), b"\xff"].concat()).contains("bytes that are not UTF-8"));
}

#[test]
fn a_doctype_is_refused_before_its_entities_are_looked_at() {
    let bomb = "<!DOCTYPE s [<!ENTITY a \"AB3DE\"><!ENTITY b \"&a;&a;&a;\">]>";
    let text = format!("{bomb}{}", envelope("<r:Ticket>&b;</r:Ticket>"));
    assert!(problem(text).contains("DOCTYPE"));
    assert!(problem(envelope("<r:Ticket>&nbsp;</r:Ticket>")).contains("entity"));
    assert!(problem(envelope("<r:Ticket>&#0;</r:Ticket>")).contains("entity"));
    assert!(problem(envelope("<r:Ticket>&#1;</r:Ticket>")).contains("U+0001"));
}

#[test]
fn depth_and_number_of_elements_are_bounded() {
    let deep = format!("{}{}", "<a>".repeat(10_000), "</a>".repeat(10_000));
    assert!(problem(envelope(&deep)).contains("deep"));
    assert!(problem(envelope(&"<a/>".repeat(60_000))).contains("elements"));
    let namespaces: String = (0..100).map(|n| format!("<a xmlns=\"urn:{n}\"/>")).collect();
    assert!(problem(envelope(&namespaces)).contains("namespaces"));
}

#[test]
fn what_is_not_well_formed_is_refused() {
    let good = format!("<r:Ticket>{TICKET}</r:Ticket>");
    for wrong in [
        envelope(&format!("{good}<a></b>")),
        envelope(&format!("{good}<q:a/>")),
        envelope(&format!("{good}<a x='1' x='2'/>")),
        envelope(&format!("{good}<a x='1/>")),
        envelope(&format!("{good} ]]> ")),
        envelope(&format!("{good} & ")),
        envelope(&format!("{good}\u{b}")),
        format!("{}<more/>", envelope(&good)),
        format!("text{}", envelope(&good)),
        envelope(&good).replace("</s:Envelope>", ""),
    ] {
        problem(wrong);
    }
}

#[test]
fn two_tickets_are_no_ticket() {
    let two = format!("<r:Ticket>{TICKET}</r:Ticket>").repeat(2);
    assert!(problem(envelope(&two)).contains("Ticket 2 times"));
}

#[test]
fn a_fault_beside_a_result_is_a_fault() {
    let text = envelope("").replace(
        "<s:Body>",
        "<s:Body><s:Fault><faultcode>s:Server.Odd</faultcode></s:Fault>",
    );
    let error = read("text/xml", text).unwrap_err();
    assert!(
        matches!(&error, Error::Fault { code, .. } if code == "Server.Odd"),
        "{error:?}"
    );
}

#[test]
fn the_innermost_code_of_a_soap_1_2_fault_counts() {
    let text = "<e:Envelope xmlns:e=\"http://www.w3.org/2003/05/soap-envelope\"><e:Body><e:Fault><e:Code><e:Value>e:Receiver\
                </e:Value><e:Subcode><e:Value xmlns:x=\"urn:x\">x:BUSY</e:Value></e:Subcode></e:Code><e:Reason>\
                <e:Text xml:lang=\"en\">later</e:Text></e:Reason></e:Fault></e:Body></e:Envelope>";
    let error = read("application/soap+xml", text).unwrap_err();
    assert_eq!(error.class(), Class::NotAccepted, "{error:?}");
}

#[test]
fn a_sentence_is_filled_once_and_cut_to_what_salesforce_takes() {
    let fault = super::fault::Fault {
        code: "X".to_owned(),
        message: "no {item}\n\tno".to_owned(),
        item: None,
    };
    let filled = super::fault::sentence("{order}: {message} {else} {item}", "A-1", Some(&fault));
    assert_eq!(filled.as_str(), "A-1: no {item} no {else} (not named)");
    let long = super::fault::sentence(&"ä".repeat(300), "A-1", None);
    assert_eq!(long.as_str().chars().count(), 255);
}

fn look_up(toml_change: (&str, &str), body: &str) -> Result<Option<Found>, Error> {
    let folder = tempfile::tempdir().unwrap();
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas/license-central/default");
    for name in ["profile.toml", "create_order.xml", "find_order.xml", "probe.xml"] {
        let text = std::fs::read_to_string(source.join(name))
            .unwrap()
            .replace(toml_change.0, toml_change.1);
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let profile = Profile::load(folder.path(), None)?;
    let body = format!(
        "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    );
    find_order(
        &profile,
        profile.find_order.as_ref().unwrap(),
        "A-1",
        answer("text/xml", body),
    )
}

#[test]
fn a_profile_may_say_how_not_found_is_said() {
    let fault = "<s:Fault><faultcode>s:Client</faultcode><detail><l:LicenseCentralFault \
                 xmlns:l=\"urn:ticketsmith:license-central:2026\"><l:Code>NO_SUCH_ORDER</l:Code></l:LicenseCentralFault>\
                 </detail></s:Fault>";
    let by_fault = (
        "order = \"lc:Order\"",
        "order = \"lc:Order\"\nnot_found_faults = [\"NO_SUCH_ORDER\"]",
    );
    assert_eq!(look_up(by_fault, fault).unwrap(), None);
    assert!(look_up(("soap = ", "soap = "), fault).is_err());

    let text = "<FindOrderResponse xmlns=\"urn:ticketsmith:license-central:2026\"><Count>0</Count></FindOrderResponse>";
    let by_text = (
        "order = \"lc:Order\"",
        "order = \"lc:Order\"\nnot_found_element = \"lc:Count\"\nnot_found_text = \"0\"",
    );
    assert_eq!(look_up(by_text, text).unwrap(), None);
    assert_eq!(
        look_up(("soap = ", "soap = "), text).unwrap_err().class(),
        Class::Unknown
    );
}

fn xml_text() -> impl Strategy<Value = String> {
    let hostile = prop::sample::select(vec![
        '<', '>', '&', '"', '\'', '\t', '\n', '\r', ']', ';', '{', '}', '\u{85}', '\u{2028}',
    ]);
    let any = any::<char>().prop_filter("characters of XML", |character| is_xml_character(*character));
    prop::collection::vec(prop_oneof![hostile, any], 0..40).prop_map(String::from_iter)
}

proptest! {
    #[test]
    fn what_is_escaped_reads_the_same(text in xml_text()) {
        let document = format!("<a b=\"{0}\">{0}</a>", escape(&text));
        let element = read_xml(document.as_bytes(), None).unwrap();
        prop_assert_eq!(&element.text, &text);
        prop_assert_eq!(&element.attributes[0], &text);
    }

    #[test]
    fn an_order_reads_the_same_from_its_request(name in xml_text(), term in xml_text(), value in xml_text()) {
        let profile = Profile::built_in(None).unwrap();
        let customer = schemas::Customer { id: "1".to_owned(), name: name.clone(), email: Some(value.clone()) };
        let line = schemas::OrderLine {
            line_id: "1".to_owned(),
            item_id: "CM-PRO".to_owned(),
            quantity: 1,
            terms: [(term.clone(), value.clone())].into(),
        };
        let order = Order { number: "A-1".to_owned(), customer, lines: vec![line] };
        let request = crate::render::create_order(&profile, &CheckedOrder::new(&order, &profile.limits).unwrap()).unwrap();
        let envelope = read_xml(request.as_bytes(), None).unwrap();
        prop_assert!(envelope.carries(&name) && envelope.carries(&term) && envelope.carries(&value));
    }

    #[test]
    fn no_bytes_break_the_reader(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read("text/xml", bytes);
    }

    #[test]
    fn no_damage_to_an_answer_yields_another_ticket(place in 0..400_usize, byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = envelope(&format!("<r:OrderNumber>A-1</r:OrderNumber><r:Ticket><![CDATA[{TICKET}]]></r:Ticket>")).into_bytes();
        let place = place % body.len();
        if cut { body.truncate(place) } else { body[place] = byte }
        if let Ok(issued) = read("text/xml", body) {
            // One character of the ticket itself may have become another one; nothing guards that on any wire.
            let other = issued.ticket.reveal().chars().zip(TICKET.chars()).filter(|(one, two)| one != two).count();
            prop_assert!(other <= 1);
        }
    }
}

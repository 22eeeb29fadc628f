//! Every encoding a client may choose, and every way to say it.

use super::*;

async fn created(simulator: &Handle, media_type: &str, body: Vec<u8>) -> StatusCode {
    let request = client()
        .post(simulator.ready().endpoint)
        .header("content-type", media_type)
        .body(body);
    Answered::read(Version::Soap11, request.send().await.unwrap())
        .await
        .status
}

fn order(declaration: &str, number: &str) -> String {
    format!(
        "{declaration}{}",
        enveloped(Version::Soap11, &create_order(number, "CM-PRO", "1"))
    )
}

fn utf16(text: &str, big: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() })
        .collect()
}

fn latin1(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

#[tokio::test]
async fn a_name_with_umlauts_arrives_the_same_in_every_encoding() {
    let simulator = simulator().await;
    let utf_16 = "<?xml version=\"1.0\" encoding=\"UTF-16\"?>";
    let latin_1 = "<?xml version='1.0' encoding='ISO-8859-1' standalone='yes'?>\n";
    let requests = [
        ("text/xml", order("", "1").into_bytes()),
        (
            "text/xml; charset=utf-8",
            order("\u{feff}<?xml version=\"1.0\"?>", "2").into_bytes(),
        ),
        (
            "text/xml; charset=\"utf-16\"",
            utf16(&order(&format!("\u{feff}{utf_16}"), "3"), true),
        ),
        ("text/xml", utf16(&order(&format!("\u{feff}{utf_16}"), "4"), false)),
        ("text/xml", utf16(&order(utf_16, "5"), true)),
        ("text/xml;charset=UTF-16LE", utf16(&order(utf_16, "6"), false)),
        ("text/xml", latin1(&order(latin_1, "7"))),
        ("text/xml; charset=iso-8859-1", latin1(&order("", "8"))),
        (
            "text/xml; charset=utf-8",
            order("<?xml version='1.0' encoding='ISO-8859-1'?>", "9").into_bytes(),
        ),
    ];
    for (at, (media_type, body)) in requests.into_iter().enumerate() {
        assert_eq!(created(&simulator, media_type, body).await, 200, "request {}", at + 1);
        assert_eq!(
            simulator.order(&(at + 1).to_string()).unwrap().customer_name,
            "Müller & Söhne",
            "request {}",
            at + 1
        );
    }
}

#[tokio::test]
async fn bytes_that_are_not_in_their_encoding_are_a_fault() {
    let simulator = simulator().await;
    assert_eq!(
        created(&simulator, "text/xml; charset=utf-8", latin1(&order("", "1"))).await,
        500
    );
    assert_eq!(
        created(&simulator, "text/xml; charset=klingon", order("", "1").into_bytes()).await,
        500
    );
    let lies = order("<?xml version='1.0' encoding='UTF-16'?>", "1");
    assert_eq!(created(&simulator, "text/xml", lies.into_bytes()).await, 500);
    assert!(simulator.books().is_empty());
}

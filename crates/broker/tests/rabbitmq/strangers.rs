//! Messages of others: whatever they left out, they are delivered, and can be sent on.

use crate::place::{Place, Running};
use broker::{
    AttemptError, DeadReason, Disposition, Wait,
    topology::{DEAD, REQUESTS},
};
use lapin::{
    BasicProperties,
    options::BasicPublishOptions,
    types::{AMQPValue, FieldTable},
};

async fn publish(channel: &lapin::Channel, body: &[u8], properties: BasicProperties) {
    let options = BasicPublishOptions::default();
    let confirm = channel
        .basic_publish(REQUESTS.into(), "webshop.create".into(), options, body, properties)
        .await;
    confirm.unwrap().await.unwrap();
}

#[tokio::test]
async fn a_body_of_ten_megabytes_without_any_property_is_delivered_retried_and_parked() {
    let place = Place::new().await;
    let broker = place.broker().await;
    let body = vec![b'x'; 10 * 1024 * 1024];
    publish(&place.stranger().await, &body, BasicProperties::default()).await;

    let running = Running::start(&broker, REQUESTS, 2, |delivery| {
        let reason = DeadReason {
            letter_id: "l-1".to_owned(),
            stage: "fulfil".to_owned(),
            class: "invalid-request".to_owned(),
            code: "too-large".to_owned(),
            text: "10 MiB".to_owned(),
            request_key: None,
        };
        let later = Disposition::Later {
            wait: Wait::Shortest,
            error: AttemptError::new(0, "odd", "odd"),
        };
        std::future::ready(if delivery.envelope.attempt == 0 {
            later
        } else {
            Disposition::Dead(reason)
        })
    });
    place.holds(DEAD, 1).await;
    let seen = running.seen.all().clone();
    running.stop().await;
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[0].envelope.message_id, seen[1].envelope.message_id);
    assert!(seen[1].envelope.body == body, "the body is as it was");
}

#[tokio::test]
async fn headers_of_every_type_and_forged_ones_of_the_broker_do_no_harm() {
    let place = Place::new().await;
    let broker = place.broker().await;
    let mut headers = FieldTable::default();
    let values = [
        ("x-delivery-count", AMQPValue::LongLongInt(99)),
        ("x-death", AMQPValue::Boolean(true)),
        ("x-ticketsmith-attempt", AMQPValue::LongString("many".into())),
        ("x-ticketsmith-errors", AMQPValue::LongString("{not json".into())),
        ("bytes", AMQPValue::ByteArray(vec![0, 255].into())),
        ("nothing", AMQPValue::Void),
        (
            "BCC",
            AMQPValue::FieldArray(vec![AMQPValue::LongString("webshop.copy".into())].into()),
        ),
        ("text", AMQPValue::LongString("kept".into())),
    ];
    for (name, value) in values {
        headers.insert(name.into(), value);
    }
    publish(
        &place.stranger().await,
        b"{}",
        BasicProperties::default().with_headers(headers).with_delivery_mode(1),
    )
    .await;

    let running = Running::start(&broker, REQUESTS, 2, |delivery| {
        let again = delivery.exchange == "ticketsmith.return";
        std::future::ready(if again { Disposition::Done } else { Disposition::Snooze })
    });
    running.seen.reaches(2).await;
    let seen = running.seen.all().clone();
    running.stop().await;
    for delivery in seen.iter().take(2) {
        assert_eq!(
            (
                delivery.envelope.attempt,
                delivery.envelope.errors.len(),
                delivery.redelivered
            ),
            (0, 0, false)
        );
        assert_eq!(delivery.envelope.headers.get("text").map(String::as_str), Some("kept"));
        assert!(!delivery.envelope.headers.contains_key("BCC"));
    }
    place.holds(REQUESTS, 0).await;
}

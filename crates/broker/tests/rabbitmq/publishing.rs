//! What is published is confirmed and routed, or an error.

use crate::place::{Place, Running, message};
use broker::{
    Broker, Disposition, Error, PublishError,
    topology::{DEAD, REQUESTS, UNROUTED},
};
use secrecy::ExposeSecret as _;
use tokio_util::sync::CancellationToken;

#[tokio::test]
async fn a_published_message_is_in_its_queue_and_is_delivered_whole() {
    let place = Place::new().await;
    let broker = place.broker().await;
    let sent = message("one");
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &sent)
        .await
        .unwrap();
    assert_eq!(broker.queue_depth(REQUESTS).await.unwrap(), 1);

    let running = Running::start(&broker, REQUESTS, 4, |_| async { Disposition::Done });
    running.seen.reaches(1).await;
    let delivery = running.seen.all()[0].clone();
    running.stop().await;
    assert_eq!(delivery.envelope.body, sent.body);
    assert_eq!(delivery.envelope.message_id, "one");
    assert_eq!(
        (delivery.queue.as_str(), delivery.exchange.as_str()),
        (REQUESTS, REQUESTS)
    );
    assert!(!delivery.redelivered);
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn a_message_that_no_queue_takes_is_an_error_and_lies_with_the_unrouted() {
    let place = Place::new().await;
    let broker = place.broker().await;
    // Nobody is bound for the completions of another source.
    broker
        .publisher()
        .publish("ticketsmith.completions", "webshop.issued", &message("one"))
        .await
        .unwrap();
    place.holds(UNROUTED, 1).await;

    // Without an alternate exchange it comes back.
    let returned = broker
        .publisher()
        .publish("ticketsmith.replay", "nowhere", &message("two"))
        .await;
    assert!(matches!(returned, Err(PublishError::Returned { .. })), "{returned:?}");
}

#[tokio::test]
async fn an_exchange_that_does_not_exist_is_named_and_the_publisher_goes_on() {
    let place = Place::new().await;
    let publisher = place.broker().await.publisher();
    let missing = publisher.publish("no.such.exchange", "", &message("one")).await;
    assert!(matches!(missing, Err(PublishError::NoExchange { .. })), "{missing:?}");
    publisher.publish(DEAD, "", &message("two")).await.unwrap();
}

#[tokio::test]
async fn a_thousand_publishes_at_once_are_each_told_their_own_fate() {
    let place = Place::new().await;
    let publisher = place.broker().await.publisher();
    let publishes = (0..1000).map(|number| {
        let publisher = publisher.clone();
        let lost = number % 7 == 0;
        let key = if lost { "nowhere" } else { REQUESTS };
        async move {
            let published = publisher
                .publish("ticketsmith.replay", key, &message(&number.to_string()))
                .await;
            assert_eq!(published.is_err(), lost, "{number}: {published:?}");
        }
    });
    futures_util::future::join_all(publishes).await;
    place.holds(REQUESTS, 857).await;
}

#[tokio::test]
async fn a_wrong_password_and_a_missing_vhost_are_refusals_not_outages() {
    let place = Place::empty().await;
    let url = place.settings.url.expose_secret();
    for wrong in [
        url.replace("guest:guest@", "guest:wrong@"),
        url.replace("test-", "no-such-"),
    ] {
        let settings = crate::place::settings_for(wrong);
        let refused = Broker::connect_patiently(&settings, CancellationToken::new()).await;
        assert!(matches!(refused, Err(Error::Refused { .. })), "{refused:?}");
    }
}

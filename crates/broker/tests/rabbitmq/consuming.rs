//! What a handler says of a delivery is what becomes of it.

use crate::place::{Place, Running, TIERS, message};
use broker::{
    AttemptError, DeadReason, Disposition, Envelope, Wait,
    topology::{DEAD, REQUESTS, RETURN},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Semaphore, time::sleep};

/// Publishes so many requests.
async fn publish(place: &Place, number: usize) -> broker::Broker {
    let broker = place.broker().await;
    let publisher = broker.publisher();
    let each = (0..number).map(|number| {
        let publisher = publisher.clone();
        async move {
            publisher
                .publish(REQUESTS, "salesforce.create", &message(&number.to_string()))
                .await
                .unwrap()
        }
    });
    futures_util::future::join_all(each).await;
    broker
}

/// Says something on a first delivery, and is done with every later one.
fn at_first(first: Disposition) -> impl Fn(broker::Delivery) -> std::future::Ready<Disposition> + Send + Sync {
    move |delivery| {
        let again = delivery.exchange == RETURN;
        std::future::ready(if again { Disposition::Done } else { first.clone() })
    }
}

#[tokio::test]
async fn a_failed_message_waits_its_tier_and_comes_back_as_one_attempt_more() {
    let place = Place::new().await;
    let broker = place.broker().await;
    let mut sent = message("one");
    sent.headers.insert("tenant".to_owned(), "north".to_owned());
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &sent)
        .await
        .unwrap();

    let failed = AttemptError::new(0, "not-accepted", "busy");
    let started = Instant::now();
    let later = Disposition::Later {
        wait: Wait::Tier(1),
        error: failed.clone(),
    };
    let running = Running::start(&broker, REQUESTS, 4, at_first(later));
    running.seen.reaches(2).await;
    assert!(started.elapsed() >= TIERS[1], "came back after {:?}", started.elapsed());
    let back = running.seen.all()[1].clone();
    running.stop().await;
    let expected = Envelope {
        attempt: 1,
        errors: vec![failed],
        timestamp: back.envelope.timestamp,
        ..sent
    };
    assert_eq!(back.envelope, expected);
    assert_eq!(back.broker_death.map(|death| death.reason).as_deref(), Some("expired"));
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn a_snoozed_message_comes_back_with_no_attempt_spent() {
    let place = Place::new().await;
    let broker = publish(&place, 1).await;
    let running = Running::start(&broker, REQUESTS, 4, at_first(Disposition::Snooze));
    running.seen.reaches(2).await;
    let back = running.seen.all()[1].clone();
    running.stop().await;
    assert_eq!((back.envelope.attempt, back.envelope.errors.len()), (0, 0));
    assert!(!back.redelivered);
}

#[tokio::test]
async fn a_dead_message_is_parked_with_its_reason() {
    let place = Place::new().await;
    let broker = publish(&place, 1).await;
    let reason = DeadReason {
        letter_id: "letter-1".to_owned(),
        stage: "fulfil".to_owned(),
        class: "refused".to_owned(),
        code: "unknown-item".to_owned(),
        text: "The item CM-NONE is not known.".to_owned(),
        request_key: Some("org/order/1".to_owned()),
    };
    let dead = reason.clone();
    let running = Running::start(&broker, REQUESTS, 4, move |_| {
        std::future::ready(Disposition::Dead(dead.clone()))
    });
    place.holds(DEAD, 1).await;
    place.holds(REQUESTS, 0).await;
    running.stop().await;

    let collector = Running::start(&broker, DEAD, 4, |_| std::future::ready(Disposition::Done));
    collector.seen.reaches(1).await;
    let letter = collector.seen.all()[0].clone();
    collector.stop().await;
    assert_eq!(letter.dead_reason(), Some(reason));
    assert_eq!(letter.envelope.body, b"body of 0");
}

#[tokio::test]
async fn there_are_never_more_in_hand_than_allowed() {
    let place = Place::new().await;
    let broker = publish(&place, 40).await;
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (now.clone(), most.clone());
    let running = Running::start(&broker, REQUESTS, 3, move |_| {
        let (now, most) = (counted.clone(), highest.clone());
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            sleep(Duration::from_millis(5)).await;
            now.fetch_sub(1, Ordering::SeqCst);
            Disposition::Done
        }
    });
    running.seen.reaches(40).await;
    running.stop().await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_panic_is_that_messages_failure_and_its_neighbors_go_on() {
    let place = Place::new().await;
    let broker = publish(&place, 5).await;
    let running = Running::start(&broker, REQUESTS, 2, |delivery| async move {
        assert!(
            delivery.envelope.message_id != "2" || delivery.envelope.attempt > 0,
            "cannot bear it"
        );
        Disposition::Done
    });
    running.seen.reaches(6).await;
    let back = running.seen.all().last().cloned().unwrap();
    running.stop().await;
    assert_eq!((back.envelope.message_id.as_str(), back.envelope.attempt), ("2", 1));
    assert_eq!(back.envelope.errors[0].class, "panic");
    assert!(back.envelope.errors[0].text.contains("cannot bear it"));
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn an_abandoned_delivery_comes_back_and_its_neighbors_are_acknowledged() {
    let place = Place::new().await;
    let broker = publish(&place, 5).await;
    let running = Running::start(&broker, REQUESTS, 8, |delivery| async move {
        let first = delivery.envelope.message_id == "2" && !delivery.redelivered;
        if first { Disposition::Abandon } else { Disposition::Done }
    });
    running.seen.reaches(6).await;
    let ids = running.seen.ids();
    running.stop().await;
    assert_eq!(ids.iter().filter(|id| *id == "2").count(), 2, "{ids:?}");
    place.holds(REQUESTS, 0).await;
}

#[tokio::test]
async fn a_drain_finishes_what_is_in_hand_and_no_acknowledgment_is_lost() {
    let place = Place::new().await;
    let broker = publish(&place, 300).await;
    let running = Running::start(&broker, REQUESTS, 16, |_| async {
        sleep(Duration::from_millis(3)).await;
        Disposition::Done
    });
    running.seen.reaches(100).await;
    let seen = running.seen.clone();
    running.stop().await;
    let handled = seen.count();
    assert!(handled < 300, "the drain came too late to show anything");
    place.holds(REQUESTS, 300 - u32::try_from(handled).unwrap()).await;

    let rest = Running::start(&broker, REQUESTS, 16, |_| std::future::ready(Disposition::Done));
    rest.seen.reaches(300 - handled).await;
    let mut ids = [seen.ids(), rest.seen.ids()].concat();
    rest.stop().await;
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 300, "every message was handled once");
}

#[tokio::test]
async fn a_closed_valve_finishes_what_was_started_and_takes_nothing_until_it_opens() {
    let place = Place::new().await;
    let broker = publish(&place, 2).await;
    let gate = Arc::new(Semaphore::new(0));
    let held = gate.clone();
    let running = Running::start(&broker, REQUESTS, 2, move |_| {
        let held = held.clone();
        async move {
            held.acquire().await.unwrap().forget();
            Disposition::Done
        }
    });
    running.seen.reaches(2).await;
    running.valve.close();
    gate.add_permits(2);
    place.is_left_alone(REQUESTS).await;
    broker
        .publisher()
        .publish(REQUESTS, "salesforce.create", &message("late"))
        .await
        .unwrap();
    place.holds(REQUESTS, 1).await;
    assert_eq!(running.seen.count(), 2);

    gate.add_permits(1);
    running.valve.open();
    running.seen.reaches(3).await;
    assert!(!running.seen.all()[2].redelivered);
    running.stop().await;
    place.holds(REQUESTS, 0).await;
}

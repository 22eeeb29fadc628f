//! Requests and what becomes of them at License Central.

use std::time::Duration;

use broker::topology;
use ledger::{Arrival, State};
use schemas::{HeldCode, Outcome, Reply};
use simulators::license_central::{Fault, Operation, Plan, When};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{Error, Settings, Worker};

use crate::world::{PATIENCE, TIERS, World, completion, eventually, next, quick, request};

const CALL_LIMIT: Duration = Duration::from_millis(1000);

/// A running worker that is stopped at the end of its test.
struct Running {
    worker: Worker,
    task: JoinHandle<Result<(), Error>>,
    shutdown: CancellationToken,
}

impl Running {
    async fn start(world: &World, settings: Settings) -> Self {
        let ledger = world.open_ledger("worker").await;
        let worker = Worker::new(world.broker.clone(), ledger, settings);
        let client = world.license_central_client(CALL_LIMIT);
        let shutdown = CancellationToken::new();
        let (running, stop) = (worker.clone(), shutdown.clone());
        let task = tokio::spawn(async move { running.run_fulfil(client, CALL_LIMIT, stop).await });
        Self { worker, task, shutdown }
    }

    async fn stop(self) {
        self.shutdown.cancel();
        self.task.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_request_becomes_a_ticket_and_a_completion() {
    let world = World::new().await;
    let mut completions = world.listen(topology::COMPLETIONS_SALESFORCE);
    let running = Running::start(&world, quick()).await;
    let event = request("salesforce", "T-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let told = completion(&next(&mut completions).await);
    let Outcome::Issued { ticket, .. } = &told.data.outcome else {
        panic!("not issued: {told:?}")
    };
    assert_eq!(world.license_central.books()["T-1-1"].ticket, ticket.reveal());
    let row = world.eventually_in(&event, State::Issued).await;
    assert_eq!(
        row.version, told.data.sequence,
        "the completion foretold the row's version"
    );
    running.stop().await;
}

#[tokio::test]
async fn a_refused_order_goes_to_dead_letters_at_once() {
    let world = World::new().await;
    let mut completions = world.listen(topology::COMPLETIONS_SALESFORCE);
    let mut letters = world.listen(topology::DEAD);
    let running = Running::start(&world, quick()).await;
    let event = request("salesforce", "R-1", "NO-SUCH-ITEM", "m-1");
    world.submit(&event).await;
    let told = completion(&next(&mut completions).await);
    assert!(
        matches!(&told.data.outcome, Outcome::Refused { sentence, .. } if !sentence.is_empty()),
        "{told:?}"
    );
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!((reason.stage.as_str(), reason.class.as_str()), ("fulfil", "refused"));
    assert_eq!(reason.request_key, Some(event.key().to_string()));
    running.stop().await;
}

#[tokio::test]
async fn an_unreadable_request_is_parked_and_its_order_held() {
    let world = World::new().await;
    let mut completions = world.listen(topology::COMPLETIONS_SALESFORCE);
    let mut letters = world.listen(topology::DEAD);
    let running = Running::start(&world, quick()).await;
    let mut body = serde_json::to_value(request("salesforce", "U-1", "CM-PRO", "m-1")).unwrap();
    body["data"]["lines"][0]["quantity"] = (-2).into();
    world
        .submit_body("m-1", serde_json::to_vec(&body).unwrap(), "salesforce.create")
        .await;
    let told = completion(&next(&mut completions).await);
    assert!(
        matches!(
            told.data.outcome,
            Outcome::Held {
                code: HeldCode::InvalidRequest,
                ..
            }
        ),
        "{told:?}"
    );
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!(reason.code, "invalid-request");
    assert!(
        reason.text.contains("quantity"),
        "the letter names the field: {}",
        reason.text
    );
    world
        .submit_body("m-2", b"<html>not ours</html>".to_vec(), "erp.create")
        .await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!((reason.code.as_str(), reason.request_key), ("invalid-request", None));
    assert!(world.license_central.books().is_empty());
    running.stop().await;
}

#[tokio::test]
async fn a_lost_answer_is_looked_up_and_never_sent_again() {
    let world = World::new().await;
    let running = Running::start(&world, quick()).await;
    world.license_central.faults().next(Fault::LostAnswer);
    let event = request("erp", "L-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let row = world.eventually_in(&event, State::Issued).await;
    let book = world.license_central.books()["L-1-1"].clone();
    assert_eq!(
        (book.accepted, Some(book.ticket.as_str())),
        (1, row.ticket.as_ref().map(|ticket| ticket.reveal()))
    );
    let reported = || async { world.row(&event.key()).await.filter(|row| !row.is_unreported()) };
    eventually("its source told", PATIENCE, reported).await;
    running.stop().await;
}

#[tokio::test]
async fn an_order_that_never_arrived_is_called_again_after_it_was_looked_up() {
    let world = World::new().await;
    let running = Running::start(&world, quick()).await;
    world.license_central.faults().next(Fault::ResetBeforeCommit);
    let event = request("erp", "N-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    world.eventually_in(&event, State::Issued).await;
    assert_eq!(world.license_central.books()["N-1-1"].accepted, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_busy_license_central_opens_the_breaker_and_gets_the_order_later() {
    let world = World::new().await;
    let mut settings = quick();
    settings.breaker.after = 2;
    let running = Running::start(&world, settings).await;
    world
        .license_central
        .faults()
        .plan(Plan::fault(Fault::Busy).on(Operation::CreateOrder).times(4));
    let mut status = running.worker.status().license_central;
    let event = request("erp", "B-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let opened = status.wait_for(worker::BreakerStatus::is_open);
    tokio::time::timeout(PATIENCE, opened)
        .await
        .expect("the breaker opens")
        .unwrap();
    let row = world.eventually_in(&event, State::Issued).await;
    assert_eq!(row.attempts, 5, "four were turned away, one was taken");
    assert_eq!(world.license_central.books()["B-1-1"].accepted, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_doubled_order_is_held_for_a_person() {
    let world = World::new().await;
    let client = world.license_central_client(CALL_LIMIT);
    let event = request("erp", "D-1", "CM-PRO", "m-1");
    let order = license_central::Order {
        number: client.order_number("D-1", 1),
        customer: event.data.customer.clone(),
        lines: event.data.lines.clone(),
    };
    for _ in 0..2 {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        client.create_order(&order, deadline, None).await.unwrap();
    }
    // Somebody had this message before, and the ledger knows nothing of it: looked up before it is called.
    let running = Running::start(&world, quick()).await;
    let envelope = broker::Envelope {
        attempt: 1,
        ..broker::Envelope::new("m-1", schemas::REQUEST_TYPE, event.to_json())
    };
    world
        .broker
        .publisher()
        .publish(topology::REQUESTS, "erp.create", &envelope)
        .await
        .unwrap();
    let row = world.eventually_in(&event, State::Held).await;
    assert_eq!(row.held_code(), Some(HeldCode::SuspectedDouble));
    assert_eq!(
        world.license_central.books()["D-1-1"].accepted,
        2,
        "and nothing was sent a third time"
    );
    running.stop().await;
}

#[tokio::test]
async fn an_outcome_that_is_not_confirmed_is_not_marked_as_reported() {
    let world = World::new().await;
    let mut event = request("erp", "U-1", "CM-PRO", "m-1");
    event.data.reply = Some(Reply::Completion);
    world.forbid(topology::COMPLETIONS).await;
    let running = Running::start(&world, quick()).await;
    world.submit(&event).await;
    world.eventually_in(&event, State::Issued).await;
    running.stop().await;
    let row = world.row(&event.key()).await.unwrap();
    assert!(row.is_unreported(), "nobody has heard of it: {row:?}");
}

#[tokio::test]
async fn a_lost_message_is_published_again() {
    let world = World::new().await;
    let event = request("erp", "P-1", "CM-PRO", "m-1");
    // Accepted by a producer, and then its message was purged.
    world.ledger.accept(Arrival::first(event.clone())).await.unwrap();
    let running = Running::start(&world, quick()).await;
    world.eventually_in(&event, State::Issued).await;
    assert_eq!(world.license_central.books()["P-1-1"].accepted, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_second_click_after_the_item_was_mended_gets_its_ticket() {
    let world = World::new().await;
    let running = Running::start(&world, quick()).await;
    let event = request("erp", "C-1", "CM-NEW", "click-1");
    world.submit(&event).await;
    world.eventually_in(&event, State::Refused).await;
    world.license_central.add_item("CM-NEW", "New product");
    let second = request("erp", "C-1", "CM-NEW", "click-2");
    world.submit(&second).await;
    world.eventually_in(&second, State::Issued).await;
    assert_eq!(world.license_central.books()["C-1-1"].accepted, 1);
    running.stop().await;
}

#[tokio::test]
async fn other_content_for_an_issued_order_is_a_letter_and_changes_nothing() {
    let world = World::new().await;
    let mut letters = world.listen(topology::DEAD);
    let running = Running::start(&world, quick()).await;
    let event = request("erp", "X-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let row = world.eventually_in(&event, State::Issued).await;
    world.submit(&request("erp", "X-1", "CM-BASIC", "m-2")).await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!(reason.class, "conflicting-request");
    assert_eq!(world.row(&event.key()).await.unwrap().ticket, row.ticket);
    assert_eq!(world.license_central.books()["X-1-1"].accepted, 1);
    running.stop().await;
}

#[tokio::test]
async fn a_second_revision_waits_until_the_first_is_at_rest() {
    let world = World::new().await;
    let running = Running::start(&world, quick()).await;
    let busy = Plan::fault(Fault::Busy)
        .on(Operation::CreateOrder)
        .for_order("V-1-1")
        .times(3);
    world.license_central.faults().plan(busy);
    let first = request("erp", "V-1", "CM-PRO", "m-1");
    let mut second = request("erp", "V-1", "CM-ADDON-3D", "m-2");
    second.data.revision = 2;
    world.submit(&first).await;
    let waiting = || async { world.row(&first.key()).await.filter(|row| row.attempts > 0) };
    eventually("the first turned away", PATIENCE, waiting).await;
    world.submit(&second).await;
    let second = world.eventually_in(&second, State::Issued).await;
    let first = world.row(&first.key()).await.unwrap();
    assert_eq!(first.state, State::Issued);
    assert!(first.updated_at <= second.updated_at, "the first came to rest first");
    running.stop().await;
}

#[tokio::test]
async fn a_spent_budget_holds_the_order() {
    let world = World::new().await;
    let mut settings = quick();
    settings.schedule = worker::Schedule {
        steps: TIERS[..2].to_vec(),
        then: TIERS[2],
        then_times: 0,
    };
    let running = Running::start(&world, settings).await;
    world
        .license_central
        .faults()
        .plan(Plan::fault(Fault::Busy).on(Operation::CreateOrder).times(u32::MAX));
    let event = request("erp", "E-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let row = world.eventually_in(&event, State::Held).await;
    assert_eq!(row.held_code(), Some(HeldCode::AttemptsExhausted));
    assert_eq!(row.attempts, 3, "two waits are three attempts");
    running.stop().await;
}

#[tokio::test]
async fn a_stop_works_off_what_is_in_hand() {
    let world = World::new().await;
    let running = Running::start(&world, quick()).await;
    let slow = Duration::from_millis(500);
    world
        .license_central
        .faults()
        .plan(Plan::slow(When::BeforeCommit, slow).on(Operation::CreateOrder));
    let event = request("erp", "W-1", "CM-PRO", "m-1");
    world.submit(&event).await;
    let calling = || async { (!world.license_central.in_progress().is_empty()).then_some(()) };
    eventually("the call made", PATIENCE, calling).await;
    running.stop().await;
    let row = world.row(&event.key()).await.unwrap();
    assert_eq!(
        row.state,
        State::Issued,
        "the call in hand was finished before the stop"
    );
}

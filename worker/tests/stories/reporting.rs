//! Completions and what becomes of them in Salesforce.

use broker::{Envelope, topology};
use futures_util::future::join_all;
use jiff::Timestamp;
use ledger::{Arrival, Claim, Ending, LookedUp, Powers, Rest, Settled, Verdict};
use schemas::{COMPLETION_TYPE, CompletionEvent, Outcome, RequestEvent, Ticket};
use simulators::salesforce::{Handle, OrderView, RestFault, RowFault, SeedOrder};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use worker::{BreakerStatus, Error, Settings, Worker};

use crate::world::{PATIENCE, World, eventually, next, quick, request};

/// A world with a pretend org and a running `report`.
struct Office {
    world: World,
    org: Handle,
}

impl Office {
    async fn new() -> Self {
        let world = World::new().await;
        let org = simulators::salesforce::start(simulators::salesforce::Options::default())
            .await
            .unwrap();
        Self { world, org }
    }

    /// Starts `report`; what it returns is stopped with the test's runtime.
    async fn report(&self, settings: Settings) -> (Worker, JoinHandle<Result<(), Error>>, CancellationToken) {
        let settings_of_org = serde_json::json!({
            "login_url": self.org.ready().login_url,
            "pubsub_endpoint": self.org.ready().pubsub_endpoint,
            "auth": {"client_credentials": {
                "client_id": self.org.ready().client_id,
                "client_secret": self.org.ready().client_secret,
            }},
        });
        let client = salesforce::Client::new(&serde_json::from_value(settings_of_org).unwrap()).unwrap();
        let ledger = self.world.open_ledger("report").await;
        let worker = Worker::new(self.world.broker.clone(), ledger, settings);
        let shutdown = CancellationToken::new();
        let (running, stop) = (worker.clone(), shutdown.clone());
        let task = tokio::spawn(async move { running.run_report(client, stop).await });
        (worker, task, shutdown)
    }

    /// Seeds an order in the pretend org and returns its license request.
    fn order(&self) -> RequestEvent {
        let order = SeedOrder {
            customer_name: "Müller & Söhne".to_owned(),
            customer_email: None,
            lines: vec![("CM-PRO".to_owned(), 2)],
        };
        let id = self.org.seed_order(&order).unwrap();
        let mut event = request("salesforce", &id, "CM-PRO", &format!("m-{id}"));
        event.data.order.org = Some(self.org.ready().org_id);
        event
    }

    fn shown(&self, event: &RequestEvent) -> OrderView {
        self.org.order(&event.data.order.id).unwrap()
    }

    async fn claim(&self, event: &RequestEvent) -> Claim {
        let powers = Powers {
            can_find: true,
            alone: false,
        };
        match self
            .world
            .ledger
            .claim(Arrival::first(event.clone()), powers)
            .await
            .unwrap()
        {
            Verdict::Call(claim) => claim,
            other => panic!("not to be called: {other:?}"),
        }
    }

    /// Brings an order to rest in the ledger, without License Central.
    async fn rest(&self, event: &RequestEvent, ending: Ending) -> Rest {
        let claim = self.claim(event).await;
        match self
            .world
            .ledger
            .settle(&claim, ending, Timestamp::now())
            .await
            .unwrap()
        {
            Settled::Written(written) => written.rest.unwrap(),
            other => panic!("not written: {other:?}"),
        }
    }

    async fn publish(&self, event: &CompletionEvent) {
        let envelope = Envelope::new(&event.id, COMPLETION_TYPE, event.to_json());
        let publisher = self.world.broker.publisher();
        publisher
            .publish(topology::COMPLETIONS, &event.routing_key(), &envelope)
            .await
            .unwrap();
    }

    async fn eventually_says(&self, event: &RequestEvent, status: &str) -> OrderView {
        let says = || async { Some(self.shown(event)).filter(|order| order.status.as_deref() == Some(status)) };
        eventually(&format!("status {status}"), PATIENCE, says).await
    }
}

fn issued(ticket: &str) -> Ending {
    Ending::Issued {
        ticket: Ticket::new(ticket),
        web_depot_link: Some("https://depot.example/t".to_owned()),
    }
}

fn refused() -> Ending {
    Ending::Refused {
        code: "unknown-item".to_owned(),
        sentence: "The item is not known.".to_owned(),
        detail: String::new(),
    }
}

#[tokio::test]
async fn a_thousand_completions_are_written_with_at_most_ten_calls() {
    let office = Office::new().await;
    let events: Vec<RequestEvent> = (0..1000).map(|_| office.order()).collect();
    let told = events.iter().enumerate().map(|(number, event)| {
        let office = &office;
        async move {
            let rest = office
                .rest(event, issued(&format!("AAAAA-BBBBB-CCCCC-DDDDD-E{number:04}")))
                .await;
            office.publish(&rest.completion).await;
        }
    });
    join_all(told).await;
    let (worker, task, shutdown) = office.report(quick()).await;
    let all = || async { (worker.status().done.reported() >= 1000).then_some(()) };
    eventually("a thousand reports", PATIENCE, all).await;
    let calls = office.org.arrivals().collection_calls.len();
    assert!(calls <= 10, "{calls} calls");
    for (number, event) in events.iter().enumerate() {
        let order = office.shown(event);
        assert_eq!(order.ticket, Some(format!("AAAAA-BBBBB-CCCCC-DDDDD-E{number:04}")));
        assert_eq!((order.status.as_deref(), order.revision), (Some("Issued"), Some(1)));
    }
    assert_eq!(office.world.ledger.counts().await.unwrap().unreported, 0);
    shutdown.cancel();
    task.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_stale_refusal_after_the_ticket_changes_nothing() {
    let office = Office::new().await;
    let event = office.order();
    let rest = office.rest(&event, issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")).await;
    let (worker, ..) = office.report(quick()).await;
    office.publish(&rest.completion).await;
    office.eventually_says(&event, "Issued").await;
    let mut stale = rest.completion.clone();
    stale.data.outcome = Outcome::Refused {
        code: "unknown-item".to_owned(),
        sentence: "Not known.".to_owned(),
    };
    stale.data.sequence = 1;
    office
        .publish(&CompletionEvent::wrap(stale.source.clone(), stale.data))
        .await;
    let both = || async { (worker.status().done.reported() >= 2).then_some(()) };
    eventually("both handled", PATIENCE, both).await;
    let order = office.shown(&event);
    assert_eq!(order.status.as_deref(), Some("Issued"));
    assert_eq!(order.ticket.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
}

#[tokio::test]
async fn a_locked_record_is_tried_again_alone_and_holds_nobody_back() {
    let office = Office::new().await;
    let (locked, free) = (office.order(), office.order());
    office
        .org
        .faults()
        .next_rows(&locked.data.order.id, 2, &RowFault::Locked);
    for event in [&locked, &free] {
        let rest = office.rest(event, refused()).await;
        office.publish(&rest.completion).await;
    }
    let _running = office.report(quick()).await;
    let order = office.eventually_says(&locked, "Refused").await;
    assert_eq!(order.reason.as_deref(), Some("The item is not known."));
    let calls = office.org.arrivals().collection_calls;
    let id = &office.shown(&free).id;
    let writes = calls.iter().filter(|call| call.ids.contains(id)).count();
    assert_eq!(writes, 1, "the free record is not written again: {calls:?}");
}

#[tokio::test]
async fn a_record_refused_for_good_becomes_a_letter_and_is_left_alone() {
    let office = Office::new().await;
    let mut letters = office.world.listen(topology::DEAD);
    let event = office.order();
    office
        .org
        .faults()
        .next_rows(&event.data.order.id, 1, &RowFault::Deleted);
    let rest = office.rest(&event, issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")).await;
    office.publish(&rest.completion).await;
    let _running = office.report(quick()).await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!(
        (reason.stage.as_str(), reason.request_key),
        ("report", Some(event.key().to_string()))
    );
    let row = office.world.row(&event.key()).await.unwrap();
    assert_eq!(row.report_parked, Some(rest.version));
}

#[tokio::test]
async fn a_ticket_that_salesforce_quotes_in_a_refusal_is_not_handed_on() {
    let office = Office::new().await;
    let mut letters = office.world.listen(topology::DEAD);
    let event = office.order();
    // One character more than the field takes: Salesforce's sentence quotes the value.
    let ticket = "T".repeat(65);
    let rest = office.rest(&event, issued(&ticket)).await;
    office.publish(&rest.completion).await;
    let _running = office.report(quick()).await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!(reason.code, "STRING_TOO_LONG");
    assert!(!reason.text.contains(&ticket), "{}", reason.text);
}

#[tokio::test]
async fn a_ticket_that_reached_the_completion_but_not_the_row_is_not_lost() {
    let office = Office::new().await;
    let event = office.order();
    let claim = office.claim(&event).await;
    let ending = issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");
    // The claimant published its completion and died before its commit.
    let rest = claim.rest_after(&ending, Timestamp::now()).unwrap();
    office.publish(&rest.completion).await;
    let _running = office.report(quick()).await;
    let order = office.eventually_says(&event, "Issued").await;
    assert_eq!(order.ticket.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
    let row = office.world.row(&event.key()).await.unwrap();
    assert_eq!(row.ticket, Some(Ticket::new("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")));
}

#[tokio::test]
async fn a_ticket_that_comes_after_its_claim_was_taken_over_is_not_lost() {
    let office = Office::new().await;
    let event = office.order();
    let claim = office.claim(&event).await;
    let ending = issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE");
    // The claimant's commit failed, and its completion comes only after `recover` took the claim over.
    let rest = claim.rest_after(&ending, Timestamp::now()).unwrap();
    assert!(
        office
            .world
            .ledger
            .take_over(claim.id(), claim.version())
            .await
            .unwrap()
    );
    office.publish(&rest.completion).await;
    let _running = office.report(quick()).await;
    let order = office.eventually_says(&event, "Issued").await;
    assert_eq!(order.ticket.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
    let row = office.world.row(&event.key()).await.unwrap();
    assert_eq!(row.ticket, Some(Ticket::new("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")));
}

#[tokio::test]
async fn a_second_ticket_of_a_claim_that_was_taken_over_is_not_passed_over() {
    let office = Office::new().await;
    let mut letters = office.world.listen(topology::DEAD);
    let event = office.order();
    let ledger = &office.world.ledger;
    let first = office.claim(&event).await;
    assert!(ledger.take_over(first.id(), first.version()).await.unwrap());
    let look_up = ledger.look_up(first.id(), first.version() + 1).await.unwrap().unwrap();
    let not_found = LookedUp::NotFound {
        wait: Some(std::time::Duration::ZERO),
    };
    ledger.settle_look_up(&look_up, not_found).await.unwrap().unwrap();
    office.rest(&event, issued("FFFFF-GGGGG-HHHHH-JJJJJ-KKKKK")).await;
    // Only now comes what the first claimant published before it died.
    let late = first.rest_after(&issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"), Timestamp::now());
    office.publish(&late.unwrap().completion).await;
    let _running = office.report(quick()).await;
    office.eventually_says(&event, "Needs attention").await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!(reason.code, "suspected-double");
}

#[tokio::test]
async fn a_used_up_quota_pauses_reports_and_costs_no_attempt() {
    let office = Office::new().await;
    let event = office.order();
    // Four refusals and a budget of two: only if none of them counts does the order arrive.
    office.org.faults().next_rest(4, RestFault::LimitExceeded);
    let rest = office.rest(&event, issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")).await;
    let mut settings = quick();
    settings.schedule.then_times = 0;
    let (worker, ..) = office.report(settings).await;
    let mut status = worker.status().salesforce;
    office.publish(&rest.completion).await;
    let opened = status.wait_for(BreakerStatus::is_open);
    tokio::time::timeout(PATIENCE, opened)
        .await
        .expect("the breaker opens")
        .unwrap();
    office.eventually_says(&event, "Issued").await;
}

#[tokio::test]
async fn another_orgs_completion_is_parked_and_not_written() {
    let office = Office::new().await;
    let mut letters = office.world.listen(topology::DEAD);
    let mut event = office.order();
    event.data.order.org = Some("00D999999999999AAA".to_owned());
    let rest = office.rest(&event, issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")).await;
    office.publish(&rest.completion).await;
    let _running = office.report(quick()).await;
    let reason = next(&mut letters).await.dead_reason().unwrap();
    assert_eq!((reason.stage.as_str(), reason.code.as_str()), ("report", "other-org"));
    assert!(office.org.arrivals().collection_calls.is_empty());
}

#[tokio::test]
async fn a_refused_extension_keeps_the_first_ticket_on_the_record() {
    let office = Office::new().await;
    let first = office.order();
    let mut second = first.clone();
    second.data.revision = 2;
    second.id = "m-second".to_owned();
    let told = office.rest(&first, issued("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE")).await;
    let refusal = office.rest(&second, refused()).await;
    let _running = office.report(quick()).await;
    office.publish(&refusal.completion).await;
    office.publish(&told.completion).await;
    let order = office.eventually_says(&first, "Refused").await;
    assert_eq!(order.ticket.as_deref(), Some("AAAAA-BBBBB-CCCCC-DDDDD-EEEEE"));
    assert_eq!(order.revision, Some(2));
}

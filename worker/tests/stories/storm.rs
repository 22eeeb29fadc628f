//! Everything at once: duplicates, lost answers, a slow License Central, workers that freeze and crash. Nothing is
//! doubled, nothing is lost.
//!
//! The parameters are strong on purpose: with mild ones a missing deadline check or an early "not found" stays
//! invisible. The call limit is shorter than License Central is slow, so that it commits *after* we gave up; a freeze
//! is longer than lease and settle together, so that others have taken over before the frozen worker wakes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use ledger::{OrderFilter, Row, State};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use simulators::license_central::{Fault, Faults, Operation, Plan, When};

use crate::processes::Process;
use crate::world::{World, eventually, request};

const ORDERS: usize = 400;
const PROCESSES: usize = 3;
const SEED: u64 = 20_261_124;

/// Lets a third of all calls be slow and every sixth go wrong.
fn plan_faults(faults: &Faults, random: &mut StdRng) {
    for _ in 0..5000 {
        let slow = Duration::from_millis(if random.random_bool(0.3) {
            random.random_range(20..150)
        } else {
            0
        });
        let plan = match random.random_range(0..100) {
            0..6 => Plan::fault(Fault::LostAnswer),
            6..10 => Plan::fault(Fault::ResetBeforeCommit),
            10..13 => Plan::fault(Fault::Busy),
            13..15 => Plan::fault(Fault::Status(503, When::AfterCommit, None)),
            15..17 => Plan::fault(Fault::Truncated),
            _ => Plan::slow(When::BeforeCommit, Duration::ZERO),
        };
        faults.plan(plan.delayed(When::BeforeCommit, slow).on(Operation::CreateOrder));
    }
    for _ in 0..1000 {
        let plan = match random.random_range(0..100) {
            0..8 => Plan::fault(Fault::LostAnswer),
            8..12 => Plan::fault(Fault::HtmlPage(When::BeforeCommit)),
            _ => Plan::slow(When::BeforeCommit, Duration::ZERO),
        };
        faults.plan(plan.on(Operation::FindOrder));
    }
}

/// Submits an order one to three times, the copies under two message ids.
async fn submit(world: &World, number: usize, random: &mut StdRng) {
    let source = if number.is_multiple_of(2) { "erp" } else { "salesforce" };
    let order = format!("S-{number:04}");
    for _ in 0..random.random_range(1..4) {
        let message = format!("{order}-{}", random.random_range(0..2));
        world.submit(&request(source, &order, "CM-PRO", &message)).await;
    }
}

/// Feeds orders, old ones among the new, while processes freeze and crash under them.
async fn rage(world: &World, processes: &mut [Process], random: &mut StdRng) {
    let mut crashes = 0;
    for number in 0..ORDERS {
        submit(world, number, random).await;
        submit(world, random.random_range(0..=number), random).await;
        let victim = random.random_range(0..PROCESSES);
        match random.random_range(0..100) {
            0..20 => processes[victim].freeze(Duration::from_millis(random.random_range(50..600))),
            20..25 => processes[victim].freeze(Duration::from_millis(random.random_range(1500..2500))),
            25..32 => {
                crashes += 1;
                let fresh = Process::start(world, format!("process-{victim}-{crashes}"));
                std::mem::replace(&mut processes[victim], fresh).crash().await;
            }
            _ => tokio::time::sleep(Duration::from_millis(random.random_range(5..40))).await,
        }
    }
}

/// Returns the rows once all of them are at rest.
async fn at_rest(world: &World) -> Option<Vec<Row>> {
    let filter = OrderFilter {
        limit: 10 * ORDERS,
        ..OrderFilter::default()
    };
    let rows = world.ledger.orders(&filter).await.unwrap();
    let at_rest = rows.iter().filter(|row| row.state.is_at_rest()).count();
    (at_rest == ORDERS).then_some(rows)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_storm_of_duplicates_lost_answers_freezes_and_crashes_doubles_nothing_and_ends_every_order() {
    let mut random = StdRng::seed_from_u64(SEED);
    let world = World::new().await;
    plan_faults(world.license_central.faults(), &mut random);
    let mut processes: Vec<Process> = (0..PROCESSES)
        .map(|process| Process::start(&world, format!("process-{process}")))
        .collect();
    rage(&world, &mut processes, &mut random).await;
    let calm = Instant::now();
    let rows = eventually("every order at rest", Duration::from_secs(180), || at_rest(&world)).await;
    let calm = calm.elapsed();
    for process in processes {
        process.crash().await;
    }
    let books = world.license_central.books();
    let doubled: Vec<_> = books.iter().filter(|(_, book)| book.accepted != 1).collect();
    assert!(doubled.is_empty(), "seed {SEED}: {doubled:?}");
    assert_eq!(books.len(), ORDERS, "every order is in the books, and nothing else");
    let mut happened = BTreeMap::<String, u32>::new();
    for row in rows {
        assert_eq!(
            row.state,
            State::Issued,
            "seed {SEED}: {} because {:?}",
            row.key,
            row.reason
        );
        let ticket = row.ticket.as_ref().map(schemas::Ticket::reveal);
        let book = &books[&format!("{}-1", row.order.number)];
        assert_eq!(ticket, Some(book.ticket.as_str()), "seed {SEED}: {}", row.key);
        let timeline = world.ledger.order(row.key.as_str()).await.unwrap().remove(0).timeline;
        for entry in &timeline {
            *happened.entry(format!("{:?}", entry.event)).or_default() += 1;
        }
        let transitions = timeline.iter().filter(|entry| entry.part == 0);
        let versions: Vec<u64> = transitions.map(|entry| entry.version).collect();
        assert!(
            versions.windows(2).all(|pair| pair[1] == pair[0] + 1),
            "seed {SEED}: {} has {versions:?}",
            row.key
        );
    }
    eprintln!("seed {SEED}, calm after {calm:?}: {happened:?}");
    assert!(
        happened.get("TakenOver").is_some_and(|times| *times >= 10),
        "too mild to show anything: {happened:?}"
    );
}

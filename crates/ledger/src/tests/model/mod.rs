//! The model test: the rules against a model of the world.
//!
//! Two workers, `recover`, the report, the producer and an operator do their steps in any order; workers crash and
//! freeze anywhere, messages are doubled and purged, the wall clock jumps, License Central is slow, busy, and loses
//! answers before and after it committed. What must hold is counted at License Central, not at ourselves. A sabotaged
//! rule must turn the same model red.

mod checks;
mod license_central;
mod people;
mod recover;
mod scripts;
mod worker;
mod world;

use std::time::Instant;

use self::scripts::Scripts;
use self::world::{Sabotage, World};

const INTERLEAVINGS: u64 = 100_000;

/// Lives through one interleaving and says what went wrong.
fn live(scripts: &Scripts, seed: u64, sabotage: Sabotage) -> Result<World<'_>, String> {
    let mut world = World::new(scripts, seed, sabotage);
    world.live();
    world.come_to_rest();
    checks::everything(&world).map_err(|wrong| format!("seed {seed}: {wrong}\n{}", world.story()))?;
    Ok(world)
}

/// Looks for a seed that turns the model red.
fn first_red(sabotage: Sabotage, seeds: u64) -> Option<u64> {
    let scripts = Scripts::new();
    (0..seeds).find(|seed| live(&scripts, *seed, sabotage).is_err())
}

#[derive(Debug, Default)]
struct Seen {
    issued: u64,
    refused: u64,
    held: u64,
    taken_over: u64,
    late: u64,
    suspected: u64,
    poison: u64,
    exhausted: u64,
    overtaken: u64,
}

fn run(seeds: impl Iterator<Item = u64>) -> Result<Seen, String> {
    let scripts = Scripts::new();
    let mut seen = Seen::default();
    for seed in seeds {
        live(&scripts, seed, Sabotage::None)?.add_to(&mut seen);
    }
    Ok(seen)
}

#[test]
fn a_hundred_thousand_interleavings_double_nothing_and_lose_nothing() {
    let started = Instant::now();
    let halves = std::thread::scope(|scope| {
        let even = scope.spawn(|| run((0..INTERLEAVINGS).step_by(2)));
        let odd = scope.spawn(|| run((1..INTERLEAVINGS).step_by(2)));
        [even.join().unwrap(), odd.join().unwrap()]
    });
    let [one, two] = halves.map(|half| half.unwrap_or_else(|wrong| panic!("{wrong}")));
    println!("{one:?}\n{two:?}\n{:?}", started.elapsed());
    // A model in which nothing bad ever happens shows nothing.
    for seen in [one, two] {
        assert!(
            seen.issued > 1000 && seen.refused > 1000 && seen.held > 1000,
            "{seen:?}"
        );
        assert!(
            seen.taken_over > 1000 && seen.late > 1000 && seen.overtaken > 1000,
            "{seen:?}"
        );
        assert!(
            seen.suspected > 100 && seen.poison > 10 && seen.exhausted > 10,
            "{seen:?}"
        );
    }
}

#[test]
fn a_claim_that_is_taken_again_blindly_turns_the_model_red() {
    assert!(first_red(Sabotage::BlindReclaim, 3000).is_some());
}

#[test]
fn a_not_found_that_is_trusted_at_once_turns_the_model_red() {
    assert!(first_red(Sabotage::NoSettle, 3000).is_some());
}

#[test]
fn a_write_that_ignores_the_version_turns_the_model_red() {
    assert!(first_red(Sabotage::Unfenced, 3000).is_some());
}

#[test]
fn a_call_that_does_not_check_its_deadline_turns_the_model_red() {
    assert!(first_red(Sabotage::NoDeadline, 3000).is_some());
}

#[test]
fn a_recover_that_sends_nothing_again_turns_the_model_red() {
    assert!(first_red(Sabotage::NoNudge, 3000).is_some());
}

#[test]
fn a_late_ticket_that_is_ignored_turns_the_model_red() {
    assert!(first_red(Sabotage::DeafToZombies, 20_000).is_some());
}

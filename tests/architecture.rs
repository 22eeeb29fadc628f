//! The arrows of docs/ARCHITECTURE.md, held against what cargo says.

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand};
use std::collections::{BTreeMap, BTreeSet};

/// Which of our rooms each room may name, tests excepted.
const ARROWS: &[(&str, &[&str])] = &[
    ("schemas", &[]),
    ("reconnect", &["schemas"]),
    ("telemetry", &[]),
    ("broker", &["reconnect", "schemas"]),
    ("salesforce", &["reconnect", "schemas"]),
    ("license-central", &["schemas"]),
    ("ledger", &["schemas"]),
    ("simulators", &["schemas"]),
    (
        "producer",
        &["broker", "ledger", "reconnect", "salesforce", "schemas", "telemetry"],
    ),
    (
        "worker",
        &[
            "broker",
            "ledger",
            "license-central",
            "reconnect",
            "salesforce",
            "schemas",
            "telemetry",
        ],
    ),
    ("console", &["broker", "ledger", "schemas", "telemetry"]),
    ("xtask", &[]),
];

/// Who alone may name a foreign protocol's library.
const OWNERS: &[(&str, &[&str])] = &[
    ("lapin", &["broker"]),
    ("tonic", &["salesforce", "simulators"]),
    ("serde_avro_fast", &["salesforce"]),
    ("apache-avro", &["simulators"]),
    ("quick-xml", &["license-central", "simulators"]),
    ("minijinja", &["license-central"]),
    ("rusqlite", &["ledger"]),
    ("refinery", &["ledger"]),
    ("backoff", &["reconnect"]),
];

fn metadata() -> Metadata {
    MetadataCommand::new().no_deps().exec().unwrap()
}

/// What each package of ours names outside its tests.
fn named(metadata: &Metadata) -> BTreeMap<String, BTreeSet<String>> {
    metadata
        .workspace_packages()
        .iter()
        .map(|package| {
            let used = package
                .dependencies
                .iter()
                .filter(|it| it.kind != DependencyKind::Development);
            (package.name.to_string(), used.map(|it| it.name.clone()).collect())
        })
        .collect()
}

#[test]
fn rooms_name_only_the_rooms_that_the_architecture_allows() {
    let named = named(&metadata());
    let rooms: BTreeSet<&str> = named.keys().map(String::as_str).collect();
    for (room, uses) in named.iter().filter(|(room, _)| *room != "ticketsmith") {
        let allowed = ARROWS
            .iter()
            .find(|(name, _)| name == room)
            .map(|(_, allowed)| *allowed);
        let allowed = allowed.unwrap_or_else(|| panic!("{room} has no arrows in this test"));
        let others: Vec<&String> = uses
            .iter()
            .filter(|it| rooms.contains(it.as_str()) && !allowed.contains(&it.as_str()))
            .collect();
        assert!(others.is_empty(), "{room} may not depend on {others:?}");
    }
}

#[test]
fn a_foreign_protocol_is_named_by_its_one_owner() {
    for (room, uses) in named(&metadata()) {
        for (library, owners) in OWNERS {
            assert!(
                !uses.contains(*library) || owners.contains(&room.as_str()),
                "{room} may not name {library}"
            );
        }
    }
}

#[test]
fn there_is_no_room_for_things_without_a_place() {
    for room in named(&metadata()).keys() {
        for word in ["util", "common", "core", "helper", "types", "shared", "misc"] {
            assert!(!room.contains(word), "{room} says nothing about what it holds");
        }
    }
}

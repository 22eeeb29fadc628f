//! The contracts as others see them: committed schemas, committed samples, golden fingerprints, hostile bodies.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use schemas::{InvalidRequest, RequestEvent, json_schema, read_completion, read_lines, read_request};
use std::{collections::BTreeSet, fs, path::PathBuf};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn sample(name: &str) -> String {
    fs::read_to_string(folder("samples").join(name)).unwrap()
}

fn mistakes(body: &str) -> InvalidRequest {
    read_request(body.as_bytes()).unwrap_err()
}

/// The sample request with one place changed.
fn changed(from: &str, to: &str) -> String {
    let body = sample("license.request.v1.json");
    assert!(body.contains(from), "the sample holds {from}");
    body.replacen(from, to, 1)
}

#[test]
fn committed_schemas_are_those_of_the_types() {
    let update = option_env!("TICKETSMITH_WRITE_SCHEMAS").is_some();
    for (name, schema) in json_schema::all() {
        let path = folder("json").join(name);
        if update {
            fs::write(&path, json_schema::render(&schema)).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(
            committed,
            json_schema::render(&schema),
            "{name}: run with TICKETSMITH_WRITE_SCHEMAS=1 to write it"
        );
    }
}

#[test]
fn every_sample_is_valid_by_its_schema_and_reads_as_its_type() {
    let schemas = json_schema::all();
    for (sample_name, schema_name) in [
        ("license.request.v1.json", "license.request.v1.schema.json"),
        ("license.completion.v1.issued.json", "license.completion.v1.schema.json"),
        (
            "license.completion.v1.refused.json",
            "license.completion.v1.schema.json",
        ),
        ("license.completion.v1.held.json", "license.completion.v1.schema.json"),
        ("order-lines.json", "order-lines.schema.json"),
    ] {
        let schema = &schemas.iter().find(|(name, _)| *name == schema_name).unwrap().1;
        let body = sample(sample_name);
        let value = serde_json::from_str(&body).unwrap();
        let validator = jsonschema::validator_for(schema).unwrap();
        let mistakes: Vec<String> = validator.iter_errors(&value).map(|error| error.to_string()).collect();
        assert!(mistakes.is_empty(), "{sample_name}: {mistakes:?}");
        let reads = match schema_name {
            "license.request.v1.schema.json" => read_request(body.as_bytes()).is_ok(),
            "license.completion.v1.schema.json" => read_completion(body.as_bytes()).is_ok(),
            _ => read_lines("Lines__c", &body).is_ok(),
        };
        assert!(reads, "{sample_name}");
    }
}

#[test]
fn what_we_write_is_valid_by_our_own_schema() {
    let event = read_request(sample("license.request.v1.json").as_bytes()).unwrap();
    let written = event.to_json();
    let schema = &json_schema::all()[0].1;
    assert!(
        jsonschema::validator_for(schema)
            .unwrap()
            .is_valid(&serde_json::from_slice(&written).unwrap())
    );
    assert_eq!(read_request(&written).unwrap(), event);
}

fn fingerprint(body: &str) -> String {
    read_request(body.as_bytes()).unwrap().fingerprint().to_string()
}

/// Stored rows carry this digest: if it changes, every order of every ledger looks as if it had other content.
#[test]
fn the_fingerprint_of_the_sample_never_changes() {
    let golden = sample("fingerprint.txt");
    assert_eq!(fingerprint(&sample("license.request.v1.json")), golden.trim());
}

#[test]
fn three_bodies_that_hand_out_the_same_have_one_fingerprint() {
    let same = [
        sample("license.request.v1.json"),
        changed("Müller & Söhne GmbH", "Mueller und Soehne").replacen(
            "2026-11-24T09:30:00Z",
            "2026-11-25T00:00:00Z",
            2,
        ),
        changed(r#""line_id": "802Hs00000AAAAAIA4""#, r#""line_id": "L1""#).replacen("lizenzen@", "it@", 1),
    ];
    assert_eq!(
        same.iter().map(|body| fingerprint(body)).collect::<BTreeSet<_>>().len(),
        1
    );
}

#[test]
fn three_bodies_that_hand_out_other_things_have_other_fingerprints() {
    let other = [
        sample("license.request.v1.json"),
        changed(r#""quantity": 5"#, r#""quantity": 6"#),
        changed("001Hs00000AbCdEIAV", "001Hs00000ZZZZZIAV"),
        changed("2027-11-30", "2028-11-30"),
    ];
    assert_eq!(
        other
            .iter()
            .map(|body| fingerprint(body))
            .collect::<BTreeSet<_>>()
            .len(),
        4
    );
}

#[test]
fn all_mistakes_of_a_body_are_reported_together_with_the_order() {
    let body = changed(r#""quantity": 5"#, r#""quantity": -1"#)
        .replacen(r#""item_id": "CM-BASIC""#, r#""item_id": "CM BASIC""#, 1)
        .replacen("Müller", "M\\u0001ller", 1);
    let invalid = mistakes(&body);
    let fields: Vec<&str> = invalid.problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        ["data.customer.name", "data.lines[0].quantity", "data.lines[1].item_id"]
    );
    let known = invalid.known.clone().unwrap();
    assert_eq!(known.key().as_str(), "00DHs0000000001MAA/801Hs00000XyZaBIAV/1");
    assert!(invalid.to_string().contains("00000100"), "{invalid}");
    assert!(
        !invalid.to_string().contains('\u{1}'),
        "nothing unprintable reaches a log"
    );
}

#[test]
fn a_foreign_type_or_version_is_refused_by_name() {
    for (from, to, field) in [
        ("license.request.v1", "license.request.v2", "type"),
        (r#""specversion": "1.0""#, r#""specversion": "0.3""#, "specversion"),
        (r#""action": "create""#, r#""action": "withdraw""#, "data.action"),
        (r#""source": "salesforce""#, r#""source": "Sales Force""#, "source"),
    ] {
        let invalid = mistakes(&changed(from, to));
        assert_eq!(invalid.problems[0].field, field, "{invalid}");
    }
}

#[test]
fn an_unknown_field_is_a_mistake_and_not_lost_in_silence() {
    let invalid = mistakes(&changed(r#""quantity": 5"#, r#""quantity": 5, "term": {}"#));
    assert_eq!(invalid.problems[0].field, "data.lines[0].term");
}

#[test]
fn hostile_bodies_are_refused_without_harm() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(10 << 20));
    let zeros = "\0".repeat(100);
    for body in [
        deep.as_str(),
        &long,
        &zeros,
        "",
        "null",
        "[]",
        "<html>",
        "{",
        "\u{feff}{}",
        "{}",
        "1e999",
    ] {
        let invalid = mistakes(body);
        assert!(invalid.to_string().len() < 2_000);
        assert!(invalid.known.is_none());
    }
}

#[test]
fn an_unreadable_revision_leaves_the_order_known_under_revision_one() {
    let known = mistakes(&changed(r#""revision": 1"#, r#""revision": "soon""#))
        .known
        .unwrap();
    assert_eq!(known.revision, 1);
}

proptest::proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
        let _ = read_request(&bytes);
        let _ = read_completion(&bytes);
        let _ = read_lines("Lines__c", &String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_small_change_of_a_good_body_makes_the_reader_panic(place in 0_usize..1200, byte: u8) {
        let mut body = sample("license.request.v1.json").into_bytes();
        let place = place % body.len();
        body[place] = byte;
        let _ = read_request(&body).map(|event: RequestEvent| (event.key(), event.fingerprint()));
    }
}

//! Events as bytes. The other side of the wall, the simulator, writes with `apache-avro`; so do these tests.

use apache_avro::types::Value as Avro;
use apache_avro::writer::datum::GenericDatumWriter;
use serde_json::{Map, Value, json};

use crate::avro::WriterSchema;

const EVENT: &str = include_str!("license_request.avsc");

fn decode(schema: &str, payload: &[u8]) -> Result<Map<String, Value>, String> {
    WriterSchema::parse(schema).unwrap().decode(payload)
}

fn record(fields: &str) -> String {
    format!(r#"{{"type":"record","name":"E__e","namespace":"com.sforce.eventbus","fields":[{fields}]}}"#)
}

/// Writes with the other implementation and reads with ours.
fn crossed(fields: &str, values: Vec<(&str, Avro)>) -> Value {
    let schema = record(fields);
    let parsed = apache_avro::Schema::parse_str(&schema).unwrap();
    let values = values
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect();
    let writer = GenericDatumWriter::builder(&parsed).build().unwrap();
    let payload = writer.write_value_to_vec(Avro::Record(values)).unwrap();
    Value::Object(decode(&schema, &payload).unwrap())
}

#[test]
fn a_golden_datum_is_read() {
    // 1782000000000 ms, "005…", union branch 1 "801", union branch 1 double 2.0.
    let mut payload = vec![0x80, 0xf0, 0xd0, 0xf7, 0xdc, 0x67, 6];
    payload.extend_from_slice(b"005\x02\x06801\x02");
    payload.extend_from_slice(&2.0_f64.to_le_bytes());
    let schema = WriterSchema::parse(EVENT).unwrap();
    assert_eq!(schema.record_name(), "License_Request__e");
    let fields = schema.decode(&payload).unwrap();
    let expected = json!({
        "CreatedDate": 1_782_000_000_000_i64, "CreatedById": "005", "Order_Id__c": "801", "Revision__c": 2.0
    });
    assert_eq!(Value::Object(fields), expected);
}

#[test]
fn nulls_unions_and_longs_are_read() {
    let fields = r#"{"name":"A","type":["null","string"]},{"name":"B","type":["null","double"]},
        {"name":"L","type":"long"},{"name":"M","type":"long"},{"name":"T","type":["null","string","boolean"]},
        {"name":"K","type":{"type":"enum","name":"Kind","symbols":["CREATE","UPDATE"]}},
        {"name":"R","type":{"type":"array","items":"string"}},{"name":"X","type":"bytes"}"#;
    let found = crossed(
        fields,
        vec![
            (
                "A",
                Avro::Union(1, Box::new(Avro::String("Żółć & <Söhne> 漢字 🦀".into()))),
            ),
            ("B", Avro::Union(0, Box::new(Avro::Null))),
            ("L", Avro::Long(i64::MAX)),
            ("M", Avro::Long(i64::MIN)),
            ("T", Avro::Union(2, Box::new(Avro::Boolean(true)))),
            ("K", Avro::Enum(1, "UPDATE".into())),
            (
                "R",
                Avro::Array(vec![Avro::String("a".into()), Avro::String("b".into())]),
            ),
            ("X", Avro::Bytes(vec![0, 0x41, 0xff])),
        ],
    );
    let expected = json!({
        "A": "Żółć & <Söhne> 漢字 🦀", "B": null, "L": i64::MAX, "M": i64::MIN, "T": true, "K": "UPDATE", "R": ["a", "b"],
        "X": "\u{0}A\u{ff}"
    });
    assert_eq!(found, expected);
}

#[test]
fn bytes_left_after_the_record_are_an_error() {
    let schema = record(r#"{"name":"A","type":"string"}"#);
    assert!(decode(&schema, b"\x02a").is_ok());
    let problem = decode(&schema, b"\x02ab").unwrap_err();
    assert!(problem.contains("1 of 3 bytes are left"), "{problem}");
}

#[test]
fn a_datum_that_breaks_off_is_an_error_at_every_byte() {
    let schema =
        record(r#"{"name":"L","type":"long"},{"name":"A","type":["null","string"]},{"name":"B","type":"double"}"#);
    let whole = b"\x80\x01\x02\x0ahello\0\0\0\0\0\0\xf0\x3f";
    assert!(decode(&schema, whole).is_ok());
    for length in 0..whole.len() {
        assert!(decode(&schema, &whole[..length]).is_err(), "{length} bytes");
    }
}

#[test]
fn hostile_lengths_take_no_memory() {
    let huge = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let almost = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01];
    let fields = [
        r#"{"name":"A","type":"string"}"#,
        r#"{"name":"A","type":"bytes"}"#,
        r#"{"name":"A","type":["null","string"]}"#,
        r#"{"name":"A","type":{"type":"array","items":"null"}}"#,
        r#"{"name":"A","type":{"type":"array","items":{"type":"record","name":"Empty","fields":[]}}}"#,
        r#"{"name":"A","type":{"type":"array","items":{"type":"array","items":"null"}}}"#,
        r#"{"name":"A","type":{"type":"map","values":"null"}}"#,
    ];
    for field in fields {
        for length in [huge, almost] {
            assert!(decode(&record(field), &length).is_err(), "{field}");
            assert!(
                decode(&record(field), &[&length[..], b"\0\0\0\0"].concat()).is_err(),
                "{field}"
            );
        }
    }
}

#[test]
fn values_without_a_width_are_bounded_over_the_whole_datum() {
    // Ten thousand arrays, each of which claims ten thousand nulls.
    let schema = record(r#"{"name":"A","type":{"type":"array","items":{"type":"array","items":"null"}}}"#);
    let one = [0xa0, 0x9c, 0x01, 0x00];
    let mut payload = vec![0xa0, 0x9c, 0x01];
    payload.extend(one.iter().copied().cycle().take(one.len() * 10_000));
    payload.push(0);
    assert_eq!(decode(&schema, &payload).unwrap_err(), "more values than bytes");
}

#[test]
fn what_json_cannot_say_is_an_error_and_no_null() {
    let schema = record(r#"{"name":"A","type":"double"}"#);
    for number in [f64::NAN, f64::INFINITY] {
        assert!(
            decode(&schema, &number.to_le_bytes())
                .unwrap_err()
                .contains("not finite")
        );
    }
    assert!(
        decode(&record(r#"{"name":"A","type":"string"}"#), b"\x02\xff").is_err(),
        "no UTF-8"
    );
    assert!(
        decode(&record(r#"{"name":"A","type":["null","string"]}"#), b"\x04").is_err(),
        "no such branch"
    );
}

#[test]
fn a_schema_that_is_none_is_refused_with_a_reason() {
    for text in [
        "",
        "{}",
        "\"string\"",
        "[\"null\"]",
        "{\"type\":\"riddle\"}",
        "{\"type\":\"array\",\"items\":\"int\"}",
    ] {
        assert!(
            WriterSchema::parse(text).is_err_and(|problem| !problem.is_empty()),
            "{text}"
        );
    }
}

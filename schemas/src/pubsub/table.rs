//! The field numbers of the Pub/Sub API as data, and the comparison with what the proto file compiles to.
//!
//! Wrong numbers would still talk to our own simulator, which shares these types. So the table is kept apart from the
//! proto file and compared: `message: number name type`, as the service publishes them.

use prost::Message as _;
use prost_types::{
    FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};
use std::collections::BTreeMap;

const MESSAGES: &[(&str, &str)] = &[
    ("TopicRequest", "1 topic_name string"),
    (
        "TopicInfo",
        "1 topic_name string; 2 tenant_guid string; 3 can_publish bool; 4 can_subscribe bool; 5 schema_id string; 6 rpc_id string",
    ),
    ("EventHeader", "1 key string; 2 value bytes"),
    (
        "ProducerEvent",
        "1 id string; 2 schema_id string; 3 payload bytes; 4 headers repeated EventHeader",
    ),
    ("ConsumerEvent", "1 event ProducerEvent; 2 replay_id bytes"),
    (
        "PublishResult",
        "1 replay_id bytes; 2 error Error; 3 correlation_key string",
    ),
    ("Error", "1 code ErrorCode; 2 msg string"),
    (
        "FetchRequest",
        "1 topic_name string; 2 replay_preset ReplayPreset; 3 replay_id bytes; 4 num_requested int32; 5 auth_refresh string",
    ),
    (
        "FetchResponse",
        "1 events repeated ConsumerEvent; 2 latest_replay_id bytes; 3 rpc_id string; 4 pending_num_requested int32",
    ),
    ("SchemaRequest", "1 schema_id string"),
    (
        "SchemaInfo",
        "1 schema_json string; 2 schema_id string; 3 rpc_id string",
    ),
    (
        "PublishRequest",
        "1 topic_name string; 2 events repeated ProducerEvent; 3 auth_refresh string",
    ),
    (
        "PublishResponse",
        "1 results repeated PublishResult; 2 schema_id string; 3 rpc_id string",
    ),
    (
        "ManagedFetchRequest",
        "1 subscription_id string; 2 developer_name string; 3 num_requested int32; 4 auth_refresh string; 5 commit_replay_id_request CommitReplayRequest",
    ),
    (
        "ManagedFetchResponse",
        "1 events repeated ConsumerEvent; 2 latest_replay_id bytes; 3 rpc_id string; 4 pending_num_requested int32; 5 commit_response CommitReplayResponse",
    ),
    ("CommitReplayRequest", "1 commit_request_id string; 2 replay_id bytes"),
    (
        "CommitReplayResponse",
        "1 commit_request_id string; 2 replay_id bytes; 3 error Error; 4 process_time int64",
    ),
];

const ENUMS: &[(&str, &str)] = &[
    ("ErrorCode", "0 UNKNOWN; 1 PUBLISH; 2 COMMIT"),
    ("ReplayPreset", "0 LATEST; 1 EARLIEST; 2 CUSTOM"),
];

fn compiled() -> prost_types::FileDescriptorProto {
    let bytes: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/pubsub_api.bin"));
    FileDescriptorSet::decode(bytes).unwrap().file.pop().unwrap()
}

fn type_word(field: &prost_types::FieldDescriptorProto) -> String {
    let word = match field.r#type() {
        Type::String => "string",
        Type::Bytes => "bytes",
        Type::Bool => "bool",
        Type::Int32 => "int32",
        Type::Int64 => "int64",
        _ => field.type_name().rsplit('.').next().unwrap(),
    };
    if field.label() == Label::Repeated {
        format!("repeated {word}")
    } else {
        word.to_owned()
    }
}

#[test]
fn every_message_has_the_fields_and_numbers_of_the_published_table() {
    let compiled: BTreeMap<String, String> = compiled()
        .message_type
        .iter()
        .map(|message| {
            let fields: Vec<String> = message
                .field
                .iter()
                .map(|field| format!("{} {} {}", field.number(), field.name(), type_word(field)))
                .collect();
            (message.name().to_owned(), fields.join("; "))
        })
        .collect();
    let table: BTreeMap<String, String> = MESSAGES
        .iter()
        .map(|(name, fields)| (name.to_string(), fields.to_string()))
        .collect();
    assert_eq!(compiled, table);
}

#[test]
fn every_enum_has_the_values_of_the_published_table() {
    let compiled: BTreeMap<String, String> = compiled()
        .enum_type
        .iter()
        .map(|it| {
            let values: Vec<String> = it
                .value
                .iter()
                .map(|value| format!("{} {}", value.number(), value.name()))
                .collect();
            (it.name().to_owned(), values.join("; "))
        })
        .collect();
    let table: BTreeMap<String, String> = ENUMS
        .iter()
        .map(|(name, values)| (name.to_string(), values.to_string()))
        .collect();
    assert_eq!(compiled, table);
}

#[test]
fn the_first_fetch_request_has_these_bytes_on_the_wire() {
    let request = super::FetchRequest {
        topic_name: "/event/A__e".to_owned(),
        replay_preset: super::ReplayPreset::Custom.into(),
        replay_id: vec![0, 1, 0, 0],
        num_requested: 100,
        auth_refresh: String::new(),
    };
    let golden = b"\x0a\x0b/event/A__e\x10\x02\x1a\x04\x00\x01\x00\x00\x20\x64";
    assert_eq!(request.encode_to_vec(), golden);
}

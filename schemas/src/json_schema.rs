//! The JSON Schemas of our messages, generated from the Rust types and committed under `schemas/json/`.

use crate::{CompletionEvent, OrderLine, RequestEvent};
use schemars::{JsonSchema, generate::SchemaSettings};
use serde_json::Value;

/// Lists every schema with the name of its file in `schemas/json/`.
pub fn all() -> Vec<(&'static str, Value)> {
    vec![
        (
            "license.request.v1.schema.json",
            schema_of::<RequestEvent>("License request"),
        ),
        (
            "license.completion.v1.schema.json",
            schema_of::<CompletionEvent>("Completion"),
        ),
        (
            "order-lines.schema.json",
            schema_of::<Vec<OrderLine>>("Order lines in one text field of a Salesforce event"),
        ),
    ]
}

/// Writes a schema as it stands in its file.
pub fn render(schema: &Value) -> String {
    format!("{schema:#}\n")
}

fn schema_of<T: JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12()
        .into_generator()
        .into_root_schema_for::<T>();
    schema.insert("title".to_owned(), title.into());
    schema.to_value()
}

//! Reads an event's bytes by the schema it was written with.

use std::cell::Cell;
use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_avro_fast::Schema;
use serde_avro_fast::de::read::SliceRead;
use serde_avro_fast::de::{DeserializerConfig, DeserializerState};
use serde_json::{Map, Number, Value};

/// Values an event may hold beyond one per byte. A datum can claim a billion elements of no width in five bytes; an
/// honest one has at most some hundred fields.
const VALUES_FOR_FREE: usize = 10_000;

/// The schema an event was written with.
pub(crate) struct WriterSchema {
    schema: Schema,
    record_name: String,
}

impl WriterSchema {
    /// Reads the schema's JSON; the error says what is wrong with it.
    pub(crate) fn parse(json: &str) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        struct Head {
            r#type: String,
            name: String,
        }
        let schema: Schema = json.parse().map_err(|error| one_line(&error))?;
        let head: Head = serde_json::from_str(json).map_err(|_| "it describes no record".to_owned())?;
        if head.r#type != "record" {
            return Err(format!("it describes a {:?}, not a record", head.r#type));
        }
        let record_name = head.name.rsplit('.').next().unwrap_or_default().to_owned();
        Ok(Self { schema, record_name })
    }

    /// Returns the record's name, which is the event's type.
    pub(crate) fn record_name(&self) -> &str {
        &self.record_name
    }

    /// Reads one bare datum; the error says why it cannot be one.
    pub(crate) fn decode(&self, payload: &[u8]) -> Result<Map<String, Value>, String> {
        let most = payload.len().saturating_add(VALUES_FOR_FREE);
        let mut config = DeserializerConfig::new(&self.schema);
        config.max_seq_size = most;
        let mut state = DeserializerState::with_config(SliceRead::new(payload), config);
        let left = Cell::new(most);
        let value = Node { left: &left }
            .deserialize(state.deserializer())
            .map_err(|error| one_line(&error))?;
        let mut reader = state.into_reader();
        match (value, reader.fill_buf().map_or(0, <[u8]>::len)) {
            (Value::Object(fields), 0) => Ok(fields),
            (Value::Object(_), rest) => Err(format!("{rest} of {} bytes are left after the record", payload.len())),
            _ => Err("it is no record".to_owned()),
        }
    }
}

fn one_line(error: &dyn fmt::Display) -> String {
    error
        .to_string()
        .chars()
        .take(300)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// Reads one value, and counts it.
#[derive(Clone, Copy)]
struct Node<'a> {
    left: &'a Cell<usize>,
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        let left = self
            .left
            .get()
            .checked_sub(1)
            .ok_or_else(|| D::Error::custom("more values than bytes"))?;
        self.left.set(left);
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of an event")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        // JSON has no such numbers, and `null` would say "no value".
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number that is not finite"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    /// As Avro's own JSON form: one character per byte.
    fn visit_bytes<E>(self, value: &[u8]) -> Result<Value, E> {
        Ok(Value::String(value.iter().copied().map(char::from).collect()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        // Nothing is reserved on the datum's word.
        let mut values = Vec::new();
        while let Some(value) = elements.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut values = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if values.contains_key(&key) {
                return Err(A::Error::custom("one name twice"));
            }
            let value = entries.next_value_seed(self)?;
            values.insert(key, value);
        }
        Ok(Value::Object(values))
    }
}

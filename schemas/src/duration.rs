//! Durations in settings, written as people write them: `30s`, `10m`, `1h 30m`.

use serde::{Deserialize, Deserializer, Serializer, de::Error as _};
use std::time::Duration;

/// Reads a duration such as `250ms`, `30s`, `10m` or `1h`.
///
/// # Errors
/// A sentence that says what was found and what is expected.
pub fn parse(text: &str) -> Result<Duration, String> {
    let mistake = || format!("found {text:?}, expected a duration such as 250ms, 30s, 10m or 1h");
    let span: jiff::SignedDuration = text.trim().parse().map_err(|_| mistake())?;
    Duration::try_from(span).map_err(|_| mistake())
}

/// Writes a duration in the shortest form that [`parse`] reads, such as `2m` or `1m 30s`.
pub fn display(duration: Duration) -> String {
    let whole = duration.as_secs();
    let parts = [
        (u128::from(whole / 3600), "h"),
        (u128::from(whole % 3600 / 60), "m"),
        (u128::from(whole % 60), "s"),
        (u128::from(duration.subsec_millis()), "ms"),
        (u128::from(duration.subsec_micros() % 1000), "us"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, unit)| format!("{number}{unit}"))
        .collect();
    if words.is_empty() {
        "0s".to_owned()
    } else {
        words.join(" ")
    }
}

/// Writes a duration for settings.
///
/// # Errors
/// When the serializer fails.
pub fn serialize<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&display(*duration))
}

/// Reads a duration from settings.
///
/// # Errors
/// When the text is no duration.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
}

/// The same for a duration that may be absent.
pub mod option {
    use super::{Deserialize, Deserializer, Duration, Serializer};
    use serde::de::Error as _;

    /// Writes a duration for settings.
    ///
    /// # Errors
    /// When the serializer fails.
    pub fn serialize<S: Serializer>(duration: &Option<Duration>, serializer: S) -> Result<S::Ok, S::Error> {
        match duration {
            Some(duration) => super::serialize(duration, serializer),
            None => serializer.serialize_none(),
        }
    }

    /// Reads a duration from settings.
    ///
    /// # Errors
    /// When the text is no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| super::parse(&text))
            .transpose()
            .map_err(D::Error::custom)
    }
}

/// The same for a list of durations.
pub mod list {
    use super::{Deserialize, Deserializer, Duration, Serializer};
    use serde::{de::Error as _, ser::SerializeSeq as _};

    /// Writes durations for settings.
    ///
    /// # Errors
    /// When the serializer fails.
    pub fn serialize<S: Serializer>(durations: &[Duration], serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(durations.len()))?;
        for duration in durations {
            list.serialize_element(&super::display(*duration))?;
        }
        list.end()
    }

    /// Reads durations from settings.
    ///
    /// # Errors
    /// When one of the texts is no duration.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Duration>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        texts
            .iter()
            .map(|text| super::parse(text))
            .collect::<Result<_, _>>()
            .map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_reads_back_as_it_was_written() {
        for (text, duration) in [
            ("250ms", Duration::from_millis(250)),
            ("30s", Duration::from_secs(30)),
            ("2m", Duration::from_secs(120)),
            ("1h", Duration::from_secs(3600)),
            ("1m 30s", Duration::from_secs(90)),
            ("0s", Duration::ZERO),
        ] {
            assert_eq!(parse(text), Ok(duration));
            assert_eq!(display(duration), text);
        }
    }

    #[test]
    fn a_bare_number_or_a_negative_duration_is_refused_with_an_example() {
        for bad in ["30", "", "-5s", "soon", "99999999999999999999h"] {
            assert!(parse(bad).unwrap_err().contains("30s"), "{bad}");
        }
    }
}
